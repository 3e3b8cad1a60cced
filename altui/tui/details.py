"""Everything about one thing: a page that is scrolled, chosen from, filtered or searched."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from altui.core.present.header import header
from altui.core.present.keymap import KEYMAP, Key, brief
from altui.core.present.page import Page, titled
from altui.core.present.pages import why
from altui.core.present.places import page, panels_of
from altui.core.present.rows import Line, Tone, cut, folding, line
from altui.core.present.view import View
from altui.core.present.wrapped import MOST, folded
from altui.core.words import plural
from altui.tui.bindings import bindings, keys_of, panel_keys
from altui.tui.feed import Feed
from altui.tui.place import Place
from altui.tui.rows import Rows

LETTERS = 24
"""Columns of the letters that are looked for, where they are spoken of."""


class DetailsScreen(Place):
    """One place of `core.present.places`."""

    CSS_PATH = "details.tcss"
    AUTO_FOCUS = "#content"
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        {
            **panel_keys(),
            "open": "open",
            "back": "back",
            "main": "app.main",
            "find": "find",
            "find-next": "next(1)",
            "find-last": "next(-1)",
            "down": "move(1)",
            "up": "move(-1)",
            "page-down": "page(1)",
            "page-up": "page(-1)",
            "top": "end(False)",
            "end": "end(True)",
        }
    )

    def __init__(self, feed: Feed, key: str) -> None:
        super().__init__(feed)
        self.key = key
        self.wanted = ""
        """Letters that rows are filtered by, or a text is searched for."""
        self._page = page(feed.view(), key)

    @property
    def shows(self) -> Sequence[str]:
        return panels_of(self.key)

    def known_keys(self) -> dict[Key, list[str]]:
        keys = super().known_keys()
        if not self._page.searched:
            return keys
        find = KEYMAP["find"]
        return {replace(key, word="search") if key is find else key: keys[key] for key in keys}

    def compose(self) -> ComposeResult:
        yield Rows(_header, id="header")
        yield Rows(self._title, id="title")
        yield Rows(self._content, id="content", gutter=True, choosing=True)
        yield Rows(self.keys, id="keys")

    @property
    def content(self) -> Rows:
        return self.query_one("#content", Rows)

    @property
    def here(self) -> str:
        return self.key

    def shown_page(self, seen: View) -> Page:
        """As filtered, and saying so."""
        return replace(self._page, rows=tuple(self._rows), said=tuple(self._said))

    def draw(self, seen: View) -> None:
        self._page = page(seen, self.key)
        self.feed.wish(self._page.wishes)
        super().draw(seen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return any(row.opens for row in self._page.rows)
        if action == "why":
            return self.key.partition("/")[0] != why.PLACE
        if action == "next":
            return bool(self.wanted)
        return super().check_action(action, parameters)

    def action_panel(self, key: str) -> None:
        self.post_message(self.Open(key, instead=True))

    def action_open(self) -> None:
        chosen = self.content.chosen
        if chosen is not None and chosen.opens:
            self.post_message(self.Open(chosen.opens))
        else:
            jump = brief(keys_of(self)[KEYMAP["jump"]])
            self.tell(f"there is no more to this row; {jump} shows which have more")

    def action_move(self, rows: int) -> None:
        self.content.choose(rows)

    def action_page(self, pages: int) -> None:
        self.content.choose(pages * max(self.content.size.height - 1, 1), most=True)

    def action_end(self, last: bool) -> None:
        rows = len(self.content.lines)
        self.content.choose(rows if last else -rows, most=True)

    async def action_back(self) -> None:
        """Back to where one came from; first of all out of a filter."""
        if self.wanted or self.query(Input):
            await self._close_input()
            self._find("")
        else:
            self.dismiss()

    async def action_find(self) -> None:
        if not self.query(Input):
            field = Input(self.wanted, placeholder="letters to look for", id="find", compact=True)
            await self.mount(field, before="#keys")
            field.focus()

    def action_next(self, step: int) -> None:
        """To the next row with the letters that were looked for, round and round."""
        rows = self.content.lines
        now = rows.index(self.content.chosen) if self.content.chosen in rows else 0
        order = [(now + step * place) % len(rows) for place in range(1, len(rows) + 1)]
        found = next((place for place in order if _has(rows[place], self.wanted)), None)
        if found is None:
            self.tell(f"no line holds {self._quoted}")
        else:
            self.content.choose(found - now, most=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._find(event.value)

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        await self._close_input()
        self._find(event.value)
        if self._page.searched and not _has(self.content.chosen, self.wanted):
            self.action_next(1)

    def _find(self, letters: str) -> None:
        self.wanted = letters
        self.draw(self.feed.view())
        self.refresh_bindings()

    async def _close_input(self) -> None:
        """Gives the focus back before anything is drawn: the last line has the focus's keys."""
        await self.query(Input).remove()
        self.set_focus(self.content)

    def _title(self, seen: View, width: int, height: int) -> Sequence[Line]:
        return (titled(replace(self._page, said=tuple(self._said)), width),)

    def _content(self, seen: View, width: int, height: int) -> Sequence[Line]:
        rows = (row if row.heading or row.folds else folding(row) for row in self._rows)
        return [part for row in rows for part in folded(row, width, MOST)]

    @property
    def _rows(self) -> Sequence[Line]:
        """Those with the letters that are looked for, or one that says that none has them."""
        rows = self._page.rows
        if not self._filters:
            return rows
        kept = [row for row in rows if _has(row, self.wanted)]
        back = brief(keys_of(self)[KEYMAP["back"]])
        none = f"no row holds {self._quoted}: {back} shows all"
        return kept or (line("filter.none", (none, Tone.dim)),)

    @property
    def _said(self) -> Sequence[str]:
        """What stands behind the name: a filter before all else, since it hides rows."""
        if not self._filters:
            return self._page.said
        rows = [row for row in self._page.rows if row.text.strip()]
        kept = sum(_has(row, self.wanted) for row in rows)
        words = f"  filter {self._quoted}: {kept} of {plural(len(rows), 'row')}"
        return (*(f"{words}{said}" for said in self._page.said), words, "  filtered")

    @property
    def _filters(self) -> bool:
        return bool(self.wanted) and not self._page.searched

    @property
    def _quoted(self) -> str:
        return f'"{cut(self.wanted, LETTERS)}"'


def _has(row: Line | None, letters: str) -> bool:
    return row is not None and letters.casefold() in row.text.casefold()


def _header(seen: View, width: int, height: int) -> Sequence[Line]:
    return (header(seen, width),)
