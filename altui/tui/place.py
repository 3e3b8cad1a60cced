"""What every screen has in common: it draws the newest view and knows the keys of everywhere."""

import os
from collections.abc import Collection, Iterable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from altui.config import masked
from altui.core.present.block import block, overview
from altui.core.present.keys import keys
from altui.core.present.links import link
from altui.core.present.page import Page
from altui.core.present.pages import why
from altui.core.present.panels import PANELS
from altui.core.present.rows import Line
from altui.core.present.view import View
from altui.tui.feed import Feed
from altui.tui.rows import Rows

FOOTER = (
    "panel",
    "details",
    "back",
    "filter",
    "next",
    "last",
    "help",
    "why",
    "copy",
    "open",
    "quit",
    "refresh",
    "commands",
)
"""In this order, for as long as there is room."""
TOLD_FOR = 8.0
"""Seconds for which the last line says what a key did."""
NAMES = {
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def panel_keys(tooltip: str) -> list[BindingType]:
    """`1` to `4`, one line in the help and the footer."""
    return [
        Binding(
            str(number),
            f"panel({key!r})",
            "panel",
            show=number == 1,
            key_display="1-4",
            id=f"panel.{key}",
            tooltip=tooltip,
        )
        for number, key in enumerate(PANELS, 1)
    ]


class Place(Screen[None]):
    """A screen that is drawn from the feed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "refresh",
            "refresh",
            id="refresh",
            tooltip="Ask every service anew, now",
        ),
        Binding(
            "question_mark",
            "app.help",
            "help",
            key_display="?",
            id="help",
            tooltip="List the keys of this place",
        ),
        Binding(
            "colon",
            "app.command_palette",
            "commands",
            key_display=":",
            id="commands",
            tooltip="Every command by name; ctrl+p does the same",
        ),
        Binding(
            "v",
            "why",
            "why",
            id="why",
            tooltip="Each claim's figure, source and command",
        ),
        Binding(
            "y",
            "copy",
            "copy",
            id="copy",
            tooltip="This place for chat: to terminal and file",
        ),
        Binding("o", "link", "open", id="link", tooltip="The service's own page, or its link"),
    ]

    class Open(Message):
        """Asks for a place, to go back from to here or, `instead` of this one, to the main one."""

        def __init__(self, key: str, *, instead: bool = False) -> None:
            self.key = key
            self.instead = instead
            super().__init__()

    class Link(Message):
        """Asks for a link to be shown."""

        def __init__(self, url: str) -> None:
            self.url = url
            super().__init__()

    class Send(Message):
        """Asks for a sequence to be written to the terminal."""

        def __init__(self, sequence: str) -> None:
            self.sequence = sequence
            super().__init__()

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed
        self._told = ""

    @property
    def here(self) -> str:
        """The place that this screen shows; empty for the main one."""
        return ""

    def shown_page(self, seen: View) -> Page:
        """What is copied of this screen."""
        return overview(seen)

    def link(self, seen: View) -> str:
        """The service's page about what is looked at; empty where there is none."""
        return link(seen, self.here, self.shown_page(seen))

    def draw(self, seen: View) -> None:
        """Takes a new view."""
        for rows in self.query(Rows):
            rows.draw(seen)

    @property
    def shows(self) -> Collection[str]:
        """Panels whose details are looked at while this screen is on top."""
        return ()

    def on_screen_resume(self) -> None:
        self.feed.show(self.shows)
        self.draw(self.feed.view())

    def action_refresh(self) -> None:
        self.feed.refresh()
        self.draw(self.feed.view())

    def action_why(self) -> None:
        self.post_message(self.Open(why.PLACE))

    def action_copy(self) -> None:
        seen = self.feed.view()
        self.tell(self.copied(block(seen, self.shown_page(seen))))

    def action_link(self) -> None:
        from altui.tui import browser

        seen = self.feed.view()
        url = self.link(seen)
        if not url:
            self.tell("no page of a service belongs to this")
        elif browser.is_there(os.environ) and browser.show(url):
            self.tell("asked this machine's browser to open it")
        else:
            self.post_message(self.Link(url))

    def copied(self, text: str) -> str:
        """Hands the text to the terminal and a file; says so, not that it was copied."""
        from altui.tui import clipboard

        text = masked(text)
        sequences, whole = clipboard.sequences(text, os.environ)
        self.post_message(self.Send(sequences))
        sent = "sent to the terminal" if whole else "its start was sent to the terminal"
        try:
            path = clipboard.kept(text, self.feed.directory)
        except OSError as error:
            return f"{sent}; no file: {error.strerror}"
        return f"{sent}, and in {clipboard.shown(path)}"

    def tell(self, words: str) -> None:
        """Says in the last line, for a while, what a key did."""
        self._told = words
        self.draw(self.feed.view())
        self.set_timer(TOLD_FOR, partial(self._forget, words))

    def _forget(self, words: str) -> None:
        if self._told == words:
            self._told = ""
            self.draw(self.feed.view())

    def keys(self, seen: View, width: int, height: int) -> tuple[Line, ...]:
        """The last line: keys that are shown, and what a key did or a refresh does."""
        return (keys(self.shown_keys(), self._told or self.feed.note, width),)

    def shown_keys(self) -> Iterable[tuple[str, str]]:
        """One key for each word, in the order of FOOTER."""
        words = {binding.description: _name(binding) for binding in self._bound() if binding.show}
        for word in sorted(words, key=FOOTER.index):
            yield words[word], word

    def meanings(self) -> Iterable[tuple[str, str, str]]:
        """Keys, word and sentence of everything that works here; one row a word."""
        found: dict[str, tuple[list[str], str]] = {}
        for binding in self._bound():
            names, _ = found.setdefault(binding.description, ([], binding.tooltip))
            names.append(_name(binding))
        for word, (names, sentence) in found.items():
            yield ", ".join(dict.fromkeys(names)), word, sentence

    def _bound(self) -> list[Binding]:
        """Bindings of our own: they have ids, by which they can be remapped."""
        return [active.binding for active in self.active_bindings.values() if active.binding.id]


def _name(binding: Binding) -> str:
    return binding.key_display or NAMES.get(binding.key, binding.key)
