"""Losses between neighbouring stages, and how far the two sides of a table are apart."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from altui.core.model.health import Evidence, Finding, StageId, State, TraceRow, worst
from altui.core.model.pipeline import Table
from altui.core.rules.look import Look
from altui.core.rules.owed import difference_key, empty_key, first_made, remade
from altui.core.rules.trace import COUNTED_BY, LOST, loss_key

UPSTREAM: dict[StageId, StageId] = {
    StageId.fivetran: StageId.postgres,
    StageId.bigquery: StageId.fivetran,
    StageId.dbt: StageId.bigquery,
    StageId.elasticsearch: StageId.dbt,
    StageId.kibana: StageId.elasticsearch,
}
# where a loss shows is where its owner sits: what Fivetran did not copy is missing in BigQuery
OWNER: dict[StageId, StageId] = {StageId.fivetran: StageId.bigquery, StageId.bigquery: StageId.dbt}

CHECKS: dict[StageId, str] = {
    StageId.fivetran: "parity.raw",
    StageId.bigquery: "parity.staging",
    StageId.dbt: "parity.mart",
    StageId.elasticsearch: "parity.index",
    StageId.kibana: "parity.reader",
}
MADE = (StageId.dbt, StageId.elasticsearch)
"""What a nightly run makes."""
NAMES: dict[StageId, str] = {
    StageId.postgres: "PostgreSQL",
    StageId.fivetran: "BigQuery",
    StageId.bigquery: "staging",
    StageId.dbt: "the mart",
    StageId.elasticsearch: "the index",
    StageId.kibana: "the dashboard",
}


def losses(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[Finding]:
    """A finding for each table and stage where days are short, and for those with too much.

    Days that only a rebuild mends stand apart from those that a run lost.
    """
    found: dict[_Kind, list[TraceRow]] = {}
    for row in rows:
        if row.first_loss is not None:
            found.setdefault(_kind(look, row, row.first_loss), []).append(row)
    for kind, unequal in found.items():
        yield _loss(look, kind, unequal)


def differences(rows: tuple[TraceRow, ...]) -> Iterator[str]:
    """Keys of the differences between source and raw rows, to remember when each began.

    Those that are losses have a second key. Where an ops table is the source, it is the days that
    its mart does not have.
    """
    of_source, of_raw = StageId.postgres, StageId.fivetran
    for row in rows:
        source, raw = row.cells.get(of_source), row.cells.get(of_raw)
        if source is None:
            ops, mart = row.cells.get(StageId.bigquery), row.cells.get(StageId.dbt)
            if ops and ops.count and mart and mart.count is None:
                yield difference_key(row.table, row.day)
        elif raw and source.count != raw.count and None not in (source.count, raw.count):
            yield difference_key(row.table, row.day)
            if raw.state in LOST:
                yield loss_key(row.table, row.day)


def empties(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[tuple[str, datetime]]:
    """When each day that mart or index lack was last counted without a row, to remember it.

    It is remembered for as long as they lack it and a nightly run can still make it.
    """
    first = first_made(look)
    for row in (row for row in rows if row.day >= first):
        copies = [row.cells[stage] for stage in MADE if stage in row.cells]
        if all(cell.count is not None for cell in copies):
            continue
        key = empty_key(row.table, row.day)
        sides = ((side, row.cells.get(side)) for side in (StageId.bigquery, StageId.postgres))
        counted = next((side for side, cell in sides if cell and cell.count is not None), None)
        if counted is not None and row.cells[counted].count == 0:
            seen = look.seen_at(COUNTED_BY[counted])
        else:
            seen = look.since.get(key)
        if seen is not None:
            yield key, seen


def equal_through(
    rows: tuple[TraceRow, ...], stages: tuple[StageId, ...]
) -> tuple[date | None, int]:
    """The newest day that agrees in all `stages`, and how many days before it do not.

    `rows` are one table's, newest first; days before its first row do not count. Days with equal
    counts and another measure do not agree: their cells are marked.
    """
    newest: date | None = None
    unequal = 0
    none, ok = {None, 0}, {State.ok}
    for row in rows:
        cells = [row.cells[stage] for stage in stages if stage in row.cells]
        counts = {cell.count for cell in cells}
        if counts <= none:
            continue
        if len(counts) == 1 and {cell.state for cell in cells} == ok:
            newest = newest or row.day
        elif newest is not None:
            unequal += 1
    return newest, unequal


def total_difference(look: Look, table: Table) -> float | None:
    """|a-b| / max(a, 1) of live rows, Postgres against BigQuery; None while one is unseen."""
    source, raw = look.source_of(table), look.raw(table)
    if source is None or raw is None:
        return None
    return abs(source.rows - raw.rows) / max(source.rows, 1)


def quiet(look: Look, table: Table) -> tuple[timedelta, timedelta] | None:
    """How long a source had no new row when it was counted, and its longest gap, where longer.

    A note, never a state: a source may well have nothing to say.
    """
    series, at = look.source_of(table), look.seen_at("postgres.counts")
    if series is None or at is None or series.latest is None or series.gap is None:
        return None
    silence, gap = at - series.latest, timedelta(seconds=series.gap)
    return (silence, gap) if silence > gap and look.stands("postgres.counts") else None


def metadata_rows(look: Look, table: Table) -> int | None:
    """Rows of the raw table by its free metadata, soft-deleted ones included; never a state."""
    known = look.tables.tables if look.tables else {}
    return next(
        (meta.rows for name, meta in known.items() if name.rsplit(".", 1)[-1] == table.raw), None
    )


def tables_there(look: Look) -> Iterator[Finding]:
    """Tables and marts that a service says do not exist."""
    for probe, stage in (("postgres.counts", StageId.postgres), ("bigquery.counts", None)):
        counts = look.source if stage else look.warehouse
        observation = look.observation(probe)
        if counts is None or observation is None or not look.stands(probe):
            continue
        for name, words in counts.failed.items():
            key = f"table.unread.{name}"
            yield Finding(
                "table.unread",
                StageId.postgres,
                State.unknown,
                f"table {name} was not counted in PostgreSQL",
                look.first_seen(key),
                (),
                (Evidence(StageId.postgres, probe, words, observation.at),),
                key,
            )
        for name, words in counts.missing.items():
            kind, _, bare = name.partition(".")
            if kind == "ops":
                continue  # no ops table: the mart it feeds is off
            owner = stage or (StageId.bigquery if kind == "raw" else StageId.dbt)
            key = f"table.missing.{name}"
            yield Finding(
                "table.missing",
                owner,
                State.broken,
                f"table {name} does not exist" if stage else f"{kind} table {bare} does not exist",
                look.first_seen(key),
                (),
                (Evidence(owner, probe, words, observation.at),),
                key,
            )


class _Kind(NamedTuple):
    """What days must have in common to be one finding."""

    stage: StageId
    table: str
    more: bool
    """They have rows that the stage above does not have."""
    old: bool
    """No nightly run makes them anew."""

    @property
    def key(self) -> str:
        ends = (".more" if self.more else "", ".old" if self.old else "")
        return f"{CHECKS[self.stage]}.{self.table}{''.join(ends)}"


def _kind(look: Look, row: TraceRow, stage: StageId) -> _Kind:
    cell, above = row.cells[stage], row.cells.get(_counted_above(row, stage))
    more = above is not None and (cell.count or 0) > (above.count or 0)
    fed = (mart for mart in look.pipeline.marts if look.pipeline.subject_of(mart) == row.table)
    mart = next(fed, None) if stage is StageId.dbt and cell.state is State.late else None
    return _Kind(stage, row.table, more, bool(mart and not remade(look, mart, row.day)))


def _loss(look: Look, kind: _Kind, unequal: list[TraceRow]) -> Finding:
    stage, owner = kind.stage, OWNER.get(kind.stage, kind.stage)
    days = tuple(sorted(row.day for row in unequal))
    above = _counted_above(unequal[0], stage)
    had = sum(row.cells[above].count or 0 for row in unequal if above in row.cells)
    has = sum(row.cells[stage].count or 0 for row in unequal)
    state = worst([row.cells[stage].state for row in unequal])
    words = f"{NAMES[above]} {had:,}, {NAMES[stage]} {has:,}"
    if above is not UPSTREAM[stage]:
        words += "; what lies between cannot be seen"
    evidence = Evidence(
        owner,
        COUNTED_BY[stage],
        words + (old_words(look, days) if kind.old else ""),
        look.seen_at(COUNTED_BY[stage]),
        {above.value: had, stage.value: has},
    )
    return Finding(
        CHECKS[stage],
        owner,
        state,
        f"{kind.table}: {_unequal(kind, above, days, has - had)}",
        look.first_seen(kind.key),
        days,
        (evidence,),
        kind.key,
        rebuild(days) if kind.old else export_again(days) if above is StageId.dbt else "",
    )


def _unequal(kind: _Kind, above: StageId, days: tuple[date, ...], delta: int) -> str:
    if kind.more:
        return f"{NAMES[kind.stage]} holds {delta:,} more than {NAMES[above]} on {span(days)}"
    figure = f" ({delta:+,})" if delta else ""
    return f"{span(days)} {'is' if len(days) == 1 else 'are'} short in {NAMES[kind.stage]}{figure}"


def rebuild(days: tuple[date, ...]) -> str:
    """What to do about days that no nightly run makes anew."""
    return f"rebuild {span(days)}"


def export_again(days: tuple[date, ...]) -> str:
    """The runbook's command for days that the mart holds and the index does not, to be pasted."""
    return f"python analytics/export/export_to_es.py --start {days[0]} --end {days[-1]}"


def old_words(look: Look, days: tuple[date, ...]) -> str:
    """Why nothing comes by itself, and how these days are made anew."""
    bounds = f"start and end {days[0]}" if len(days) == 1 else f"start {days[0]}, end {days[-1]}"
    back = f"nightly runs go back {look.pipeline.look_back_days} days"
    return f"; {back}; run {look.pipeline.workflow.file}, {bounds}"


def _counted_above(row: TraceRow, stage: StageId) -> StageId:
    """The nearest stage upstream that was counted: what the loss was told by."""
    above = UPSTREAM[stage]
    while above in UPSTREAM and (above not in row.cells or row.cells[above].count is None):
        above = UPSTREAM[above]
    return above


def span(days: tuple[date, ...]) -> str:
    """`22 Nov`, `20-22 Nov`, or `3 days from 2 Oct`."""
    first, last = days[0], days[-1]
    if first == last:
        return f"{first.day} {first:%b}"
    if (last - first).days == len(days) - 1 and first.month == last.month:
        return f"{first.day}-{last.day} {last:%b}"
    return f"{len(days)} days from {first.day} {first:%b}"
