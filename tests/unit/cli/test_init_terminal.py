"""Who stops in the middle, at a real terminal: nothing is written, whatever was asked."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from altui.cli.exits import Exit
from tests.at_terminal import Terminal

NOTHING_THERE = "http://127.0.0.1:1"
INTERRUPT, END = b"\x03", b"\x04"


def at_text(talk: Terminal) -> None:
    talk.wait_for("Name of this pipeline [default]: ")


def at_yes(talk: Terminal) -> None:
    talk.answer("Name of this pipeline", "mine")
    talk.wait_for("production? [y/N]: ")


def at_secret(talk: Terminal) -> None:
    at_yes(talk)
    os.write(talk.master, b"\n")
    talk.answer("PostgreSQL", "y")
    talk.answer("DSN", "postgresql://u@127.0.0.1:1/d")
    talk.wait_for("Its password")
    talk.wait_for("): ")


def at_choice(talk: Terminal) -> None:
    at_secret(talk)
    os.write(talk.master, b"pw\n")
    talk.wait_for("What now? [1]: ")


@pytest.mark.parametrize("stop", [INTERRUPT, END], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("prompt", [at_text, at_yes, at_secret, at_choice])
def test_who_stops_at_a_prompt_leaves_nothing(
    tmp_path: Path, prompt: Callable[[Terminal], None], stop: bytes
):
    talk = Terminal(tmp_path, {}, "--output", "altui.toml")
    prompt(talk)
    talk.stop(stop, "altui: interrupted; nothing was written")
    assert talk.close() == Exit.interrupted
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_utf8_is_asked_for_again(tmp_path: Path):
    talk = Terminal(tmp_path, {}, "--output", "altui.toml")
    talk.wait_for("Name of this pipeline [default]: ")
    os.write(talk.master, b"m\xe9\n")
    talk.wait_for("that is not UTF-8")
    talk.answer("Name of this pipeline", "mine")
    talk.answer("production?", "")
    talk.answer("PostgreSQL", "y")
    talk.answer("DSN", "postgresql://u@127.0.0.1:1/d")
    talk.wait_for("Its password (hidden): ")
    os.write(talk.master, b"p\xe9\n")
    talk.wait_for("altui failed on these answers: UnicodeDecodeError")
    talk.answer("What now?", "again")
    talk.answer("DSN", "postgresql://u@127.0.0.1:1/d")
    talk.unseen("Its password", "pw")
    talk.answer("What now?", "keep")
    for _ in range(6):
        talk.answer("set it up?", "n")
    talk.wait_for("wrote altui.toml")
    assert talk.close() == Exit.findings


def test_its_signs_are_ascii_at_a_terminal_whose_locale_is_not_utf8(tmp_path: Path):
    talk = Terminal(tmp_path, {"LC_ALL": "C"}, "--output", "altui.toml")
    talk.answer("Name of this pipeline", "my own")
    talk.answer("X profile: 'my own' must be made of", "mine")
    talk.answer("production?", "")
    for _ in range(7):
        talk.answer("set it up?", "n")
    talk.wait_for("+ wrote altui.toml")
    assert talk.close() == Exit.ok
    assert talk.seen.isascii()
