"""Who answers `altui init`: a person at a terminal, or the environment."""

import os
import sys
from collections.abc import Sequence
from typing import Protocol

import typer

from altui.core.present.glyphs import prints_unicode
from altui.core.present.rows import ascii_text
from altui.services.discovery import Choice


class Talk(Protocol):
    """Questions with a default answer. Talk goes to stderr."""

    asks: bool
    """Whether somebody is there to answer."""

    def say(self, words: str) -> None: ...

    def text(self, question: str, default: str) -> str: ...

    def secret(self, question: str, default: str) -> str:
        """Hidden; no answer keeps the default, which is never shown."""
        ...

    def yes(self, question: str, *, default: bool) -> bool: ...

    def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        """The id of one of them; with nobody to ask, the default."""
        ...


class Terminal:
    asks = True

    def say(self, words: str) -> None:
        typer.echo(_shown(words), err=True)

    def text(self, question: str, default: str) -> str:
        answer: str = typer.prompt(
            f"  {question}",
            default=default,
            show_default=bool(default),
            value_proc=_writable,
            err=True,
        )
        return answer

    def secret(self, question: str, default: str) -> str:
        hint = "hidden; Enter keeps it" if default else "hidden"
        answer: str = typer.prompt(
            f"  {question} ({hint})",
            default="",
            hide_input=True,
            show_default=False,
            value_proc=_writable,
            err=True,
        )
        return answer or default

    def yes(self, question: str, *, default: bool) -> bool:
        return typer.confirm(question, default=default, err=True)

    def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        ids = [choice.id for choice in choices]
        for number, choice in enumerate(choices, 1):
            self.say(f"    {number}  {choice.id}" + (f"  ({choice.words})" if choice.words else ""))
        usual = str(ids.index(default) + 1) if default in ids else None

        def chosen(answer: str) -> str:
            answer = answer.strip()
            if answer in ids:
                return answer
            if answer.isdecimal() and 1 <= int(answer) <= len(ids):
                return ids[int(answer) - 1]
            raise typer.BadParameter(f"say a number from 1 to {len(ids)}")

        return typer.prompt(f"  {question}", default=usual, value_proc=chosen, err=True)


def _writable(answer: str) -> str:
    """What was typed, unless its bytes are no text: the file is UTF-8."""
    try:
        answer.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("that is not UTF-8: type it again") from None
    return answer.strip()


_PLAIN = str.maketrans({"✓": "+", "✗": "X", "…": "...", "→": "->"})


def _shown(words: str) -> str:
    """The words as this terminal shows them: ASCII where the locale is not UTF-8."""
    if prints_unicode(os.environ, sys.stderr.encoding):
        return words
    return ascii_text(words.translate(_PLAIN))


class Silent:
    """Nobody is there: every answer is the default."""

    asks = False

    def say(self, words: str) -> None:
        sys.stderr.write(_shown(words) + "\n")

    def text(self, question: str, default: str) -> str:
        return default

    def secret(self, question: str, default: str) -> str:
        return default

    def yes(self, question: str, *, default: bool) -> bool:
        return default

    def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        return default
