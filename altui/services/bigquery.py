"""Reading BigQuery: free table metadata, and exact counts by one bounded query."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite
from typing import Any, Protocol, TypeVar

from altui.config import BigQuerySettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Series, TableMeta, Warehouse
from altui.core.queries import bigquery as queries
from altui.core.queries.bigquery import Relation
from altui.core.words import binary
from altui.services.bigquery_client import Calls, connect
from altui.services.bigquery_errors import costs_nothing, translated, words_of
from altui.services.errors import ServiceError, deadline, off
from altui.services.headers import utc
from altui.services.text import clean
from altui.services.threads import Threads

T = TypeVar("T")
Part = tuple[Relation, Mapping[str, str]]
"""A relation with its columns and their types."""

FLOOR = 10 * 1024**2
"""Bytes billed at least for each table that a query refers to."""


class Budget(Protocol):
    """The day's bytes, which other processes draw on too."""

    def left(self) -> int: ...

    def book(self, count: int) -> date | None:
        """Takes bytes before they are billed: the day they are from, None where it lacks them."""
        ...

    def correct(self, day: date, by: int) -> None:
        """Adds to what was booked on a day, or gives some back."""
        ...


class BigQueryReader:
    """One client for all readings; it is made, and Google's library loaded, by the first."""

    def __init__(
        self,
        settings: BigQuerySettings,
        pipeline: Pipeline,
        seconds: float = 15.0,
        query_seconds: float = 40.0,
        budget: Budget | None = None,
    ) -> None:
        """`seconds` bounds a reading of metadata, `query_seconds` one of counts.

        What counts may cost is taken from the `budget` before they are asked for, and corrected
        by what they did cost.
        """
        self._settings = settings
        self._seconds = seconds
        self._query_seconds = query_seconds
        self._relations = queries.relations(
            pipeline, settings.dataset, settings.staging, settings.marts
        )
        self._budget = budget
        self._costly = False
        """Whether a query was begun that may be billed without an answer."""
        self._estimate = ("", 0, 0)
        """Text of the last query, bytes its tables held then, and its dry run's answer."""
        self._client: Any = None
        self._threads = Threads()

    async def tables(self) -> Warehouse:
        """Metadata of every table the pipeline knows; costs nothing. Raises ServiceError."""
        return await self._ask("tables.get", self._seconds, self._read_tables)

    async def counts(self, start: date) -> Counts:
        """Exact counts per series and UTC day from `start` on; bills.

        Raises ServiceError, a costly one where a query was begun.
        """

        def read(calls: Calls) -> Counts:
            self._costly = False
            return self._read_counts(calls, start)

        try:
            return await self._ask("counts query", self._query_seconds, read)
        except ServiceError as error:
            # a thread that was left behind has begun one too
            error.costly = self._costly
            raise

    async def estimate(self, start: date) -> int:
        """Bytes that `counts` will bill, by a dry run; costs nothing. Raises ServiceError."""

        def read(calls: Calls) -> int:
            parts, _, _, held = self._parts(calls)
            if not parts:
                return 0
            return max(self._estimated(calls, parts, start, held), FLOOR * len(parts))

        return await self._ask("dry run", self._query_seconds, read)

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

    def _parts(self, calls: Calls) -> tuple[list[Part], dict[str, str], dict[str, str], int]:
        """What can be counted, what is missing or cannot be measured, and the bytes held."""
        there, absent = self._present(calls)
        missing = {relation.key: words for relation, words in absent}
        unmeasured: dict[str, str] = {}
        parts: list[Part] = []
        for relation, table in there:
            columns = {field.name: str(field.field_type) for field in table.schema}
            lacking = [name for name in relation.needs if name not in columns]
            if lacking:
                missing[relation.key] = f"{relation.name} has no column {lacking[0]}"
            else:
                unfit = _unfit(relation, columns)
                unmeasured |= {f"{relation.key}.{name}": words for name, words in unfit.items()}
                parts.append((relation.without(set(unfit)), columns))
        return parts, missing, unmeasured, sum(int(table.num_bytes or 0) for _, table in there)

    def _read_counts(self, calls: Calls, start: date) -> Counts:
        parts, missing, unmeasured, held = self._parts(calls)
        if not parts:
            return Counts(start, {}, "", 0, missing)
        rows, billed, asked, refused = self._measured(calls, parts, start, held)
        return Counts(
            start,
            {relation.key: _series(relation, rows) for relation, _ in asked},
            queries.counts(self._settings.project, asked, start).repeat,
            billed,
            missing,
            unmeasured=unmeasured | refused,
        )

    def _measured(
        self, calls: Calls, parts: list[Part], start: date, held: int
    ) -> tuple[Sequence[Any], int, list[Part], dict[str, str]]:
        """The rows, without the measures whose expression BigQuery refuses, and its words."""
        from google.api_core.exceptions import BadRequest

        refused: dict[str, str] = {}
        try:
            estimate = self._estimated(calls, parts, start, held)
        except BadRequest:
            parts, refused = self._without_bad(calls, parts)
            if not refused:
                raise
            estimate = self._estimated(calls, parts, start, held)
        try:
            return *self._bounded(calls, parts, start, estimate), parts, refused
        except BadRequest as error:
            # an expression that only fails on the rows it meets: the counts are worth more
            failed = {
                f"{relation.key}.{measure.name}": words_of(error)
                for relation, _ in parts
                for measure in relation.measures
                if not relation.stored
            }
            if not failed:
                raise
            bare = [(_bare(relation), columns) for relation, columns in parts]
            found = self._bounded(calls, bare, start, estimate)
            return *found, bare, refused | failed

    def _estimated(self, calls: Calls, parts: list[Part], start: date, held: int) -> int:
        """Bytes by a dry run; the last one serves until the tables have grown by a quarter."""
        query = queries.counts(self._settings.project, parts, start)
        text, then, estimate = self._estimate
        if text != query.text or held > 1.25 * then:
            estimate = calls.estimate(query)
            self._estimate = (query.text, held, estimate)
        return estimate

    def _bounded(
        self, calls: Calls, parts: list[Part], start: date, estimate: int
    ) -> tuple[Sequence[Any], int]:
        """The rows, and the bytes billed; refused where the day's budget does not hold them."""
        query = queries.counts(self._settings.project, parts, start)
        least = FLOOR * len(parts)
        need = max(estimate, least)
        day = self._booked(need)
        # room above the estimate: rows arrive between the two questions
        most = 2 * need if self._budget is None else need + min(need, max(self._budget.left(), 0))
        job: Any = None
        try:
            job = calls.begin(query, most)
            rows, billed = calls.rows(job)
        except Exception as error:
            if costs_nothing(error, begun=job is not None):
                self._settle(day, -need)
            raise
        cost = 0 if billed is None else max(billed, least)
        self._settle(day, cost - need)
        return rows, cost

    def _booked(self, need: int) -> date | None:
        """The day that the bytes are taken from; None where nobody keeps count."""
        day = self._budget.book(need) if self._budget else None
        if self._budget and day is None:
            words = (
                f"a query bills {binary(need)}, today's budget has"
                f" {binary(max(self._budget.left(), 0))} left; next at 00:00Z"
            )
            raise ServiceError(Trouble.budget, words, "bigquery counts query")
        self._costly = True
        return day

    def _settle(self, day: date | None, by: int) -> None:
        self._costly = False
        if self._budget and day and by:
            self._budget.correct(day, by)

    def _without_bad(self, calls: Calls, parts: list[Part]) -> tuple[list[Part], dict[str, str]]:
        """The parts without those measures that a dry run of their own, free, refuses."""
        from google.api_core.exceptions import BadRequest

        refused: dict[str, str] = {}
        kept: list[Part] = []
        for relation, columns in parts:
            bad: set[str] = set()
            for measure in () if relation.stored else relation.measures:
                try:
                    calls.estimate(queries.measured(self._settings.project, relation, measure))
                except BadRequest as error:
                    bad.add(measure.name)
                    refused[f"{relation.key}.{measure.name}"] = words_of(error)
            kept.append((relation.without(bad), columns))
        return kept, refused

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


def _unfit(relation: Relation, columns: Mapping[str, str]) -> dict[str, str]:
    """Measures that the table's columns cannot give, and why."""
    unfit: dict[str, str] = {}
    for measure in relation.measures if relation.stored else ():
        kind = columns.get(measure.name)
        if kind is None:
            unfit[measure.name] = f"{relation.name} has no column {measure.name}"
        elif kind not in queries.NUMBERS:
            unfit[measure.name] = f"{relation.name}.{measure.name} is {clean(kind, 40)}, no number"
    return unfit


def _bare(relation: Relation) -> Relation:
    """Without what an expression computes; columns stay."""
    return relation if relation.stored else relation.without({m.name for m in relation.measures})


def _series(relation: Relation, rows: Sequence[Any]) -> Series:
    own = [row for row in rows if row["series"] == relation.key]
    physical = sum(row["n_rows"] for row in own)
    by_day: dict[date, int] = {}
    changed: dict[date, datetime] = {}
    for row in own:
        if row["day"] is None:
            continue
        if not isinstance(row["day"], date):
            raise TypeError(f"day {row['day']!r}")
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
        measures={
            measure.name: {
                row["day"]: finite(row[f"m{place}"]) for row in own if row["day"] is not None
            }
            for place, measure in enumerate(relation.measures)
        },
    )


def finite(value: float | None) -> float | None:
    """A measure as it is kept: neither NaN nor infinity are figures."""
    return value if value is not None and isfinite(value) else None
