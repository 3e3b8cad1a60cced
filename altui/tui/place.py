"""What every screen has in common: it draws the newest view and knows the keys of everywhere."""

import os
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from altui.config import masked
from altui.core.model.health import Offer
from altui.core.present.block import block, overview
from altui.core.present.keymap import KEYS, Key, brief
from altui.core.present.keys import keys
from altui.core.present.links import link
from altui.core.present.page import Page
from altui.core.present.pages import why
from altui.core.present.rows import Line
from altui.core.present.view import View
from altui.tui.bindings import bindings, keys_of
from altui.tui.feed import Feed
from altui.tui.jump import Letters, doors
from altui.tui.rows import Rows

TOLD_FOR = 8.0
"""Seconds for which the last line says what a key did."""


class Place(Screen[None]):
    """A screen that is drawn from the feed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        {
            "refresh": "refresh",
            "help": "app.help",
            "commands": "app.command_palette",
            "why": "why",
            "copy": "copy",
            "link": "link",
            "jump": "jump",
            **{key.id: f"offered({key.id!r})" for key in KEYS if key.offered},
        }
    )

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
        self._before: Widget | None = None
        """What had the focus before jumping."""

    @property
    def here(self) -> str:
        """The place that this screen shows; empty for the main one."""
        return ""

    @property
    def aim(self) -> str:
        """The place that is looked at: the screen's own, or what is chosen on the main one."""
        return self.here

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

    @property
    def fronts(self) -> Sequence[str]:
        """Ids of parts that are places themselves."""
        return ()

    def doorways(self) -> Iterable[Rows]:
        """Parts that letters are given to, those that get the easiest ones first."""
        return self.query(Rows)

    def on_screen_resume(self) -> None:
        self.feed.show(self.shows)
        self.draw(self.feed.view())

    def action_refresh(self) -> None:
        self.feed.refresh()
        self.draw(self.feed.view())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that do nothing here are not shown."""
        return action != "offered" or self._offer(parameters[0]) is not None

    def _offer(self, key: object) -> Offer | None:
        return next((offer for offer in self.feed.offers if offer.key == key), None)

    def action_offered(self, key: str) -> None:
        if offer := self._offer(key):
            self.post_message(self.Open(offer.opens))

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
        clipboard.loaded(path, os.environ)
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

    async def action_jump(self) -> None:
        """Puts a letter at whatever opens a place, until a key is pressed."""
        letters = doors(self.doorways(), self.fronts)
        if self.query(Letters):
            return
        if not letters:
            self.tell("nothing in sight opens more")
            return
        for rows in self.query(Rows):
            rows.letter({key: one for one, (of, key, _) in letters.items() if of is rows})
        self._before = self.focused
        hint = Letters({one: place for one, (_, _, place) in letters.items()})
        await self.mount(hint, after="#keys")
        hint.focus()
        hint.draw(self.feed.view())

    async def on_letters_left(self, message: Letters.Left) -> None:
        for rows in self.query(Rows):
            rows.letter({})
        await self.query(Letters).remove()
        self.set_focus(self._before)
        if message.place:
            self.post_message(self.Open(message.place))

    def keys(self, seen: View, width: int, height: int) -> tuple[Line, ...]:
        """The last line: keys that are shown, and what a key did or a refresh does."""
        return (keys(self.shown_keys(), self._told or self.feed.note, width),)

    def known_keys(self) -> dict[Key, list[str]]:
        """What works here now, for people: each key's word is that of this place."""
        return keys_of(self)

    def shown_keys(self) -> Iterable[tuple[str, str]]:
        """Key and word for the last line, one key for each word."""
        words: dict[str, list[str]] = {}
        for key, names in self.known_keys().items():
            if key.shown:
                words.setdefault(key.word, []).extend(names)
        for word, names in words.items():
            yield brief(names), word
