"""Wiring: the store's feed, the screens, the commands."""

import gc
import os
from collections.abc import Callable
from datetime import datetime

from textual.app import App
from textual.command import CommandPalette, Provider
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from altui.clock import Clock
from altui.config import Settings
from altui.config.keys import full_names
from altui.store.store import Store
from altui.tui.feed import LOOK_EVERY, Feed, facts_of
from altui.tui.layout import GRID_HEIGHT, GRID_WIDTH
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.theme import ALL


class WholeCells(ScrollBarRender):
    """Ends in whole cells: the glyphs of finer ones are not ASCII."""

    VERTICAL_BARS = [" "] * 8


ScrollBar.renderer = WholeCells


def _palette() -> type[Provider]:
    from altui.tui.palette import Palette

    return Palette


class Dashboard(App[int]):
    """Shows what the store holds. It asks no service, so it cannot stall on one."""

    TITLE = "altui"
    # the first screen's sheet too: Textual reads a screen's own only when it is pushed
    CSS_PATH = ["app.tcss", "main.tcss"]  # noqa: RUF012
    COMMANDS = {_palette}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (GRID_WIDTH, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (GRID_HEIGHT, "-high")]  # noqa: RUF012

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        started: datetime | None = None,
        *,
        observe: Callable[[], object] | None = None,
    ) -> None:
        """`observe` starts an observer: after the first paint, and when nobody looks any more."""
        # with NO_COLOR only Textual's own colours of the terminal turn into none at all
        super().__init__(ansi_color="NO_COLOR" in os.environ or None)
        facts = facts_of(settings, started or clock(), os.environ)
        self.feed = Feed(settings, store, clock, facts, observe)
        for theme in ALL:
            self.register_theme(theme)
        self.theme = settings.screen.theme
        self.set_keymap({id_: ",".join(keys) for id_, keys in full_names(settings.keys).items()})

    def get_default_screen(self) -> Screen[None]:
        return MainScreen(self.feed)

    def on_mount(self) -> None:
        self.feed.greet()
        self.set_interval(LOOK_EVERY, self.look)

    def on_ready(self) -> None:
        # start-up's objects live as long as the screen: collections need not visit them again
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self.feed.watch.start()

    def look(self) -> None:
        # on the way out a tick may find a screen that is being emptied, part by part
        if self.is_running and self.feed.news() and isinstance(self.screen, Place):
            self.screen.draw(self.feed.view())

    def on_place_open(self, message: Place.Open) -> None:
        if message.instead:
            self.action_main()
        self.action_open(message.key)

    def on_place_send(self, message: Place.Send) -> None:
        self.send(message.sequence)

    def on_place_link(self, message: Place.Link) -> None:
        from altui.tui.link import LinkScreen

        if isinstance(self.screen, Place):
            self.push_screen(LinkScreen(self.feed.view(), message.url, self.screen.copied))

    def send(self, sequence: str) -> None:
        """Writes a sequence to the terminal in its turn, never within another one."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def action_open(self, key: str) -> None:
        """Goes to a place; from there it is back to here."""
        from altui.tui.details import DetailsScreen

        self.push_screen(DetailsScreen(self.feed, key))

    def go(self, key: str) -> None:
        """To a place from anywhere; from there it is back to the main screen."""
        self.action_main()
        self.action_open(key)

    def action_main(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_help(self) -> None:
        from altui.tui.help import HelpScreen

        if isinstance(self.screen, Place):
            here, seen = self.screen, self.feed.view()
            self.push_screen(HelpScreen(seen, here.aim, here.known_keys(), here.link(seen)))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="name of a command or place"))

    def action_refresh(self) -> None:
        if isinstance(self.screen, Place):
            self.screen.action_refresh()
