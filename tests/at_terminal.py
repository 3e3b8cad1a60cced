"""`altui init` at a pseudo-terminal."""

import codecs
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest


def bare(home: Path) -> dict[str, str]:
    """An environment without a single setting."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


OWN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "altui", "init", *sys.argv[1:]])
"""


class Terminal:
    """`altui init` at a pseudo-terminal, answered when it asks."""

    def __init__(self, home: Path, environ: dict[str, str], *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.program = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL, *arguments],
            env={**bare(home), **environ},
            cwd=home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen, self.told = "", 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def answer(self, question: str, answer: str) -> None:
        self.wait_for(question)
        os.write(self.master, (answer + "\n").encode())

    def unseen(self, question: str, answer: str) -> None:
        """What is typed before the echo is off would be lost; `: ` ends when it is."""
        self.wait_for(question)
        self.wait_for("): ")
        os.write(self.master, (answer + "\n").encode())

    def stop(self, key: bytes, words: str) -> None:
        """Presses the key until the words come.

        A signal between the prompt and readline's first wait is noticed at the next key only.
        """
        os.write(self.master, key)
        while not self._heard(words, 5):
            os.write(self.master, key)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Reads until the words stand there, behind those that were waited for before."""
        assert self._heard(words, seconds), f"no {words!r} in {self.seen[self.told :]!r}"

    def _heard(self, words: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (place := self.seen.find(words, self.told)) < 0:
            ready, _, _ = select.select([self.master], [], [], max(0, until - time.monotonic()))
            if not ready:
                return False
            try:
                self.seen += self.decoder.decode(os.read(self.master, 4096))
            except OSError:
                pytest.fail(f"it ended without {words!r}: {self.seen[self.told :]!r}")
        self.told = place + len(words)
        return True

    def close(self) -> int:
        code = self.program.wait(30)
        os.close(self.master)
        return code
