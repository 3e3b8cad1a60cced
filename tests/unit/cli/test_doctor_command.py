"""`altui doctor`: what it refuses before it asks anything."""

import math
from pathlib import Path

import pytest

from altui.cli.doctor import doctor
from altui.cli.exits import Exit
from altui.config import ConfigError


@pytest.mark.parametrize("seconds", [math.inf, 1e300, math.nan, -1, 0, 0.9, 601])
def test_a_time_that_is_none_is_refused(seconds: float):
    with pytest.raises(ConfigError, match="--timeout: say seconds from 1 to 600"):
        doctor({}, as_json=False, services=("local",), seconds=seconds)


@pytest.mark.parametrize("seconds", [1, 600])
def test_the_shortest_and_the_longest_time_are_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seconds: float
):
    environ = {"ALTUI_STATE_DIR": str(tmp_path), "ALTUI_CONFIG": str(tmp_path / "altui.toml")}
    (tmp_path / "altui.toml").touch()
    code = doctor(environ, as_json=False, services=("pagerduty",), seconds=seconds)
    assert code is Exit.ok
    assert "PAGERDUTY_ROUTING_KEY is not set" in capsys.readouterr().out
