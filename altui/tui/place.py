"""What every screen has in common: it draws the newest view and knows the keys of everywhere."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from altui.core.present.keys import keys
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
    "refresh",
    "help",
    "commands",
    "quit",
)
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
    ]

    class Open(Message):
        """Asks for a place, to go back from to here or, `instead` of this one, to the main one."""

        def __init__(self, key: str, *, instead: bool = False) -> None:
            self.key = key
            self.instead = instead
            super().__init__()

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed

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

    def keys(self, seen: View, width: int, height: int) -> tuple[Line, ...]:
        """The last line: keys that are shown, and whether a refresh is under way."""
        return (keys(self.shown_keys(), self.feed.note, width),)

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
