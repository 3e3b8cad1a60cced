"""The clock of a sandbox is followed, and the last offset holds while its file is away."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from altui.clock import clock_of, file_clock

SECOND = timedelta(seconds=1)


def test_the_systems_clock_is_utc():
    assert clock_of("")().tzinfo is UTC


def test_the_offset_of_the_file_is_added(tmp_path: Path):
    path = tmp_path / "clock.json"
    path.write_text(json.dumps({"offset_s": 3600}))
    clock = file_clock(path)
    assert abs(clock() - datetime.now(UTC) - timedelta(hours=1)) < SECOND
    path.unlink()
    assert abs(clock() - datetime.now(UTC) - timedelta(hours=1)) < SECOND


def test_without_a_file_the_real_time_holds(tmp_path: Path):
    assert abs(file_clock(tmp_path / "none")() - datetime.now(UTC)) < SECOND
