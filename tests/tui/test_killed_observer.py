"""`kill -9` of the observer under an open dashboard, at a pseudo-terminal."""

import os
import signal
import sys
from pathlib import Path

from altui.store.presence import OBSERVER
from bench.terminal import terminal

PATIENCE = 60.0
SOON = 15.0
"""Seconds: five to notice and replace it, the rest for a machine that is busy."""


def holder(lock: Path) -> int | None:
    """The process that holds the lock, as Linux tells."""
    inode = f":{lock.stat().st_ino}"
    rows = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return next((int(row[4]) for row in rows if len(row) > 5 and row[5].endswith(inode)), None)


def test_it_is_missed_and_replaced_within_seconds(tmp_path: Path):
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "ALTUI_STATE_DIR": str(tmp_path),
        "ES_URL": "http://127.0.0.1:1",
    }
    lock = tmp_path / "default" / OBSERVER
    with terminal([sys.executable, "-m", "altui"], environ, 24, 80) as screen:
        screen.read_until(b"live 0/1", PATIENCE)
        first = holder(lock)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        screen.read_until(b"NOBODY LOOKS", SOON)
        screen.read_until(b"live 0/1", SOON)
        assert holder(lock) not in (first, None)
        screen.send(b"q")
        screen.wait(PATIENCE)
