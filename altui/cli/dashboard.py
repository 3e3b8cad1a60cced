"""Opens the full-screen dashboard and sees to it that an observer feeds it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from altui.cli.context import settings_for_looking
from altui.cli.exits import Exit
from altui.clock import clock_of
from altui.store.store import Store


def open_dashboard(environ: Mapping[str, str]) -> int:
    """Runs the screen until it is closed; the observer ends with the last screen."""
    settings = settings_for_looking(environ)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("altui: the dashboard needs a terminal; `altui check` needs none\n")
        return Exit.usage
    store = Store.open(settings.directory)
    try:
        with store.attend():
            start_observer(environ, settings.directory)
            from altui.tui import run

            return run(settings, store, clock_of(settings.clock))
    finally:
        store.close()


def start_observer(environ: Mapping[str, str], directory: Path) -> subprocess.Popen[bytes]:
    """Starts `python -m altui.observe`; it leaves at once when another observer is there."""
    log = os.open(directory / "observer.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "altui.observe"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
