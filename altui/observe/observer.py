"""Services to snapshots in the store: one task a probe, one assessment for all."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from msgspec.structs import replace

from altui.clock import Clock
from altui.core.model.health import Assessment, State
from altui.core.model.history import Drift, SyncEnd
from altui.core.model.observed import Observation, Snapshot, Trouble, Wish, is_wish, service_of
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Connection, Runs
from altui.core.rules.assess import assess
from altui.core.rules.drift import USUALLY, drift, totals_of
from altui.core.rules.learning import ends
from altui.core.rules.sizes import by_index, sizes_of
from altui.core.rules.steady import steady
from altui.core.rules.unjudged import unjudged
from altui.core.words import binary
from altui.observe.looking import LONGEST_REST, UnderWay, look, pause, rest, spent
from altui.observe.probes import Granter, Probe
from altui.observe.survival import for_ever, named, survived, tell
from altui.observe.wishes import Wishes
from altui.store.budget import Budget
from altui.store.store import Store

REQUEST_LOOK = 0.1
CLOCK_LOOK = 0.5
CLOCK_JUMP = 5.0
"""Seconds by which the clock may leave its own pace before everything is looked at anew."""
REASSESS_EVERY = 20.0
"""Seconds; due times pass without any new observation."""
COUNTS = ("postgres.counts", "bigquery.counts", "elasticsearch.counts")
RESTING_LOOK = 1.0
"""Seconds between looks whether somebody wants to see what a resting probe reads."""
SECOND_LOOK = 5.0
"""Seconds after which what one look alone has seen is looked at again."""
GRANTED_WITHIN = 2.0
"""Seconds for which an assessment waits for granted wishes; later ones come with the next."""
STORE_AGAIN = 5.0
"""Seconds between tries to write to a store that refused."""
SYNCS = 336
"""Ends of syncs that an assessment carries: those of 14 days where one starts every hour."""
ALERTING = {State.late, State.broken, State.unknown, State.denied}


class Observer:
    """Runs the probes and keeps the store's observations and assessment fresh.

    `round` looks once at everything; `run` keeps looking until cancelled. Neither ends because a
    service, the store, the clock or a rule does not do what it should.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        pipeline: Pipeline,
        store: Store,
        clock: Clock,
        daily_bytes: int,
        *,
        granters: Mapping[str, Granter] | None = None,
        fingerprint: bytes = b"",
    ) -> None:
        """`fingerprint` is that of the settings; the store keeps it beside the assessments."""
        self._fingerprint = fingerprint
        self._probes = {probe.id: probe for probe in probes}
        self._pipeline = pipeline
        self._store = store
        self._clock = clock
        self._daily_bytes = daily_bytes
        self._budget = Budget(store, clock, daily_bytes)
        known: dict[str, Observation] = {}
        self.judged = Snapshot(clock())
        """What the last assessment was made of, whether or not the store took it."""
        self._before: Assessment | None = None
        with survived("store"):
            snapshot = store.snapshot(clock())
            known = {**snapshot.observations, **snapshot.details}
            self._before = store.assessment()
        self._seen = {name: item for name, item in known.items() if name in self._probes}
        self._wishes = Wishes(granters or {}, known, clock, self._granted)
        self._unsaved: dict[str, Observation] = {}
        self._store_again = 0.0
        self._under_way: UnderWay = {}
        self._wake = {name: asyncio.Event() for name in self._probes}
        self._drift: dict[str, Drift] = {}
        self._sync_ends: tuple[SyncEnd, ...] = ()
        self._sizes: dict[str, dict[date, int]] = {}
        self._asked: set[str] = set()
        self._requested = False
        self._moved = asyncio.Event()
        self._landed = asyncio.Event()
        self._judging = asyncio.Lock()
        self._offset: float | None = None
        self._keeps_looking = False
        self._second_looks: dict[str, asyncio.TimerHandle] = {}
        self._started: dict[str, int] = dict.fromkeys(self._probes, 0)
        self._finished: dict[str, int] = dict.fromkeys(self._probes, 0)

    async def round(self) -> Assessment:
        """Looks at every service once, all at the same time, and assesses what came."""
        self._asked = set(self._probes)
        await asyncio.gather(*(self._look(probe) for probe in self._probes.values()))
        return await self.assess(patience=None)

    async def assess(self, patience: float | None = GRANTED_WITHIN) -> Assessment:
        """Judges, grants what the rules wish for, and judges again: two rounds, never three.

        Grants are waited for up to `patience` seconds, or until they are there.
        """
        async with self._judging:
            before = self._before
            judged = self._judged(before)
            self._put(judged)
            reading = self._wishes.start(judged.wishes, self._is_resting)
            if reading:
                await asyncio.wait(reading, timeout=patience)
                judged = self._judged(before)
                self._put(judged)
            with survived("store"):
                if gone := self._wishes.forget():
                    self._store.drop(gone)
            self._look_again(judged.again)
            return judged

    def _look_again(self, names: Iterable[str]) -> None:
        """Soon, once each: a second look decides what one alone has seen."""
        loop = asyncio.get_running_loop()
        for name in names:
            handle = self._second_looks.get(name)
            if name in self._wake and (handle is None or handle.when() <= loop.time()):
                self._second_looks[name] = loop.call_later(SECOND_LOOK, self._wake[name].set)

    async def run(self) -> None:
        """Keeps looking, each probe at its own pace, until cancelled."""
        self._keeps_looking = True  # who looks once has no second look to wait for
        steps = [partial(self._turn, probe) for probe in self._probes.values()]
        async with asyncio.TaskGroup() as tasks:
            for step in (*steps, self._reassess, self._serve_requests, self._watch_the_clock):
                tasks.create_task(for_ever(step))

    async def _turn(self, probe: Probe) -> None:
        """One look and the pause after it; or a short one while nobody wants to see it."""
        wake = self._wake[probe.id]
        wake.clear()
        wait = RESTING_LOOK
        if self._is_wanted(probe):
            before = self._seen.get(probe.id)
            seen = await self._look(probe)
            if seen is not before:
                self._moved.set()
            spread = 0.05 if seen.error is None else 0.2
            wait = pause(probe, seen) * random.uniform(1 - spread, 1 + spread)  # noqa: S311
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await wake.wait()

    async def _reassess(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REASSESS_EVERY):
                await self._moved.wait()
        self._moved.clear()
        await self.assess()

    async def _watch_the_clock(self) -> None:
        """A sandbox's clock may be moved: what was seen is then hours old at once."""
        offset = self._clock().timestamp() - asyncio.get_running_loop().time()
        if self._offset is not None and abs(offset - self._offset) > CLOCK_JUMP:
            self._moved.set()
            for wake in self._wake.values():
                wake.set()
        self._offset = offset
        await asyncio.sleep(CLOCK_LOOK)

    async def _serve_requests(self) -> None:
        await asyncio.sleep(REQUEST_LOOK)
        self._requested = self._store.changed() or self._requested
        if not self._requested:
            return
        if asked := self._store.requests():
            # the screen is told of an answer to a wish as of any other: nobody waits for it here
            self._wishes.start(map(Wish.of, filter(is_wish, asked.values())), self._is_resting)
            names = self._matching(asked.values())
            # a look that is under way began before the request: it does not count
            wanted = {name: self._started[name] + 1 for name in names}
            self._asked.update(names)
            for name in names:
                if forget := self._probes[name].forget:
                    forget()
                self._wake[name].set()
            while any(self._finished[name] < count for name, count in wanted.items()):
                self._landed.clear()
                await self._landed.wait()
            await self.assess()
            self._store.serve(asked)
        self._requested = False

    def _matching(self, patterns: Iterable[str]) -> list[str]:
        wanted = set(patterns)
        return [
            name
            for name in self._probes
            if "*" in wanted or name in wanted or service_of(name) in wanted
        ]

    async def _look(self, probe: Probe) -> Observation:
        before = self._seen.get(probe.id)
        self._started[probe.id] += 1
        asked = probe.id in self._asked
        self._asked.discard(probe.id)
        try:
            if before is not None and self._is_resting(probe, asked=asked):
                return before
            if self._is_spent(probe):
                words = f"today's {binary(self._daily_bytes)} are spent, next at 00:00Z"
                seen = spent(probe, before, words, self._clock())
            else:
                seen = await look(probe, before, self._clock, self._under_way)
            self._seen[probe.id] = seen
            self._keep(seen)
            if before is not None:
                self._wake_others(before, seen)
            return seen
        finally:
            self._finished[probe.id] = self._started[probe.id]
            self._landed.set()

    def _wake_others(self, before: Observation, seen: Observation) -> None:
        """Counts when a sync or run ended; the service's other probes when it fell or rose."""
        others: set[str] = set()
        if ended(before, seen):
            others |= self._wake.keys() & set(COUNTS)
        if (before.error is None) != (seen.error is None):
            for name, probe in self._probes.items():
                other = self._seen.get(name)
                differs = other is not None and (other.error is None) != (seen.error is None)
                cheap = probe.cost == "free" or seen.error is None
                if differs and cheap and service_of(name) == service_of(seen.probe):
                    others.add(name)
        if service_of(seen.probe) == "elasticsearch" and before.error and not seen.error:
            others |= self._wake.keys() & {"kibana.status"}  # it was out for as long
        for name in others:
            self._wake[name].set()

    def _is_wanted(self, probe: Probe) -> bool:
        """Whether it is worth asking; a resting probe's answer is kept for its interval."""
        if not probe.rests or probe.id in self._asked:
            return True
        health = self._before.stages.get(probe.stage) if self._before else None
        alerting = health is not None and health.state in ALERTING
        if not (alerting or self._store.shown(probe.panel)):
            return False
        seen, now = self._seen.get(probe.id), self._clock()
        if seen is None or seen.next_try is None:
            return True
        longest = timedelta(seconds=max(probe.every, LONGEST_REST))
        return not now < seen.next_try <= now + longest

    def _is_resting(self, probe: Probe, *, asked: bool = False) -> bool:
        """Whether its service asked to be left alone. A person's wish breaks no rate limit, but
        may look whether one that said it cannot serve is back."""
        seen = (*self._seen.values(), *self._wishes.answers.values())
        said = rest(probe.id, seen, self._clock())
        refused = said is not None and said.error and said.error.trouble is Trouble.refused
        return said is not None and not (asked and refused)

    def _is_spent(self, probe: Probe) -> bool:
        return probe.cost == "bytes" and self._budget.left() <= 0

    def _granted(self, seen: Observation) -> None:
        self._keep(seen)
        self._moved.set()

    def _keep(self, seen: Observation) -> None:
        """Into the store, now or when it takes writes again."""
        self._unsaved[seen.probe] = seen
        self._write()

    def _write(self) -> None:
        if time.monotonic() < self._store_again:
            return
        self._store_again = time.monotonic() + STORE_AGAIN
        with survived("store"):
            if self._unsaved:
                self._store.put_observations(self._unsaved.values())
                self._unsaved.clear()
            self._store_again = 0.0

    def _put(self, judged: Assessment) -> None:
        self._before = judged
        self._write()
        if time.monotonic() >= self._store_again:
            with survived("store"):
                self._store.put_assessment(judged, self._fingerprint)

    def _drifted(self, snapshot: Snapshot, judged: Assessment) -> dict[str, Drift]:
        """Keeps the round's totals, and tells how far the sides usually are apart."""
        with survived("store"):
            new = self._store.put_totals(totals_of(snapshot, self._pipeline, judged))
            if new or not self._drift:
                self._drift = drift(self._store.history(snapshot.at - USUALLY), snapshot.at)
        return self._drift

    def _synced(self, snapshot: Snapshot, before: Assessment | None) -> tuple[SyncEnd, ...]:
        """Keeps the ends of syncs that this look tells of; the newest that are kept."""
        connection = snapshot.get("fivetran.connection", Connection)
        with survived("store"):
            told = ends(before, connection, self._pipeline.sync, snapshot.at)
            if self._store.put_syncs(told) or not self._sync_ends:
                self._sync_ends = self._store.syncs(SYNCS)
        return self._sync_ends

    def _grown(self, snapshot: Snapshot) -> dict[str, dict[date, int]]:
        """Keeps what the indices take today, and tells what they took before."""
        with survived("store"):
            new = self._store.put_sizes(sizes_of(snapshot, self._pipeline))
            if new or not self._sizes:
                self._sizes = by_index(self._store.sizes(date.min))
        return self._sizes

    def _judged(self, before: Assessment | None) -> Assessment:
        """The rules' assessment; where they fail, one that says so."""
        now = self._clock()
        observations = {name: item for name, item in self._seen.items() if not item.detail}
        details = {name: item for name, item in self._seen.items() if item.detail}
        snapshot = self.judged = Snapshot(now, observations, {**details, **self._wishes.answers})
        try:
            judged = assess(snapshot, self._pipeline, now, before)
            judged = replace(
                judged,
                drift=self._drifted(snapshot, judged),
                sync_ends=self._synced(snapshot, before),
                sizes=self._grown(snapshot),
            )
            return steady(judged, before, snapshot) if self._keeps_looking else judged
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave an old screen
            tell("rules", error)
            words = named(error)
        try:
            # what is carried from look to look may be what they stumble over
            return assess(snapshot, self._pipeline, now, None)
        except Exception as error:  # noqa: BLE001 - the same
            tell("rules, without what they knew before", error)
            return unjudged(snapshot, self._pipeline, now, before, words)


def ended(before: Observation, after: Observation) -> bool:
    """Whether a sync or a run ended between two looks: counts are worth reading at once."""
    old, new = before.value, after.value
    if isinstance(old, Connection) and isinstance(new, Connection):
        return (old.succeeded_at, old.failed_at) != (new.succeeded_at, new.failed_at)
    if isinstance(old, Runs) and isinstance(new, Runs):
        running = {run.id for run in old.runs if run.status != "completed"}
        known = {run.id for run in old.runs}
        return any(
            run.status == "completed" and (run.id in running or run.id not in known)
            for run in new.runs[:5]
        )
    return False
