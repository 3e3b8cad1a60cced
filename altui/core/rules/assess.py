"""Snapshot in, assessment out: a pure fold over the list of checks."""

from collections.abc import Iterator
from datetime import datetime

from altui.core.model.days import start_of
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
from altui.core.model.observed import Snapshot, Trouble, Wish
from altui.core.model.pipeline import Pipeline, risk_mart
from altui.core.model.reading import Connection, Runs
from altui.core.rules.allocation import unexplained
from altui.core.rules.clocks import carried
from altui.core.rules.elastic import elastic
from altui.core.rules.kibana import kibana
from altui.core.rules.learning import learnt
from altui.core.rules.look import Check, Look
from altui.core.rules.measures import different, duplicates, marked, unmeasured, wrong_measures
from altui.core.rules.network import sight
from altui.core.rules.owed import owes
from altui.core.rules.parity import differences, empties, losses, tables_there
from altui.core.rules.running import workflow
from altui.core.rules.schedule import due_times
from altui.core.rules.seeing import STATE_OF, in_sight, service_of
from altui.core.rules.serving import behind, holes, newest_document, newest_seen
from altui.core.rules.standing import standing
from altui.core.rules.standins import freshness, nightly, unsynced
from altui.core.rules.steady import lingering, told_of_flapping
from altui.core.rules.storage import storage
from altui.core.rules.syncing import fivetran
from altui.core.rules.totals import totals, unequal_totals
from altui.core.rules.trace import trace
from altui.core.rules.verdict import rank, verdict

CHECKS: tuple[Check, ...] = (
    fivetran,
    freshness,
    tables_there,
    workflow,
    nightly,
    elastic,
    storage,
    behind,
    holes,
    kibana,
    unexplained,
    duplicates,
    unmeasured,
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
    snapshot = standing(in_sight(snapshot, now), pipeline, now)
    answered = snapshot.answered()
    connection = answered.get("fivetran.connection", Connection)
    looked = snapshot.seen_at("fivetran.connection")
    last = before.stages[StageId.fivetran].seen_at if before else None
    syncs = learnt(before.syncs if before else (), connection, looked, pipeline.sync, last)
    due = due_times(pipeline, snapshot.get("github.runs", Runs), connection, now, syncs)
    look = Look(answered, pipeline, now, due, before.since if before else {}, syncs, snapshot)
    differing = tuple(different(look))
    rows = marked(look, trace(look), differing)
    checked = [said for check in CHECKS for said in check(look)]
    found = [said for said in checked if isinstance(said, Finding)]
    blind = tuple(told_of_flapping(before, sight(look), now))
    found += [*losses(look, rows), *totals(look, rows), *wrong_measures(look, differing)]
    found += lingering(before, [*blind, *found], now)
    findings = tuple(rank([*blind, *told_of_flapping(before, found, now)], None))
    since = carried(look)
    since |= {finding.id: finding.since for finding in findings}
    differ = (*differences(rows), *unequal_totals(look, rows), *unsynced(look))
    since |= {key: look.first_seen(key) for key in differ}
    since |= dict(empties(look, rows))
    return Assessment(
        at=now,
        stages={stage: _health(look, stage, findings, blind, rows) for stage in STAGES},
        findings=findings,
        trace=rows,
        verdict=verdict(look, findings, rows),
        since=since,
        due=due,
        syncs=syncs,
        wishes=tuple(dict.fromkeys(said for said in checked if isinstance(said, Wish))),
    )


def _health(
    look: Look,
    stage: StageId,
    findings: tuple[Finding, ...],
    blind: tuple[Finding, ...],
    rows: tuple[TraceRow, ...],
) -> StageHealth:
    """The worst of what was found and of what its own probes could not see.

    A finding in `blind` tells of a service; which stages that blinds is said by STAGE_PROBES.
    """
    own = [(item.state, item.subject) for item in findings if _is_of(stage, item, blind)]
    own += _absent(look, stage, blind)
    state = worst([state for state, _ in own])
    if not own and _is_due(look, stage, rows):
        state = State.due
    detail = next((words for found, words in own if found is state), "")
    times = [at for probe in STAGE_PROBES[stage] if (at := look.seen_at(probe))]
    return StageHealth(
        state, _word(look, stage, state), _age_of(look, stage), max(times, default=None), detail
    )


def _is_of(stage: StageId, finding: Finding, blind: tuple[Finding, ...]) -> bool:
    return finding.stage is stage and finding not in blind


def _absent(look: Look, stage: StageId, blind: tuple[Finding, ...]) -> Iterator[tuple[State, str]]:
    """Off where a probe it rests on is not configured, else why that has no answer."""
    for probe in STAGE_PROBES[stage]:
        seen = look.observation(probe)
        if seen is None:
            yield State.unknown, "not looked yet"
        elif seen.error is not None and not seen.answers:
            check = f"{service_of(probe)}.{seen.error.trouble.value}"
            told = next((item for item in blind if item.check == check), None)
            state = told.state if told else STATE_OF[seen.error.trouble]
            yield state, seen.error.words


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
        awaited = series is not None and series.rows and not series.by_day.get(due.coming_day)
        if awaited and owes(look, mart, due.coming_day):
            return True
        today, state = look.today, State.due
        return any(
            cell.state is state and row.day < today
            for row in rows
            if (cell := row.cells.get(stage)) is not None
        )
    return False


def _word(look: Look, stage: StageId, state: State) -> str:
    """At most ten columns for the strip."""
    if (word := _blind_word(look, stage, state)) is not None:
        return word
    mart = risk_mart(look.pipeline)
    if state in (State.late, State.broken) and stage in (StageId.elasticsearch, StageId.kibana):
        newest = (newest_seen if stage is StageId.kibana else newest_document)(look, mart)
        if newest and newest < look.due.wanted_day:
            return f"ends {newest.day} {newest:%b}"
    return state.value


def _blind_word(look: Look, stage: StageId, state: State) -> str | None:
    """The word for a stage whose state is that a probe has no answer; None for another reason."""
    seen = [look.observation(probe) for probe in STAGE_PROBES[stage]]
    troubles = [item.error.trouble for item in seen if item and item.error and not item.answers]
    if Trouble.missing in troubles and state is State.broken:
        return "missing"
    if len(troubles) == len(seen) and state is State.broken:
        return "DOWN"
    if not troubles or state is not State.unknown:
        return None
    if stage is StageId.dbt:
        return "unseen"  # dbt is asked nothing itself: its marts are BigQuery's
    short = {Trouble.unreachable: "silent", Trouble.misconfigured: "bad config"}
    return short.get(troubles[0], troubles[0].value)


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
