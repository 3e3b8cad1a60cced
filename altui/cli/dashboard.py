"""Opens the full-screen dashboard and sees to it that an observer feeds it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from altui.cli.context import settings_for_looking
from altui.cli.exits import Exit
from altui.clock import clock_of
from altui.store.presence import OBSERVERS_LOG
from altui.store.store import Store

OBSERVER_LEAVES_WITHIN = 5.0


def open_dashboard(environ: Mapping[str, str], *, leave_nothing: bool = False) -> int:
    """Runs the screen until it is closed; the observer ends with the last screen.

    With `leave_nothing` it returns only when the observer has ended too.
    """
    settings = settings_for_looking(environ)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("altui: the dashboard needs a terminal; `altui check` needs none\n")
        return Exit.usage
    store = Store.open(settings.directory)
    clock = clock_of(settings.clock)
    try:
        with store.attend():
            from altui.tui import run

            observers: list[subprocess.Popen[bytes]] = []

            def observe() -> None:
                # its imports would compete with the first paint
                observers[:] = [one for one in observers if one.poll() is None]
                observers.append(start_observer(environ, settings.directory))

            code = run(settings, store, clock, clock(), observe)
    finally:
        store.close()
    for observer in observers if leave_nothing else ():
        with contextlib.suppress(subprocess.TimeoutExpired):
            observer.wait(OBSERVER_LEAVES_WITHIN)
    return code


def start_observer(environ: Mapping[str, str], directory: Path) -> subprocess.Popen[bytes]:
    """Starts `python -m altui.observe`; it leaves at once when another observer is there."""
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND  # another observer may be writing to it
    log = os.open(directory / OBSERVERS_LOG, how, 0o600)
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
