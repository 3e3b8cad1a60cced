"""How far two sides are apart: what a round keeps, and what is usual."""

from datetime import timedelta

from altui.core.model.history import Totals
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from altui.core.rules.drift import drift, same, totals_of
from tests.world import at, healthy, with_error, without_rows

NOON = at("2026-11-23 12:00")
HOUR = timedelta(hours=1)


def totals(hours_ago: float, apart: int, table: str = "emails") -> Totals:
    return Totals(NOON - hours_ago * HOUR, table, 1000, 1000 - apart, apart, 0, 60.0)


def test_a_round_keeps_both_sides_and_what_of_the_difference_is_due_or_lost():
    day = NOON.date() - timedelta(days=5)
    snapshot = without_rows(healthy(NOON), "bigquery.counts", "raw.emails", day, 3)
    emails, applications = totals_of(snapshot, Pipeline(), assess(snapshot, Pipeline(), NOON))
    assert (emails.at, emails.source - emails.raw, emails.due, emails.lost) == (NOON, 3, 0, 3)
    assert (applications.difference, applications.due, applications.lost) == (0, 0, 0)


def test_nothing_is_kept_of_a_side_that_was_not_counted():
    snapshot = with_error(healthy(NOON), "postgres.counts", Trouble.unreachable, since=NOON)
    assert [*totals_of(snapshot, Pipeline(), assess(snapshot, Pipeline(), NOON))] == []


def test_only_the_moment_may_differ():
    assert same(totals(1, 5), totals(2, 5))
    assert not same(totals(1, 5), totals(1, 6))
    assert not same(totals(1, 5), None)


def test_the_most_of_a_day_and_the_median_of_two_weeks():
    history = [totals(hours, 14) for hours in range(30, 60)]
    history += [totals(9, 120), totals(3, 7), totals(24 * 15, 9999)]
    found = drift(history, NOON)["emails"]
    assert (found.most, found.at, found.usual) == (120, NOON - 9 * HOUR, 14)
    assert found.rounds == 32, "what is older than two weeks says nothing of what is usual"


def test_without_a_round_of_late_nothing_is_said():
    assert drift([totals(25, 3)], NOON) == {}
    assert drift([totals(-1, 3)], NOON) == {}, "a clock that was set back"


def test_the_most_of_each_hour_of_the_last_24():
    history = [totals(2.2, 5), totals(2.1, 9), totals(2.05, 1), totals(1, 0), totals(25, 77)]
    hours = drift(history, NOON)["emails"].hours
    assert hours == {at("2026-11-23 09:00"): 9, at("2026-11-23 11:00"): 0}
    assert list(hours) == sorted(hours)
