"""What is said when the rules themselves fail: never a silent old screen, never green."""

from datetime import datetime

from msgspec.structs import replace

from altui.core.model.health import (
    STAGES,
    Assessment,
    Evidence,
    Finding,
    StageHealth,
    StageId,
    State,
    Verdict,
    VerdictState,
)
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.schedule import due_times

CHECK = "altui.unjudged"
WIDTH = 72
"""Columns of a line of the verdict behind its label."""


def unjudged(
    snapshot: Snapshot, pipeline: Pipeline, now: datetime, before: Assessment | None, words: str
) -> Assessment:
    """An assessment that says no more than that there is none; `words` name the error.

    What is carried from look to look stays, so that the next one judges as if this had not been.
    """
    since = before.since.get(CHECK, now) if before else now
    seen = [item.at for item in snapshot.observations.values() if item.at]
    evidence = Evidence(StageId.dbt, "altui's own rules", words, now)
    finding = Finding(
        CHECK,
        StageId.dbt,
        State.unknown,
        "altui could not judge what it sees",
        since,
        evidence=(evidence,),
    )
    health = StageHealth(State.unknown, "unknown", None, max(seen, default=None), finding.subject)
    verdict = Verdict(
        VerdictState.check,
        f"altui could not judge: {words}"[:WIDTH],
        "a fault of altui, not of the pipeline; figures below are as read",
        "go by the figures and the runbook; observer.log has what to report",
        since,
    )
    carried = before or Assessment(now, {}, (), (), verdict)
    return replace(
        carried,
        at=now,
        stages=dict.fromkeys(STAGES, health),
        findings=(finding,),
        trace=(),
        verdict=verdict,
        since={**carried.since, CHECK: since},
        due=carried.due or due_times(pipeline, None, None, now),
    )
