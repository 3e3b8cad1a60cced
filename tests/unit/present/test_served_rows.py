"""Panel 3 in 80 columns: blocks, mapping, disk, retention, range, zone, what is not seen."""

import msgspec
import pytest

from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Disk, Filter, Preferences
from altui.core.present import indices
from altui.core.present.report import report
from altui.core.present.view import Facts, View, view
from altui.core.rules.assess import assess
from tests.unit.rules.cases.bend import (
    DOCUMENTS,
    MART,
    NOON,
    RAW,
    SOURCE,
    YESTERDAY,
    cluster,
    deletes,
    index,
    kibana,
    lost,
    storage,
    template,
)
from tests.world import FIELDS, healthy


def seen(snapshot: Snapshot) -> View:
    assessment = assess(snapshot, Pipeline(), NOON, None)
    return view(snapshot, assessment, Pipeline(), NOON, Facts("applylens"))


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (healthy(NOON), "disk es-1: 60.0 GB of 100.0 GB free, flood stage at 5.0 GB"),
        (healthy(NOON), "readers see 22 Nov, Kibana available"),
        (healthy(NOON), "template loaded"),
        (index(blocks=("read_only_allow_delete",)), "green  blocked: flood stage"),
        (index(status="close"), "green  closed"),
        (index(fields={**FIELDS, "slo_status": "text"}), "green  slo_status is text"),
        (template(priority=1, version=7), "template has 2 differences"),
        (cluster(template=False, served=None), "template MISSING"),
        (
            cluster(template=None, served=None, unseen={"template": "403 security_exception"}),
            "not seen: template (403 security_exception)",
        ),
        (deletes("365d"), "policy keep, deletes it 365d after its creation: 1 Jan 2027"),
        (storage(watched=False), "flood stage at 5.0 GB, watermarks are off"),
        (
            storage(disks=(Disk("a", 100, 60, 15, 10, 5), Disk("b", 100, 7, 15, 10, 5))),
            "disk b: 7 B of 100 B free, flood stage at 5 B, fullest of 2",
        ),
        (kibana(preferences=Preferences("America/New_York")), "readers see 22 Nov as 21 Nov"),
        (kibana(preferences=Preferences("America/New_York")), "zone America/New_York"),
        (kibana(preferences=None, unseen={"settings": "403 no"}), "time zone not seen"),
        (kibana(filters=(Filter("slo_status: healthy"),)), "filtered by “slo_status: healthy”"),
        (kibana(time_from="last week"), "what readers see is not known"),
        (kibana(time_restore=False), "now-15m to now (Kibana"),
        (kibana(dashboard=None, unseen={"dashboard": "403"}), "dashboard denied"),
    ],
)
def test_a_row_says(snapshot: Snapshot, words: str):
    shown = seen(snapshot)
    rows = shown.fitted(indices.rows(shown), 80)
    assert words in "\n".join(row.text for row in rows)


def test_blocks_that_cannot_be_seen_are_not_counted_as_none():
    shown = seen(cluster(unseen={"mappings": "403 security_exception"}))
    assert "blocks not seen" in "\n".join(row.text for row in indices.brief(shown))


def test_the_report_carries_the_same_figures():
    snapshot = kibana(preferences=Preferences("America/New_York"))
    shown = seen(snapshot)
    assert shown.assessment is not None
    panel = report(shown.look, shown.assessment, "p").panels.indices
    assert (str(panel.reader_newest), str(panel.reader_shown)) == ("2026-11-22", "2026-11-21")
    assert (panel.reader_from, panel.reader_to, panel.template) == ("now-90d", "now", True)
    assert (panel.disks[0].node, panel.watermarks, panel.unseen) == ("es-1", True, {})
    differing = seen(template(priority=1))
    assert differing.assessment is not None
    panel = report(differing.look, differing.assessment, "p").panels.indices
    assert [one.what for one in panel.template_differences] == ["priority"]
    going = seen(deletes("365d"))
    assert going.assessment is not None
    figures = report(going.look, going.assessment, "p").panels.indices.indices["mrt_risk_daily"]
    assert (str(figures.deletes_on), figures.status) == ("2027-01-01", "open")
    assert msgspec.json.encode(figures)


def test_an_index_is_not_late_that_ends_before_a_day_without_rows():
    empty = lost(SOURCE, *RAW, *MART, *DOCUMENTS, day=YESTERDAY, short=None)
    row = next(line.text for line in indices.rows(seen(empty)) if "risk_daily" in line.text)
    assert row.startswith("✓ risk_daily     21 Nov")
    short = lost(*DOCUMENTS, day=YESTERDAY, short=None)
    row = next(line.text for line in indices.rows(seen(short)) if "risk_daily" in line.text)
    assert not row.startswith("✓")
