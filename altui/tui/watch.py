"""Whether an observer is at work; and another one where it is not."""

import math
import time
from collections.abc import Callable

from altui.store.store import Store

LOOK_EVERY = 2.0
"""Seconds between looks at the observer's lock, which the kernel releases however it ends."""
PATIENCE = 5.0
"""Seconds in which one that was started is to hold the lock; twice as many after each failure."""
PATIENCE_AT_MOST = 90.0


class Watch:
    """Misses an observer that ended, and starts the next one with `observe`."""

    def __init__(
        self,
        store: Store,
        observe: Callable[[], object] | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `observe` nobody is missed. `now` is in seconds."""
        self.attended = True
        """Whether one is at work, as far as can be told: the first one is given time to start."""
        self._store = store
        self._observe = observe
        self._now = now
        self._look_at = 0.0
        self._started: float | None = None
        self._patience = PATIENCE

    def start(self) -> None:
        """Starts one; where one runs already, that keeps the second from staying."""
        if self._observe is not None:
            self._started = self._now()
            self._observe()

    def moved(self) -> bool:
        """Looks if it is time to; whether one came or went."""
        if self._started is None or self._now() < self._look_at:
            return False
        return self._look()

    def hurry(self) -> None:
        """Somebody asks for news: looks now, and tries again what has failed before."""
        if self._started is not None:
            self._patience = PATIENCE
            self._look()

    def _look(self) -> bool:
        before, now = self.attended, self._now()
        self._look_at = now + LOOK_EVERY
        if self._store.observed():
            self.attended, self._patience, self._started = True, PATIENCE, -math.inf
        elif self._started is not None and now - self._started >= self._patience:
            self.attended = False
            self._patience = min(2 * self._patience, PATIENCE_AT_MOST)
            self.start()
        return self.attended != before
