"""Days without a row: nothing is awaited of them until their first rows come."""

from datetime import date

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Runs, Series, TableMeta
from altui.core.rules.assess import assess
from tests.unit.rules.test_owed import COPIES, COUNTS, DAY, NOON, ONE_DAY, SIDES, YESTERDAY
from tests.world import at, healthy, rows_on, run_at, with_error, with_value, without_rows

PIPELINE = Pipeline()


def nothing_of_yesterday(clock: str) -> Snapshot:
    """A night at whose end nobody has a row of the day before."""
    snapshot = healthy(at(f"2026-11-23 {clock}"))
    for place in SIDES:
        snapshot = without_rows(snapshot, *place, YESTERDAY, None)
    return snapshot


@pytest.mark.parametrize("clock", ["00:10", "03:20", "03:50", "04:20", "04:21", "12:30", "23:59"])
def test_nothing_is_awaited_of_a_day_without_rows(clock: str):
    snapshot = nothing_of_yesterday(clock)
    if clock > "03:46":
        for place in COPIES:
            snapshot = without_rows(snapshot, *place, YESTERDAY, None)
    result = assess(snapshot, PIPELINE, snapshot.at)
    assert result.findings == ()
    assert result.stages[StageId.dbt].state is State.ok
    assert result.stages[StageId.elasticsearch].state is State.ok
    assert result.verdict.state is VerdictState.ok
    assert result.verdict.headline.startswith("21 Nov complete")


def test_a_single_row_of_the_day_is_awaited():
    snapshot = healthy(at("2026-11-23 03:20"))
    for place in SIDES:
        snapshot = without_rows(snapshot, *place, YESTERDAY, rows_on(YESTERDAY) - 1)
    result = assess(snapshot, PIPELINE, snapshot.at)
    assert result.stages[StageId.elasticsearch].state is State.due
    assert result.verdict.state is VerdictState.wait


def empty_at(moment: str, day: date) -> Snapshot:
    """Nobody has a row of the day yet."""
    snapshot = healthy(at(moment))
    for place in SIDES:
        snapshot = without_rows(snapshot, *place, day, None)
    for place in COPIES:
        counts = snapshot.get(place[0], Counts)
        if counts and day in counts.series[place[1]].by_day:
            snapshot = without_rows(snapshot, *place, day, None)
    return snapshot


def came(moment: str, day: date) -> Snapshot:
    """Its first rows are synced; marts and index do not have the day."""
    snapshot = healthy(at(moment))
    for place in COPIES:
        counts = snapshot.get(place[0], Counts)
        if counts and day in counts.series[place[1]].by_day:
            snapshot = without_rows(snapshot, *place, day, None)
    return snapshot


def looked(*snapshots: Snapshot) -> Assessment:
    """What the last of several looks says, one after the other."""
    result: Assessment | None = None
    for snapshot in snapshots:
        result = assess(snapshot, PIPELINE, snapshot.at, result)
    assert result is not None
    return result


def dbt_state(result: Assessment, day: date) -> State:
    return next(
        row.cells[StageId.dbt].state
        for row in result.trace
        if (row.table, row.day) == ("emails", day)
    )


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
def test_the_first_rows_of_a_day_that_come_after_the_build_wait_for_the_next(day: date):
    looks = [empty_at("2026-11-23 09:00", day), *(came(f"2026-11-23 {c}", day) for c in CLOCKS)]
    for count in range(2, len(looks) + 1):
        result = looked(*looks[:count])
        assert result.findings == ()
        assert dbt_state(result, day) is State.due
        assert result.stages[StageId.elasticsearch].state is State.ok
        assert result.verdict.state is VerdictState.ok
    after = came("2026-11-24 03:50", day)
    assert "parity.mart" in {one.check for one in looked(*looks, after).findings}


CLOCKS = ("11:40", "12:40", "23:59")


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
@pytest.mark.parametrize("seen", ["03:43", "09:00"])
def test_a_day_that_had_rows_when_it_was_built_is_late_at_once(day: date, seen: str):
    """A row of it may have changed since: that says nothing of the others."""
    before = came(f"2026-11-23 {seen}", day)
    result = looked(empty_at("2026-11-23 03:30", day), before, came("2026-11-23 11:40", day))
    checks = {one.check for one in result.findings}
    assert "parity.mart" in checks
    assert ("index.behind.mrt_risk_daily" in checks) is (day == YESTERDAY)


def test_a_day_without_a_row_in_its_own_first_hours_is_wanted_like_any_other():
    """Each day is empty until its first row comes; a night that was dropped is late for it."""
    morning = empty_at("2026-11-22 09:00", YESTERDAY)
    runs = morning.get("github.runs", Runs)
    assert runs is not None
    evening = with_value(healthy(at("2026-11-22 20:00")), "github.runs", runs=runs.runs)
    dropped = healthy(at("2026-11-23 03:00"))
    synced = {"succeeded_at": at("2026-11-23 04:10")}
    for clock in ("00:30", "04:20"):
        waiting = replace(dropped, at=at(f"2026-11-23 {clock}"))
        waiting = with_value(waiting, "fivetran.connection", succeeded_at=waiting.at)
        result = looked(morning, evening, waiting)
        assert result.findings == ()
        assert result.verdict.state is VerdictState.wait
    late = with_value(replace(dropped, at=at("2026-11-23 04:21")), "fivetran.connection", **synced)
    checks = {one.check for one in looked(morning, evening, late).findings}
    assert {"parity.mart", "index.behind.mrt_risk_daily"} <= checks


@pytest.mark.parametrize("conclusion", ["failure", "cancelled"])
def test_a_run_that_failed_after_the_first_rows_came_leaves_them_out(conclusion: str):
    empty = empty_at("2026-11-23 03:20", YESTERDAY)
    night = replace(came("2026-11-23 03:35", YESTERDAY), at=at("2026-11-23 03:50"))
    since = {k: replace(seen, at=night.at) for k, seen in night.observations.items()}
    night = replace(night, observations=since)
    runs = night.get("github.runs", Runs)
    assert runs is not None
    bad = run_at(900, at("2026-11-23 03:40"), conclusion=conclusion)
    night = with_value(night, "github.runs", runs=(bad, *runs.runs))
    checks = {one.check for one in looked(empty, night).findings}
    assert "index.behind.mrt_risk_daily" in checks


def test_a_blind_look_between_forgets_nothing():
    day = YESTERDAY
    quiet = came("2026-11-23 10:00", day)
    blind = with_error(quiet, COUNTS, Trouble.unreachable, since=at("2026-11-23 09:59"))
    first, last = empty_at("2026-11-23 09:00", day), came("2026-11-23 11:40", day)
    assert looked(first, blind, last).findings == ()


def test_what_is_remembered_of_empty_days_does_not_grow():
    days = [NOON.date() - back * ONE_DAY for back in range(1, 80)]
    snapshot = healthy(NOON, 90)
    for day in days:
        for place in (*SIDES, *COPIES):
            snapshot = without_rows(snapshot, *place, day, None)
    kept = [key for key in looked(snapshot).since if key.startswith("empty.")]
    assert len(kept) <= 31
    assert not [key for key in looked(snapshot, healthy(NOON, 90)).since if key.startswith("e")]


def test_without_bigquery_the_source_tells_that_a_day_was_empty():
    def direct(snapshot: Snapshot) -> Snapshot:
        kept = {k: v for k, v in snapshot.observations.items() if not k.startswith("bigquery")}
        return replace(snapshot, observations=kept)

    first = direct(empty_at("2026-11-23 09:00", YESTERDAY))
    last = direct(came("2026-11-23 11:40", YESTERDAY))
    assert not [one for one in looked(first, last).findings if one.state is not State.unknown]
    found = {one.check for one in looked(last).findings}
    assert "index.behind.mrt_risk_daily" in found


def test_first_rows_are_waited_for_while_the_next_nightly_carries_them():
    """From its start to the first counts after its end; the mart has the day before the index."""
    day = YESTERDAY
    looks = [empty_at("2026-11-23 09:00", day), came("2026-11-23 12:00", day)]
    at_work = run_at(813, at("2026-11-24 03:40"), conclusion=None)
    ended = run_at(813, at("2026-11-24 03:40"))
    old = came("2026-11-24 03:35", day)
    runs = old.get("github.runs", Runs)
    assert runs is not None
    built = with_value(old, COUNTS, series=counted(came("2026-11-24 12:00", NOON.date()), COUNTS))
    metadata = {"applylens_marts.mrt_risk_daily": TableMeta(1, 1, at("2026-11-24 03:43"))}
    built = with_value(built, "bigquery.tables", tables=metadata)
    for clock, seen, run in (
        ("03:41", old, at_work),
        ("03:44", built, at_work),
        ("03:46", built, ended),
        ("03:47", built, ended),
    ):
        look = replace(
            with_value(seen, "github.runs", runs=(run, *runs.runs)), at=at(f"2026-11-24 {clock}")
        )
        looks.append(look)
        result = looked(*looks)
        assert result.findings == (), clock
    observations = {
        probe: replace(seen, at=at("2026-11-24 03:48"))
        for probe, seen in looks[-1].observations.items()
    }
    looks.append(replace(looks[-1], at=at("2026-11-24 03:48"), observations=observations))
    checks = {one.check for one in looked(*looks).findings}
    assert {"index.behind.mrt_risk_daily", "parity.index"} <= checks, "it left the day out"


def counted(snapshot: Snapshot, probe: str) -> dict[str, Series]:
    counts = snapshot.get(probe, Counts)
    assert counts is not None
    return counts.series


def test_a_day_that_a_repair_built_and_did_not_export_is_missing():
    looks = [empty_at("2026-11-23 09:00", YESTERDAY)]
    exported = came("2026-11-23 12:20", YESTERDAY)
    snapshot = with_value(exported, COUNTS, series=counted(healthy(exported.at), COUNTS))
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    repair = run_at(950, at("2026-11-23 12:00"), conclusion="failure")
    repair = replace(repair, event="workflow_dispatch")
    snapshot = with_value(snapshot, "github.runs", runs=(repair, *runs.runs))
    result = looked(*looks, came("2026-11-23 11:40", YESTERDAY), snapshot)
    assert {"workflow.failed", "index.behind.mrt_risk_daily"} <= {
        one.check for one in result.findings
    }
