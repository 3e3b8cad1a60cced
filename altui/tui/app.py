"""Wiring: the store's feed, the screens, the commands."""

import gc
import os
from collections.abc import Callable, Iterable
from datetime import datetime

from textual.app import App, SystemCommand
from textual.screen import Screen

from altui.clock import Clock
from altui.config import Settings
from altui.core.present.keys import meanings
from altui.core.present.panels import KINDS
from altui.store.store import Store
from altui.tui.feed import LOOK_EVERY, Feed, facts_of
from altui.tui.layout import GRID_HEIGHT, GRID_WIDTH
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.theme import THEME


class Dashboard(App[int]):
    """Shows what the store holds. It asks no service, so it cannot stall on one."""

    TITLE = "altui"
    # the first screen's sheet too: Textual reads a screen's own only when it is pushed
    CSS_PATH = ["app.tcss", "main.tcss"]  # noqa: RUF012
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
        super().__init__()
        facts = facts_of(settings, started or clock(), os.environ)
        self.feed = Feed(settings, store, clock, facts, observe)
        self.register_theme(THEME)
        self.theme = THEME.name

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
        # on the way out the last tick may find a screen that was emptied already
        if self.feed.news() and isinstance(self.screen, Place) and self.screen.children:
            self.screen.draw(self.feed.view())

    def on_place_open(self, message: Place.Open) -> None:
        self.action_open(message.key)

    def action_open(self, key: str) -> None:
        """Shows a panel's details, or `findings`; from wherever one is."""
        from altui.tui.details import DetailsScreen

        if isinstance(self.screen, DetailsScreen):
            self.screen.action_panel(key)
        else:
            self.push_screen(DetailsScreen(self.feed, key))

    def action_main(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_help(self) -> None:
        from altui.tui.help import HelpScreen

        if isinstance(self.screen, Place):
            self.push_screen(HelpScreen(self.feed.view(), meanings(self.screen.meanings())))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every command by name, nothing of the framework's own."""
        yield SystemCommand("main", "Back to the main screen", self.action_main)
        yield SystemCommand(
            "not ok", "Every finding with its evidence", lambda: self.action_open("findings")
        )
        for kind in KINDS:
            yield SystemCommand(
                kind.title.lower(),
                f"Everything about {kind.title.lower()}",
                lambda key=kind.key: self.action_open(key),
            )
        yield SystemCommand("refresh", "Ask every service anew, now", self.action_refresh)
        yield SystemCommand("help", "List the keys of this place", self.action_help)
        yield SystemCommand("quit", "Leave altui", self.exit)

    def action_refresh(self) -> None:
        if isinstance(self.screen, Place):
            self.screen.action_refresh()
