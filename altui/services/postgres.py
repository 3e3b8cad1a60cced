"""Reading the source tables: one grouped query in a read-only transaction."""

import logging
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, LiteralString, cast

from altui.config import PostgresSettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Table
from altui.core.model.reading import Counts, Series, Server
from altui.core.queries import postgres as queries
from altui.core.queries.query import Query
from altui.services.errors import ServiceError, deadline, off
from altui.services.http import utc
from altui.services.text import clean

if TYPE_CHECKING:
    import psycopg

CONNECT = 4
"""Seconds to connect; libpq takes whole ones, and no fewer than 2."""

Row = tuple[Any, ...]


class PostgresReader:
    """Connects anew for each reading: every 15 minutes nothing is gained by a kept connection."""

    def __init__(
        self, settings: PostgresSettings, tables: Sequence[Table], seconds: float = 12.0
    ) -> None:
        """`seconds` bounds one reading, the connection included."""
        self._settings = settings
        self._tables = tuple(tables)
        self._seconds = seconds

    async def counts(self, start: date) -> Counts:
        """Exact counts per table and UTC day from `start` on. Raises ServiceError."""
        if not self._settings.dsn:
            raise off("no POSTGRES_DSN: counts begin at BigQuery", "postgres counts")
        async with self._session() as connection:
            there = dict(await _rows(connection, queries.existing(self._tables)))
            tables = [table for table in self._tables if there[table.name]]
            query = queries.counts(tables, start)
            found = await _rows(connection, query) if tables else []
        return Counts(
            start=start,
            series={table.name: _series(table, found) for table in tables},
            query=query.repeat,
            missing={
                # the server's own words, had it been asked
                table.name: clean(f'relation "{table.source}" does not exist')
                for table in self._tables
                if not there[table.name]
            },
        )

    async def server(self) -> Server:
        """Whether it answers at all, by a question that costs nothing. Raises ServiceError."""
        if not self._settings.dsn:
            raise off("no POSTGRES_DSN: counts begin at BigQuery", "postgres server")
        async with self._session() as connection:
            text = "SELECT current_setting('server_version'), pg_is_in_recovery()"
            ((version, recovering),) = await _rows(connection, Query(text))
        return Server(clean(version, 60), bool(recovering))

    @asynccontextmanager
    async def _session(self) -> "AsyncGenerator[psycopg.AsyncConnection[Row]]":
        """A read-only transaction in UTC with a statement timeout; errors as ServiceErrors."""
        import psycopg

        _keep_quiet()
        where = f"postgres counts, {self._target()}"
        try:
            async with (
                deadline(self._seconds, where),
                await psycopg.AsyncConnection.connect(
                    self._settings.dsn.reveal(),
                    application_name="altui",
                    connect_timeout=CONNECT,
                    # a pooler in transaction mode knows no prepared statements
                    prepare_threshold=None,
                    cursor_factory=psycopg.AsyncRawCursor,
                ) as connection,
            ):
                await connection.set_read_only(True)
                limit = int(self._settings.statement_timeout_ms)
                await connection.execute("SET LOCAL TIME ZONE 'UTC'")
                await connection.execute(
                    cast(LiteralString, f"SET LOCAL statement_timeout = {limit}")
                )
                yield connection
        except psycopg.Error as error:
            raise translated(error, where) from error

    def _target(self) -> str:
        """Host, port and database of the DSN, for a person."""
        from psycopg.conninfo import conninfo_to_dict
        from psycopg.errors import ProgrammingError

        try:
            parts = conninfo_to_dict(self._settings.dsn.reveal())
        except ProgrammingError:
            # libpq's message quotes the DSN, password and all
            words = "POSTGRES_DSN cannot be understood"
            raise off(words, "postgres counts") from None
        host, port = parts.get("host", "localhost"), parts.get("port", 5432)
        return f"{host}:{port}/{parts.get('dbname', '')}"


@cache
def _keep_quiet() -> None:
    """psycopg warns on stderr when a server does not end a cancelled query; that is our error."""
    logging.getLogger("psycopg").addHandler(logging.NullHandler())


DENIED = (
    "password authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "authentication failed for user",
    "permission denied",
    "is not permitted to log in",
    "no password supplied",
)
"""libpq gives no SQLSTATE for a refused connection, only the server's English words."""


ADDRESSED = re.compile(
    r'^connection failed: connection to server (?:at|on socket) "[^"]*"'
    r"(?: \([^)]*\))?(?:, port \d+)? failed: "
)
"""What libpq says before the server's words; the address stands in the error's `where`."""
NOT_POSTGRES = ("invalid response to SSL negotiation", "expected authentication request")
"""What libpq says when something else answers at the address."""


def translated(error: "psycopg.Error", where: str) -> ServiceError:
    """PostgreSQL's error as one of ours, by SQLSTATE, or by its words while connecting."""
    import psycopg

    primary = error.diag.message_primary if error.sqlstate else None
    words = primary or str(error)
    if isinstance(error, psycopg.DataError) and not error.sqlstate:
        # psycopg could not read what came, such as a timestamp at infinity
        return ServiceError(Trouble.nonsense, words, where)
    if error.sqlstate:
        words = f"{error.sqlstate} {words}"
        return ServiceError(_trouble_of_state(error.sqlstate), words, where)
    return ServiceError(_trouble_of_words(words), ADDRESSED.sub("", words), where)


def _trouble_of_state(state: str) -> Trouble:
    if state.startswith("28") or state == "42501":
        return Trouble.denied
    if state in {"42P01", "42703", "3F000", "3D000"}:
        return Trouble.missing
    # 57014 is our own statement timeout, 40001 a replica's conflict with recovery: no figure now
    if state.startswith(("08", "40")) or state == "57014":
        return Trouble.unreachable
    return Trouble.refused


def _trouble_of_words(words: str) -> Trouble:
    # "FATAL:" stands before what the server itself said
    if "FATAL:" in words or "no password supplied" in words:
        lowered = words.lower()
        said_no = any(no in lowered for no in DENIED)
        unknown_role = "role" in lowered and "does not exist" in lowered
        if said_no or unknown_role:
            return Trouble.denied
        if "database" in lowered and "does not exist" in lowered:
            return Trouble.missing
        return Trouble.refused
    return Trouble.nonsense if any(odd in words for odd in NOT_POSTGRES) else Trouble.unreachable


async def _rows(connection: "psycopg.AsyncConnection[Row]", query: Query) -> list[Row]:
    params = list(query.params.values()) or None
    cursor = await connection.execute(cast(LiteralString, query.text), params)
    return await cursor.fetchall()


def _series(table: Table, rows: Sequence[Row]) -> Series:
    total = 0
    latest: datetime | None = None
    by_day: dict[date, int] = {}
    changed: dict[date, datetime] = {}
    for _, day, n, written, newest in (row for row in rows if row[0] == table.name):
        total += n
        moment = _moment(newest)
        latest = max(filter(None, (latest, moment)), default=None)
        if day is None:
            continue
        by_day[day] = n
        if at := _moment(written):
            changed[day] = at
    return Series(rows=total, latest=latest, by_day=by_day, changed=changed)


def _moment(value: datetime | date | None) -> datetime | None:
    """A timestamp or date of the table as UTC."""
    if value is None or isinstance(value, datetime):
        return utc(value)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)
