"""Nights on the living pipeline: what is brought about for the pictures of docs/screens.md."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from altui.clock import clock_of
from altui.config import load
from altui.core.model.observed import service_of
from altui.observe.looking import look
from altui.observe.observer import Observer
from altui.observe.probes import granters, probes
from altui.store.store import Store
from docs.picture import Size, picture
from tests import drills
from tests.drills import JSON, Pipeline
from tests.living import Sandbox

OPTIONS = ("--now", "2026-11-22T18:20", "--seed", "242")
"""A seed by which GitHub starts the night of the 23rd at 03:24 and that of the 24th at 03:51."""
MAY_NOT_CREATE = json.dumps(
    {
        "error": {
            "code": 403,
            "message": "Access Denied: Dataset applylens_marts: User does not have"
            " bigquery.tables.create permission for dataset applylens_marts.",
            "errors": [{"reason": "accessDenied", "message": "Access Denied"}],
        }
    }
)


class Onlooker:
    """Somebody with the dashboard open over a sandbox, whose clock is moved."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.settings = load(sandbox.env)
        self.pipeline = Pipeline(sandbox, self.settings)
        self.clock = clock_of(self.settings.clock)
        self.store = Store.open(directory)
        self.started = self.clock()

    def until(self, moment: str) -> None:
        """Moves the clock; every sync and night on the way really happens."""
        self.sandbox.do("clock", "set", moment)

    def open(self) -> None:
        """Starts a screen of its own: what was seen before is last-known to it."""
        self.started = self.clock()

    async def look(self) -> None:
        """Looks at everything, twice: what is bad counts then."""
        for _ in range(2):
            observer = Observer(
                probes(self.settings, self.clock),
                self.settings.pipeline,
                self.store,
                self.clock,
                1 << 40,
                granters=granters(self.settings),
            )
            await observer.round()

    async def glance(self, *services: str) -> None:
        """Looks at these services; nothing is judged anew."""
        for probe in probes(self.settings, self.clock):
            if service_of(probe.id) in services:
                self.store.put_observations([await look(probe, None, self.clock)])

    async def picture(self, size: Size) -> str:
        return await picture(self.settings, self.store, self.clock(), self.started, size)

    def close(self) -> None:
        self.store.close()


async def story(it: Onlooker) -> AsyncIterator[str]:
    """The states in the order of the clock; each stands while its name is given."""
    async for name in _first_night(it):
        yield name
    async for name in _second_night(it):
        yield name
    async for name in _third_night(it):
        yield name


async def _first_night(it: Onlooker) -> AsyncIterator[str]:
    await it.look()
    it.until("03:20")
    it.open()
    await it.glance("postgres", "fivetran")
    yield "stale"
    await it.look()
    with drills.stopped_elasticsearch(it.pipeline):
        it.until("03:24")
        await it.look()
        it.until("03:43")
        await it.look()
        yield "night"
    await _mended(it)


async def _second_night(it: Onlooker) -> AsyncIterator[str]:
    it.until("12:00")
    await it.look()
    yield "ok"
    with drills.changed_password(it.pipeline):
        await it.look()
        it.until("12:20")
        await it.look()
        yield "denied"
    await it.look()
    with drills.narrow_range(it.pipeline):
        await it.look()
        it.until("12:44")
        await it.look()
        yield "range"
    await it.look()
    it.until("03:40")
    await it.look()
    yield "wait"
    with it.pipeline.fault(**(drills.DENIED | {"body": MAY_NOT_CREATE})):
        it.until("03:52")
    await it.look()
    it.until("04:15")
    await it.look()
    yield "permission"
    await _mended(it)


async def _third_night(it: Onlooker) -> AsyncIterator[str]:
    it.until("12:10")
    await it.look()
    with manual(it.pipeline):
        with rescheduled(it.pipeline):
            await it.look()
        it.until("2026-11-27T02:05")
        with rescheduled(it.pipeline):
            await it.look()
            yield "late"
    it.pipeline.synced()
    await _mended(it)
    await it.look()
    it.sandbox.do("down")
    await it.look()
    yield "check"


async def _mended(it: Onlooker) -> None:
    ended = await asyncio.to_thread(it.pipeline.run_to_its_end)
    if ended != "success":
        raise RuntimeError(f"the run that was to mend it ended in {ended}")
    await it.look()


@contextmanager
def manual(it: Pipeline) -> Iterator[None]:
    """A schedule that starts no sync by itself."""
    it.fivetran("PATCH", "", {"schedule_type": "manual", "run_setup_tests": False})
    try:
        yield
    finally:
        it.fivetran("PATCH", "", {"schedule_type": "auto", "run_setup_tests": False})


def rescheduled(it: Pipeline) -> AbstractContextManager[None]:
    """Fivetran's own answer of this moment, but for the state of its syncs."""
    answer: dict[str, Any] = it.fivetran("GET", "")
    answer["data"]["status"]["sync_state"] = "rescheduled"
    path = f"^/v1/connections/{it.env['FIVETRAN_CONNECTION']}$"
    words = {"status": 200, "body": json.dumps(answer), "headers": JSON}
    return it.fault("fivetran", method="GET", path=path, **words)
