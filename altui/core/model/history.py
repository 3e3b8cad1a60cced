"""What is kept of each round, so that today can be held against what is usual."""

from datetime import datetime

from msgspec import Struct


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
