"""Reading the source tables: one grouped query in a read-only transaction."""

import logging
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from altui.config import PostgresSettings
from altui.core.model.days import day_of
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Sync, Table
from altui.core.model.reading import Counts, Server
from altui.core.queries import postgres as queries
from altui.core.queries.query import Query
from altui.services.errors import ServiceError, deadline, misconfigured, off
from altui.services.postgres_session import SLOW, Full, Session, recounted, series_of
from altui.services.text import clean

if TYPE_CHECKING:
    import psycopg

CONNECT = 4
"""Seconds to connect; libpq takes whole ones, and no fewer than 2."""
PROMISE = Sync().promise
QUICK = 0.5
"""Seconds; a full count that takes less is no load worth avoiding."""


class PostgresReader:
    """Connects anew for each reading: every 15 minutes nothing is gained by a kept connection.

    The last full count is kept: while it is recent, a reading asks again only about days that may
    have changed since. A small source is always counted in full.
    """

    def __init__(
        self,
        settings: PostgresSettings,
        tables: Sequence[Table],
        seconds: float = 12.0,
        *,
        quiet_days: int = 14,
        promise: timedelta = PROMISE,
        quick: float = QUICK,
    ) -> None:
        """`seconds` bounds one reading, the connection included.

        Rows that were written longer ago than `promise` are counted apart.
        """
        self._settings = settings
        self._tables = tuple(tables)
        self._seconds = seconds
        self._quiet_days = quiet_days
        self._promise = promise
        self._quick = quick
        self._full: Full | None = None

    async def counts(self, start: date, now: datetime | None = None) -> Counts:
        """Exact counts per table and UTC day from `start` on. Raises ServiceError.

        With `now` the days that are settled may be those of the last full count. A table that is
        slow or locked is named in `failed`, while another could be counted.
        """
        if not self._settings.dsn:
            raise off("no POSTGRES_DSN: counts begin at BigQuery", "postgres counts")
        async with self._session() as session:
            there = dict(await session.rows(queries.existing(self._tables)))
            tables = [table for table in self._tables if there[table.name]]
            full = self._full
            if now and full and full.serves(tables, start):
                counts = await recounted(session, full, tables, start, now - self._promise)
            else:
                counts = None
            if counts is None:
                counts = await self._counted(session, tables, start, now)
        return replace(
            counts,
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
        async with self._session() as session:
            text = "SELECT current_setting('server_version'), pg_is_in_recovery()"
            ((version, recovering),) = await session.rows(Query(text))
        return Server(clean(version, 60), bool(recovering))

    def forget(self) -> None:
        """The next reading counts in full, whatever is known."""
        self._full = None

    async def _counted(
        self, session: Session, tables: Sequence[Table], start: date, now: datetime | None
    ) -> Counts:
        began = time.monotonic()
        quiet = day_of(now) - timedelta(days=self._quiet_days) if now else None
        older_than = now - self._promise if now else None

        def ask(some: Sequence[Table]) -> Query:
            return queries.counts(some, start, quiet, older_than)

        found, failed = await session.each(tables, ask)
        counts = Counts(
            start=start,
            series={
                table.name: series_of(table, found) for table in tables if table.name not in failed
            },
            query=ask(tables).repeat if tables else "",
            failed=failed,
            older_than=older_than,
        )
        took = time.monotonic() - began
        whole = now is not None and not failed and took >= self._quick
        self._full = Full(counts, now, began) if whole and now else None
        return counts

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        """A session that can only read, for one reading; errors as ServiceErrors."""
        import psycopg

        until = time.monotonic() + self._seconds

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
                yield Session(connection, self._settings.statement_timeout_ms, until)
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
            raise misconfigured(words, "postgres counts") from None
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
UNUSABLE = re.compile(
    r"connection is bad: (?:invalid |definition of service |service file )|could not match \d+ port"
)
"""What libpq and psycopg say of a DSN before they connect."""
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
    if state.startswith(("08", "40")) or state in SLOW:
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
    if UNUSABLE.match(words):
        return Trouble.misconfigured
    return Trouble.nonsense if any(odd in words for odd in NOT_POSTGRES) else Trouble.unreachable
