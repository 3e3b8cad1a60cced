"""The three lines where more than one thing is wrong: what stands first, and whose clock ends."""

from datetime import date, datetime

from altui.core.model.health import Assessment, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Runs
from altui.core.rules.assess import assess
from tests.world import at, healthy, run_at, with_error, with_value, without_rows

YESTERDAY = date(2026, 11, 22)


def judged(snapshot: Snapshot, **since: datetime) -> Assessment:
    """A look; `since` has what earlier looks found, dots as double underscores."""
    before = assess(healthy(snapshot.at), Pipeline(), snapshot.at)
    known = {key.replace("__", "."): moment for key, moment in since.items()}
    before.since.update(known)
    return assess(snapshot, Pipeline(), snapshot.at, before)


def unexported(now: datetime) -> Snapshot:
    """The run of 03:35 made yesterday and failed to export it."""
    index = "index.mrt_risk_daily"
    snapshot = without_rows(healthy(now), "elasticsearch.counts", index, YESTERDAY, None)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    failed = run_at(812, at("2026-11-23 03:35"), conclusion="failure")
    return with_value(snapshot, "github.runs", runs=(failed, *runs.runs[1:]))


LOST = {
    "index__behind__mrt_risk_daily": at("2026-11-23 03:41"),
    "parity__index__emails": at("2026-11-23 03:41"),
}


def refusing(snapshot: Snapshot, since: str) -> Snapshot:
    for probe in ("bigquery.counts", "bigquery.tables"):
        snapshot = with_error(snapshot, probe, Trouble.refused, since=at(f"2026-11-23 {since}"))
    return snapshot


def test_a_fault_that_began_after_the_loss_does_not_displace_its_cause():
    told = judged(refusing(unexported(at("2026-11-23 04:13")), "04:12"), **LOST).verdict
    assert told.state is VerdictState.broken
    assert "Export to Elasticsearch" in told.why and "more)" in told.why
    assert told.since == at("2026-11-23 03:41")
    assert "Since 03:41Z (32m)" in told.headline
    assert told.do == "page Infrastructure team (SLA 1h, 28m left)"


def test_what_was_there_before_the_loss_still_speaks_first():
    told = judged(refusing(unexported(at("2026-11-23 04:13")), "03:20"), **LOST).verdict
    assert "BigQuery answered that it cannot serve" in told.why
    assert told.since == at("2026-11-23 03:20")


def test_nothing_waits_for_longer_than_what_ends_first():
    """BigQuery's owners have eight hours, those of Elasticsearch one: it is over first."""
    told = judged(refusing(unexported(at("2026-11-23 04:13")), "03:20"), **LOST).verdict
    assert told.do == "page Infrastructure team (SLA 1h, 28m left); then Data team"
