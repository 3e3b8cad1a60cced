"""What altui does not expect ends it with its own exit code, and never looks like a finding."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from altui.cli import app, check
from altui.cli.exits import Exit
from altui.config import masking
from altui.store.store import Store
from tests.feeding import fed
from tests.world import at, healthy

NOON = at("2026-11-23 12:00")
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


VERBS = ["check --json", "parity", "doctor --service local", "--version", "--help"]


@pytest.mark.parametrize("verb", VERBS)
def test_output_that_cannot_be_written_is_one_line_and_no_finding(
    observed: Store, environ: dict[str, str], verb: str
):
    fed(observed, healthy(NOON))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "altui", *verb.split()],
            env={**os.environ, **environ},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    *_, last = done.stderr.splitlines()
    assert last == "altui: what was to be printed cannot be written: No space left on device"
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert done.returncode == Exit.usage
