"""Parity for programs: `altui parity --json`. Versioned; changes only add."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from math import isinf
from typing import NamedTuple

from msgspec import Struct

from altui.core.model.health import Assessment, StageId, State, TraceRow
from altui.core.model.history import Drift
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline, Table
from altui.core.model.reading import Counts
from altui.core.present.report import Seen, TableFigures, seen_of, table_figures
from altui.core.rules.look import Look
from altui.core.rules.measures import Difference, different
from altui.core.rules.parity import equal_through, metadata_rows, quiet
from altui.core.rules.totals import is_unequal
from altui.core.rules.trace import LOST

VERSION = 1
PROBES = ("postgres.counts", "bigquery.counts", "elasticsearch.counts")
STAGES = (
    StageId.postgres,
    StageId.fivetran,
    StageId.bigquery,
    StageId.dbt,
    StageId.elasticsearch,
)
"""What is compared; what a reader sees of it is not parity's question."""


class Outcome(StrEnum):
    equal = "equal"
    due = "due"
    """Nothing but what the next sync, build or export should carry."""
    different = "different"
    blind = "blind"
    """A configured side or a measure could not be read, and what was seen is equal."""


class Scope(Struct, frozen=True):
    """What is asked: which tables and marts, and which days."""

    names: tuple[str, ...]
    """Names of tables, and of marts that an ops table feeds."""
    first: date
    last: date

    def holds(self, row: TraceRow) -> bool:
        return row.table in self.names and self.first <= row.day <= self.last


class DayParity(Struct, frozen=True):
    """A day on which something differs."""

    day: date
    counts: dict[StageId, int | None]
    states: dict[StageId, State]
    first_loss: StageId | None

    @property
    def differs(self) -> bool:
        return any(state is State.due or state in LOST for state in self.states.values())


class MeasureParity(Struct, frozen=True):
    mart: str
    stage: StageId
    """dbt: mart against staging; elasticsearch: index against mart."""
    day: date
    measure: str
    expected: float | None
    found: float | None
    difference_pct: float | None
    """Relative to what is expected; null against null or 0."""
    state: State


class SubjectParity(Struct, frozen=True):
    """One table, or one mart that an ops table feeds."""

    name: str
    outcome: Outcome
    totals: TableFigures | None
    """Whole tables, whatever the days; null for a mart without a table."""
    metadata_rows: int | None
    """BigQuery's free count, soft-deleted rows included: a label, never a state."""
    within_tolerance: bool | None
    """Whether `totals.delta_pct` is at most the runbook's tolerance."""
    in_range: dict[StageId, int | None]
    """Rows of the asked days, stage by stage; null where a stage is not seen."""
    days: tuple[DayParity, ...]
    """Those that differ, newest first."""
    equal_through: date | None
    """Newest day on which staging, mart and index agree, measures included."""
    unequal_days: int
    """Days before it on which they do not."""
    measures: tuple[MeasureParity, ...]
    missing: tuple[str, ...]
    """Its keys in the report's `missing`: each makes it different."""
    unmeasured: tuple[str, ...]
    """Its keys in the report's `unmeasured`."""
    quiet_s: float | None
    """Seconds without a new row at the source, where that is longer than `longest_gap_s`."""
    longest_gap_s: float | None
    drift: Drift | None


class ParityReport(Struct, frozen=True):
    version: int
    generated_at: datetime
    assessed_at: datetime
    profile: str
    outcome: Outcome
    start: date
    end: date
    total_tolerance_pct: float
    seen: dict[str, Seen]
    subjects: tuple[SubjectParity, ...]
    missing: dict[str, str]
    """Tables and indices that do not exist, in the service's words."""
    failed: dict[str, str]
    """Tables that could not be counted now."""
    unmeasured: dict[str, str]
    """Measures that could not be read; the others were compared."""
    settled: date | None
    """Days of the source before this one were counted at `settled_at`; null: all when last seen."""
    settled_at: datetime | None
    queries: dict[str, str]
    """What was sent to each service, to repeat it."""
    bytes_billed: int | None


def scope_of(pipeline: Pipeline, table: str | None, first: date, last: date) -> Scope:
    """Everything that is traced, or one of it. Raises ValueError with the names there are."""
    names = subjects_of(pipeline)
    if table is not None and table not in names:
        raise ValueError(f"no table {table!r}; there are {', '.join(names)}")
    return Scope((table,) if table else names, first, last)


def subjects_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Tables, each with the first mart made of it, and the other marts."""
    tables = [table.name for table in pipeline.tables]
    return tuple(dict.fromkeys([*tables, *map(pipeline.subject_of, pipeline.marts)]))


def parity_report(look: Look, assessment: Assessment, profile: str, scope: Scope) -> ParityReport:
    """Same figures as the parity panel and the trace, of the scope alone."""
    all_counts = [counts for counts in (look.source, look.warehouse, look.documents) if counts]
    subjects = tuple(_subjects(look, assessment, scope))
    return ParityReport(
        version=VERSION,
        generated_at=look.now,
        assessed_at=assessment.at,
        profile=profile,
        outcome=_worst([subject.outcome for subject in subjects]),
        start=scope.first,
        end=scope.last,
        total_tolerance_pct=100 * look.pipeline.total_tolerance,
        seen={probe: seen_of(look.observation(probe)) for probe in PROBES},
        subjects=subjects,
        missing={name: words for counts in all_counts for name, words in counts.missing.items()},
        failed={name: words for counts in all_counts for name, words in counts.failed.items()},
        unmeasured={
            name: words for counts in all_counts for name, words in counts.unmeasured.items()
        },
        settled=look.source.settled if look.source else None,
        settled_at=look.source.settled_at if look.source else None,
        queries={
            probe: counts.query
            for probe, counts in zip(
                PROBES, (look.source, look.warehouse, look.documents), strict=True
            )
            if counts
        },
        bytes_billed=look.warehouse.bytes if look.warehouse else None,
    )


class _Part(NamedTuple):
    """What there is of one subject in the scope."""

    name: str
    table: Table | None
    rows: tuple[TraceRow, ...]
    measures: tuple[MeasureParity, ...]
    missing: tuple[str, ...]
    unmeasured: tuple[str, ...]


def _subjects(look: Look, assessment: Assessment, scope: Scope) -> Iterator[SubjectParity]:
    differing = [item for item in different(look) if scope.first <= item.day <= scope.last]
    tables = {table.name: table for table in look.pipeline.tables}
    subject = look.pipeline.subject_of
    for name in scope.names:
        rows = tuple(row for row in assessment.trace if row.table == name and scope.holds(row))
        measures = tuple(_measure(item) for item in differing if subject(item.mart) == name)
        part = _Part(
            name,
            tables.get(name),
            rows,
            measures,
            tuple(_missing(look, name)),
            tuple(_unmeasured(look, name)),
        )
        yield _subject(look, assessment, part)


def _keys(look: Look, name: str) -> dict[str, tuple[str, ...]]:
    """By probe: the keys of the series that a subject is compared by.

    An index of a mart that has nothing to hold may well not exist.
    """
    marts = [mart for mart in look.pipeline.marts if look.pipeline.subject_of(mart) == name]
    fed = [mart for mart in marts if mart.table or ((ops := look.ops(mart)) and ops.rows)]
    table = any(table.name == name for table in look.pipeline.tables)
    copies = (f"raw.{name}", f"staging.{name}") if table else ()
    return {
        "postgres.counts": (name,),
        "bigquery.counts": (*copies, *(f"mart.{mart.name}" for mart in marts)),
        "elasticsearch.counts": tuple(f"index.{mart.name}" for mart in fed),
    }


def _missing(look: Look, name: str) -> Iterator[str]:
    """What does not exist of a subject, from the source on."""
    for counts, keys in counted(look, name):
        yield from (key for key in keys if key in counts.missing)


def _unmeasured(look: Look, name: str) -> Iterator[str]:
    for counts, keys in counted(look, name):
        yield from (key for key in counts.unmeasured if key.rpartition(".")[0] in keys)


def counted(look: Look, name: str) -> Iterator[tuple[Counts, tuple[str, ...]]]:
    """Each side that may be judged, with the keys of the subject's series there."""
    all_counts = (look.source, look.warehouse, look.documents)
    keys = _keys(look, name)
    for probe, counts in zip(PROBES, all_counts, strict=True):
        if counts is not None and look.stands(probe):
            yield counts, keys[probe]


def _subject(look: Look, assessment: Assessment, part: _Part) -> SubjectParity:
    table, rows = part.table, part.rows
    totals = table_figures(look, table) if table else None
    share = totals.delta_pct if totals else None
    days = tuple(day for row in rows if (day := _day(look, row)).differs)
    silence = quiet(look, table) if table else None
    copies = tuple(stage for stage in STAGES[2:] if _sum(rows, stage) is not None)
    through, unequal = equal_through(rows, copies) if len(copies) > 1 else (None, 0)
    return SubjectParity(
        name=part.name,
        outcome=_outcome(look, assessment, part, days),
        totals=totals,
        metadata_rows=metadata_rows(look, table) if table else None,
        within_tolerance=None if share is None else share <= 100 * look.pipeline.total_tolerance,
        in_range={
            stage: _sum(rows, stage) for stage in STAGES if any(stage in row.cells for row in rows)
        },
        days=days,
        equal_through=through,
        unequal_days=unequal,
        measures=part.measures,
        missing=part.missing,
        unmeasured=part.unmeasured,
        quiet_s=silence[0].total_seconds() if silence else None,
        longest_gap_s=silence[1].total_seconds() if silence else None,
        drift=assessment.drift.get(part.name),
    )


def _outcome(
    look: Look, assessment: Assessment, part: _Part, days: tuple[DayParity, ...]
) -> Outcome:
    states = {state for day in days for state in day.states.values()}
    states |= {measure.state for measure in part.measures}
    beyond = any(
        finding.key == f"parity.total.{part.name}" and finding.state in LOST
        for finding in assessment.findings
    )
    if beyond or part.missing or states & {*LOST}:
        return Outcome.different
    if _unseen(look, part):
        return Outcome.blind
    due = State.due in states or is_unequal(assessment.since, part.name)
    return Outcome.due if due else Outcome.equal


def _unseen(look: Look, part: _Part) -> bool:
    """Whether a configured side or a measure of this subject has no figures that may be judged.

    BigQuery must be one of the sides: all others are compared with it.
    """
    fed = any(look.pipeline.subject_of(mart) == part.name for mart in look.pipeline.marts)
    wanted = [*(("postgres.counts",) if part.table else ()), "bigquery.counts"]
    wanted += ["elasticsearch.counts"] if fed else []
    seen = [probe for probe in wanted if not _off(look, probe)]
    unread = part.table and look.source and part.table.name in look.source.failed
    blind = any(not look.stands(probe) for probe in seen)
    return blind or bool(unread or part.unmeasured) or "bigquery.counts" not in seen


def _off(look: Look, probe: str) -> bool:
    seen = look.observation(probe)
    return bool(seen and seen.error and seen.error.trouble is Trouble.off)


def _worst(outcomes: list[Outcome]) -> Outcome:
    order = (Outcome.different, Outcome.blind, Outcome.due, Outcome.equal)
    return next((outcome for outcome in order if outcome in outcomes), Outcome.blind)


def _day(look: Look, row: TraceRow) -> DayParity:
    """One row of the trace; today is partial and not compared downstream of BigQuery."""
    stages = STAGES if row.day < look.today else STAGES[:3]
    cells = {stage: row.cells[stage] for stage in stages if stage in row.cells}
    return DayParity(
        row.day,
        {stage: cell.count for stage, cell in cells.items()},
        {stage: cell.state for stage, cell in cells.items()},
        row.first_loss if row.first_loss in stages else None,
    )


def _measure(item: Difference) -> MeasureParity:
    share = None if isinf(item.share) else 100 * item.share
    return MeasureParity(
        item.mart.name,
        item.stage,
        item.day,
        item.measure.name,
        item.expected,
        item.found,
        share,
        item.state,
    )


def _sum(rows: tuple[TraceRow, ...], stage: StageId) -> int | None:
    counts = [row.cells[stage].count for row in rows if stage in row.cells]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
