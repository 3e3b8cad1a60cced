"""The real copier: PostgreSQL to BigQuery, table by table."""

import io
import json
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace as with_values
from typing import IO, TYPE_CHECKING

from msgspec.structs import replace

from altui.sandbox.fivetran.copier import Check, CopyError, Order, StoppedError, TableCopy
from altui.sandbox.fivetran.log import COLUMNS, DATASET, TABLE
from altui.sandbox.fivetran.source import Source, connection_string, reading
from altui.sandbox.fivetran.state import CHANGED, SYSTEM, Column, LogRow, Table
from altui.sandbox.world import World

if TYPE_CHECKING:
    from altui.sandbox.fivetran.destination import Destination

_FLAG = Column(CHANGED, "BOOL")


class Pipe:
    def __init__(self, world: World) -> None:
        self._world = world
        self._staging = f"fivetran_{world.fivetran_connection}_staging"

    # -- Copier ----------------------------------------------------------------------------------

    def copy(self, order: Order) -> None:
        def tick() -> None:
            if order.stop.is_set():
                raise StoppedError

        with self._destination() as warehouse, self._source(order.config) as rows:
            for dataset in (self._world.dataset, self._staging):
                warehouse.ensure_dataset(dataset)
            for table in _present(rows, order.tables):
                tick()
                order.done.append(_Turn(self, rows, warehouse, order, tick).copy(table))

    def discover(self, config: dict[str, str]) -> tuple[Table, ...]:
        with self._source(config) as source:
            return source.tables()

    def check_source(self, tables: Sequence[Table], config: dict[str, str]) -> list[Check]:
        connecting = Check("Connecting to the database")
        reads = [Check(f"Reading {table.source}") for table in tables]
        try:
            with reading(self._dsn(config)) as source:
                found = {table.source for table in source.tables()}
        except CopyError as problem:
            refused = with_values(connecting, words=str(problem))
            return [refused, *(with_values(check, skipped=True) for check in reads)]
        results = [connecting]
        for check, table in zip(reads, tables, strict=True):
            words = "" if table.source in found else self._refusal(table, config)
            results.append(with_values(check, words=words))
        return results

    def check_destination(self) -> list[Check]:
        check = Check("Connecting to BigQuery")
        try:
            with self._destination() as warehouse:
                warehouse.reach()
        except CopyError as problem:
            return [with_values(check, words=str(problem))]
        return [check]

    def append_log(self, rows: Sequence[LogRow]) -> None:
        lines = io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())
        with self._destination() as warehouse:
            warehouse.ensure_dataset(DATASET)
            warehouse.load(DATASET, TABLE, COLUMNS, lines)

    # -- what a turn needs -----------------------------------------------------------------------

    @property
    def dataset(self) -> str:
        return self._world.dataset

    @property
    def staging(self) -> str:
        return self._staging

    def _dsn(self, config: dict[str, str]) -> str:
        return connection_string(self._world.postgres_fivetran_dsn, config)

    def _refusal(self, table: Table, config: dict[str, str]) -> str:
        """Why a table is not among those that can be read, in PostgreSQL's words."""
        try:
            with reading(self._dsn(config)) as source:
                source.probe(table)
        except CopyError as problem:
            return str(problem)
        return f"{table.source} has no primary key"

    @contextmanager
    def _source(self, config: dict[str, str]) -> Generator[Source]:
        with reading(self._dsn(config)) as source:
            yield source

    @contextmanager
    def _destination(self) -> "Generator[Destination]":
        from altui.sandbox.fivetran.destination import Destination

        warehouse = Destination(self._world.bigquery_url, self._world.project_id)
        try:
            yield warehouse
        finally:
            warehouse.close()


def _present(source: Source, known: Sequence[Table]) -> list[Table]:
    """The tables to copy, with their present columns.

    Raises psycopg.Error, through the probe, for a table that was copied and cannot be read now.
    """
    found = {table.source: table for table in source.tables()}
    for table in known:
        if table.source not in found:
            source.probe(table)
    marks = {table.source: table.mark for table in known}
    return [replace(table, mark=marks.get(name)) for name, table in found.items()]


class _Turn:
    """One table's way through one sync."""

    def __init__(
        self,
        pipe: Pipe,
        source: Source,
        warehouse: "Destination",
        order: Order,
        tick: Callable[[], None],
    ) -> None:
        self._dataset, self._staging = pipe.dataset, pipe.staging
        self._source, self._warehouse = source, warehouse
        self._order, self._tick = order, tick

    def copy(self, table: Table) -> TableCopy:
        there = self._warehouse.columns(self._dataset, table.destination)
        if there is not None and _retyped(table, there):
            # A column whose type changed takes the table anew; Fivetran would rewrite the column.
            self._warehouse.drop(self._dataset, table.destination)
            there, table = None, replace(table, mark=None)
        extract = self._source.changes(table)
        done = replace(table, mark=extract.mark)
        if there is None:
            if table.mark is None:
                with self._exported(table, every_key=False) as rows:
                    self._load(self._dataset, table.destination, (*table.columns, *SYSTEM), rows)
                return TableCopy(done, extract.changed, created=True)
            self._warehouse.create(self._dataset, table.destination, (*table.columns, *SYSTEM))
            there = {column.name: column.type for column in table.columns}
        added = tuple(column for column in table.columns if column.name not in there)
        if added:
            self._warehouse.add(self._dataset, table.destination, added)
        if not extract.changed and table.mark and table.mark.rows == extract.mark.rows:
            return TableCopy(done, added=added)  # nothing new and as many rows: none deleted
        written = self._merge(table, tuple(there))
        return TableCopy(done, extract.changed, written - extract.changed, added=added)

    def _merge(self, table: Table, there: Sequence[str]) -> int:
        names = {column.name for column in (*table.columns, *SYSTEM)}
        gone = [name for name in there if name not in names]
        warehouse, staged = self._warehouse, table.destination
        # a load into a table of an earlier shape keeps that shape on the emulator
        warehouse.drop(self._staging, staged)
        with self._exported(table, every_key=True) as rows:
            self._load(self._staging, staged, (*table.columns, *SYSTEM, _FLAG), rows)
        try:
            return warehouse.merge(
                self._dataset,
                table.destination,
                staging=f"{self._staging}.{staged}",
                columns=table.columns,
                gone=gone,
                synced=self._order.synced_at.isoformat(),
            )
        finally:
            warehouse.drop(self._staging, staged)

    @contextmanager
    def _exported(self, table: Table, *, every_key: bool) -> Generator[IO[bytes]]:
        with tempfile.TemporaryFile() as rows:
            self._source.export(
                table, self._order.synced_at, rows, every_key=every_key, tick=self._tick
            )
            yield rows

    def _load(self, dataset: str, name: str, columns: Sequence[Column], rows: IO[bytes]) -> None:
        self._tick()
        self._warehouse.load(dataset, name, columns, rows)
        self._tick()


def _retyped(table: Table, there: dict[str, str]) -> bool:
    return any(there.get(column.name, column.type) != column.type for column in table.columns)
