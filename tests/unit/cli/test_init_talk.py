"""What a person types at init's questions, and what becomes of it."""

import io

import pytest
import typer

from altui.cli.init.services import SERVICES
from altui.cli.init.talk import Terminal
from altui.config import PostgresSettings, Secret, Settings
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


def test_an_address_is_asked_for_without_its_password_and_a_broken_one_is_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """As after an answer that was refused: its password's parts would stand as host and path."""
    was = Settings(postgres=PostgresSettings(Secret("postgresql://reader:Zebra@Quagga/x@h/db")))
    monkeypatch.setattr("sys.stdin", io.StringIO("postgresql://h/db\n"))
    postgres = next(service for service in SERVICES if service.section == "postgres")
    asked = postgres.ask(was, Terminal())
    assert asked.postgres.dsn.reveal() == "postgresql://h/db"
    said = capsys.readouterr().err
    assert "DSN without its password, which is asked for next" in said
    assert "Quagga" not in said
