"""Reading BigQuery: free table metadata, and exact counts by one bounded query."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from altui.config import BigQuerySettings
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Series, TableMeta, Warehouse
from altui.core.queries import bigquery as queries
from altui.core.queries.bigquery import Relation
from altui.services.bigquery_client import Calls, connect
from altui.services.bigquery_errors import translated, words_of
from altui.services.errors import deadline, off
from altui.services.http import utc
from altui.services.text import clean
from altui.services.threads import Threads

T = TypeVar("T")

FLOOR = 10 * 1024**2
"""Bytes billed at least for each table that a query refers to."""


class BigQueryReader:
    """One client for all readings; it is made, and Google's library loaded, by the first."""

    def __init__(
        self,
        settings: BigQuerySettings,
        pipeline: Pipeline,
        seconds: float = 15.0,
        query_seconds: float = 40.0,
    ) -> None:
        """`seconds` bounds a reading of metadata, `query_seconds` one of counts."""
        self._settings = settings
        self._seconds = seconds
        self._query_seconds = query_seconds
        self._relations = queries.relations(
            pipeline, settings.dataset, settings.staging, settings.marts
        )
        self._client: Any = None
        self._threads = Threads()

    async def tables(self) -> Warehouse:
        """Metadata of every table the pipeline knows; costs nothing. Raises ServiceError."""
        return await self._ask("tables.get", self._seconds, self._read_tables)

    async def counts(self, start: date) -> Counts:
        """Exact counts per series and UTC day from `start` on; bills. Raises ServiceError."""
        return await self._ask(
            "counts query", self._query_seconds, lambda calls: self._read_counts(calls, start)
        )

    async def _ask(self, where: str, seconds: float, read: Callable[[Calls], T]) -> T:
        where = f"bigquery {where}"
        if not self._settings.project:
            raise off("no BQ_PROJECT: the warehouse is not read", where)

        def work() -> T:
            with translated(where):
                self._client = self._client or connect(self._settings)
                return read(Calls(self._client, seconds))

        async with deadline(seconds, where):
            return await self._threads.run(where, work)

    def _read_tables(self, calls: Calls) -> Warehouse:
        there, missing = self._present(calls)
        return Warehouse(
            tables={relation.name: _meta(table) for relation, table in there},
            missing={relation.name: words for relation, words in missing},
        )

    def _read_counts(self, calls: Calls, start: date) -> Counts:
        there, absent = self._present(calls)
        missing = {relation.key: words for relation, words in absent}
        parts: list[tuple[Relation, Mapping[str, str]]] = []
        for relation, table in there:
            columns = {field.name: str(field.field_type) for field in table.schema}
            lacking = [name for name in relation.needs if name not in columns]
            if lacking:
                missing[relation.key] = f"{relation.name} has no column {lacking[0]}"
            else:
                parts.append((relation, columns))
        if not parts:
            return Counts(start, {}, "", 0, missing)
        query = queries.counts(self._settings.project, parts, start)
        estimate = calls.estimate(query)
        # room above the estimate: rows arrive between the two questions
        least = FLOOR * len(parts)
        rows, billed = calls.rows(query, max(2 * estimate, 2 * least))
        series = {relation.key: _series(relation, rows) for relation, _ in parts}
        return Counts(
            start, series, query.repeat, 0 if billed is None else max(billed, least), missing
        )

    def _present(
        self, calls: Calls
    ) -> tuple[list[tuple[Relation, Any]], list[tuple[Relation, str]]]:
        """Each relation with its table, and those that BigQuery says do not exist."""
        from google.api_core.exceptions import NotFound

        there: list[tuple[Relation, Any]] = []
        missing: list[tuple[Relation, str]] = []
        for relation in self._relations:
            try:
                there.append((relation, calls.table(f"{self._settings.project}.{relation.name}")))
            except NotFound as error:
                missing.append((relation, words_of(error)))
        return there, missing


def _meta(table: Any) -> TableMeta:
    return TableMeta(
        rows=table.num_rows,
        bytes=table.num_bytes,
        modified=utc(table.modified),
        kind=clean(table.table_type, 40) or "TABLE",
    )


def _series(relation: Relation, rows: Sequence[Any]) -> Series:
    own = [row for row in rows if row["series"] == relation.key]
    physical = sum(row["n_rows"] for row in own)
    by_day: dict[date, int] = {}
    changed: dict[date, datetime] = {}
    for row in own:
        if row["day"] is None:
            continue
        by_day[row["day"]] = int(row["n"])
        if at := utc(row["changed"]):
            changed[row["day"]] = at
    return Series(
        rows=physical if relation.count else sum(int(row["n"]) for row in own),
        latest=max(filter(None, (utc(row["latest"]) for row in own)), default=None),
        by_day=by_day,
        changed=changed,
        synced=max(filter(None, (utc(row["changed"]) for row in own)), default=None),
        physical=physical if relation.raw else None,
    )
