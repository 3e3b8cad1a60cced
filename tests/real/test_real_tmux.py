"""`y` inside tmux: what reaches its buffer and the terminal outside, by tmux's own settings."""

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.terminal import Terminal
from tests.canary import PATIENCE

OSC = re.compile(rb"\x1b\]52;[^;]*;([A-Za-z0-9+/=]+)(?:\a|\x1b\\)")


class Inside:
    """The dashboard in a tmux of its own, and that in a pseudo-terminal."""

    def __init__(self, tmux: str, home: Path, settings: str) -> None:
        self.tmux = tmux
        self.socket, self.state = home / "socket", home / "state" / "default"
        config = home / "tmux.conf"
        config.write_text(settings)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ALTUI_STATE_DIR": str(home / "state"),
            "ES_URL": "http://127.0.0.1:1",
        }
        argv = [self.tmux, "-S", str(self.socket), "-f", str(config), "new-session"]
        argv += [f"exec {sys.executable} -m altui"]
        self.terminal = Terminal(argv, self.environ, 24, 80)

    def copy(self) -> str:
        """Presses `y` and tells what the file holds."""
        self.terminal.read_until(b"STALE", PATIENCE)
        self.terminal.send(b"y")
        self.terminal.read_until(b"sent to the terminal", PATIENCE)
        return (self.state / "copied.txt").read_text()

    def buffer(self) -> str:
        """What tmux itself has copied; empty where that is nothing."""
        argv = [self.tmux, "-S", str(self.socket), "show-buffer"]
        done = subprocess.run(argv, env=self.environ, capture_output=True, check=False)
        return done.stdout.decode()

    def outside(self) -> list[str]:
        """What the terminal around it was asked to copy."""
        return [base64.b64decode(one).decode() for one in OSC.findall(self.terminal.output)]

    def until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < deadline, self.terminal.output[-500:]
            self.terminal.read_for(0.02)

    def leave(self) -> None:
        self.terminal.send(b"q")
        self.terminal.wait(PATIENCE)

    def close(self) -> None:
        argv = [self.tmux, "-S", str(self.socket), "kill-server"]
        subprocess.run(argv, env=self.environ, capture_output=True, check=False)
        self.terminal.close()


@pytest.fixture(scope="module")
def tmux() -> str:
    """No package holds it; tests/unit/tui/test_clipboard.py says what is asked of it."""
    return shutil.which("tmux") or pytest.skip("tmux is not on PATH: install it")


@pytest.fixture
def inside(tmux: str, tmp_path: Path) -> Iterator[Callable[[str], Inside]]:
    opened: list[Inside] = []

    def start(settings: str) -> Inside:
        opened.append(Inside(tmux, tmp_path, settings))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_its_buffer_holds_the_block_where_programs_may_set_it(inside: Callable[[str], Inside]):
    tmux = inside("set -s set-clipboard on\n")
    kept = tmux.copy()
    tmux.until(lambda: tmux.buffer() != "")
    assert tmux.buffer() == kept
    assert kept.startswith("```\ndefault  ")
    tmux.leave()


def test_the_terminal_outside_gets_it_where_sequences_pass(inside: Callable[[str], Inside]):
    tmux = inside("set -s set-clipboard off\nset -g allow-passthrough on\n")
    kept = tmux.copy()
    tmux.until(lambda: tmux.outside() != [])
    assert set(tmux.outside()) == {kept}
    tmux.leave()


def test_where_both_are_on_both_hold_the_same(inside: Callable[[str], Inside]):
    tmux = inside("set -s set-clipboard on\nset -g allow-passthrough on\n")
    kept = tmux.copy()
    tmux.until(lambda: tmux.buffer() != "" and tmux.outside() != [])
    assert tmux.buffer() == kept
    assert set(tmux.outside()) == {kept}
    tmux.leave()


def test_by_its_defaults_tmux_takes_the_file_and_asks_the_terminal(
    inside: Callable[[str], Inside],
):
    tmux = inside("set -s set-clipboard external\nset -g allow-passthrough off\n")
    kept = tmux.copy()
    tmux.until(lambda: tmux.buffer() != "" and tmux.outside() != [])
    assert tmux.buffer() == kept
    assert set(tmux.outside()) == {kept}
    tmux.leave()
