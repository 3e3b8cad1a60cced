"""One day's bytes, which several processes take from beforehand."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from altui.store import budget as budgets
from altui.store.budget import Budget
from altui.store.store import Store
from tests.world import at

NOON = at("2026-11-23 12:00")
TODAY = NOON.date()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path)
    yield made
    made.close()


def test_two_processes_do_not_take_the_same_bytes(store: Store, tmp_path: Path):
    other = Store.open(tmp_path)
    observer, asking = (Budget(one, lambda: NOON, 15) for one in (store, other))
    assert observer.book(10) == TODAY
    assert asking.left() == 5
    assert asking.book(6) is None
    assert asking.book(5) == TODAY
    assert observer.left() == 0
    observer.correct(TODAY, -4)
    assert (observer.left(), asking.left()) == (4, 4)
    other.close()


def test_a_new_utc_day_begins_with_the_whole_budget(store: Store):
    now = at("2026-11-23 23:59")
    budget = Budget(store, lambda: now, 15)
    day = budget.book(15)
    assert day == TODAY
    now += timedelta(minutes=1)
    assert budget.left() == 15
    budget.correct(day, -5)
    assert (budget.left(), store.billed(day)) == (15, 10), "it is yesterday's query that cost less"


def test_what_a_locked_store_does_not_take_is_kept_until_it_does(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(budgets, "PATIENCE", 0.01)
    budget = Budget(store, lambda: NOON, 15)
    other = sqlite3.connect(tmp_path / "altui.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert budget.book(10) == TODAY
    assert budget.book(6) is None
    budget.correct(TODAY, -2)
    assert (budget.left(), store.billed(TODAY)) == (7, 0)
    other.execute("ROLLBACK")
    other.close()
    assert budget.book(7) == TODAY
    assert (budget.left(), store.billed(TODAY)) == (0, 15)
