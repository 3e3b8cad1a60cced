"""`kill -9` of the observer under an open dashboard, at a pseudo-terminal."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from altui.store.presence import OBSERVER

SOON = 15.0
"""Seconds: five to notice and replace it, the rest for a machine that is busy."""


class Dashboard:
    """`altui` on a screen of 80 by 24, with one service that does not answer."""

    def __init__(self, home: Path) -> None:
        self.lock = home / "default" / OBSERVER
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "ALTUI_STATE_DIR": str(home),
            "ES_URL": "http://127.0.0.1:1",
        }
        self.program = subprocess.Popen(
            [sys.executable, "-m", "altui"],
            env=environ,
            cwd=home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def wait_for(self, words: bytes, seconds: float = 60) -> None:
        """Reads what is painted from now on until the words are."""
        seen, until = b"", time.monotonic() + seconds
        while words not in seen:
            ready, _, _ = select.select([self.master], [], [], max(0, until - time.monotonic()))
            assert ready, f"no {words!r} in {seen[-2000:]!r}"
            seen += os.read(self.master, 65536)

    def observer(self) -> int | None:
        """The process that holds the observer's lock."""
        inode = f":{self.lock.stat().st_ino}"
        rows = (line.split() for line in Path("/proc/locks").read_text().splitlines())
        return next((int(row[4]) for row in rows if len(row) > 5 and row[5].endswith(inode)), None)

    def close(self) -> None:
        os.write(self.master, b"q")
        try:
            self.program.wait(30)
        finally:
            self.program.kill()
            os.close(self.master)


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    made = Dashboard(tmp_path)
    yield made
    made.close()


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_it_is_missed_and_replaced_within_seconds(dashboard: Dashboard):
    dashboard.wait_for(b"live 0/1")
    first = dashboard.observer()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    dashboard.wait_for(b"NOBODY LOOKS", SOON)
    dashboard.wait_for(b"live 0/1", SOON)
    assert dashboard.observer() not in (first, None)
