"""The health report for programs: `altui check --json`. Versioned; changes only add."""

from datetime import date, datetime

from msgspec import Struct, field

from altui.core.model.days import day_of
from altui.core.model.health import (
    Assessment,
    Due,
    Evidence,
    Finding,
    StageHealth,
    StageId,
    State,
    VerdictState,
    worst,
)
from altui.core.model.observed import Observation, ProbeError
from altui.core.model.pipeline import Mart, Table, risk_mart
from altui.core.model.reading import Connection, Disk, Run, Series, SyncTables
from altui.core.rules.elastic import deletes_at, kept
from altui.core.rules.look import Look
from altui.core.rules.parity import equal_through, total_difference
from altui.core.rules.reach import reach, shown_as
from altui.core.rules.seeing import off, unseen_words
from altui.core.rules.serving import newest_seen, wanted_day
from altui.core.rules.templates import Difference, conflicts, strays, template_differences

VERSION = 1
COPIES = (StageId.bigquery, StageId.dbt, StageId.elasticsearch)


class Cause(Struct, frozen=True):
    id: str
    evidence: tuple[Evidence, ...]
    told_apart_by: str


class VerdictReport(Struct, frozen=True):
    state: VerdictState
    headline: str
    why: str
    do: str
    since: datetime | None
    first_loss: StageId | None
    cause: Cause | None


class Seen(Struct, frozen=True):
    """When a probe last answered, was last tried, and its error when that try failed."""

    at: datetime | None
    tried_at: datetime | None
    error: ProbeError | None


class FivetranPanel(Struct, frozen=True):
    seen: Seen
    connection: Connection | None
    tables: SyncTables | None
    next_sync_at: datetime | None
    late_at: datetime | None


class WorkflowPanel(Struct, frozen=True):
    seen: Seen
    state: str | None
    runs: tuple[Run, ...]
    """The last five, newest first."""
    next_run_at: datetime | None
    usual_delay_s: float | None
    usual_duration_s: float | None


class IndexFigures(Struct, frozen=True):
    name: str
    latest: date | None
    wanted: date | None
    days: int | None
    """Days of the window that have a document."""
    documents: int | None
    bytes: int | None
    health: str | None
    blocks: tuple[str, ...]
    status: str | None = None
    """Elasticsearch's `open` or `close`."""
    mapping: tuple[Difference, ...] = ()
    """Fields that are mapped otherwise than the template ships them."""
    deletes_on: date | None = None
    """When a lifecycle deletes the whole index."""


class IndicesPanel(Struct, frozen=True):
    seen: Seen
    cluster: str | None
    status: str | None
    indices: dict[str, IndexFigures]
    reader_newest: date | None
    """Newest day a reader sees through the dashboard's data view and range."""
    reader_shown: date | None = None
    """The date that Kibana writes beside it, in its own time zone."""
    reader_from: str | None = None
    reader_to: str | None = None
    """The range that a reader meets, in Kibana's date math."""
    template: bool | None = None
    """Whether it is loaded; null where that cannot be read."""
    template_differences: tuple[Difference, ...] = ()
    disks: tuple[Disk, ...] = ()
    watermarks: bool | None = None
    """Whether they are in force; null where the disks were not read."""
    unseen: dict[str, str] = field(default_factory=dict[str, str])
    """What could not be read, with the services' words."""


class Side(Struct, frozen=True):
    rows: int
    latest: datetime | None
    physical: int | None = None
    """With soft-deleted rows; a label, never a state."""
    synced: datetime | None = None


class TableFigures(Struct, frozen=True):
    postgres: Side | None
    bigquery: Side | None
    staging: Side | None
    delta_rows: int | None
    """BigQuery minus Postgres."""
    delta_pct: float | None
    """100 x |difference| / rows in Postgres: the runbook's figure, at most 1."""
    behind_s: float | None
    """Newest row in Postgres minus newest row in BigQuery, seconds."""


class MartFigures(Struct, frozen=True):
    rows: int
    latest: date | None


class ParityPanel(Struct, frozen=True):
    postgres: Seen
    bigquery: Seen
    elasticsearch: Seen
    tables: dict[str, TableFigures]
    marts: dict[str, MartFigures]
    equal_through: date | None
    """Newest day on which staging, mart and index are equal."""
    unequal_days: int
    """Days before it on which they are not."""
    total_tolerance_pct: float
    """The runbook's tolerance of `delta_pct`."""


class Panels(Struct, frozen=True):
    fivetran: FivetranPanel
    workflow: WorkflowPanel
    indices: IndicesPanel
    parity: ParityPanel


class DayCounts(Struct, frozen=True):
    day: date
    table: str
    counts: dict[StageId, int | None]
    states: dict[StageId, State]
    first_loss: StageId | None


class Report(Struct, frozen=True):
    version: int
    generated_at: datetime
    assessed_at: datetime
    """When the figures were last judged: earlier where an observer answers."""
    profile: str
    state: State
    """The worst state of any stage."""
    verdict: VerdictReport
    stages: dict[StageId, StageHealth]
    findings: tuple[Finding, ...]
    due: Due | None
    panels: Panels
    trace: tuple[DayCounts, ...]
    unseen: dict[str, str]
    """Services that are not wholly seen and why: `denied`, `health denied`, `off`."""


def report(look: Look, assessment: Assessment, profile: str) -> Report:
    """Everything a program may want to know of this look."""
    verdict = assessment.verdict
    cause = verdict.cause
    return Report(
        version=VERSION,
        generated_at=look.now,
        assessed_at=assessment.at,
        profile=profile,
        state=worst([stage.state for stage in assessment.stages.values()]),
        verdict=VerdictReport(
            verdict.state,
            verdict.headline,
            verdict.why,
            verdict.do,
            verdict.since,
            verdict.first_loss,
            cause and Cause(cause.cause, cause.evidence, cause.told_apart_by),
        ),
        stages=assessment.stages,
        findings=assessment.findings,
        due=assessment.due,
        panels=Panels(_fivetran(look), _workflow(look), _indices(look), _parity(look, assessment)),
        trace=tuple(
            DayCounts(
                row.day,
                row.table,
                {stage: cell.count for stage, cell in row.cells.items()},
                {stage: cell.state for stage, cell in row.cells.items()},
                row.first_loss,
            )
            for row in assessment.trace
        ),
        unseen=_unseen(look),
    )


def _unseen(look: Look) -> dict[str, str]:
    words = dict.fromkeys(off(look), "off")
    for service, why in unseen_words(look):
        words[service] = f"{words[service]}, {why}" if service in words else why
    return words


def seen_of(observation: Observation | None) -> Seen:
    if observation is None:
        return Seen(None, None, None)
    return Seen(observation.at, observation.tried_at, observation.error)


def _fivetran(look: Look) -> FivetranPanel:
    return FivetranPanel(
        seen_of(look.observation("fivetran.connection")),
        look.connection,
        look.sync_tables,
        look.due.sync_slot,
        look.due.sync_due_at,
    )


def _workflow(look: Look) -> WorkflowPanel:
    runs, due = look.runs, look.due
    return WorkflowPanel(
        seen_of(look.observation("github.runs")),
        runs.workflow_state if runs else None,
        runs.runs[:5] if runs else (),
        due.next_run_at,
        due.usual_delay_s,
        due.usual_duration_s,
    )


def _indices(look: Look) -> IndicesPanel:
    cluster, storage, kibana = look.cluster, look.storage, look.kibana
    marts = look.pipeline.marts
    seen = [day for mart in marts if mart.table and (day := newest_seen(look, mart))]
    newest, span = min(seen, default=None), kibana and reach(kibana)
    served, shipped = (cluster.served, cluster.shipped) if cluster else (None, None)
    unseen = [known.unseen for known in (cluster, storage, kibana) if known]
    return IndicesPanel(
        seen_of(look.observation("elasticsearch.cluster")),
        cluster.name if cluster else None,
        cluster.status if cluster else None,
        {mart.name: _index(look, mart) for mart in marts},
        newest,
        reader_shown=shown_as(kibana, newest) if kibana and newest else None,
        reader_from=span.begin if span else None,
        reader_to=span.end if span else None,
        template=cluster.template if cluster else None,
        template_differences=(template_differences(served, shipped) if served and shipped else ()),
        disks=storage.disks if storage else (),
        watermarks=storage.watched if storage else None,
        unseen={part: words for parts in unseen for part, words in parts.items()},
    )


def _index(look: Look, mart: Mart) -> IndexFigures:
    series = look.index(mart)
    index = next(iter(kept(look.cluster, mart)), None)
    shipped = look.cluster.shipped if look.cluster else None
    mapped = (*conflicts(index, shipped), *strays(index, shipped)) if index and shipped else ()
    return IndexFigures(
        name=index.name if index else mart.index,
        latest=day_of(series.latest) if series and series.latest else None,
        wanted=wanted_day(look, mart),
        days=len(series.by_day) if series else None,
        documents=series.rows if series else None,
        bytes=index.bytes if index else None,
        health=index.health if index else None,
        blocks=index.blocks if index else (),
        status=index.status if index else None,
        mapping=mapped,
        deletes_on=deletes_at(index.lifecycle) if index and index.lifecycle else None,
    )


def _parity(look: Look, assessment: Assessment) -> ParityPanel:
    marts = {mart.name: series for mart in look.pipeline.marts if (series := look.mart(mart))}
    main = risk_mart(look.pipeline).table
    rows = tuple(row for row in assessment.trace if row.table == main)
    through, unequal = equal_through(rows, COPIES)
    return ParityPanel(
        postgres=seen_of(look.observation("postgres.counts")),
        bigquery=seen_of(look.observation("bigquery.counts")),
        elasticsearch=seen_of(look.observation("elasticsearch.counts")),
        tables={table.name: table_figures(look, table) for table in look.pipeline.tables},
        marts={
            name: MartFigures(series.rows, day_of(series.latest) if series.latest else None)
            for name, series in marts.items()
        },
        equal_through=through,
        unequal_days=unequal,
        total_tolerance_pct=100 * look.pipeline.total_tolerance,
    )


def table_figures(look: Look, table: Table) -> TableFigures:
    source, raw = look.source_of(table), look.raw(table)
    delta = raw.rows - source.rows if source and raw else None
    behind = (
        (source.latest - raw.latest).total_seconds()
        if source and raw and source.latest and raw.latest
        else None
    )
    return TableFigures(
        _side(source),
        _side(raw),
        _side(look.staging(table)),
        delta,
        None if (share := total_difference(look, table)) is None else 100 * share,
        behind,
    )


def _side(series: Series | None) -> Side | None:
    return series and Side(series.rows, series.latest, series.physical, series.synced)
