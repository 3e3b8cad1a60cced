"""Measures a day, staging against mart against index: tolerance, nulls, due and owner."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from altui.core.model.health import Assessment, Cell, Finding, StageId, State
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Measure, Pipeline
from altui.core.model.reading import Counts, Runs
from altui.core.rules.assess import assess
from altui.core.rules.measures import relative, stored, within
from tests.world import at, healthy, run_at, with_measure, with_value, without_rows

NOON = at("2026-11-23 12:00")
DAY = date(2026, 11, 22)
OLD = date(2026, 11, 10)
STAGING = ("bigquery.counts", "staging.emails")
MART = ("bigquery.counts", "mart.mrt_risk_daily")
INDEX = ("elasticsearch.counts", "index.mrt_risk_daily")


def judged(snapshot: Snapshot, pipeline: Pipeline | None = None) -> Assessment:
    return assess(snapshot, pipeline or Pipeline(), snapshot.at)


def found(snapshot: Snapshot, check: str) -> Finding | None:
    findings = [item for item in judged(snapshot).findings if item.check == check]
    assert len(findings) <= 1
    return findings[0] if findings else None


def value(snapshot: Snapshot, place: tuple[str, str], day: date, measure: str) -> float:
    counts = snapshot.observations[place[0]].value
    assert isinstance(counts, Counts)
    figure = counts.series[place[1]].measures[measure][day]
    assert figure is not None
    return figure


def synced(snapshot: Snapshot, day: date, moment: datetime) -> Snapshot:
    """The newest sync of a day's raw rows at another moment."""
    counts = snapshot.observations["bigquery.counts"].value
    assert isinstance(counts, Counts)
    raw = counts.series["raw.emails"]
    raw = msgspec.structs.replace(raw, changed={**raw.changed, day: moment})
    return with_value(snapshot, "bigquery.counts", series={**counts.series, "raw.emails": raw})


def rescored(day: date = DAY, avg: float | None = 50.0) -> Snapshot:
    """Staging yields another average than the mart stores; nothing else differs."""
    return with_measure(healthy(NOON), STAGING, day, "avg_risk", avg)


@pytest.mark.parametrize(
    ("staging", "mart", "agree"),
    [
        (1000.0, 1000.0, True),
        (1000.0, 1000.999, True),
        (1000.0, 1001.0, False),  # 0.1 % is not below 0.1 %
        (1000.0, 998.9, False),
        (-1000.0, -1000.5, True),
        (None, None, True),
        (None, 0.0, False),
        (0.0, None, False),
        (0.0, 0.0, True),
        (0.0, 1e-9, False),
    ],
)
def test_a_mart_agrees_strictly_below_the_tolerance(
    staging: float | None, mart: float | None, agree: bool
):
    assert within(staging, mart, 0.001) is agree


def test_without_any_tolerance_equal_values_agree():
    assert within(5.0, 5.0, 0.0)
    assert not within(5.0, 5.000001, 0.0)


@pytest.mark.parametrize(
    ("mart", "index", "agree"),
    [
        (41.27, 41.27, True),
        (41.27, 41.27000045776367, True),  # the same as a float32
        (41.27, 41.28, False),
        (16_777_216.0, 16_777_220.0, False),
        (None, None, True),
        (None, 0.0, False),
        (41.27, None, False),
    ],
)
def test_an_index_holds_what_the_mart_does_within_a_float32(
    mart: float | None, index: float | None, agree: bool
):
    assert stored(mart, index) is agree


def test_a_relative_difference_is_staged_on_what_is_expected():
    assert relative(200.0, 201.0) == pytest.approx(0.005)
    assert relative(0.0, 1.0) == float("inf")


def test_a_healthy_pipeline_has_no_finding():
    assert judged(healthy(NOON)).findings == ()


def test_a_mart_that_differs_since_before_its_build_is_broken():
    finding = found(rescored(OLD), "parity.measure.mart")
    assert finding is not None
    assert (finding.stage, finding.state, finding.days) == (StageId.dbt, State.broken, (OLD,))
    mart = value(healthy(NOON), MART, OLD, "avg_risk")
    assert finding.subject == f"mrt_risk_daily: avg_risk of 10 Nov is {mart:g}, staging has 50"
    (evidence,) = finding.evidence
    assert evidence.figures == {"staging": 50.0, "mart": mart, "sql": "ROUND(AVG(risk_score), 2)"}
    assert "must be under 0.1 %" in evidence.words


def test_the_cell_says_so_while_the_count_agrees_and_no_rows_are_lost():
    row = next(row for row in judged(rescored(OLD)).trace if row.day == OLD)
    count = row.cells[StageId.bigquery].count
    assert row.cells[StageId.dbt] == Cell(count, State.broken)
    assert row.cells[StageId.elasticsearch] == Cell(count, State.ok)
    assert row.first_loss is None


def test_a_day_re_scored_and_synced_after_the_build_is_due_until_the_next():
    built = at("2026-11-23 03:43")
    assert (
        found(synced(rescored(OLD), OLD, built + timedelta(hours=2)), "parity.measure.mart") is None
    )
    late = synced(rescored(OLD), OLD, built - timedelta(minutes=16))
    assert found(late, "parity.measure.mart") is not None


def test_due_shows_in_the_cell():
    snapshot = synced(rescored(OLD), OLD, NOON - timedelta(hours=1))
    row = next(row for row in judged(snapshot).trace if row.day == OLD)
    assert row.cells[StageId.dbt].state is State.due


def test_nothing_is_said_while_a_run_builds_and_exports():
    snapshot = with_measure(rescored(OLD), INDEX, DAY, "avg_risk", 1.0)
    runs = snapshot.observations["github.runs"].value
    assert isinstance(runs, Runs)
    under_way = run_at(813, NOON - timedelta(minutes=1), conclusion=None)
    snapshot = with_value(snapshot, "github.runs", runs=(under_way, *runs.runs))
    assert judged(snapshot).findings == ()


def test_an_index_that_differs_from_its_mart_is_late():
    finding = found(
        with_measure(healthy(NOON), INDEX, DAY, "avg_risk", 1.5), "parity.measure.index"
    )
    assert finding is not None
    assert (finding.stage, finding.state) == (StageId.elasticsearch, State.late)
    assert "index risk_daily: avg_risk of 22 Nov is 1.5, mart has" in finding.subject


def test_an_index_is_due_while_its_mart_is_newer_than_the_export():
    snapshot = with_measure(healthy(NOON), INDEX, DAY, "avg_risk", 1.5)
    warehouse = snapshot.observations["bigquery.tables"].value
    tables = {
        name: msgspec.structs.replace(meta, modified=NOON - timedelta(minutes=30))
        for name, meta in warehouse.tables.items()  # type: ignore[union-attr]
    }
    snapshot = with_value(snapshot, "bigquery.tables", tables=tables)
    assert found(snapshot, "parity.measure.index") is None


@pytest.mark.parametrize("probe", ["bigquery.counts", "elasticsearch.counts"])
def test_counts_read_before_the_last_run_ended_say_nothing_of_it(probe: str):
    snapshot = with_measure(healthy(NOON), INDEX, DAY, "avg_risk", 1.5)
    seen = snapshot.observations[probe]
    before = msgspec.structs.replace(seen, at=at("2026-11-23 03:40"))
    stale = Snapshot(NOON, {**snapshot.observations, probe: before})
    assert found(stale, "parity.measure.index") is None


def test_one_null_is_a_difference_and_both_are_none():
    for place in (STAGING, MART, INDEX):
        snapshot = with_measure(healthy(NOON), place, OLD, "avg_risk", None)
        assert judged(snapshot).findings != (), place
    snapshot = healthy(NOON)
    for place in (STAGING, MART, INDEX):
        snapshot = with_measure(snapshot, place, OLD, "avg_risk", None)
    assert judged(snapshot).findings == ()


def test_null_is_said_as_the_services_say_it():
    finding = found(rescored(OLD, None), "parity.measure.mart")
    assert finding is not None
    assert finding.subject.endswith("staging has null")


def test_a_day_whose_counts_differ_is_told_by_its_count_alone():
    snapshot = without_rows(rescored(OLD), *MART, OLD, 3)
    assert found(snapshot, "parity.measure.mart") is None
    assert found(snapshot, "parity.mart") is not None


def test_one_finding_a_mart_names_its_worst_measure_and_all_its_days():
    snapshot = with_measure(rescored(OLD, 40.9), STAGING, DAY, "emails_scored", 1.0)
    finding = found(snapshot, "parity.measure.mart")
    assert finding is not None
    assert finding.days == (OLD, DAY)
    assert "emails_scored of 22 Nov" in finding.subject
    assert "avg_risk, emails_scored" in finding.evidence[0].words


def test_the_configured_tolerance_decides():
    mart = value(healthy(NOON), MART, OLD, "avg_risk")
    snapshot = rescored(OLD, mart * 1.04)
    loose = Pipeline()
    first, *others = loose.marts
    measures = tuple(Measure(m.name, m.sql, 0.05) for m in first.measures)
    loose = msgspec.structs.replace(
        loose, marts=(msgspec.structs.replace(first, measures=measures), *others)
    )
    assert judged(snapshot, loose).findings == ()
    assert judged(snapshot).findings != ()


def test_two_documents_of_a_day_are_said():
    snapshot = healthy(NOON)
    counts = snapshot.observations["elasticsearch.counts"].value
    assert isinstance(counts, Counts)
    series = msgspec.structs.replace(counts.series["index.mrt_risk_daily"], duplicates={OLD: 2})
    snapshot = with_value(snapshot, "elasticsearch.counts", series={"index.mrt_risk_daily": series})
    finding = found(snapshot, "parity.duplicates")
    assert finding is not None
    assert (finding.state, finding.days) == (State.broken, (OLD,))
    assert finding.subject == "index risk_daily: 2 documents of 10 Nov, not one"


def test_a_measure_that_cannot_be_read_is_named_and_the_others_are_compared():
    snapshot = with_value(
        rescored(OLD),
        "bigquery.counts",
        unmeasured={"mart.mrt_risk_daily.coverage_pct": "no column coverage_pct"},
    )
    finding = found(snapshot, "parity.unmeasured")
    assert finding is not None
    assert finding.state is State.unknown
    assert finding.subject == "measure coverage_pct cannot be read in mart mrt_risk_daily"
    assert finding.evidence[0].words == "no column coverage_pct"
    assert found(snapshot, "parity.measure.mart") is not None
