"""What Fivetran knows of the connection, and how it changes. Pure: times are parameters."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from altui.sandbox.fivetran.schedule import next_slot

DELETED, SYNCED = "_fivetran_deleted", "_fivetran_synced"
CHANGED = "_fivetran_changed"
"""Staging only: false where a row is named but not carried."""


class Column(Struct, frozen=True):
    name: str
    type: str
    """Its BigQuery type."""
    key: bool = False


SYSTEM = (Column(DELETED, "BOOL"), Column(SYNCED, "TIMESTAMP"))
"""What Fivetran adds to every table."""


class Mark(Struct, frozen=True):
    """How far a table has been copied."""

    xmin: int
    """Rows written by this transaction or a later one have not been copied yet."""
    rows: int
    """Rows at the source when it was copied."""


class Table(Struct, frozen=True):
    schema: str
    name: str
    columns: tuple[Column, ...] = ()
    mark: Mark | None = None
    """None: the whole table is to be copied at the next sync."""

    @property
    def source(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def destination(self) -> str:
        return f"{self.schema}_{self.name}"


class Note(Struct, frozen=True):
    """A task or a warning of the connection's status."""

    code: str
    message: str
    details: str | None = None


LogRow = dict[str, Any]


class Connection(Struct, frozen=True):
    created_at: datetime
    paused: bool = False
    pause_after_trial: bool = False
    sync_frequency: int = 60
    schedule_type: str = "auto"
    daily_sync_time: str | None = None
    data_delay_sensitivity: str = "NORMAL"
    data_delay_threshold: int = 0
    setup_state: str = "connected"
    started_at: datetime | None = None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    rescheduled_for: datetime | None = None
    running: str | None = None
    """Id of the sync that runs."""
    tasks: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    tables: tuple[Table, ...] = ()
    config: dict[str, str] = {}
    """Settings of the source that somebody changed by PATCH; the rest is the sandbox's own."""
    log: tuple[LogRow, ...] = ()
    """Rows of the sync log that BigQuery does not hold yet."""
    seeded: bool = False

    @property
    def historical(self) -> bool:
        """Whether the next sync copies whole tables."""
        return not self.tables or any(table.mark is None for table in self.tables)

    def table(self, schema: str, name: str) -> Table | None:
        found = (table for table in self.tables if (table.schema, table.name) == (schema, name))
        return next(found, None)


# -- schedule ------------------------------------------------------------------------------------


def next_event(connection: Connection, now: datetime) -> datetime | None:
    """When the connection syncs by itself: now when overdue, None while paused or manual."""
    if connection.paused or connection.schedule_type != "auto":
        return None
    if connection.rescheduled_for is not None:
        return max(connection.rescheduled_for, now)
    if connection.started_at is None:
        return now
    frequency, daily = connection.sync_frequency, connection.daily_sync_time
    return max(next_slot(connection.started_at, frequency, daily), now)


def sync_state(connection: Connection) -> str:
    if connection.running is not None:
        return "syncing"
    if connection.paused:
        return "paused"
    return "scheduled" if connection.rescheduled_for is None else "rescheduled"


def delayed(connection: Connection, now: datetime) -> bool:
    """Fivetran's update_state: no success for two turns of the schedule, or never."""
    if connection.succeeded_at is None:
        return True
    turns = timedelta(minutes=2 * connection.sync_frequency)
    return now - connection.succeeded_at > turns


# -- transitions ---------------------------------------------------------------------------------


def started(connection: Connection, sync: str, now: datetime) -> Connection:
    return replace(connection, running=sync, started_at=now, rescheduled_for=None)


def copied(connection: Connection, tables: Iterable[Table]) -> Connection:
    """With the tables that have been copied, whatever became of the others."""
    known = {table.source: table for table in connection.tables}
    known |= {table.source: table for table in tables}
    return replace(connection, tables=tuple(known.values()))


def succeeded(connection: Connection, now: datetime) -> Connection:
    return replace(
        connection, running=None, succeeded_at=now, setup_state="connected", tasks=(), warnings=()
    )


def failed(connection: Connection, task: Note, now: datetime) -> Connection:
    return replace(connection, running=None, failed_at=now, setup_state="broken", tasks=(task,))


def canceled(connection: Connection) -> Connection:
    return replace(connection, running=None)


def rescheduled(connection: Connection, until: datetime) -> Connection:
    return replace(connection, running=None, rescheduled_for=until)


def tested(connection: Connection, failures: Iterable[Note]) -> Connection:
    """After setup tests: broken with their failures as tasks, or connected without any."""
    tasks = tuple(failures)
    return replace(connection, setup_state="broken" if tasks else "connected", tasks=tasks)


def to_reload(connection: Connection, scope: dict[str, list[str]] | None) -> Connection:
    """With the tables of the scope (None: all) to be copied whole at the next sync.

    Raises KeyError with `schema.table` for a table the connection does not have.
    """
    if scope is None:
        chosen = {table.source for table in connection.tables}
    else:
        chosen = {f"{schema}.{name}" for schema, names in scope.items() for name in names}
        unknown = chosen - {table.source for table in connection.tables}
        if unknown:
            raise KeyError(min(unknown))
    return replace(
        connection,
        tables=tuple(
            replace(table, mark=None) if table.source in chosen else table
            for table in connection.tables
        ),
    )


def discovered(connection: Connection, found: Iterable[Table]) -> Connection:
    """With the tables and columns that the source has now; what has gone is asked for no more."""
    marks = {table.source: table.mark for table in connection.tables}
    tables = tuple(replace(table, mark=marks.get(table.source)) for table in found)
    return replace(connection, tables=tables)


# -- on disk -------------------------------------------------------------------------------------


def load(path: Path) -> Connection | None:
    """The connection as it was kept; a sync that ran then has been cut off."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Connection)
    except FileNotFoundError:
        return None
    return replace(kept, running=None)


def save(path: Path, connection: Connection) -> None:
    """Replaces the file whole, so that a crash leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(connection))
    new.replace(path)
