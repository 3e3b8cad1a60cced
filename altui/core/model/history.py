"""What is kept of each round, so that today can be held against what is usual."""

from datetime import date, datetime

from msgspec import Struct, field


class Totals(Struct, frozen=True):
    """One table's totals as a round saw them; kept when something changed."""

    at: datetime
    table: str
    source: int
    """Rows in PostgreSQL."""
    raw: int
    """Live rows in BigQuery."""
    due: int
    """Rows by which days differ that the next sync should carry."""
    lost: int
    """Rows by which days differ that a sync should have carried."""
    lag_s: float | None
    """Newest row in PostgreSQL minus newest row in BigQuery, seconds."""

    @property
    def difference(self) -> int:
        return abs(self.source - self.raw)


class Drift(Struct, frozen=True):
    """How far the two sides of a table were apart lately."""

    most: int
    """Largest difference in rows of the last 24 hours."""
    at: datetime
    """When that was."""
    usual: int
    """Median of the differences of the last 14 days."""
    rounds: int
    """How many rounds of the last 14 days were kept."""
    hours: dict[datetime, int] = field(default_factory=dict[datetime, int])
    """Largest difference of each hour of the last 24, by its beginning; none where no round of it
    was kept."""


class SyncEnd(Struct, frozen=True):
    """The end of a Fivetran sync, which Fivetran tells; what came before it only looks can tell."""

    ended: datetime
    failed: bool = False
    began: datetime | None = None
    """First look at which it ran; None where no look met it running."""
    after: datetime | None = None
    """Last look shortly before at which none ran: one that no look met began later."""

    @property
    def took_s(self) -> float | None:
        """Seconds as the looks saw them; at most so many where it was not met running."""
        began = self.began or self.after
        return (self.ended - began).total_seconds() if began else None


class Size(Struct, frozen=True):
    """What a mart's index took on a day, as the last round of it saw."""

    day: date
    index: str
    """The mart's index, without prefix."""
    bytes: int
    """Of all indices behind the name together."""
