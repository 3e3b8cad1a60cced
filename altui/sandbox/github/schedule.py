"""When nightly runs start: late as GitHub's are, now and then not at all. Pure; all times UTC.

GitHub's documentation says that the schedule event "can be delayed during periods of high loads"
and that queued jobs may be dropped. Here both follow from the sandbox's seed and the date, so
the same sandbox always has the same nights.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

LATEST = timedelta(minutes=65)
"""A night counts as history once this much has passed since its schedule: longer than any delay
and run. The seeded warehouse follows the same rule."""
SURE_NIGHTS = 3
"""So many nights after the start are never dropped."""


@dataclass(frozen=True)
class Schedule:
    at: time
    seed: int
    punctual: bool = False
    """Runs start on the minute and none is dropped."""

    def scheduled(self, night: date) -> datetime:
        return datetime.combine(night, self.at, UTC)

    def start(self, night: date) -> datetime:
        """When the run of this night is created."""
        return self.scheduled(night) + (timedelta() if self.punctual else self._delay(night))

    def dropped(self, night: date, first: date) -> bool:
        """Whether GitHub forgets this night; `first` is the first one after the start."""
        if self.punctual or night < first + timedelta(days=SURE_NIGHTS):
            return False
        return self._chance("dropped", night).random() < 0.02

    def next_night(self, night: date, first: date) -> date:
        """`night`, or the first one after it that is not dropped."""
        while self.dropped(night, first):
            night += timedelta(days=1)
        return night

    def newest_due(self, night: date, first: date, now: datetime) -> date | None:
        """The newest night from `night` on whose run should have been created by `now`."""
        last = now.date()
        while last >= night:
            if self.start(last) <= now and not self.dropped(last, first):
                return last
            last -= timedelta(days=1)
        return None

    def last_history(self, now: datetime) -> date:
        """The newest night that belongs to the seeded history."""
        today = now.date()
        past = self.scheduled(today) + LATEST <= now
        return today if past else today - timedelta(days=1)

    def _delay(self, night: date) -> timedelta:
        return timedelta(seconds=self._chance("delay", night).randint(3 * 60, 58 * 60))

    def _chance(self, what: str, night: date) -> Random:
        return Random(f"{self.seed}/{what}/{night.isoformat()}")
