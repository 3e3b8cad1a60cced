from datetime import UTC, date, datetime, time, timedelta

import pytest

from altui.sandbox.github.schedule import LATEST, SURE_NIGHTS, Schedule

FIRST = date(2026, 11, 24)
NIGHTS = [FIRST + timedelta(days=n) for n in range(3000)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(seed: int = 1, punctual: bool = False) -> Schedule:
    return Schedule(time(3, 15), seed, punctual)


def test_runs_are_3_to_58_minutes_late_and_differ_from_night_to_night():
    late = [schedule().start(night) - schedule().scheduled(night) for night in NIGHTS]
    assert min(late) >= timedelta(minutes=3)
    assert max(late) <= timedelta(minutes=58)
    assert len(set(late)) > 500


def test_the_same_seed_makes_the_same_nights():
    again = [schedule(1).start(night) for night in NIGHTS[:50]]
    assert again == [schedule(1).start(night) for night in NIGHTS[:50]]
    assert again != [schedule(2).start(night) for night in NIGHTS[:50]]


@pytest.mark.parametrize("seed", range(20))
def test_about_two_percent_are_dropped_but_never_the_first_three(seed: int):
    dropped = [night for night in NIGHTS if schedule(seed).dropped(night, FIRST)]
    assert 0.01 < len(dropped) / len(NIGHTS) < 0.03
    assert min(dropped) >= FIRST + timedelta(days=SURE_NIGHTS)


def test_on_time_means_on_the_minute_and_every_night():
    punctual = schedule(punctual=True)
    assert all(punctual.start(night).time() == time(3, 15) for night in NIGHTS[:50])
    assert not any(punctual.dropped(night, FIRST) for night in NIGHTS)


def test_a_dropped_night_is_passed_over():
    lost = next(night for night in NIGHTS if schedule().dropped(night, FIRST))
    assert schedule().next_night(lost, FIRST) > lost
    assert schedule().newest_due(lost, FIRST, schedule().scheduled(lost) + LATEST) is None


def test_only_the_newest_night_is_due_after_a_long_absence():
    now = datetime.combine(FIRST + timedelta(days=2), time(12), UTC)
    assert schedule().newest_due(FIRST, FIRST, now) == FIRST + timedelta(days=2)
    assert schedule().newest_due(FIRST, FIRST, schedule().start(FIRST)) == FIRST
    before = schedule().start(FIRST) - timedelta(seconds=1)
    assert schedule().newest_due(FIRST, FIRST, before) is None


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-23 00:10", "2026-11-22"),
        ("2026-11-23 03:14", "2026-11-22"),
        ("2026-11-23 03:20", "2026-11-22"),
        ("2026-11-23 04:19", "2026-11-22"),
        ("2026-11-23 04:20", "2026-11-23"),
        ("2026-11-23 12:00", "2026-11-23"),
    ],
)
def test_history_ends_with_the_night_that_is_over_for_sure(now: str, last: str):
    assert schedule().last_history(at(now)) == date.fromisoformat(last)
