"""Services to snapshots in the store: one task a probe, one assessment for all."""

import asyncio
import contextlib
import random
import sqlite3
import sys
from collections.abc import Generator, Iterable, Sequence

from altui.clock import Clock
from altui.core.model.days import day_of
from altui.core.model.health import Assessment
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Connection, Counts, Runs
from altui.core.rules.assess import assess
from altui.observe.looking import look, pause
from altui.observe.probes import Probe
from altui.store.store import Store

CLOCK_LOOK = 0.5
CLOCK_JUMP = 5.0
"""Seconds by which the clock may leave its own pace before everything is looked at anew."""
REASSESS_EVERY = 20.0
"""Seconds; due times pass without any new observation."""
COUNTS = ("postgres.counts", "bigquery.counts", "elasticsearch.counts")


class Observer:
    """Runs the probes and keeps the store's observations and assessment fresh.

    `round` looks once at everything; `run` keeps looking until cancelled. Neither ends because a
    service does.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        pipeline: Pipeline,
        store: Store,
        clock: Clock,
        daily_bytes: int,
    ) -> None:
        self._probes = {probe.id: probe for probe in probes}
        self._pipeline = pipeline
        self._store = store
        self._clock = clock
        self._daily_bytes = daily_bytes
        known = store.snapshot(clock()).observations
        self._seen = {name: item for name, item in known.items() if name in self._probes}
        self._wake = {name: asyncio.Event() for name in self._probes}
        self._moved = asyncio.Event()
        self._landed = asyncio.Event()
        self._started: dict[str, int] = dict.fromkeys(self._probes, 0)
        self._finished: dict[str, int] = dict.fromkeys(self._probes, 0)

    async def round(self) -> Assessment:
        """Looks at every service once, all at the same time, and assesses what came."""
        await asyncio.gather(*(self._look(probe) for probe in self._probes.values()))
        return self.assess()

    def assess(self) -> Assessment:
        now = self._clock()
        assessment = assess(
            Snapshot(now, dict(self._seen)), self._pipeline, now, self._store.assessment()
        )
        self._store.put_assessment(assessment)
        return assessment

    async def run(self) -> None:
        """Keeps looking, each probe at its own pace, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for probe in self._probes.values():
                tasks.create_task(self._keep_looking(probe))
            tasks.create_task(self._keep_assessing())
            tasks.create_task(self._serve_requests())
            tasks.create_task(self._watch_the_clock())

    async def _keep_looking(self, probe: Probe) -> None:
        wake = self._wake[probe.id]
        while True:
            wake.clear()
            seen = await self._look(probe)
            self._moved.set()
            jitter = random.uniform(0.95, 1.05)  # noqa: S311 - spreads load, guards nothing
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), pause(probe, seen) * jitter)

    async def _keep_assessing(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), REASSESS_EVERY)
            self._moved.clear()
            with _survived():
                self.assess()

    async def _watch_the_clock(self) -> None:
        """A sandbox's clock may be moved: what was seen is then hours old at once."""
        loop = asyncio.get_running_loop()
        before = self._clock().timestamp() - loop.time()
        while True:
            await asyncio.sleep(CLOCK_LOOK)
            offset = self._clock().timestamp() - loop.time()
            if abs(offset - before) > CLOCK_JUMP:
                self._moved.set()
                for wake in self._wake.values():
                    wake.set()
            before = offset

    async def _serve_requests(self) -> None:
        while True:
            with _survived():
                await self._serve()
            await asyncio.sleep(0.1)

    async def _serve(self) -> None:
        if self._store.changed() and (asked := self._store.requests()):
            names = self._matching(asked.values())
            # a look that is under way began before the request: it does not count
            wanted = {name: self._started[name] + 1 for name in names}
            for name in names:
                self._wake[name].set()
            while any(self._finished[name] < count for name, count in wanted.items()):
                self._landed.clear()
                await self._landed.wait()
            self.assess()
            self._store.serve(asked)

    def _matching(self, patterns: Iterable[str]) -> list[str]:
        wanted = set(patterns)
        return [
            name
            for name in self._probes
            if "*" in wanted or name in wanted or name.split(".")[0] in wanted
        ]

    async def _look(self, probe: Probe) -> Observation:
        before = self._seen.get(probe.id)
        self._started[probe.id] += 1
        if before is not None and self._spent(probe):
            self._land(probe)
            return before
        seen = await look(probe, before, self._clock)
        self._seen[probe.id] = seen
        with _survived():
            self._keep(seen)
        if before is not None and ended(before, seen):
            for name in COUNTS:
                self._wake[name].set()
        self._land(probe)
        return seen

    def _keep(self, seen: Observation) -> None:
        self._store.put_observations([seen])
        if seen.error is None and isinstance(seen.value, Counts) and seen.value.bytes:
            self._store.bill(day_of(self._clock()), seen.value.bytes)

    def _land(self, probe: Probe) -> None:
        self._finished[probe.id] = self._started[probe.id]
        self._landed.set()

    def _spent(self, probe: Probe) -> bool:
        if probe.cost != "bytes":
            return False
        return self._store.billed(day_of(self._clock())) >= self._daily_bytes


@contextlib.contextmanager
def _survived() -> Generator[None]:
    """A full disk or a store that is locked for long costs one write, never the observer."""
    try:
        yield
    except sqlite3.Error as error:
        sys.stderr.write(f"altui observer: store: {error}\n")


def ended(before: Observation, after: Observation) -> bool:
    """Whether a sync or a run ended between two looks: counts are worth reading at once."""
    old, new = before.value, after.value
    if isinstance(old, Connection) and isinstance(new, Connection):
        return old.succeeded_at != new.succeeded_at
    if isinstance(old, Runs) and isinstance(new, Runs):
        running = {run.id for run in old.runs if run.status != "completed"}
        known = {run.id for run in old.runs}
        return any(
            run.status == "completed" and (run.id in running or run.id not in known)
            for run in new.runs[:5]
        )
    return False
