"""What a person types at init's questions, and what becomes of it."""

import io

import pytest
import typer

from altui.cli.init.talk import Terminal
from altui.services.discovery import Choice

CHOICES = [Choice("again", "ask anew"), Choice("keep"), Choice("skip")]


@pytest.mark.parametrize(
    ("typed", "default", "chosen"),
    [
        ("\n", "again", "again"),
        ("\n", "skip", "skip"),
        ("2\n", "again", "keep"),
        ("keep\n", "again", "keep"),
        ("0\n4\nno\n٣\n 3 \n", "again", "skip"),
        ("\n1\n", "elsewhere", "again"),
    ],
    ids=["enter", "enter, not the first", "number", "name", "wrong four times", "no default"],
)
def test_one_of_several_is_chosen(
    monkeypatch: pytest.MonkeyPatch, typed: str, default: str, chosen: str
):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert Terminal().choose("What now?", CHOICES, default) == chosen


def test_the_end_of_what_is_typed_ends_the_talk(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(typer.Abort):
        Terminal().choose("What now?", CHOICES, "again")


@pytest.mark.parametrize(("typed", "answer"), [("\n", "here"), ("  there \n", "there")])
def test_text_is_what_was_typed_or_the_default(
    monkeypatch: pytest.MonkeyPatch, typed: str, answer: str
):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert Terminal().text("Where", "here") == answer
