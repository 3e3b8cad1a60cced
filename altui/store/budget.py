"""The day's bytes for queries that bill, taken before they run."""

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import date

from altui.clock import Clock
from altui.core.model.days import day_of
from altui.store.database import StoreError
from altui.store.store import Store

PATIENCE = 1.0
"""Seconds for which a booking waits while another process writes."""


class Budget:
    """What the profile's processes may bill in a UTC day; they share it by their store.

    What a store that is full or locked does not take is remembered until it takes it. Bookings
    come from threads of any kind: each has a connection of its own.
    """

    def __init__(self, store: Store, clock: Clock, daily_bytes: int) -> None:
        self._store = store
        self._clock = clock
        self._daily_bytes = daily_bytes
        self._unsaved: Counter[date] = Counter()
        self._lock = threading.Lock()

    def left(self) -> int:
        """Bytes that may still be billed today; a day begins with all of them."""
        day = day_of(self._clock())
        return self._daily_bytes - self._store.billed(day) - self._unsaved[day]

    def book(self, count: int) -> date | None:
        """Takes bytes from today, before they are billed; None where they are not there."""
        day = day_of(self._clock())
        with self._lock:
            try:
                with closing(Store.open(self._store.directory, PATIENCE)) as own:
                    self._save(own)
                    return day if own.book(day, count, self._daily_bytes) else None
            except (StoreError, sqlite3.Error):
                if count > self.left():
                    return None
                self._unsaved[day] += count
                return day

    def correct(self, day: date, by: int) -> None:
        """Adds bytes to what was booked on a day; a negative count gives some back."""
        with self._lock:
            self._unsaved[day] += by
            try:
                with closing(Store.open(self._store.directory, PATIENCE)) as own:
                    self._save(own)
            except (StoreError, sqlite3.Error):
                return  # with the next booking

    def _save(self, own: Store) -> None:
        for day, count in list(self._unsaved.items()):
            own.bill(day, count)
            del self._unsaved[day]
