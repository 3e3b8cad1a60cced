"""Reading PostgreSQL for a sync: which tables there are, and their changed rows as JSON lines.

Changes are found by xmin, the transaction that wrote a row's present version: Fivetran's XMIN
method, which needs SELECT only and sees rows whatever their own timestamps say. Deleted rows leave
no trace, so an increment names every key that is still there.
"""

import re
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from altui.sandbox.fivetran.copier import CopyError
from altui.sandbox.fivetran.state import CHANGED, DELETED, SYNCED, Column, Mark, Table

SECONDS = 120
"""The longest PostgreSQL may take over one table."""
GRACE_SECONDS = 2
"""What PostgreSQL gets beyond that to say itself that it took too long."""
CONNECT_SECONDS = 10
SCHEMAS = ["public"]
_ROW = "_fivetran_row"
_SETTINGS = {
    "host": "host",
    "port": "port",
    "database": "dbname",
    "user": "user",
    "password": "password",
}
"""Fivetran's names of a source's settings, and libpq's."""

_TYPES = {
    "smallint": "INT64",
    "integer": "INT64",
    "bigint": "INT64",
    "boolean": "BOOL",
    "real": "FLOAT64",
    "double precision": "FLOAT64",
    "date": "DATE",
    "timestamp without time zone": "DATETIME",
    "timestamp with time zone": "TIMESTAMP",
}

# BigQuery has no infinite date, and none outside the years 1 to 9999
_MOMENT = sql.SQL("CASE WHEN {0} >= '0001-01-01' AND {0} < '10000-01-01' THEN {0} END")
_EXPRESSIONS = {
    "DATE": _MOMENT,
    "DATETIME": _MOMENT,
    "TIMESTAMP": _MOMENT,
    "NUMERIC": sql.SQL("nullif({0}, 'NaN')::text"),
    "STRING": sql.SQL("{0}::text"),
}

_SNAPSHOT = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
FROM pg_current_snapshot() AS s
"""

_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       coalesce(a.attnum = ANY(i.indkey), false)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
"""


@dataclass(frozen=True)
class Extract:
    """What was written out of one table."""

    mark: Mark
    """Where the next sync goes on once this one is in the warehouse."""
    changed: int


class Source:
    """One reading transaction: every table as it was at the same moment."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]", seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        with self._bounded():
            snapshot = connection.execute(_SNAPSHOT).fetchone()
        assert snapshot is not None  # noqa: S101
        # a transaction still open now is at or above the floor: its rows are read next time
        self._floor, self._ceiling = snapshot

    def tables(self) -> tuple[Table, ...]:
        """The tables with a primary key that this role may read."""
        found: dict[tuple[str, str], list[Column]] = {}
        with self._bounded():
            rows = self._connection.execute(_COLUMNS, [SCHEMAS]).fetchall()
        for schema, table, column, kind, key in rows:
            found.setdefault((schema, table), []).append(Column(column, bigquery_type(kind), key))
        return tuple(Table(*name, tuple(columns)) for name, columns in found.items())

    def probe(self, table: Table) -> None:
        """Raises psycopg.Error in PostgreSQL's words when the table cannot be read."""
        with self._bounded():
            self._connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 0").format(_identifier(table)))

    def changes(self, table: Table) -> Extract:
        """How many rows an export would carry, and the mark that it leads to."""
        query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE {}) FROM {} AS _t")
        with self._bounded():
            counted = self._connection.execute(
                query.format(self._is_changed(table), _identifier(table))
            ).fetchone()
        assert counted is not None  # noqa: S101
        return Extract(Mark(xmin=self._floor, rows=counted[0]), changed=counted[1])

    def export(
        self, table: Table, synced: datetime, out: IO[bytes], *, every_key: bool, tick: "Tick"
    ) -> None:
        """Write changed rows as JSON lines; with `every_key` the unchanged ones' keys as well."""
        fields = [_field(column) for column in table.columns]
        fields.append(sql.SQL("false AS {}").format(sql.Identifier(DELETED)))
        fields.append(
            sql.SQL("{} AS {}").format(sql.Literal(synced.isoformat()), sql.Identifier(SYNCED))
        )
        if every_key:
            fields.append(sql.SQL("true AS {}").format(sql.Identifier(CHANGED)))
        row: sql.Composable = _json(fields)
        where: sql.Composable = self._is_changed(table)
        if every_key:
            keys = [_field(column) for column in table.columns if column.key]
            keys.append(sql.SQL("false AS {}").format(sql.Identifier(CHANGED)))
            row = sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(where, row, _json(keys))
            where = sql.SQL("true")
        # JSON holds no raw control character, so these delimiters leave its lines as they are
        statement = sql.SQL(
            "COPY (SELECT {} FROM {} AS _t WHERE {}) TO STDOUT"
            " WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
        ).format(row, _identifier(table), where)
        with self._bounded(), self._connection.cursor().copy(statement) as rows:
            for chunk in rows:
                tick()
                out.write(chunk)

    @contextmanager
    def _bounded(self) -> Generator[None]:
        """Cut the connection when its server keeps silent: psycopg would wait for ever."""
        late = threading.Event()

        def cut() -> None:
            late.set()
            with socket.fromfd(
                self._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM
            ) as end:
                end.shutdown(socket.SHUT_RDWR)

        watchdog = threading.Timer(self._seconds + GRACE_SECONDS, cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        except psycopg.OperationalError:
            if late.is_set():
                words = f"Read timed out: no answer within {self._seconds:g} s"
                raise CopyError("source", words) from None
            raise
        finally:
            watchdog.cancel()

    def _is_changed(self, table: Table) -> sql.Composable:
        if table.mark is None:
            return sql.SQL("true")
        # xmin holds the lower 32 bits of a transaction's number; the ceiling tells the rest
        return sql.SQL("{} - mod({} - _t.xmin::text::bigint, 4294967296) >= {}").format(
            sql.Literal(self._ceiling), sql.Literal(self._ceiling), sql.Literal(table.mark.xmin)
        )


Tick = Callable[[], None]
"""Called between pieces of work; raises to stop."""


@contextmanager
def reading(dsn: str, seconds: float = SECONDS) -> Generator[Source]:
    """Connect and read in one transaction, each answer within `seconds`.

    Raises CopyError, also in the body, in PostgreSQL's words.
    """
    try:
        connection = psycopg.connect(
            dsn,
            connect_timeout=CONNECT_SECONDS,
            application_name="fivetran",
            options=f"-c timezone=UTC -c statement_timeout={int(seconds * 1000)}",
        )
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield Source(connection, seconds)
        finally:
            connection.close()  # nothing to commit, and no answer to wait for
    except psycopg.Error as problem:
        raise CopyError("source", words_of(problem)) from problem


def connection_string(dsn: str, config: dict[str, str]) -> str:
    """The sandbox's own settings, with those that somebody changed in Fivetran."""
    changed = {_SETTINGS[name]: value for name, value in config.items() if name in _SETTINGS}
    return make_conninfo(dsn, **changed)


def shown_config(dsn: str, config: dict[str, str]) -> dict[str, Any]:
    """The source's settings as Fivetran shows them: the password is never told."""
    known = conninfo_to_dict(connection_string(dsn, config))
    shown = {name: known.get(key) for name, key in _SETTINGS.items()}
    return {**shown, "password": "******", "update_method": "XMIN"}


def words_of(problem: psycopg.Error) -> str:
    """What PostgreSQL said, in one line."""
    said = problem.diag.message_primary
    if said:
        return f"{problem.diag.severity or 'ERROR'}: {said}"
    return " ".join(str(problem).split())


def bigquery_type(kind: str) -> str:
    """Fivetran's type mapping for BigQuery, as far as an emulator loads it.

    json, jsonb and what BigQuery has no type for become STRING, as PostgreSQL prints it; numeric
    becomes NUMERIC where its declared precision fits (29 digits before the point, 9 after it), else
    STRING.
    """
    numeric = re.fullmatch(r"numeric\((\d+),(\d+)\)", kind)
    if numeric:
        precision, scale = map(int, numeric.groups())
        return "NUMERIC" if scale <= 9 and precision - scale <= 29 else "STRING"
    return _TYPES.get(re.sub(r"\(\d+\)", "", kind), "STRING")


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _json(fields: list[sql.Composed]) -> sql.Composed:
    """A row of these fields as JSON, whatever the table's own columns are called."""
    return sql.SQL("row_to_json((SELECT {row} FROM (SELECT {fields}) AS {row}))").format(
        row=sql.Identifier(_ROW), fields=sql.SQL(", ").join(fields)
    )


def _field(column: Column) -> sql.Composed:
    value = sql.Identifier("_t", column.name)
    expression = _EXPRESSIONS.get(column.type, sql.SQL("{0}")).format(value)
    return sql.SQL("{} AS {}").format(expression, sql.Identifier(column.name))
