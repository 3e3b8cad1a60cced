"""Differences that are no losses: figures of two times, and rows that nothing had to carry yet."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Runs, TableMeta
from altui.core.rules.assess import assess
from tests.world import at, healthy, run_at, with_value, without_rows

NOON = at("2026-11-23 12:00")
DAY = date(2026, 11, 15)
MINUTE = timedelta(minutes=1)
RAW = ("raw.emails", "staging.emails")
MART = ("mart.mrt_risk_daily",)


def judged(snapshot: Snapshot, before: Assessment | None = None) -> set[str]:
    result = assess(snapshot, Pipeline(), snapshot.at, before)
    return {finding.check for finding in result.findings}


def short(snapshot: Snapshot, *series: str) -> Snapshot:
    """A row of the day less in some series, and in the index where the mart is one of them."""
    for name in series:
        snapshot = without_rows(snapshot, "bigquery.counts", name, DAY, 1)
    if MART[0] in series:
        documents = "index.mrt_risk_daily"
        snapshot = without_rows(snapshot, "elasticsearch.counts", documents, DAY, 1)
    return snapshot


def with_changed(snapshot: Snapshot, probe: str, name: str, moment: datetime) -> Snapshot:
    """The day's newest write (source) or sync (raw)."""
    counts = snapshot.get(probe, Counts)
    assert counts is not None
    series = counts.series[name]
    series = replace(series, changed={**series.changed, DAY: moment})
    return with_value(snapshot, probe, series={**counts.series, name: series})


def read_at(snapshot: Snapshot, probe: str, moment: datetime) -> Snapshot:
    seen = replace(snapshot.observations[probe], at=moment)
    return Snapshot(snapshot.at, {**snapshot.observations, probe: seen})


@pytest.mark.parametrize(
    ("event", "found"), [("workflow_dispatch", set[str]()), ("schedule", {"parity.mart"})]
)
def test_a_run_by_hand_may_be_about_other_days(event: str, found: set[str]):
    """A row went at 07:05, a run at 11:00 did not make its day anew: the next night does."""
    snapshot = short(healthy(NOON), *RAW)
    snapshot = without_rows(snapshot, "postgres.counts", "emails", DAY, 1)
    snapshot = with_changed(snapshot, "bigquery.counts", "raw.emails", at("2026-11-23 07:05"))
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    run = replace(run_at(900, at("2026-11-23 11:00")), event=event)
    snapshot = with_value(snapshot, "github.runs", runs=(run, *runs.runs))
    tables = {"applylens_marts.mrt_risk_daily": TableMeta(1, 1, run.created_at + 3 * MINUTE)}
    assert judged(with_value(snapshot, "bigquery.tables", tables=tables)) == found


@pytest.mark.parametrize(("counted", "found"), [("03:45", set[str]()), ("03:47", {"parity.index"})])
def test_an_index_counted_before_the_export_ended_is_no_witness(counted: str, found: set[str]):
    """The run of 03:40 ended at 03:46; the mart was counted at noon."""
    snapshot = without_rows(healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", DAY, 2)
    counted_at = at(f"2026-11-23 {counted}")
    assert judged(read_at(snapshot, "elasticsearch.counts", counted_at)) == found


@pytest.mark.parametrize(("minutes", "found"), [(1, set[str]()), (-6, {"parity.raw"})])
def test_a_source_counted_before_the_days_rows_were_copied_is_no_witness(
    minutes: int, found: set[str]
):
    """A row that went after the source was counted is gone from the copy already."""
    counted_at = at("2026-11-23 11:20")
    snapshot = short(healthy(NOON), *RAW, *MART)
    snapshot = read_at(snapshot, "postgres.counts", counted_at)
    copied_at = counted_at + minutes * MINUTE
    assert judged(with_changed(snapshot, "bigquery.counts", "raw.emails", copied_at)) == found


@pytest.mark.parametrize(("written", "found"), [("10:56", set[str]()), ("10:50", {"parity.raw"})])
def test_rows_written_while_a_slow_sync_ran_wait_for_the_next_one(written: str, found: set[str]):
    """It ran from 11:00 to 11:12; what was written well before its beginning it must have found."""
    snapshot = short(healthy(NOON), *RAW, *MART)
    ended = at("2026-11-23 11:12")
    snapshot = with_value(snapshot, "fivetran.connection", succeeded_at=ended)
    counts = snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    began = at("2026-11-23 11:00")
    series = counts.series | {
        name: replace(one, synced=began) for name, one in counts.series.items() if one.synced
    }
    snapshot = with_value(snapshot, "bigquery.counts", series=series)
    moment = at(f"2026-11-23 {written}")
    assert judged(with_changed(snapshot, "postgres.counts", "emails", moment)) == found
