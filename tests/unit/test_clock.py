"""The clock of a sandbox is followed, and the last offset holds while its file is away."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from altui.clock import clock_of, file_clock, offset_of
from altui.config import ConfigError, load

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


UNFIT = [
    "",
    "[]",
    "{}",
    "3",
    '{"offset_s": null}',
    '{"offset_s": "3600"}',
    '{"offset_s": 1e18}',
    '{"offset_s": -1e11}',
    '{"offset_s": 1e999}',
    '{"offset_s": NaN}',
    "[" * 100_000,
    "\x00\xff",
]


@pytest.mark.parametrize("text", UNFIT)
def test_a_file_that_is_no_clock_is_refused_when_settings_are_loaded(tmp_path: Path, text: str):
    path = tmp_path / "clock.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match="ALTUI_CLOCK") as raised:
        load({"ALTUI_CLOCK": str(path)})
    assert str(path) in str(raised.value)
    assert "leave it out for the real time" in str(raised.value)


def test_a_clock_that_is_no_file_is_refused_when_settings_are_loaded(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none", tmp_path / "none" / "none"):
        with pytest.raises(ConfigError, match="ALTUI_CLOCK"):
            load({"ALTUI_CLOCK": str(path)})


@pytest.mark.parametrize("text", UNFIT)
def test_while_the_file_is_no_clock_the_last_offset_holds(tmp_path: Path, text: str):
    path = tmp_path / "clock.json"
    path.write_text(json.dumps({"offset_s": 3600}))
    clock = file_clock(path)
    assert abs(clock() - datetime.now(UTC) - timedelta(hours=1)) < SECOND
    path.write_bytes(text.encode("latin-1"))
    assert abs(clock() - datetime.now(UTC) - timedelta(hours=1)) < SECOND
    path.write_text(json.dumps({"offset_s": 7200.5}))
    assert offset_of(path) == timedelta(hours=2, milliseconds=500)
    assert abs(clock() - datetime.now(UTC) - timedelta(hours=2)) < SECOND
