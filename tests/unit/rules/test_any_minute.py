"""No false alarm at any minute of any day, whatever the ages of the figures that meet."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from altui.core.model.days import day_of, start_of
from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from tests.healthy_world import HealthyWorld
from tests.world import without_rows

PIPELINE = Pipeline()
MINUTE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)
SPECIAL = (
    date(2026, 3, 29),  # clocks go forward in Europe
    date(2026, 10, 25),  # and back
    date(2026, 11, 1),  # back in America; a month's first
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 2, 28),
    date(2028, 2, 28),
    date(2028, 2, 29),
    date(2028, 3, 1),
)
PROBES = 25
"""Moments looked at in each of the worlds."""


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, PIPELINE, snapshot.at, before)


def false_state(world: HealthyWorld, result: Assessment) -> str:
    """What is wrong with an assessment of a healthy pipeline; empty when nothing is."""
    now = result.at
    if result.findings:
        return "; ".join(f"{item.check}: {item.subject}" for item in result.findings)
    for stage, health in result.stages.items():
        if health.state not in (State.ok, State.due):
            return f"{stage} is {health.state}: {health.detail}"
    if result.verdict.state not in (VerdictState.ok, VerdictState.wait):
        return f"{result.verdict.state}: {result.verdict.headline}"
    assert result.due is not None
    coming = day_of(now) - ONE_DAY
    waited = start_of(day_of(now)) <= now < result.due.coming_due_at
    if result.verdict.state is VerdictState.wait and not waited:
        return f"waits outside of the night: {result.verdict.headline}"
    if not world.settled(now):
        return ""
    whole = world.exported(coming, now)
    if (result.verdict.state is VerdictState.wait) is whole:
        return f"{coming} {'is' if whole else 'is not'} exported, yet {result.verdict.state}"
    readers = result.stages[StageId.elasticsearch].state
    if (readers is State.due) is whole:
        return f"{coming} {'is' if whole else 'is not'} exported, yet elasticsearch {readers}"
    if whole and world.carried_all(now) and result.stages[StageId.dbt].state is State.due:
        return "dbt is due though the marts hold all there is"
    return ""


def moments() -> Iterator[tuple[int, date, date]]:
    """Seeds and days of the worlds: the special dates, and others all over a year."""
    for number, day in enumerate(SPECIAL):
        yield number, day, day
    for number in range(11):
        day = date(2026, 1, 1) + Random(number).randint(0, 364) * ONE_DAY
        yield 100 + number, day, day + ONE_DAY


@cache
def world_of(seed: int, first: date, last: date) -> HealthyWorld:
    return HealthyWorld(seed, first, last)


@pytest.mark.parametrize(("seed", "first", "last"), moments())
def test_five_hundred_minutes_of_healthy_pipelines(seed: int, first: date, last: date):
    world = world_of(seed, first, last)
    dice = Random(f"minutes/{seed}")
    length = start_of(last) + ONE_DAY - start_of(first)
    for _ in range(PROBES):
        now = start_of(first) + dice.random() * length
        earlier = now - dice.choice((20, 60, 300, 3600)) * timedelta(seconds=1)
        before = judged(world.snapshot(earlier))
        wrong = false_state(world, judged(world.snapshot(now), before))
        assert not wrong, f"seed {seed}, {now}: {wrong}"


@pytest.mark.parametrize(
    ("seed", "night"), [(1, date(2026, 11, 23)), (2, date(2028, 2, 29)), (3, date(2027, 1, 1))]
)
def test_every_minute_of_a_night_one_look_after_the_other(seed: int, night: date):
    world = world_of(seed, night, night)
    now = datetime.combine(night, start_of(night).time(), start_of(night).tzinfo)
    now += timedelta(hours=3, minutes=10)
    before: Assessment | None = None
    while now < start_of(night) + timedelta(hours=4, minutes=25):
        before = judged(world.snapshot(now), before)
        wrong = false_state(world, before)
        assert not wrong, f"seed {seed}, {now}: {wrong}"
        now += 20 * timedelta(seconds=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_window_that_moves_on_at_midnight_loses_no_day(seed: int):
    """For a quarter of an hour one service's figures begin a day later than another's."""
    day = date(2026, 11, 20)
    world = world_of(seed, day, day)
    now = start_of(day)
    before = judged(world.snapshot(now - MINUTE))
    while now < start_of(day) + 20 * MINUTE:
        before = judged(world.snapshot(now), before)
        wrong = false_state(world, before)
        assert not wrong, f"seed {seed}, {now}: {wrong}"
        now += MINUTE


RAW = ("bigquery.counts", "raw.emails"), ("bigquery.counts", "staging.emails")
MART = ("bigquery.counts", "mart.mrt_risk_daily")
INDEX = ("elasticsearch.counts", "index.mrt_risk_daily")


@pytest.mark.parametrize(
    ("check", "places", "short"),
    [
        ("parity.raw", (*RAW, MART, INDEX), 1),
        ("parity.mart", (MART, INDEX), 1),
        ("parity.mart", (MART, INDEX), None),
        ("parity.index", (INDEX,), 1),
        ("parity.index", (INDEX,), None),
    ],
)
def test_a_row_or_a_day_that_is_lost_is_found_at_any_quiet_minute(
    check: str, places: tuple[tuple[str, str], ...], short: int | None
):
    """The control: the same minutes, one loss."""
    looked = 0
    for number, first, last in moments():
        world, dice = world_of(number, first, last), Random(f"loss/{number}")
        now = start_of(first) + dice.random() * ONE_DAY
        if not world.settled(now) or not world.settled(now - 20 * MINUTE):
            continue
        snapshot = world.snapshot(now)
        day = first - dice.randint(9, 15) * ONE_DAY  # nothing of it changes any more
        for probe, series in places:
            snapshot = without_rows(snapshot, probe, series, day, short)
        found = [one for one in judged(snapshot).findings if one.check == check]
        assert [one.days for one in found] == [(day,)], f"seed {number}, {now}"
        looked += 1
    assert looked >= 10


@pytest.mark.parametrize("seed", range(3))
def test_old_days_that_change_are_late_until_they_are_rebuilt_and_nothing_else_is_wrong(seed: int):
    """Rows go and are scored again up to six weeks later; nightly runs go back 30 days."""
    day = date(2026, 11, 3 + 7 * seed)
    world, dice = HealthyWorld(seed, day, day, old_changes=True), Random(f"old/{seed}")
    found = 0
    for _ in range(PROBES):
        now = start_of(day) + dice.random() * ONE_DAY
        before = judged(world.snapshot(now - MINUTE))
        for finding in judged(world.snapshot(now), before).findings:
            assert finding.check in {"parity.mart", "parity.measure.mart"}, now
            assert (finding.state, finding.do[:8]) == (State.late, "rebuild "), now
            assert max(finding.days) <= day - 30 * ONE_DAY, now
            found += 1
    assert found > PROBES


@pytest.mark.parametrize("seed", range(5))
def test_a_night_that_is_dropped_is_late_when_its_time_has_passed_and_then_missed(seed: int):
    night = date(2026, 11, 1 + 5 * seed)
    world = HealthyWorld(seed, night, night, dropped=night)
    scheduled = start_of(night) + timedelta(hours=3, minutes=15)
    if world.exported(night - ONE_DAY, scheduled):
        pytest.fail("somebody ran it by hand before; take another seed")
    due = judged(world.snapshot(scheduled)).due
    assert due is not None
    missed_at = scheduled + timedelta(seconds=due.usual_delay_s) + 30 * MINUTE
    before: Assessment | None = None
    for now in (scheduled, due.coming_due_at - MINUTE):
        before = judged(world.snapshot(now), before)
        assert before.findings == ()
        assert before.verdict.state is VerdictState.wait
    for now, missed in ((due.coming_due_at, False), (missed_at - MINUTE, False), (missed_at, True)):
        before = judged(world.snapshot(now), before)
        checks = {finding.check for finding in before.findings}
        assert "index.behind.mrt_risk_daily" in checks, now
        assert ("workflow.missed" in checks) is missed, now
        assert {finding.state for finding in before.findings} == {State.late}, now


def test_syncs_that_end_are_late_after_slot_and_grace():
    end = datetime(2026, 11, 10, 14, tzinfo=start_of(date(2026, 11, 10)).tzinfo)
    day = day_of(end)
    world = HealthyWorld(4, day, day, last_sync=end)
    states = [
        judged(world.snapshot(end + count * MINUTE)).stages[StageId.fivetran].state
        for count in range(120)
    ]
    assert states[0] is State.ok
    assert states[-1] is State.late
    turns = [state for state, after in pairwise(states) if state is not after]
    assert turns == [State.ok, State.due]
