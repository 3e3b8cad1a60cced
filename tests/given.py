"""What no rule makes yet, given: causes told apart, a fix on offer, a team at work."""

from datetime import date

from msgspec.structs import replace

from altui.core.model.health import (
    Diagnosis,
    Evidence,
    Offer,
    StageId,
    VerdictState,
)
from altui.core.model.together import OpenIncident, Team
from tests.scenes import WOKEN, Scene, elasticsearch_down, minutes

S = StageId
MAPPING = Diagnosis(
    "export.mapping",
    (
        Evidence(
            S.elasticsearch,
            "github.log",
            'mapper_parsing_exception: failed to parse field [avg_risk] of type [float]: "n/a"',
            WOKEN - minutes(19),
            {"refused": 1, "documents": 270},
        ),
    ),
    "the refused document is in the log; an export that was cut names none",
)
PARTIAL = Diagnosis(
    "export.partial",
    (
        Evidence(
            S.elasticsearch,
            "elasticsearch.counts",
            "245 of 270 documents",
            WOKEN - minutes(1),
            {"documents": 245, "expected": 270},
        ),
    ),
    "the log ends at 91 % without the export's last line",
)
OFFERS = (
    Offer("fix", "stage/elasticsearch", "Export 22 Nov again"),
    Offer("trace", "parity", "Where 22 Nov stopped"),
    Offer("incident", "findings", "Incident #31"),
    Offer("health-check", "why", "The daily check"),
)
TEAM = Team(OpenIncident(31, WOKEN - minutes(14)))
BUSY = Team(
    OpenIncident(31, WOKEN - minutes(14), "mara"),
    "1 Feb - 31 Oct by jo, 40 %",
    ("backfill (jo)",),
    shared=False,
)


def suspected(team: Team = TEAM) -> Scene:
    """Two causes fit, either of which one export mends; an incident is open."""
    scene = elasticsearch_down()
    assert scene.assessment is not None
    verdict = replace(
        scene.assessment.verdict,
        state=VerdictState.suspected,
        headline="22 Nov missing in risk_daily only. Since 03:22Z (21m). 2 causes fit",
        why="mapping refused 1 doc OR export cut at 91 %: v shows what tells apart",
        do="f: export 22 Nov again (~40s, right for both, undo kept). Infra 1h",
        cause=None,
    )
    lost = next(item for item in scene.assessment.findings if item.check.startswith("workflow."))
    assessment = replace(
        scene.assessment,
        verdict=verdict,
        findings=(replace(lost, days=(date(2026, 11, 22),)),),
        diagnoses=(MAPPING, PARTIAL),
        offers=OFFERS,
        team=team,
    )
    return scene._replace(assessment=assessment)
