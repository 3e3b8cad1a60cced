"""`altui sandbox clock set`: which moment is meant, and what is said of it."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from altui.sandbox import __main__ as sandbox

NOW = "2026-11-24T14:20:31+00:00"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the sandbox, whose clock says NOW, was asked to do."""
    bodies: list[dict[str, Any]] = []
    status = {"healthy": True, "now": NOW, "writer": "writing", "engines": {}}

    def call(_: Path, method: str, path: str, body: dict[str, Any] | None, *, within: float) -> Any:
        if (method, path) == ("POST", "/clock"):
            bodies.append(body or {})
        return {**status, "next": {}, "faults": []}

    monkeypatch.setattr(sandbox, "call", call)
    return bodies


@pytest.mark.parametrize(
    ("said", "moment", "words"),
    [
        ("03:14", "2026-11-25T03:14:00+00:00", "until 25 Nov 03:14Z (tomorrow)"),
        ("14:20", "2026-11-25T14:20:00+00:00", "until 25 Nov 14:20Z (tomorrow)"),
        ("23:14", "2026-11-24T23:14:00+00:00", "until 24 Nov 23:14Z"),
        ("2026-11-26T03:14", "2026-11-26T03:14:00+00:00", "until 26 Nov 03:14Z"),
    ],
)
def test_a_time_of_day_is_the_next_one(
    asked: list[dict[str, Any]], said: str, moment: str, words: str
):
    ran = CliRunner().invoke(sandbox.app, ["clock", "set", said])
    assert ran.exit_code == 0
    assert asked == [{"to": moment}]
    assert ran.stderr == f"playing what happens {words}, at its real pace\n"


def test_a_day_that_is_over_is_refused_before_anything_is_played(asked: list[dict[str, Any]]):
    ran = CliRunner().invoke(sandbox.app, ["clock", "set", "2026-11-24T03:14"])
    assert ran.exit_code == 2
    assert "goes forward only" in ran.stderr and "playing" not in ran.stderr
    assert asked == []
