"""Due times are learnt from history and promised by the schedule."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Runs
from altui.core.rules.schedule import (
    due_times,
    stuck_after,
    sync_slot,
    usual_delay,
    usual_duration,
)
from tests.world import a_connection, at, run_at

PIPELINE = Pipeline()
NOON = at("2026-11-23 12:00")


def runs(*delays: int) -> Runs:
    start = at("2026-11-23 03:15")
    made = tuple(
        run_at(100 - back, start - timedelta(days=back) + timedelta(minutes=delay))
        for back, delay in enumerate(delays)
    )
    return Runs("analytics-sync.yml", "active", made)


def test_the_usual_delay_is_the_longest_of_fourteen_nights_but_never_under_an_hour():
    assert usual_delay(runs(5, 9), PIPELINE.workflow, NOON) == timedelta(minutes=60)
    assert usual_delay(runs(5, 95, 7), PIPELINE.workflow, NOON) == timedelta(minutes=95)
    assert usual_delay(runs(*[5] * 14, 200), PIPELINE.workflow, NOON) == timedelta(minutes=60)
    assert usual_delay(runs(*[5] * 13, 200), PIPELINE.workflow, NOON) == timedelta(minutes=200)
    assert usual_delay(None, PIPELINE.workflow, NOON) == timedelta(minutes=60)


def test_a_run_teaches_no_delay_before_its_own_night_is_over():
    tonight = at("2026-11-23 03:15")
    assert usual_delay(runs(95), PIPELINE.workflow, tonight) == timedelta(minutes=60)


def test_the_usual_duration_is_the_median_of_ten_successes():
    assert usual_duration(runs(5, 6, 7), PIPELINE.workflow) == timedelta(minutes=6)
    assert usual_duration(None, PIPELINE.workflow) == timedelta(minutes=10)
    taken = [4, 4, 4, 4, 4, 6, 8, 8, 8, 8, 8]
    made = tuple(
        replace(run, updated_at=run.created_at + timedelta(minutes=minutes))
        for run, minutes in zip(runs(*[5] * 11).runs, taken, strict=True)
    )
    seen = Runs("analytics-sync.yml", "active", made)
    assert usual_duration(seen, PIPELINE.workflow) == timedelta(minutes=5), "not the eleventh"


def test_a_cancelled_night_makes_its_day_wanted_at_once():
    tonight = run_at(101, at("2026-11-23 03:40"), conclusion="cancelled")
    seen = Runs("analytics-sync.yml", "active", (tonight, *runs(9, 9).runs[1:]))
    due = due_times(PIPELINE, seen, None, at("2026-11-23 03:50"))
    assert due.wanted_day == date(2026, 11, 22)


@pytest.mark.parametrize(("every", "slot"), [(5, "10:05"), (60, "11:00"), (1440, "11:00")])
def test_the_slot_is_what_the_connection_is_set_to_but_never_later_than_promised(
    every: int, slot: str
):
    connection = replace(a_connection(at("2026-11-23 10:00")), sync_frequency=every)
    assert sync_slot(connection, PIPELINE) == at(f"2026-11-23 {slot}")


def test_yesterday_becomes_wanted_when_delay_and_duration_have_passed():
    before = due_times(PIPELINE, runs(9), None, at("2026-11-23 04:20"))
    after = due_times(PIPELINE, runs(9), None, at("2026-11-23 04:21"))
    assert before.coming_due_at == after.coming_due_at == at("2026-11-23 04:21")
    assert (before.wanted_day, after.wanted_day) == (date(2026, 11, 21), date(2026, 11, 22))


def test_the_next_run_is_tonight_until_its_minute_has_come():
    assert due_times(PIPELINE, None, None, at("2026-11-23 03:14")).next_run_at == at(
        "2026-11-23 03:15"
    )
    assert due_times(PIPELINE, None, None, at("2026-11-23 03:15")).next_run_at == at(
        "2026-11-24 03:15"
    )


def test_a_run_is_stuck_after_three_times_its_usual_time_but_not_within_half_an_hour():
    due = due_times(PIPELINE, runs(9), None, at("2026-11-23 12:00"))
    assert stuck_after(due, PIPELINE.workflow) == timedelta(minutes=30)


def at_hour(hour: int, minute: int) -> Pipeline:
    return replace(PIPELINE, workflow=replace(PIPELINE.workflow, hour=hour, minute=minute))


LATE_EVENING, BEFORE_MIDNIGHT, AFTER_MIDNIGHT = at_hour(23, 0), at_hour(23, 55), at_hour(0, 5)


@pytest.mark.parametrize(
    ("pipeline", "clock", "wanted", "coming", "due_at"),
    [
        (LATE_EVENING, "22 23:59", 20, 21, "23 00:06"),
        (LATE_EVENING, "23 00:00", 20, 21, "23 00:06"),
        (LATE_EVENING, "23 00:05", 20, 21, "23 00:06"),
        (LATE_EVENING, "23 00:06", 21, 22, "24 00:06"),
        (LATE_EVENING, "23 23:30", 21, 22, "24 00:06"),
        (BEFORE_MIDNIGHT, "23 00:00", 20, 21, "23 01:01"),
        (BEFORE_MIDNIGHT, "23 01:00", 20, 21, "23 01:01"),
        (BEFORE_MIDNIGHT, "23 01:01", 21, 22, "24 01:01"),
        (AFTER_MIDNIGHT, "23 00:00", 21, 22, "23 01:11"),
        (AFTER_MIDNIGHT, "23 01:10", 21, 22, "23 01:11"),
        (AFTER_MIDNIGHT, "23 01:11", 22, 22, "23 01:11"),
        (PIPELINE, "23 00:00", 21, 22, "23 04:21"),
    ],
)
def test_a_day_is_wanted_when_its_own_night_is_over_whatever_midnight_does(
    pipeline: Pipeline, clock: str, wanted: int, coming: int, due_at: str
):
    by_hand = replace(run_at(90, at("2026-11-20 12:00")), event="workflow_dispatch")
    usual = Runs("analytics-sync.yml", "active", (by_hand,))  # takes 6 min, and no delay is known
    due = due_times(pipeline, usual, None, at(f"2026-11-{clock}"))
    assert (due.wanted_day.day, due.coming_day.day) == (wanted, coming)
    assert due.coming_due_at == at(f"2026-11-{due_at}")


def test_a_delay_learnt_to_be_long_is_allowed_for_after_midnight_as_well():
    late = run_at(90, at("2026-11-18 21:30"))  # 18 h 15 after its schedule
    due = due_times(at_hour(5, 0), Runs("w", "active", (late,)), None, at("2026-11-23 21:31"))
    assert (due.coming_due_at, due.wanted_day.day) == (at("2026-11-23 21:36"), 21)
    late = replace(late, created_at=at("2026-11-19 04:30"), started_at=at("2026-11-19 04:30"))
    late = replace(late, updated_at=at("2026-11-19 04:36"))  # 23 h 30 after: the next day
    seen = Runs("w", "active", (late,))
    states = [
        due_times(at_hour(5, 0), seen, None, at(f"2026-11-23 {clock}")).wanted_day.day
        for clock in ("04:35", "04:36", "23:59")
    ]
    assert states == [20, 21, 21]


def test_a_run_after_midnight_does_not_excuse_its_own_delay():
    tonight = run_at(101, at("2026-11-23 00:30"), conclusion=None)
    seen = Runs("analytics-sync.yml", "active", (tonight,))
    due = due_times(LATE_EVENING, seen, None, at("2026-11-23 00:31"))
    assert due.wanted_day == date(2026, 11, 21)


def test_a_night_that_failed_stays_failed_over_midnight_and_over_the_months_end():
    failed = run_at(101, at("2026-11-30 23:40"), conclusion="failure")
    seen = Runs("analytics-sync.yml", "active", (failed,))
    for clock in ("2026-11-30 23:47", "2026-12-01 00:00", "2026-12-01 00:07"):
        assert due_times(LATE_EVENING, seen, None, at(clock)).wanted_day == date(2026, 11, 29)
