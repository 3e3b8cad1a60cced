"""Bounded read-only transactions, and what is made of the rows that come back."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, cast

from msgspec.structs import replace

from altui.core.model.days import day_of
from altui.core.model.pipeline import Table
from altui.core.model.reading import Counts, Series
from altui.core.queries import postgres as queries
from altui.core.queries.query import Query
from altui.services.headers import utc
from altui.services.text import clean

if TYPE_CHECKING:
    import psycopg

Row = tuple[Any, ...]

SLOW = frozenset({"57014", "55P03", "25P03", "40001"})
"""No figure now: our own statement, lock and idle timeouts, a replica's conflict with recovery."""
UNSETTLED = timedelta(days=3)
"""Rows arrive and go for so many days after theirs without that anybody says so."""
LATE = timedelta(minutes=10)
"""A transaction that was open while all was counted may end so much later."""
FULL_FOR = 6 * 3600.0
"""Seconds that the last full count serves."""


class Session:
    """Statements on one connection, each in a read-only transaction of its own, in UTC."""

    def __init__(
        self, connection: "psycopg.AsyncConnection[Row]", timeout_ms: int, until: float
    ) -> None:
        """`timeout_ms` bounds a statement, `until` (monotonic seconds) all of them."""
        self._connection = connection
        self._timeout_ms = timeout_ms
        self._until = until

    async def rows(self, query: Query, share: int = 1) -> list[Row]:
        """The rows; the statement ends within its timeout and its share of the time left.

        Nothing is waited for in a queue of locks for long, and a transaction left open by a
        process that was stopped ends by itself.
        """
        left_ms = int(1000 * (self._until - time.monotonic()))
        limit = max(min(self._timeout_ms, left_ms // share), 1)
        async with self._connection.transaction():
            await self._execute(
                "SET LOCAL TIME ZONE 'UTC';"
                f" SET LOCAL statement_timeout = {limit};"
                f" SET LOCAL lock_timeout = {max(limit // 2, 1)};"
                f" SET LOCAL idle_in_transaction_session_timeout = {max(left_ms, 1000)}"
            )
            cursor = await self._execute(query.text, list(query.params.values()) or None)
            return await cursor.fetchall()

    async def each(
        self, tables: Sequence[Table], ask: Callable[[Sequence[Table]], Query]
    ) -> tuple[list[Row], dict[str, str]]:
        """The rows of all tables in one question, and the words of those that gave none.

        One that is slow or locked does not hide the others: they are asked one by one. Raises
        psycopg.Error when none answers.
        """
        import psycopg

        if not tables:
            return [], {}
        try:
            return await self.rows(ask(tables)), {}
        except psycopg.Error as error:
            if error.sqlstate not in SLOW or len(tables) == 1:
                raise
        found: list[Row] = []
        failed: dict[str, str] = {}
        for place, table in enumerate(tables):
            try:
                found += await self.rows(ask([table]), share=len(tables) - place)
            except psycopg.Error as error:
                if error.sqlstate not in SLOW or len(failed) == len(tables) - 1:
                    raise
                failed[table.name] = clean(f"{error.sqlstate} {error.diag.message_primary}")
        return found, failed

    async def _execute(
        self, text: str, params: list[date] | None = None
    ) -> "psycopg.AsyncCursor[Row]":
        return await self._connection.execute(cast(LiteralString, text), params)


class Full(NamedTuple):
    """The last full count, at what time of the pipeline's and of this machine's clock."""

    counts: Counts
    at: datetime
    read: float

    def serves(self, tables: Sequence[Table], start: date) -> bool:
        """Whether it is recent enough and holds what is asked for."""
        fresh = time.monotonic() - self.read < FULL_FOR
        known = {table.name for table in tables} == set(self.counts.series)
        return fresh and known and bool(tables) and start >= self.counts.start

    @property
    def settled(self) -> date:
        """Days before it may change only by a row that says when it was written."""
        return day_of(self.at) - UNSETTLED

    def since(self, table: Table) -> datetime:
        """What was written up to here was counted; by the source's own clock where it is sane."""
        written = self.counts.series[table.name].changed.values()
        newest = max((moment for moment in written if moment <= self.at), default=self.at)
        return newest - LATE


async def recounted(
    session: Session,
    full: Full,
    tables: Sequence[Table],
    start: date,
    older_than: datetime | None = None,
) -> Counts | None:
    """The full count with the days counted anew that may have changed since.

    Those are the newest, and any with a row that was written since. None where only a full count
    can tell: rows came that are older than the window, or the newest row is gone.
    """
    since = {table.name: full.since(table) for table in tables}
    rows = await session.rows(queries.touched(tables, full.settled, since))
    more: dict[str, list[date]] = {}
    for name, day in rows:
        if day < full.counts.start:
            return None
        more.setdefault(name, []).append(day)

    def ask(some: Sequence[Table]) -> Query:
        return queries.recounts(some, full.settled, more, older_than)

    found, failed = await session.each(tables, ask)
    series = {
        table.name: _merged(
            full.counts.series[table.name],
            series_of(table, found),
            {*more.get(table.name, ())},
            full.settled,
            start,
        )
        for table in tables
        if table.name not in failed
    }
    if any(one.rows and one.latest is None for one in series.values()):
        return None
    return Counts(
        start=start,
        series=series,
        query=ask(tables).repeat,
        failed=failed,
        settled=full.settled,
        settled_at=full.at,
        older_than=older_than,
    )


def series_of(table: Table, rows: Sequence[Row]) -> Series:
    total = 0
    latest: datetime | None = None
    gap: float | None = None
    by_day: dict[date, int] = {}
    changed: dict[date, datetime] = {}
    older: dict[date, int] = {}
    for _, day, n, written, newest, pause, before in (row for row in rows if row[0] == table.name):
        total += n
        gap = pause
        moment = _moment(newest)
        latest = max(filter(None, (latest, moment)), default=None)
        if day is None:
            continue
        by_day[day] = n
        if at := _moment(written):
            changed[day] = at
        if before:
            older[day] = before
    return Series(rows=total, latest=latest, by_day=by_day, changed=changed, gap=gap, older=older)


def _merged(old: Series, new: Series, touched: set[date], settled: date, start: date) -> Series:
    """`old` with the days from `settled` on and the `touched` ones as `new` says."""
    kept = {day for day in old.by_day if day < settled and day not in touched}
    gone = sum(n for day, n in old.by_day.items() if day not in kept)
    newest = old.latest
    stands = newest is not None and day_of(newest) < settled and day_of(newest) not in touched
    by_day = {day: n for day, n in old.by_day.items() if day in kept} | new.by_day
    changed = {day: at for day, at in old.changed.items() if day in kept} | new.changed
    older = {day: n for day, n in old.older.items() if day in kept} | new.older
    return replace(
        old,
        rows=old.rows - gone + new.rows,
        latest=max(filter(None, (newest if stands else None, new.latest)), default=None),
        by_day={day: n for day, n in by_day.items() if day >= start},
        changed={day: at for day, at in changed.items() if day >= start},
        older={day: n for day, n in older.items() if day >= start},
    )


def _moment(value: datetime | date | None) -> datetime | None:
    """A timestamp or date of the table as UTC."""
    if value is None or isinstance(value, datetime):
        return utc(value)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)
