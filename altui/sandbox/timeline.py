"""What happens by itself, in simulated time: rows arrive, syncs run, nights pass."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from altui.sandbox import source
from altui.sandbox.world import Simulator, World
from altui.sandbox.writer import Unavailable, Writer

TICK = 0.5
log = logging.getLogger("altui.sandbox")


class ClockError(Exception):
    """The clock cannot be set there; the message says why."""


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
        self._moving = asyncio.Lock()

    async def live(self) -> None:
        """Lets time pass until cancelled; what fails is logged and tried at its next event."""
        while True:
            async with self._moving:
                await self._tick()
            await asyncio.sleep(TICK)

    async def move(self, target: datetime, say: Callable[[str], None] = log.info) -> None:
        """Plays every event up to `target`, in order, and leaves the clock there or later."""
        if target < self._world.clock.now():
            raise ClockError("the clock goes forward only: what happened cannot be taken back")
        async with self._moving:
            await asyncio.gather(*self._running.values())
            while (event := self._next(target)) is not None:
                moment, name = event
                if moment > self._world.clock.now():
                    await self._set(moment)
                say(f"{moment:%d %b %H:%M} {name}")
                await self._writer.catch_up()
                await self._run(name)
            if target > self._world.clock.now():
                await self._set(target)
            await self._writer.catch_up()

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
            await self._writer.catch_up()
            await self._run_if_due("fivetran")
            await self._run("github")
            since = night
        if target > self._world.clock.now():
            await self._set(target)
        await self._writer.catch_up()
        for name in self._simulators:
            await self._run_if_due(name)

    def _next(self, target: datetime) -> tuple[datetime, str] | None:
        events = [
            (moment, name)
            for name, simulator in self._simulators.items()
            if (moment := simulator.next_event()) is not None and moment <= target
        ]
        return min(events, default=None)

    async def _tick(self) -> None:
        try:
            await self._writer.catch_up()
        except Unavailable as error:
            log.warning("writer: %s", error)
        for name, simulator in self._simulators.items():
            moment = simulator.next_event()
            if moment is None or moment > self._world.clock.now() or name in self._running:
                continue
            task = asyncio.create_task(self._run(name))
            self._running[name] = task
            task.add_done_callback(lambda _, name=name: self._running.pop(name, None))

    async def _run_if_due(self, name: str) -> None:
        moment = self._simulators[name].next_event()
        if moment is not None and moment <= self._world.clock.now():
            await self._run(name)

    async def _run(self, name: str) -> None:
        try:
            await self._simulators[name].run_due()
        except Exception:  # the sandbox goes on; its log says what happened
            log.exception("%s", name)

    async def _set(self, moment: datetime) -> None:
        self._world.clock.set(moment)
        await asyncio.to_thread(source.set_clock, self._world)
