"""What happens by itself, in simulated time: rows arrive, syncs run, nights pass."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from altui.sandbox import source
from altui.sandbox.world import Simulator, World
from altui.sandbox.writer import Unavailable, Writer

TICK = 0.5
AGAIN_AFTER = 10.0
"""Real seconds before something that failed is tried again."""
log = logging.getLogger("altui.sandbox")


class ClockError(Exception):
    """The clock cannot be set there; the message says why."""


def backwards(now: datetime) -> str:
    """Why the clock cannot be set to before `now`."""
    return (
        f"it is {now:%Y-%m-%d %H:%M:%S} there and the clock goes forward only: what "
        "happened cannot be taken back. For an earlier time: up --dir NEW --now T"
    )


class Timeline:
    """Drives writer and simulators along the sandbox's clock.

    While time passes by itself each simulator's events run as tasks of their own. `move` instead
    plays them one after the other at their own moment, each at its real pace.
    """

    def __init__(self, world: World, writer: Writer, simulators: Mapping[str, Simulator]) -> None:
        self._world = world
        self._writer = writer
        self._simulators = simulators
        self._running: dict[str, asyncio.Task[None]] = {}
        self._not_before: dict[str, float] = {}
        self._moving = asyncio.Lock()
        self._writing = asyncio.Lock()

    async def live(self) -> None:
        """Lets time pass until cancelled; what fails is logged and tried again a little later."""
        try:
            while True:
                async with self._moving:
                    await self._tick()
                await asyncio.sleep(TICK)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def next_events(self) -> dict[str, datetime]:
        """What happens next by itself, by simulator."""
        known = {name: self._next_of(name) for name in self._simulators}
        return {name: moment for name, moment in known.items() if moment is not None}

    async def move(self, target: datetime, say: Callable[[str], None] = log.info) -> None:
        """Plays every event up to `target`, in order, and leaves the clock there or later."""
        now = self._world.clock.now()
        if target < now:
            raise ClockError(backwards(now))
        async with self._moving:
            await asyncio.gather(*self._running.values())
            stuck: set[str] = set()
            while (event := self._next(target, stuck)) is not None:
                moment, name = event
                if moment > self._world.clock.now():
                    await self._set(moment)
                say(f"{moment:%d %b %H:%M} {name}")
                await self._run(name)
                if self._next_of(name) == moment:  # it did not do what was due: never wait for it
                    stuck.add(name)
            if target > self._world.clock.now():
                await self._set(target)
            await self._write()

    async def catch_up(self, since: datetime, say: Callable[[str], None] = log.info) -> None:
        """After a pause since `since`: plays the nights that were missed at their own time.

        Of the hourly syncs only one runs before each night and one at the end: what the others
        would have carried, it carries.
        """
        target = self._world.clock.now()
        github = self._simulators["github"]
        while (night := github.next_event()) is not None and since < night < target:
            await self._set(night)
            say(f"playing the night of {night:%d %b}")
            await self._run_if_due("fivetran")
            await self._run("github")
            since = night
        if target > self._world.clock.now():
            await self._set(target)
        await self._write()
        for name in self._simulators:
            await self._run_if_due(name)

    def _next(self, target: datetime, without: set[str]) -> tuple[datetime, str] | None:
        events = [(moment, name) for name, moment in self.next_events().items()]
        return min((e for e in events if e[0] <= target and e[1] not in without), default=None)

    def _next_of(self, name: str) -> datetime | None:
        try:
            return self._simulators[name].next_event()
        except Exception:  # the sandbox goes on; its log says what happened
            log.exception("%s does not say what comes next", name)
            self._not_before[name] = time.monotonic() + AGAIN_AFTER
            return None

    async def _tick(self) -> None:
        if time.monotonic() >= self._not_before.get("writer", 0):
            await self._write()
        for name in self._simulators:
            if name in self._running or time.monotonic() < self._not_before.get(name, 0):
                continue
            moment = self._next_of(name)
            if moment is None or moment > self._world.clock.now():
                continue
            task = asyncio.create_task(self._run(name))
            self._running[name] = task
            task.add_done_callback(lambda _, name=name: self._running.pop(name, None))

    async def _run_if_due(self, name: str) -> None:
        moment = self._simulators[name].next_event()
        if moment is not None and moment <= self._world.clock.now():
            await self._run(name)

    async def _run(self, name: str) -> None:
        await self._write()  # a sync that starts now must find every row written up to now
        try:
            await self._simulators[name].run_due()
        except Exception:  # the sandbox goes on; its log says what happened
            log.exception("%s failed at what was due", name)
            self._not_before[name] = time.monotonic() + AGAIN_AFTER

    async def _write(self) -> None:
        async with self._writing:
            try:
                await self._writer.catch_up()
            except Unavailable as error:
                log.warning("the writer waits for PostgreSQL: %s", error)
                self._not_before["writer"] = time.monotonic() + AGAIN_AFTER

    async def _set(self, moment: datetime) -> None:
        self._world.clock.set(moment)
        try:
            await asyncio.to_thread(source.set_clock, self._world)
        except Unavailable as error:
            log.warning("PostgreSQL does not hear of the clock's move: %s", error)
