"""Marts to indices, by day: the simple, right way."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta

from altui.act.steps.documents import documents
from altui.config import Settings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart
from altui.services.elasticsearch_writer import Document, ElasticsearchWriter
from altui.services.errors import ServiceError
from altui.services.mart_rows import MartRows
from altui.services.permit import Permit, require

BATCH = 500
"""Documents of one bulk request: about 300 KB."""
SAME_FOR_ALL = {Trouble.off, Trouble.misconfigured, Trouble.denied, Trouble.unreachable}
"""Troubles that the next mart would meet as well."""


@dataclass(frozen=True)
class Problem:
    """What went wrong, as many times as it did with the same words."""

    where: str
    kind: str
    """The service's or the client's own name of the error."""
    words: str
    count: int = 1

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.where}: {self.kind}: {self.words}{times}"


@dataclass(frozen=True)
class ExportResult:
    total_success: int
    """Documents that Elasticsearch confirmed one by one."""
    total_errors: int
    """Documents that were not indexed, marts that could not be read, a refresh that failed."""
    problems: tuple[Problem, ...] = ()


def window(start: date | None, end: date | None, today: date, days: int) -> tuple[date, date]:
    """The days to export, both included: by default `days` of them up to yesterday.

    Raises ValueError when the first lies after the last.
    """
    last = end or today - timedelta(days=1)
    first = start or last - timedelta(days=days - 1)
    if first > last:
        raise ValueError(f"the first day {first} lies after the last day {last}")
    return first, last


def export(
    settings: Settings, permit: Permit, start: date | None, end: date | None, today: date
) -> ExportResult:
    """Copy the marts' days into their indices; running it again changes nothing.

    Every document's own result is read; what fails is counted and told, and the rest goes on.
    A missing setting and an unreachable service are problems too. Raises PermitError, and
    ValueError for a window that ends before it starts.
    """
    require(permit)
    first, last = window(start, end, today, settings.pipeline.window_days)
    reader = MartRows(settings.bigquery)
    reading, writing = _Tally(), _Writing(settings, permit)
    # One thread writes while the next mart is read; it also loads the client meanwhile.
    with ThreadPoolExecutor(1, "export") as thread:
        work = [thread.submit(writing.open)]
        for mart in settings.pipeline.marts:
            try:
                rows = reader.read(mart, first, last)
            except ServiceError as error:
                reading.add(_read_problem(error))
                if error.trouble in SAME_FOR_ALL:
                    break
                continue
            made, unfit = documents(mart, rows)
            for row in unfit:
                reading.add(Problem(mart.name, row.kind, row.words))
            work.append(thread.submit(writing.write, mart, made))
        work.append(thread.submit(writing.close))
        for done in work:
            done.result()
    problems = tuple(replace(one, count=n) for one, n in (reading + writing.tally).items())
    return ExportResult(writing.success, sum(one.count for one in problems), problems)


class _Tally(Counter[Problem]):
    """Problems with the same words, counted."""

    def add(self, problem: Problem, count: int = 1) -> None:
        self[problem] += count


class _Writing:
    """The half of the export that runs in its own thread."""

    def __init__(self, settings: Settings, permit: Permit) -> None:
        self.success = 0
        self.tally = _Tally()
        self._settings = settings
        self._permit = permit
        self._writer: ElasticsearchWriter | None = None
        self._broken: ServiceError | None = None
        self._written: list[str] = []

    def open(self) -> None:
        try:
            self._writer = ElasticsearchWriter(self._permit, self._settings.elasticsearch)
            self._writer.check()
        except ServiceError as error:
            self._broken = error

    def write(self, mart: Mart, made: list[Document]) -> None:
        """Index the mart's documents; after a request without an answer nothing more is sent."""
        index = f"{self._settings.elasticsearch.index_prefix}_{mart.index}"
        for batch in _batches(made):
            if self._writer and not self._broken:
                self._broken = self._send(self._writer, index, batch)
            if self._broken:
                self.tally.add(_problem(self._broken), len(batch))

    def _send(
        self, writer: ElasticsearchWriter, index: str, batch: list[Document]
    ) -> ServiceError | None:
        try:
            refused = writer.index(index, batch)
        except ServiceError as error:
            return error
        self.success += len(batch) - len(refused)
        for one in refused:
            self.tally.add(Problem(index, one.kind, one.words))
        if index not in self._written:
            self._written.append(index)
        return None

    def close(self) -> None:
        """One refresh for everything that was written."""
        if self._writer:
            try:
                self._writer.refresh(self._written)
            except ServiceError as error:
                self._broken = self._broken or error
            self._writer.close()
        if self._broken and _problem(self._broken) not in self.tally:
            self.tally.add(_problem(self._broken))


def _batches(made: list[Document]) -> Iterable[list[Document]]:
    return (made[at : at + BATCH] for at in range(0, len(made), BATCH))


def _problem(error: ServiceError) -> Problem:
    """The client's own class of error names it, as the runbook does."""
    cause = error.__cause__
    kind = type(cause).__name__ if cause else "not configured"
    return Problem(error.where, kind, error.words)


def _read_problem(error: ServiceError) -> Problem:
    problem = _problem(error)
    if error.trouble is not Trouble.missing:
        return problem
    advice = "build it first: cd analytics/dbt && dbt run --profiles-dir . --target dev"
    return Problem(problem.where, problem.kind, f"{problem.words}; {advice}")
