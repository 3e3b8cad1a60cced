"""The palette: every command that applies where one is, by name, and nothing of the framework's."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from altui.core.present.keymap import Group
from altui.core.present.palette import openings
from altui.core.present.themes import THEMES
from altui.tui.bindings import do, keys_of
from altui.tui.place import Place

if TYPE_CHECKING:
    from altui.tui.app import Dashboard

UNNAMED = ("panel", "commands", "main", "leave", "quit")
"""Words of keys that are commands of another name, or none."""


class Command(NamedTuple):
    name: str
    """May repeat services' words: it is shown as plain text."""
    words: str
    run: Callable[[], Awaitable[object] | object]


def commands(app: "Dashboard", screen: Screen[object]) -> Iterator[Command]:
    """What applies on the screen: what its keys do, where one may go, themes, and the way out."""
    if not isinstance(screen, Place):
        return
    for key in keys_of(screen):
        if key.group is not Group.moving and key.word not in UNNAMED:
            yield Command(key.word, key.sentence, partial(do, screen, key))
    for made in openings(screen.feed.view(), screen.here):
        yield Command(made.name, made.words, partial(app.go, made.place))
    if len(app.screen_stack) > 1:
        yield Command("main", "Back to the main screen", app.action_main)
    for name in THEMES:
        if name != app.theme:
            words = "Colours until altui ends; screen.theme in altui.toml keeps them"
            yield Command(f"theme {name}", words, partial(setattr, app, "theme", name))
    yield Command("quit", "Leave altui", app.exit)


class Palette(Provider):
    """Offers the commands to Textual's palette."""

    async def discover(self) -> Hits:
        for name, words, run in self._commands():
            yield DiscoveryHit(Content(name), run, text=name, help=words)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, words, run in self._commands():
            if (score := matcher.match(name)) > 0:
                places = matcher.fuzzy_search.match(query, name)[1]
                yield Hit(score, self._lit(name, places), run, text=name, help=words)

    def _commands(self) -> Iterator[Command]:
        return commands(cast("Dashboard", self.app), self.screen)

    def _lit(self, name: str, places: Sequence[int]) -> Content:
        """The name with the letters that were found marked; Textual's own way reads markup."""
        shown = Content(name)
        for place in places if self.match_style else ():
            shown = shown.stylize(self.match_style or "", place, place + 1)
        return shown
