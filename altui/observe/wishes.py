"""Granting what the rules wish for: a few at a time, each once, and forgotten when out of use."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from altui.clock import Clock
from altui.core.model.observed import Observation, Wish, is_wish
from altui.observe.looking import LONGEST_REST, UnderWay, look
from altui.observe.probes import Granter, Probe

MOST = 4
"""Wishes that are granted in one round."""
KEPT = 900.0
"""Seconds for which an answer outlives the last wish for it: a rule may be blind for a moment."""


class Wishes:
    """The answers to wishes, by the wish's id; failed ones are errors and tried again later."""

    def __init__(
        self,
        granters: Mapping[str, Granter],
        known: Mapping[str, Observation],
        clock: Clock,
        landed: Callable[[Observation], None],
    ) -> None:
        """`known` are answers of an earlier observer; `landed` is told of each new one."""
        self._granters = granters
        self._clock = clock
        self._landed = landed
        self.answers = {name: item for name, item in known.items() if is_wish(name)}
        self._wished = dict.fromkeys(self.answers, time.monotonic())
        self._under_way: UnderWay = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(
        self, wishes: Iterable[Wish], resting: Callable[[Probe], bool]
    ) -> "set[asyncio.Task[None]]":
        """Begins to read what is wished for and not known; the tasks under way for these wishes."""
        tasks: set[asyncio.Task[None]] = set()
        now = self._clock()
        for wish in wishes:
            granter = self._granters.get(wish.probe)
            if granter is None:
                continue
            self._wished[wish.id] = time.monotonic()
            probe = granter(wish.key)
            if len(tasks) >= MOST or resting(probe):
                continue
            if wish.id not in self._tasks and _due(probe, self.answers.get(wish.id), now):
                self._tasks[wish.id] = asyncio.create_task(self._read(probe))
            if wish.id in self._tasks:
                tasks.add(self._tasks[wish.id])
        return tasks

    def forget(self) -> list[str]:
        """Drops answers that nobody has wished for since long; their ids."""
        oldest = time.monotonic() - KEPT
        gone = [name for name in self.answers if self._wished.get(name, 0.0) < oldest]
        for name in gone:
            del self.answers[name]
            self._wished.pop(name, None)
        return gone

    async def _read(self, probe: Probe) -> None:
        try:
            before = self.answers.get(probe.id)
            seen = await look(probe, before, self._clock, self._under_way)
            self.answers[probe.id] = seen
            self._landed(seen)
        finally:
            self._tasks.pop(probe.id, None)


def _due(probe: Probe, seen: Observation | None, now: datetime) -> bool:
    """Whether it was not read lately; a next try too far off says the clock was set back."""
    if seen is None or seen.next_try is None:
        return True
    longest = timedelta(seconds=max(probe.every, LONGEST_REST))
    return not now < seen.next_try <= now + longest
