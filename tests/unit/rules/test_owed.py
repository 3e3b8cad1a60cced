"""What the nightly build owes: days without a row, and days that no nightly makes anew."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Finding, StageId, State, VerdictState
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Runs, Series, TableMeta, Warehouse
from altui.core.rules.assess import assess
from altui.core.rules.look import Look
from altui.core.rules.owed import empty_day, remade, whole_build
from altui.core.rules.schedule import due_times
from tests.world import at, healthy, run_at, with_measure, with_value, without_rows

NOON = at("2026-11-23 12:00")
PIPELINE = Pipeline()
ONE_DAY = timedelta(days=1)
EMAILS = PIPELINE.tables[0]
DAY, YESTERDAY = date(2026, 11, 10), date(2026, 11, 22)
SIDES = (
    ("postgres.counts", "emails"),
    ("bigquery.counts", "raw.emails"),
    ("bigquery.counts", "staging.emails"),
)
COPIES = (
    ("bigquery.counts", "mart.mrt_risk_daily"),
    ("elasticsearch.counts", "index.mrt_risk_daily"),
)


def without(day: date, *places: tuple[str, str]) -> Snapshot:
    """A day of which these sides hold no row."""
    snapshot = healthy(NOON)
    for place in places:
        snapshot = without_rows(snapshot, *place, day, None)
    return snapshot


def look_at(snapshot: Snapshot) -> Look:
    return Look(snapshot, PIPELINE, NOON, due_times(PIPELINE, None, None, NOON))


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
def test_a_day_is_empty_only_where_no_side_that_was_counted_holds_a_row(day: date):
    assert empty_day(look_at(without(day, *SIDES)), EMAILS, day)
    for held in SIDES:
        some = [side for side in SIDES if side is not held]
        assert not empty_day(look_at(without(day, *some)), EMAILS, day), held


def test_nothing_is_empty_that_was_not_counted():
    snapshot = without(DAY, *SIDES)
    before = NOON.date() - timedelta(days=31)
    assert not empty_day(look_at(snapshot), EMAILS, before), "before the window"
    assert not empty_day(look_at(Snapshot(NOON, {})), EMAILS, DAY)
    source = {"postgres.counts": snapshot.observations["postgres.counts"]}
    assert empty_day(look_at(Snapshot(NOON, source)), EMAILS, DAY), "the source alone says so"


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
def test_mart_and_index_cannot_hold_a_day_without_rows(day: date):
    result = assess(without(day, *SIDES, *COPIES), PIPELINE, NOON)
    row = next(row for row in result.trace if (row.table, row.day) == ("emails", day))
    assert row.cells[StageId.bigquery].count == 0
    for stage in (StageId.dbt, StageId.elasticsearch, StageId.kibana):
        assert row.cells[stage].state is State.off, stage
        assert row.cells[stage].count is None
    assert row.first_loss is None


FIRST = date(2026, 10, 24)
"""First day that the run of 23 Nov made anew; the next one begins a day later."""
COUNTS, INDEX = "bigquery.counts", "elasticsearch.counts"


def old(day: date, more: int, synced: str = "2026-11-23 07:05") -> Snapshot:
    """A day whose copies have `more` rows than source, raw and staging, changed at a moment."""
    snapshot = healthy(NOON, 90)
    for place in SIDES:
        snapshot = without_rows(snapshot, *place, day, more)
    counts = snapshot.get(COUNTS, Counts)
    assert counts is not None
    raw = counts.series["raw.emails"]
    raw = replace(raw, changed={**raw.changed, day: at(synced)})
    return with_value(snapshot, COUNTS, series={**counts.series, "raw.emails": raw})


def found_at(snapshot: Snapshot, stage: StageId = StageId.dbt) -> list[Finding]:
    return [one for one in assess(snapshot, PIPELINE, NOON).findings if one.stage is stage]


@pytest.mark.parametrize(
    ("day", "synced", "state"),
    [
        (FIRST - ONE_DAY, "2026-11-23 07:05", State.late),  # no nightly makes it anew
        (FIRST - ONE_DAY, "2026-11-20 07:05", State.late),
        (FIRST, "2026-11-23 07:05", State.late),  # the next one does not any more
        (FIRST, "2026-11-20 07:05", State.broken),  # the last one did
        (FIRST + ONE_DAY, "2026-11-23 07:05", None),  # the next one does
        (FIRST + ONE_DAY, "2026-11-20 07:05", State.broken),
        (date(2026, 9, 20), "2026-11-23 07:05", State.late),
    ],
)
@pytest.mark.parametrize("more", [1, -1])
def test_a_day_that_no_nightly_makes_anew_is_late_until_it_is_rebuilt(
    day: date, synced: str, state: State | None, more: int
):
    states = [one.state for one in found_at(old(day, more, synced)) if one.check == "parity.mart"]
    assert states == ([state] if state else [])


def test_a_night_that_was_dropped_is_not_made_up_for_at_the_far_end():
    """The last run was on 21 Nov, the next one is to come on the 23rd: it begins on 24 Oct."""
    runs = healthy(NOON).get("github.runs", Runs)
    assert runs is not None
    look = look_at(with_value(healthy(NOON), "github.runs", runs=runs.runs[2:]))
    first = date(2026, 10, 24)
    assert remade(look, PIPELINE.marts[0], first)
    assert not remade(look, PIPELINE.marts[0], first - ONE_DAY)


def test_an_old_day_that_is_missing_was_not_lost_by_tonights_failed_run():
    day = date(2026, 9, 20)
    snapshot = healthy(at("2026-11-23 03:00"), 90)
    for place in COPIES:
        snapshot = without_rows(snapshot, *place, day, None)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    failed = run_at(900, at("2026-11-23 03:40"), conclusion="failure")
    steps = tuple(
        replace(one, conclusion="failure" if one.name == "Run dbt models" else "success")
        for one in failed.steps
    )
    failed = replace(failed, steps=steps)
    snapshot = with_value(snapshot, "github.runs", runs=(failed, *runs.runs))
    result = assess(replace(snapshot, at=at("2026-11-23 04:00")), PIPELINE, at("2026-11-23 04:00"))
    states = {one.state: one.days for one in result.findings if one.check == "parity.mart"}
    assert states[State.late] == (day,)


def test_how_far_a_nightly_looks_back_is_a_setting():
    snapshot = old(date(2026, 9, 20), 1)
    assert [one.state for one in assess(snapshot, PIPELINE, NOON).findings] == [State.late]
    longer = replace(PIPELINE, look_back_days=90)
    assert assess(snapshot, longer, NOON).findings == ()


def test_an_old_day_says_what_to_rebuild_and_that_nobody_must_get_up():
    result = assess(old(date(2026, 9, 20), 1), PIPELINE, NOON)
    (finding,) = result.findings
    assert finding.subject == "emails: the mart holds 1 more than staging on 20 Sep"
    assert finding.do == "rebuild 20 Sep"
    (evidence,) = finding.evidence
    assert evidence.words.endswith(
        "nightly runs go back 30 days; run analytics-sync.yml, start and end 2026-09-20"
    )
    assert result.verdict.state is VerdictState.late
    assert result.verdict.do == "rebuild 20 Sep; can wait for working hours: Data team"


def test_an_old_day_that_was_scored_again_is_late_as_well():
    day = date(2026, 9, 20)
    place = (COUNTS, "staging.emails")
    (finding,) = assess(
        with_measure(healthy(NOON, 90), place, day, "avg_risk", 50.0), PIPELINE, NOON
    ).findings
    assert (finding.check, finding.state) == ("parity.measure.mart", State.late)
    assert finding.do == "rebuild 20 Sep"


def test_old_days_and_lost_ones_are_findings_of_their_own():
    snapshot = old(date(2026, 9, 20), 1)
    for place in COPIES:
        snapshot = without_rows(snapshot, *place, DAY, 4)
    found = {one.state: one for one in found_at(snapshot)}
    assert found[State.broken].days == (DAY,)
    assert found[State.broken].subject == "emails: 10 Nov is short in the mart (-4)"
    assert found[State.late].days == (date(2026, 9, 20),)
    assert len({one.key for one in found.values()}) == 2


def ops_fed(noted: date, *, built: date, modified: datetime) -> Snapshot:
    """Parity checks noted about a day that the mart does not have; all it has is of `built`."""
    snapshot = healthy(NOON)
    counts = snapshot.get(COUNTS, Counts)
    tables = snapshot.get("bigquery.tables", Warehouse)
    assert counts is not None and tables is not None
    ops = Series(4, NOON, {noted: 1, built: 3})
    mart = Series(1, at(f"{built} 00:00"), {built: 1})
    series = {**counts.series, "ops.ops_parity_checks": ops, "mart.mrt_parity_drift": mart}
    snapshot = with_value(snapshot, COUNTS, series=series)
    names = {
        "applylens_raw.ops_parity_checks": TableMeta(4, 1, modified),
        "applylens_marts.mrt_parity_drift": TableMeta(1, 1, at("2026-11-23 03:43")),
    }
    return with_value(snapshot, "bigquery.tables", tables={**tables.tables, **names})


@pytest.mark.parametrize(
    ("modified", "state"), [("2026-11-23 08:00", State.due), ("2026-11-23 03:30", State.late)]
)
def test_an_ops_row_that_was_noted_after_the_nightly_run_waits_for_the_next(
    modified: str, state: State
):
    snapshot = ops_fed(YESTERDAY, built=YESTERDAY - ONE_DAY, modified=at(modified))
    result = assess(snapshot, PIPELINE, NOON)
    row = next(
        row for row in result.trace if (row.table, row.day) == ("mrt_parity_drift", YESTERDAY)
    )
    assert row.cells[StageId.dbt].state is state


def test_an_ops_row_that_was_seen_before_the_nightly_run_is_late():
    noted = ops_fed(YESTERDAY, built=YESTERDAY - ONE_DAY, modified=at("2026-11-23 08:00"))
    evening = healthy(at("2026-11-23 01:00"))
    counts, before = noted.get(COUNTS, Counts), evening.get(COUNTS, Counts)
    assert counts is not None and before is not None
    names = ("ops.ops_parity_checks", "mart.mrt_parity_drift")
    evening = with_value(
        evening, COUNTS, series={**before.series, **{name: counts.series[name] for name in names}}
    )
    seen = assess(evening, PIPELINE, evening.at)
    assert not [one for one in seen.findings if one.check == "parity.mart"]
    result = assess(noted, PIPELINE, NOON, seen)
    assert [one.days for one in result.findings if one.check == "parity.mart"] == [(YESTERDAY,)]


def test_a_newest_day_without_rows_is_nobodys_fault():
    result = assess(without(YESTERDAY, *SIDES, *COPIES), PIPELINE, NOON)
    assert result.findings == ()
    assert result.verdict.headline.startswith("21 Nov")
    lost = assess(without(YESTERDAY, *COPIES), PIPELINE, NOON)
    assert "index.behind.mrt_risk_daily" in {finding.check for finding in lost.findings}


def hand_only(clock: str, *, built: str) -> Snapshot:
    """A new pipeline: all its runs are by hand, the last one at noon for days of January."""
    now = at(f"2026-11-23 {clock}")
    snapshot = without_rows(healthy(now), *COPIES[0], YESTERDAY, 1)
    snapshot = without_rows(snapshot, *COPIES[1], YESTERDAY, 1)
    counts, runs = snapshot.get(COUNTS, Counts), snapshot.get("github.runs", Runs)
    assert counts is not None and runs is not None
    raw = counts.series["raw.emails"]
    raw = replace(raw, changed={**raw.changed, YESTERDAY: at("2026-11-23 11:05")})
    snapshot = with_value(snapshot, COUNTS, series={**counts.series, "raw.emails": raw})
    by_hand = tuple(replace(run, event="workflow_dispatch") for run in runs.runs)
    last = replace(run_at(950, at("2026-11-23 12:00")), event="workflow_dispatch")
    snapshot = with_value(snapshot, "github.runs", runs=(last, *by_hand))
    tables = {"applylens_marts.mrt_risk_daily": TableMeta(1, 1, at(f"2026-11-23 {built}"))}
    return with_value(snapshot, "bigquery.tables", tables=tables)


def test_a_run_by_hand_builds_no_whole_window_where_no_nightly_ever_succeeded():
    snapshot = hand_only("12:20", built="12:03")
    result = assess(snapshot, PIPELINE, snapshot.at)
    assert [one.check for one in result.findings if one.state is State.broken] == []
    row = next(row for row in result.trace if (row.table, row.day) == ("emails", YESTERDAY))
    assert row.cells[StageId.dbt].state is State.due


def test_what_only_runs_by_hand_build_is_not_due_for_ever():
    tomorrow = hand_only("12:20", built="12:03")
    now = at("2026-11-24 12:20")
    later = healthy(now)
    counts, old = later.get(COUNTS, Counts), tomorrow.get(COUNTS, Counts)
    runs, tables = tomorrow.get("github.runs", Runs), later.get("bigquery.tables", Warehouse)
    assert counts is not None and old is not None and runs is not None and tables is not None
    raw = counts.series["raw.emails"]
    raw = replace(raw, changed={**raw.changed, YESTERDAY: at("2026-11-23 11:05")})
    later = with_value(later, COUNTS, series={**counts.series, "raw.emails": raw})
    newest = replace(run_at(951, at("2026-11-24 03:40")), event="workflow_dispatch")
    later = with_value(later, "github.runs", runs=(newest, *runs.runs))
    for place in COPIES:
        later = without_rows(later, *place, YESTERDAY, 1)
    found = [one for one in assess(later, PIPELINE, now).findings if one.check == "parity.mart"]
    assert [(one.state, one.days) for one in found] == [(State.broken, (YESTERDAY,))]


def test_without_github_the_build_itself_is_all_there_is_to_go_by():
    snapshot = hand_only("12:20", built="12:03")
    observations = {k: v for k, v in snapshot.observations.items() if k != "github.runs"}
    look = look_at(replace(snapshot, observations=observations))
    assert whole_build(look, PIPELINE.marts[0]) == at("2026-11-23 12:03")
    assert whole_build(look_at(snapshot), PIPELINE.marts[0]) == at("2026-11-23 03:15")
    early = look_at(hand_only("12:20", built="02:00"))
    assert whole_build(early, PIPELINE.marts[0]) == at("2026-11-23 02:00")


def test_a_day_that_the_index_was_not_counted_for_is_not_asked_of_it():
    """At midnight the index's window has moved on, the ops table's not yet."""
    snapshot = ops_fed(DAY, built=DAY, modified=at("2026-11-11 01:00"))
    documents = snapshot.get(INDEX, Counts)
    assert documents is not None
    nothing = {**documents.series, "index.mrt_parity_drift": Series(0, None, {})}
    for start, behind in ((DAY, True), (DAY + ONE_DAY, False)):
        counted = with_value(snapshot, INDEX, series=nothing, start=start)
        checks = {one.check for one in assess(counted, PIPELINE, NOON).findings}
        assert ("index.behind.mrt_parity_drift" in checks) is behind
