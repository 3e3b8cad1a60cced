"""A store that an observer seems to feed, and the environment that leads to it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from altui.store.store import Store
from tests.world import at

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
def environ(tmp_path: Path) -> dict[str, str]:
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_s": (NOON - datetime.now(UTC)).total_seconds()}))
    return {
        "ALTUI_STATE_DIR": str(tmp_path),
        "ALTUI_CLOCK": str(clock),
        "ES_URL": "http://127.0.0.1:1",
    }
