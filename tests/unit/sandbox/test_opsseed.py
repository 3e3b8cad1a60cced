"""Made-up ops history: repeatable, marked, and plausible."""

from datetime import UTC, date, datetime, timedelta

import pytest

from altui.sandbox.opsseed import ops_rows

LAST = date(2026, 11, 22)
FIRST = LAST - timedelta(days=399)


def test_the_same_seed_gives_the_same_history_and_another_does_not():
    assert ops_rows(FIRST, LAST, 1) == ops_rows(FIRST, LAST, 1)
    assert ops_rows(FIRST, LAST, 1) != ops_rows(FIRST, LAST, 2)


def test_a_day_has_the_same_rows_whatever_the_window():
    checks, jobs = ops_rows(FIRST, LAST, 1)
    since = LAST - timedelta(days=60)
    later = [
        [row for row in rows if datetime.fromisoformat(row[when]).date() >= since]
        for rows, when in ((checks, "checked_at"), (jobs, "started_at"))
    ]
    assert [*ops_rows(since, LAST, 1)] == later


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_row_is_marked_and_has_a_key_of_its_own(seed: int):
    checks, jobs = ops_rows(FIRST, LAST, seed)
    assert {row["source"] for row in (*checks, *jobs)} == {"seed"}
    assert len({row["check_id"] for row in checks}) == len(checks)
    assert len({row["job_id"] for row in jobs}) == len(jobs)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_checks_lie_in_the_window_and_mostly_find_nothing(seed: int):
    checks, _ = ops_rows(FIRST, LAST, seed)
    moments = [datetime.fromisoformat(row["checked_at"]) for row in checks]
    assert all(FIRST <= moment.date() <= LAST and moment.tzinfo is UTC for moment in moments)
    assert all(row["day"] < at.date() for row, at in zip(checks, moments, strict=True))
    for row in checks:
        fields = ("risk_score", "expires_at", "category")
        assert row["total_mismatches"] == sum(row[f"{name}_mismatches"] for name in fields)
        assert row["total_checked"] > row["total_mismatches"]
    odd = sum(1 for row in checks if row["total_mismatches"])
    assert 0 < odd < len(checks) / 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_backfills_take_one_to_five_minutes_and_rebuild_days_that_are_over(seed: int):
    _, jobs = ops_rows(FIRST, LAST, seed)
    assert {row["status"] for row in jobs} <= {"done", "failed"}
    for row in jobs:
        began, ended = (datetime.fromisoformat(row[name]) for name in ("started_at", "finished_at"))
        assert FIRST <= began.date() <= LAST
        assert 60 <= row["duration_seconds"] <= 290
        assert (ended - began).total_seconds() == pytest.approx(row["duration_seconds"])
        assert row["start_day"] <= row["end_day"] < began.date()
        assert (row["emails_processed"] > 0) == (row["status"] == "done")


def test_a_month_has_some_of_both_and_no_day_is_full_of_them():
    checks, jobs = ops_rows(LAST - timedelta(days=30), LAST, 7)
    for rows, when in ((checks, "checked_at"), (jobs, "started_at")):
        days = {datetime.fromisoformat(row[when]).date() for row in rows}
        assert 0 < len(days) < 15
