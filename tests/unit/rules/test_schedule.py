"""Due times are learnt from history and promised by the schedule."""

from datetime import date, timedelta

from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Runs
from altui.core.rules.schedule import due_times, stuck_after, usual_delay, usual_duration
from tests.world import at, run_at

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
    assert usual_delay(None, PIPELINE.workflow, NOON) == timedelta(minutes=60)


def test_the_usual_duration_is_the_median_of_ten_successes():
    assert usual_duration(runs(5, 6, 7), PIPELINE.workflow) == timedelta(minutes=6)
    assert usual_duration(None, PIPELINE.workflow) == timedelta(minutes=10)


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
