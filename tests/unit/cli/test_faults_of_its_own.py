"""What altui does not expect ends it with its own exit code, and never looks like a finding."""

import sys
from io import StringIO

import pytest

from altui.cli import app, check
from altui.cli.exits import Exit
from altui.config import masking

SECRET = "c4n4ry-T0ken"


def test_a_fault_of_altui_is_no_finding(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, f"Permission denied\x1b[2J {SECRET}", "/nowhere")

    masking.learn(SECRET, secret=True)
    said = StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setattr(sys, "argv", ["altui", "check"])
    monkeypatch.setattr(check, "check", fails)
    assert app.run() == Exit.usage
    *traceback, last = said.getvalue().splitlines()
    assert "in fails" in "\n".join(traceback)
    assert last.startswith("altui: failed by a fault of its own, nothing was judged: PermissionErr")
    assert "Permission denied" in last and "report the lines above" in last
    assert SECRET not in said.getvalue() and "\x1b" not in last
