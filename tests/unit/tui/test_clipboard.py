"""What goes to the terminal and into the file."""

import base64
import os
import re
from pathlib import Path

import pytest

from altui.tui import browser, clipboard
from tests.canary import PATIENCE

OSC = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\a")


def test_the_terminal_gets_the_text():
    sequence, whole = clipboard.sequences("grün\nrows", {})
    found = OSC.fullmatch(sequence)
    assert found and whole
    assert base64.b64decode(found[1]).decode() == "grün\nrows"


def test_tmux_gets_it_plain_and_through_its_passthrough():
    plain, _ = clipboard.sequences("x", {})
    both, _ = clipboard.sequences("x", {"TMUX": "default,1,0"})
    passed = both.removeprefix(plain)
    assert passed.startswith("\x1bPtmux;") and passed.endswith("\x1b\\")
    inner = passed.removeprefix("\x1bPtmux;").removesuffix("\x1b\\")
    assert inner.replace("\x1b\x1b", "\x1b") == plain


def test_screen_hands_it_on_in_pieces():
    plain, _ = clipboard.sequences("row\n" * 300, {})
    wrapped, whole = clipboard.sequences("row\n" * 300, {"STY": "12.pts-0.host"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", wrapped)
    assert whole
    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == wrapped
    assert "".join(pieces) == plain
    assert max(map(len, pieces)) < 256
    assert clipboard.sequences("x", {"STY": "1", "TMUX": "2"}) == clipboard.sequences(
        "x", {"TMUX": "2"}
    ), "of two, one in the other, tmux is the inner one"


@pytest.mark.parametrize("letter", ["a", "ü", "€", "😀"])
def test_no_more_is_sent_than_terminals_take_and_no_letter_is_cut(letter: str):
    sequence, whole = clipboard.sequences(letter * 60_000, {})
    found = OSC.fullmatch(sequence)
    assert found and not whole
    assert clipboard.MOST_BASE64 - 8 <= len(found[1]) <= clipboard.MOST_BASE64
    assert {*base64.b64decode(found[1]).decode()} == {letter}


def test_the_file_is_its_owners_and_holds_the_last_text_only(tmp_path: Path):
    state = tmp_path / "state"
    path = clipboard.kept("first, longer\n", state)
    path.chmod(0o644)
    assert clipboard.kept("second\n", state) == path
    assert path.read_text() == "second\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in state.iterdir()] == ["copied.txt"]


def test_a_link_at_its_place_is_replaced_not_followed(tmp_path: Path):
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / clipboard.FILE).symlink_to(target)
    clipboard.kept("x", tmp_path)
    assert target.read_text() == "mine"


def test_the_path_is_shown_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert clipboard.shown(tmp_path / ".local" / "copied.txt") == "~/.local/copied.txt"
    assert clipboard.shown(Path("/var/copied.txt")) == "/var/copied.txt"


def test_inside_tmux_it_is_given_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By a program in its place, which tells what it was asked and what the file holds."""
    said = tmp_path / "said"
    stand_in = tmp_path / "tmux"
    stand_in.write_text(f'#!/bin/sh\n{{ echo "$@"; cat "$3"; }} > {said}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = clipboard.kept("a block", tmp_path / "state")
    assert clipboard.loaded(path, {}) is None
    asked = clipboard.loaded(path, {"TMUX": "default,1,0"})
    assert asked is not None and asked.wait(PATIENCE) == 0
    assert said.read_text() == f"load-buffer -w {path}\na block"


def test_without_tmux_on_the_path_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = clipboard.kept("a block", tmp_path / "state")
    assert clipboard.loaded(path, {"TMUX": "default,1,0"}) is None
    assert path.read_text() == "a block"


def test_a_browser_is_there_where_the_engineer_sits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert browser.is_there({"DISPLAY": ":0"})
    assert browser.is_there({"WAYLAND_DISPLAY": "wayland-0"})
    assert not browser.is_there({})
    assert not browser.is_there({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "a 1 b 22"})
    monkeypatch.setattr("sys.platform", "darwin")
    assert browser.is_there({})
    assert not browser.is_there({"SSH_TTY": "/dev/pts/1"})


def test_the_browser_is_a_program_of_its_own_and_is_given_web_links_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    told = tmp_path / "told"
    program = tmp_path / "a-browser"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{told}.new"; mv "{told}.new" "{told}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    assert browser.show("file:///etc/passwd") is None
    asked = browser.show("https://host/x?a=b&c")
    assert asked is not None
    assert asked.wait(30) == 0
    assert told.read_text() == "https://host/x?a=b&c"
