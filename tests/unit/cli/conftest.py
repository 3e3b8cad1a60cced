"""A store that an observer seems to feed, and the environment that leads to it."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from altui.core.model.observed import Snapshot
from altui.store.store import Store
from tests.feeding import fed
from tests.world import at, healthy

NOON = at("2026-11-23 12:00")


@pytest.fixture
def observed(tmp_path: Path) -> Iterator[Store]:
    """A store that another observer seems to feed."""
    store = Store.open(tmp_path / "default")
    with store.observing() as mine:
        assert mine
        yield store
    store.close()


@pytest.fixture
def unobserved(tmp_path: Path) -> Iterator[Store]:
    """A store in which an observer that has ended left a healthy pipeline, five hours ago."""
    store = Store.open(tmp_path / "default")
    fed(store, Snapshot(NOON - timedelta(hours=5), healthy(NOON - timedelta(hours=5)).observations))
    yield store
    store.close()


@pytest.fixture
def full(unobserved: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the store takes no writes."""

    def refuse(*given: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    calls = ("put_observations", "put_assessment", "put_totals", "put_syncs", "put_sizes", "drop")
    for call in calls:
        monkeypatch.setattr(Store, call, refuse)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_s": (NOON - datetime.now(UTC)).total_seconds()}))
    return {
        "ALTUI_STATE_DIR": str(tmp_path),
        "ALTUI_CLOCK": str(clock),
        "ES_URL": "http://127.0.0.1:1",
    }
