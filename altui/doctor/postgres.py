"""PostgreSQL: the connection, the role, and whether the source tables can be counted in time."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, LiteralString, cast

from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Table
from altui.core.queries.postgres import quoted
from altui.doctor.exam import Context, Exams, failed, unset
from altui.services.addresses import is_loopback
from altui.services.errors import ServiceError, deadline, misconfigured
from altui.services.postgres import translated
from altui.services.text import clean

if TYPE_CHECKING:
    import psycopg

Row = Mapping[str, Any]
FEW = 5
"""Connections; with fewer left the next deployment finds none."""
ROLE = "altui_reader"

SESSION = """
SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS replica,
  current_user AS role, rolsuper AS super, coalesce(pg_stat_ssl.ssl, false) AS tls,
  current_setting('transaction_read_only') AS read_only,
  current_setting('default_transaction_read_only') AS read_only_by_default,
  current_setting('statement_timeout') AS timeout,
  current_setting('application_name') AS application,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    AS most,
  (SELECT sum(numbackends)::int FROM pg_stat_database) AS used
FROM pg_roles LEFT JOIN pg_stat_ssl ON pid = pg_backend_pid()
WHERE rolname = current_user
"""
TABLE = """
SELECT to_regclass($1) IS NOT NULL AS there,
  has_table_privilege(to_regclass($1), 'SELECT') AS may_read,
  ARRAY(SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
        WHERE has_table_privilege(to_regclass($1), p)) AS writes,
  ARRAY(SELECT attname::text FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT relkind::text FROM pg_class WHERE oid = to_regclass($1)) AS kind,
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass($1)) AS tuples,
  EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
          WHERE indrelid = to_regclass($1) AND indisvalid AND attname = $2) AS indexed
"""
LARGE = 1_000_000
"""Rows; without an index on its day column a smaller table is counted in time all the same."""


async def exam(context: Context) -> Exams:
    settings = context.settings
    dsn = settings.postgres.dsn.reveal()
    if not dsn:
        fix = f"set POSTGRES_DSN, such as postgresql://{ROLE}:PASSWORD@replica:5432/DATABASE"
        follows = "counts begin at BigQuery"
        yield unset("postgres.connection", "connection", "POSTGRES_DSN", follows, fix, half=False)
        return
    try:
        async with _session(context) as connection:
            (seen,) = await _asked(connection, SESSION)
            yield _connection(seen, dsn)
            tables: list[tuple[Table, Row]] = []
            for table in settings.pipeline.tables:
                result, row = await _table(connection, table, clean(seen["role"], 100))
                yield result
                tables += [(table, row)] if row else []
            yield _role(seen, tables)
            yield _limits(seen, settings.postgres.statement_timeout_ms)
            yield _room(seen)
    except ServiceError as error:
        yield failed("postgres.connection", "connection", error, _fix(context, error))


def target(dsn: str) -> str:
    """Host, port and database of a DSN, for a person; empty when it cannot be understood."""
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.errors import ProgrammingError

    if not dsn:
        return ""
    try:
        parts = conninfo_to_dict(dsn)
    except ProgrammingError:
        return ""
    host, port = parts.get("host", "localhost"), parts.get("port", 5432)
    return f"{host}:{port}/{parts.get('dbname', '')}"


@asynccontextmanager
async def _session(context: Context) -> "AsyncGenerator[psycopg.AsyncConnection[Row]]":
    """A session set up as counting sets up its own: read-only, with a statement timeout.

    Raises ServiceError.
    """
    import psycopg
    from psycopg.rows import dict_row

    dsn = context.settings.postgres.dsn.reveal()
    limit = int(context.settings.postgres.statement_timeout_ms)
    where = f"connect to {target(dsn)}"
    try:
        async with (
            deadline(context.patience, where),
            await psycopg.AsyncConnection.connect(
                dsn,
                application_name="altui",
                connect_timeout=max(2, int(context.patience)),
                prepare_threshold=None,
                cursor_factory=psycopg.AsyncRawCursor,
                row_factory=cast(Any, dict_row),
            ) as connection,
        ):
            await connection.set_read_only(True)
            await connection.execute(cast(LiteralString, f"SET LOCAL statement_timeout = {limit}"))
            yield cast(Any, connection)
    except psycopg.ProgrammingError as error:
        if error.sqlstate:
            raise translated(error, where) from error
        # libpq's message quotes the DSN, password and all
        raise misconfigured("POSTGRES_DSN cannot be understood", where) from None
    except psycopg.Error as error:
        raise translated(error, where) from error


async def _asked(
    connection: "psycopg.AsyncConnection[Row]", text: str, *values: str
) -> Sequence[Row]:
    cursor = await connection.execute(cast(LiteralString, text), list(values) or None)
    return await cursor.fetchall()


def _fix(context: Context, error: ServiceError) -> str:
    came = context.came_from("postgres.dsn")
    if error.trouble is Trouble.denied and "pg_hba" in error.words:
        return f"let this host in: a line in the server's pg_hba.conf; POSTGRES_DSN{came}"
    if error.trouble is Trouble.denied:
        return f"set POSTGRES_DSN{came} with the role's right password"
    if error.trouble is Trouble.misconfigured:
        return f"write POSTGRES_DSN{came} as postgresql://ROLE:PASSWORD@HOST:5432/DATABASE"
    if error.trouble is Trouble.missing:
        return f"name the right database in POSTGRES_DSN{came}"
    return f"are host and port right, and reachable from here (VPN, firewall)? POSTGRES_DSN{came}"


def _connection(seen: Row, dsn: str) -> Result:
    from psycopg.conninfo import conninfo_to_dict

    host = str(conninfo_to_dict(dsn).get("host") or "localhost")
    local = host.startswith("/") or is_loopback(f"//{host}")
    tls = "TLS" if seen["tls"] else f"no TLS{' (this host)' if local else ''}"
    kind = "replica" if seen["replica"] else "primary"
    said = f"PostgreSQL {clean(seen['version'], 40).split(' ')[0]}, {kind}, {tls}"
    hints = ["a replica, where there is one, spares the primary the counts"]
    hints = [] if seen["replica"] or local else hints
    hints += [] if seen["tls"] or local else ["add sslmode=require to POSTGRES_DSN"]
    tried = f"connect to {target(dsn)}, pg_is_in_recovery(), pg_stat_ssl"
    return Result("postgres.connection", "connection", State.ok, said, tried, "; ".join(hints))


async def _table(
    connection: "psycopg.AsyncConnection[Row]", table: Table, role: str
) -> tuple[Result, Row | None]:
    """Whether the table can be counted by day; a refusal leaves the session usable."""
    import psycopg

    here, subject = f"postgres.table.{table.name}", clean(table.name, 13)
    tried = f"catalogue of {table.source}"
    try:
        async with connection.transaction():
            (row,) = await _asked(connection, TABLE, quoted(table.source), table.day)
    except psycopg.Error as error:
        refusal = translated(error, tried)
        return failed(here, subject, refusal, "grant it", _grants(table, role)), None
    if not row["there"]:
        said = f'relation "{table.source}" does not exist'
        fix = f"name the right table under [pipeline] tables, {table.name}: source"
        return Result(here, subject, State.broken, said, tried, fix), None
    if not row["may_read"]:
        said = f"role {role} may not SELECT from {table.source}"
        return Result(
            here, subject, State.denied, said, tried, "grant it", _grants(table, role)
        ), None
    wanted = [table.day, table.created, *([table.updated] if table.updated else [])]
    lacking = [name for name in dict.fromkeys(wanted) if name not in row["columns"]]
    if lacking:
        said = f"{table.source} has no column {', '.join(lacking)}"
        fix = f"name its columns under [pipeline] tables, {table.name}: day, created, updated"
        return Result(here, subject, State.broken, said, tried, fix), None
    said = f"SELECT on {table.source}, its columns are there"
    if row["indexed"] or row["kind"] == "v":
        return Result(here, subject, State.ok, said, tried), row
    hint = f"no index on {table.day}"
    hint += ": counting may outlast the statement timeout" if row["tuples"] > LARGE else ""
    command = f"CREATE INDEX CONCURRENTLY ON {quoted(table.source)} ({quoted(table.day)});"
    return Result(here, subject, State.ok, said, tried, hint, (command,)), row


def _grants(table: Table, role: str) -> tuple[str, ...]:
    schema = table.source.rpartition(".")[0] or "public"
    return (
        f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)};",
        f"GRANT SELECT ON {quoted(table.source)} TO {quoted(role)};",
    )


def _role(seen: Row, tables: Sequence[tuple[Table, Row]]) -> Result:
    here, role = "postgres.role", clean(seen["role"], 100)
    tried = "has_table_privilege(), pg_roles.rolsuper"
    writes = [table.source for table, row in tables if row["writes"]]
    if not seen["super"] and not writes:
        return Result(here, "role", State.ok, f"{role} only reads", tried)
    what = "is a superuser" if seen["super"] else f"may write to {', '.join(writes)}"
    schemas = dict.fromkeys(quoted(table.source.rpartition(".")[0]) for table, _ in tables)
    sources = ", ".join(quoted(table.source) for table, _ in tables)
    commands = (
        f"CREATE ROLE {ROLE} LOGIN PASSWORD '...';",
        f"GRANT USAGE ON SCHEMA {', '.join(filter(None, schemas)) or 'public'} TO {ROLE};",
        f"GRANT SELECT ON {sources} TO {ROLE};",
        f"ALTER ROLE {ROLE} SET default_transaction_read_only = on;",
    )
    hint = "altui's sessions are read-only all the same; better use a role that only reads"
    return Result(here, "role", State.ok, f"{role} {what}", tried, hint, commands if tables else ())


def _limits(seen: Row, wanted_ms: int) -> Result:
    """What holds in the session is asked of the server: a pooler may drop what was set."""
    here, tried = "postgres.session", "current_setting() in a session like that of counting"
    timeout, application = clean(seen["timeout"], 20), clean(seen["application"], 60)
    said = f"read-only, statement_timeout {timeout}, name {application}"
    if seen["read_only"] != "on" or milliseconds(timeout) != wanted_ms:
        words = f"transaction_read_only {seen['read_only']}, statement_timeout {timeout}"
        fix = "a pooler drops what altui sets: connect to PostgreSQL itself in POSTGRES_DSN"
        return Result(here, "session", State.broken, words, tried, fix)
    return Result(here, "session", State.ok, said, tried)


def milliseconds(setting: str) -> int | None:
    """A time setting as PostgreSQL shows it: `5s`, `250ms`, `2min`, `0`."""
    units = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "": 1}
    number = setting.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = setting[len(number) :]
    return int(number) * units[unit] if number.isdigit() and unit in units else None


def _room(seen: Row) -> Result:
    here, tried = "postgres.room", "max_connections, pg_stat_database.numbackends"
    most, used = int(seen["most"]), int(seen["used"] or 0)
    said = f"{max(most - used, 0)} of {most} connections left"
    hint = (
        "altui needs one every 15 minutes; others may soon find none" if most - used < FEW else ""
    )
    return Result(here, "connections", State.ok, said, tried, hint)
