"""The screen's only source: the store, looked at often and read when something moved."""

import sqlite3
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime

from msgspec.structs import replace

from altui.clock import Clock
from altui.config import Settings
from altui.core.model.health import Assessment
from altui.core.model.observed import Observation, Snapshot
from altui.core.present.glyphs import speaks_unicode
from altui.core.present.view import Facts, View, view
from altui.core.words import minute
from altui.store.store import Store
from altui.tui.watch import Watch

LOOK_EVERY = 0.25
"""Seconds between looks at the store's version, a matter of microseconds each."""


class Feed:
    """What there is to draw, and whether it differs from what was drawn."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        facts: Facts,
        observe: Callable[[], object] | None = None,
    ) -> None:
        self.watch = Watch(store, observe)
        self._pipeline = settings.pipeline
        self._store = store
        self._clock = clock
        self._facts = facts
        self._minute: datetime | None = None
        self._ticket: int | None = None
        self._known: tuple[dict[str, Observation], Assessment | None] = ({}, None)
        self._troubles: dict[str, str] = {}

    def news(self) -> bool:
        """Whether another process wrote or ended, the minute ended or a refresh came back."""
        moved = False
        with self._trying("look"):
            moved = self._store.changed()
            if self._ticket is not None and self._store.served(self._ticket):
                self._ticket, moved = None, True
        with self._trying("watch"):
            moved = self.watch.moved() or moved
            self._facts = replace(self._facts, attended=self.watch.attended)
        now = minute(self._clock())
        if now != self._minute:
            self._minute, moved = now, True
        return moved

    def view(self) -> View:
        """What the store holds, or held last while it cannot be read."""
        now = self._clock()
        with self._trying("read"):
            self._known = self._store.snapshot(now).observations, self._store.assessment()
        observations, assessment = self._known
        return view(Snapshot(now, observations), assessment, self._pipeline, now, self._facts)

    def show(self, panels: Collection[str]) -> None:
        """Tells the observer which panels are shown; it looks at their details meanwhile."""
        with self._trying("show"):
            self._store.show(panels)

    def greet(self) -> None:
        """Has everything read anew when somebody looks already; a new observer does so anyway."""
        with self._trying("watch"):
            if self._store.observed():
                self.refresh()

    def refresh(self) -> None:
        """Asks the observer to look at everything now; asking twice asks once."""
        with self._trying("watch"):
            self.watch.hurry()
            self._facts = replace(self._facts, attended=self.watch.attended)
        if self._ticket is None:
            with self._trying("ask"):
                self._ticket = self._store.request()

    @property
    def note(self) -> str:
        for words in self._troubles.values():
            return f"store: {words}"
        return "refreshing..." if self._ticket is not None and self.watch.attended else ""

    @contextmanager
    def _trying(self, what: str) -> Generator[None]:
        """A store that is locked, full or damaged costs news, never the screen."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._troubles[what] = str(error)
        else:
            self._troubles.pop(what, None)


def facts_of(settings: Settings, started: datetime, environ: Mapping[str, str]) -> Facts:
    """What is true of a screen that starts at `started` in this terminal."""
    return Facts(
        profile=settings.profile,
        production=settings.production,
        sandbox=bool(settings.clock or settings.bigquery.emulator_host),
        simulated=bool(settings.clock),
        started=started,
        unicode=speaks_unicode(environ),
        zone=datetime.now().astimezone().tzinfo,
    )
