"""Snapshot in, assessment out: a pure fold over the list of checks."""

from collections.abc import Iterator
from datetime import datetime

from altui.core.model.days import day_of, start_of
from altui.core.model.health import (
    STAGES,
    Assessment,
    Finding,
    StageHealth,
    StageId,
    State,
    TraceRow,
    worst,
)
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.pipeline import Pipeline, risk_mart
from altui.core.model.reading import Connection, Runs
from altui.core.rules.elastic import elastic
from altui.core.rules.kibana import kibana
from altui.core.rules.learning import learnt
from altui.core.rules.look import Check, Look
from altui.core.rules.parity import differences, losses, tables_there, totals
from altui.core.rules.running import workflow
from altui.core.rules.schedule import due_times
from altui.core.rules.seeing import STATE_OF, any_stale, in_sight, unseen
from altui.core.rules.serving import behind, newest_document, newest_seen
from altui.core.rules.storage import storage
from altui.core.rules.syncing import fivetran
from altui.core.rules.trace import trace
from altui.core.rules.verdict import rank, verdict

CHECKS: tuple[Check, ...] = (
    unseen,
    fivetran,
    tables_there,
    workflow,
    elastic,
    storage,
    behind,
    kibana,
)
"""Every check; a new one is a function and a line here. Losses come from the trace."""

STAGE_PROBES: dict[StageId, tuple[str, ...]] = {
    StageId.postgres: ("postgres.counts",),
    StageId.fivetran: ("fivetran.connection",),
    StageId.bigquery: ("bigquery.counts",),
    StageId.dbt: ("bigquery.counts",),
    StageId.elasticsearch: ("elasticsearch.cluster", "elasticsearch.counts"),
    StageId.kibana: ("kibana.status",),
}
"""What a stage's state rests on: it is not ok while one of these has no answer."""


def assess(
    snapshot: Snapshot, pipeline: Pipeline, now: datetime, before: Assessment | None = None
) -> Assessment:
    """What the rules make of `snapshot` at `now`.

    `before` is the assessment of the look before this one: it carries when each finding and each
    difference was first seen.
    """
    snapshot = in_sight(snapshot, now)
    connection = snapshot.get("fivetran.connection", Connection)
    looked = snapshot.seen_at("fivetran.connection")
    syncs = learnt(before.syncs if before else (), connection, looked, pipeline.sync)
    due = due_times(pipeline, snapshot.get("github.runs", Runs), connection, now, syncs)
    look = Look(snapshot, pipeline, now, due, before.since if before else {}, syncs)
    rows = trace(look)
    findings = tuple(rank([*_checked(look), *losses(look, rows), *totals(look, rows)], None))
    since = dict(before.since) if before and any_stale(look) else {}
    since |= {finding_key(finding): finding.since for finding in findings}
    since |= {key: look.first_seen(key) for key in differences(rows)}
    return Assessment(
        at=now,
        stages={stage: _health(look, stage, findings, rows) for stage in STAGES},
        findings=findings,
        trace=rows,
        verdict=verdict(look, findings, rows),
        since=since,
        due=due,
        syncs=syncs,
    )


def finding_key(finding: Finding) -> str:
    """What makes two findings of two looks the same one."""
    return finding.key or finding.check


def _checked(look: Look) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(look)


def _health(
    look: Look, stage: StageId, findings: tuple[Finding, ...], rows: tuple[TraceRow, ...]
) -> StageHealth:
    own = [finding for finding in findings if finding.stage is stage]
    seen = [look.observation(probe) for probe in STAGE_PROBES[stage]]
    state, detail = State.ok, ""
    if own:
        state = worst([finding.state for finding in own])
        detail = next(finding.subject for finding in own if finding.state is state)
    elif absent := _absent(seen):
        state, detail = absent
    elif _is_due(look, stage, rows):
        state = State.due
    times = [item.at for item in seen if item and item.at]
    return StageHealth(
        state, _word(look, stage, state), _age_of(look, stage), max(times, default=None), detail
    )


def _absent(seen: list[Observation | None]) -> tuple[State, str] | None:
    """Off where it is not configured, denied or unknown where a probe it rests on has no answer."""
    for item in seen:
        if item is None:
            return State.unknown, "not looked yet"
        if item.error is not None:
            state = STATE_OF[item.error.trouble]
            return (State.unknown if state is State.broken else state), item.error.words
    return None


def _is_due(look: Look, stage: StageId, rows: tuple[TraceRow, ...]) -> bool:
    """Whether something of this stage has not come yet and is not expected yet.

    Rows newer than the last sync are always there; they make the stage due only once the next sync
    should have started. Today is partial by definition.
    """
    due = look.due
    if stage in (StageId.fivetran, StageId.bigquery):
        return due.sync_slot is not None and look.now >= due.sync_slot
    if stage in (StageId.dbt, StageId.elasticsearch):
        mart = risk_mart(look.pipeline)
        series = look.mart(mart) if stage is StageId.dbt else look.index(mart)
        newest = day_of(series.latest) if series and series.latest else None
        if newest is not None and newest < due.coming_day:
            return True
        cells = (row.cells.get(stage) for row in rows if row.day < look.today)
        return any(cell is not None and cell.state is State.due for cell in cells)
    return False


def _word(look: Look, stage: StageId, state: State) -> str:
    """At most ten columns for the strip."""
    if state is State.unknown and stage is StageId.elasticsearch and not any_stale(look):
        return "no answer"
    if state is State.broken and look.observation(STAGE_PROBES[stage][0]) is not None:
        observation = look.observation(STAGE_PROBES[stage][0])
        if observation and observation.error:
            return "DOWN"
    mart = risk_mart(look.pipeline)
    if state in (State.late, State.broken) and stage in (StageId.elasticsearch, StageId.kibana):
        newest = (newest_seen if stage is StageId.kibana else newest_document)(look, mart)
        if newest and newest < look.due.wanted_day:
            return f"ends {newest.day} {newest:%b}"
    return state.value


def _age_of(look: Look, stage: StageId) -> datetime | None:
    """The moment whose age is shown (health.md, Stages)."""
    mart = risk_mart(look.pipeline)
    table = next(table for table in look.pipeline.tables if table.name == mart.table)
    match stage:
        case StageId.postgres:
            series = look.source_of(table)
            return series.latest if series else None
        case StageId.fivetran:
            return look.connection.succeeded_at if look.connection else None
        case StageId.bigquery:
            raw = look.raw(table)
            return raw.synced if raw else None
        case StageId.dbt:
            return look.mart_built_at(mart)
        case StageId.elasticsearch:
            index = look.index(mart)
            return index.latest if index else None
        case StageId.kibana:
            seen = newest_seen(look, mart)
            return start_of(seen) if seen else None
