"""The screen's only source: the store, looked at often and read when something moved."""

import sqlite3
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from msgspec.structs import replace

from altui.clock import Clock
from altui.config import Settings, public_url
from altui.core.model.health import Assessment, Offer
from altui.core.model.observed import Snapshot, Wish
from altui.core.present.glyphs import speaks_unicode
from altui.core.present.view import Facts, View, view
from altui.core.words import minute
from altui.store.store import Store
from altui.tui.watch import Watch

ASK_AGAIN = timedelta(seconds=15)
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
        self._known: tuple[Snapshot, Assessment | None] = (Snapshot(clock()), None)
        self._first = True
        """Nothing was read yet: what is read first is what an earlier screen knew."""
        self._wished: dict[str, datetime] = {}
        self._troubles: dict[str, str] = {}

    @property
    def directory(self) -> Path:
        """Where this profile's state lives."""
        return self._store.directory

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
            self._known = self._store.snapshot(now), self._store.assessment()
        snapshot, assessment = self._known
        if self._first:
            self._first = False
            self._facts = replace(self._facts, remembered=assessment)
        return view(replace(snapshot, at=now), assessment, self._pipeline, now, self._facts)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Those of the view that was made last."""
        _, assessment = self._known
        return assessment.offers if assessment else ()

    def show(self, panels: Collection[str]) -> None:
        """Tells the observer which panels are shown; it looks at their details meanwhile."""
        with self._trying("show"):
            self._store.show(panels)

    def wish(self, wishes: Iterable[Wish]) -> None:
        """Asks the observer for what it does not read by itself; again where it did not come."""
        snapshot, _ = self._known
        now = self._clock()
        for wish in wishes:
            seen = snapshot.look(wish.id)
            asked = self._wished.get(wish.id)
            if (seen is None or not seen.answers) and (asked is None or now - asked >= ASK_AGAIN):
                self._wished[wish.id] = now
                with self._trying("wish"):
                    self._store.request(wish.id)

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
        addresses=addresses(settings),
    )


def addresses(settings: Settings) -> dict[str, str]:
    """Where each service that is configured is asked, without user and password."""
    warehouse, github, kibana = settings.bigquery, settings.github, settings.kibana
    google = (warehouse.emulator_host or "https://bigquery.googleapis.com").rstrip("/")
    space = f"/s/{quote(kibana.space, safe='')}" if kibana.space else ""
    known = {
        "postgres": settings.postgres.dsn.reveal(),
        "fivetran": settings.fivetran.url if settings.fivetran.api_key else "",
        "bigquery": f"{google}/bigquery/v2/projects/{warehouse.project}"
        if warehouse.project
        else "",
        "github": f"{github.api_url.rstrip('/')}/repos/{github.repository}"
        if github.repository
        else "",
        "elasticsearch": settings.elasticsearch.url.reveal(),
        "kibana": f"{kibana.url.rstrip('/')}{space}" if kibana.url else "",
    }
    return {service: public_url(url) for service, url in known.items() if url}
