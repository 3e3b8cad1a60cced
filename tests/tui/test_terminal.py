"""The dashboard in a real terminal: first paint, any size, and an end that leaves it as it was."""

import contextlib
import fcntl
import os
import pty
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from altui.config import Settings
from altui.store.store import Store
from tests.scenes import SCENES

SHELL = """
import fcntl, os, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
told = os.fdopen(int(sys.argv[1]), "w")
program = subprocess.Popen([sys.executable, "-m", "altui"])
print(program.pid, file=told, flush=True)
print(program.wait(), file=told, flush=True)
sys.stdin.read()
"""
"""A shell, as it were: what it starts may end, the terminal stays."""
LEFT_ALONE = b"\x1b[?1049l"
"""Back on the main screen."""
SERVICES = ("FIVETRAN_URL", "GITHUB_API_URL", "BIGQUERY_EMULATOR_HOST", "ES_URL", "KIBANA_URL")


class Terminal:
    """`altui` in a pseudo-terminal of its own, as a login shell would start it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.master, self.slave = pty.openpty()
        self.size(24, 80)
        self.before = termios.tcgetattr(self.slave)
        heard, told = os.pipe()
        self.told = os.fdopen(heard)
        self.shell = subprocess.Popen(
            [sys.executable, "-c", SHELL, str(told)],
            env={**environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            pass_fds=[told],
        )
        os.close(told)
        self.pid = int(self.told.readline())
        self.output = b""

    def size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, ready: Callable[[], bool], within: float = 30) -> None:
        deadline = time.monotonic() + within
        while not ready():
            left = deadline - time.monotonic()
            assert left > 0, self.output[-2000:]
            if select.select([self.master], [], [], min(left, 0.05))[0]:
                with contextlib.suppress(OSError):
                    self.output += os.read(self.master, 65536)

    def shows(self, words: bytes, within: float = 30) -> None:
        """Waits until the words come; what came before does not count."""
        self.output = b""
        self.wait_for(lambda: words in self.output, within)

    def type(self, keys: bytes) -> None:
        """Writes, and waits until the program has read it: what follows comes in another read."""
        os.write(self.master, keys)
        self.wait_for(lambda: fcntl.ioctl(self.slave, termios.FIONREAD, bytes(4)) == bytes(4))

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        self.wait_for(lambda: bool(select.select([self.told], [], [], 0)[0]))
        self.pid = 0
        return int(self.told.readline())

    def restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        self.shell.kill()
        self.shell.wait()
        self.told.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What an observer has left behind, and services that take a connection and never answer."""
    settings = Settings(state_dir=str(tmp_path))
    store = Store.open(settings.directory)
    scene = SCENES["healthy"]()
    store.put_observations(scene.snapshot.observations.values())
    assert scene.assessment is not None
    store.put_assessment(scene.assessment)
    store.close()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as deaf:
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        secrets = {"FIVETRAN_API_KEY": "key4", "FIVETRAN_API_SECRET": "secret4"}
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ALTUI_STATE_DIR": str(tmp_path),
            "POSTGRES_DSN": f"postgresql://nobody@{host}/nothing",
            "GITHUB_TOKEN": "token4",
            "GITHUB_REPOSITORY": "a/b",
            "BQ_PROJECT": "p",
            **secrets,
            **dict.fromkeys(SERVICES, f"http://{host}"),
        }


@pytest.fixture
def terminal(environ: dict[str, str]) -> Iterator[Terminal]:
    opened = Terminal(environ)
    try:
        yield opened
    finally:
        opened.close()


def test_it_paints_what_was_last_known_and_quits_while_every_service_hangs(terminal: Terminal):
    terminal.shows(b"postgres")
    terminal.wait_for(lambda: b"STALE" in terminal.output)
    os.write(terminal.master, b"q")
    began = time.monotonic()
    assert terminal.ended() == 0
    assert time.monotonic() - began < 10  # bench/ holds the budget; this that nothing is awaited
    assert terminal.restored()
    terminal.wait_for(lambda: LEFT_ALONE in terminal.output)


def test_a_storm_of_sizes_is_outlived(terminal: Terminal):
    terminal.shows(b"postgres")
    dice = random.Random(7)
    for _ in range(200):
        terminal.size(dice.randint(1, 90), dice.randint(1, 300))
    terminal.size(24, 80)
    terminal.shows(b"1-4")
    os.write(terminal.master, b"?")
    terminal.shows(b"Keys of this place")
    os.write(terminal.master, b"qq")
    assert terminal.ended() == 0
    assert terminal.restored()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_one_that_is_killed_leaves_a_sane_terminal(terminal: Terminal, how: signal.Signals):
    terminal.shows(b"postgres")
    assert not terminal.restored()
    terminal.output = b""
    os.kill(terminal.pid, how)
    assert terminal.ended() == -how
    terminal.wait_for(lambda: LEFT_ALONE in terminal.output and terminal.restored())
    assert b"\x1b[?25h" in terminal.output


def test_escape_alone_goes_back_without_another_key(terminal: Terminal):
    terminal.shows(b"1-4")
    os.write(terminal.master, b"2\r")
    terminal.shows(b"filter")
    terminal.output = b""
    os.write(terminal.master, b"\x1b")
    terminal.wait_for(lambda: b"the rest, as seen" in terminal.output)
    os.write(terminal.master, b"q")
    assert terminal.ended() == 0


@pytest.mark.parametrize("torn", [(b"\x1b", b"[B"), (b"\x1b[", b"B"), (b"\x1b", b"OB")])
def test_an_arrow_that_comes_in_two_reads_is_an_arrow(
    environ: dict[str, str], torn: tuple[bytes, bytes]
):
    """With the wait that a slow line needs, so that no busy machine can tear it further."""
    terminal = Terminal({**environ, "ESCDELAY": "600000"})
    try:
        terminal.shows(b"1-4")
        os.write(terminal.master, b"2\r")
        terminal.shows(b"filter")
        for part in torn:  # from the first run to the second
            terminal.type(part)
        os.write(terminal.master, b"\r")
        terminal.shows(b"run #811")
    finally:
        terminal.close()
