"""Losses between neighbouring stages, and the runbook's totals."""

from collections.abc import Iterator
from datetime import date, timedelta

from altui.core.model.health import Evidence, Finding, StageId, State, TraceRow
from altui.core.model.pipeline import Table
from altui.core.rules.look import Look
from altui.core.rules.trace import COUNTED_BY, LOST, difference_key, loss_key

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
NAMES: dict[StageId, str] = {
    StageId.postgres: "PostgreSQL",
    StageId.fivetran: "BigQuery",
    StageId.bigquery: "staging",
    StageId.dbt: "the mart",
    StageId.elasticsearch: "the index",
    StageId.kibana: "the dashboard",
}


def losses(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[Finding]:
    """A finding for each table and stage where days are short."""
    found: dict[tuple[StageId, str], list[TraceRow]] = {}
    for row in rows:
        if row.first_loss is not None:
            found.setdefault((row.first_loss, row.table), []).append(row)
    for (stage, table), short in found.items():
        yield _loss(look, stage, table, short)


def differences(rows: tuple[TraceRow, ...]) -> Iterator[str]:
    """Keys of the differences between source and raw rows, to remember when each began.

    Those that are losses have a second key.
    """
    for row in rows:
        source, raw = row.cells.get(StageId.postgres), row.cells.get(StageId.fivetran)
        if source and raw and None not in (source.count, raw.count) and source.count != raw.count:
            yield difference_key(row.table, row.day)
            if raw.state in LOST:
                yield loss_key(row.table, row.day)


def equal_through(
    rows: tuple[TraceRow, ...], stages: tuple[StageId, ...]
) -> tuple[date | None, int]:
    """The newest day that agrees in all `stages`, and how many days before it do not.

    `rows` are one table's, newest first; days before its first row do not count. Days with equal
    counts and another measure do not agree: their cells are marked.
    """
    newest: date | None = None
    unequal = 0
    for row in rows:
        cells = [row.cells[stage] for stage in stages if stage in row.cells]
        counts = {cell.count for cell in cells}
        if counts <= {None, 0}:
            continue
        if len(counts) == 1 and all(cell.state is State.ok for cell in cells):
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


def totals(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[Finding]:
    """The runbook's tolerance on totals, beyond what the next sync still has to carry."""
    for table in look.pipeline.tables:
        source, raw = look.source_of(table), look.raw(table)
        share = total_difference(look, table)
        if source is None or raw is None or share is None or not _counted_now(look):
            continue
        waiting = sum(_waiting(row) for row in rows if row.table == table.name)
        beyond = abs(source.rows - raw.rows) - waiting
        if beyond / max(source.rows, 1) > look.pipeline.total_tolerance:
            key = f"parity.total.{table.name}"
            words = f"PostgreSQL {source.rows:,}, BigQuery {raw.rows:,}"
            at = look.seen_at("bigquery.counts")
            yield Finding(
                "parity.total",
                StageId.bigquery,
                State.late,
                f"{table.name}: totals differ by {100 * share:.2f} %, more than "
                f"{100 * look.pipeline.total_tolerance:g} %",
                look.first_seen(key),
                (),
                (Evidence(StageId.bigquery, "bigquery.counts", words, at),),
                key,
            )


def _counted_now(look: Look) -> bool:
    return look.stands("postgres.counts") and look.stands("bigquery.counts")


def _waiting(row: TraceRow) -> int:
    """Rows of a day that differ and are due."""
    source, raw = row.cells.get(StageId.postgres), row.cells.get(StageId.fivetran)
    if source is None or raw is None or raw.state is not State.due:
        return 0
    return abs((source.count or 0) - (raw.count or 0))


def _loss(look: Look, stage: StageId, table: str, short: list[TraceRow]) -> Finding:
    days = tuple(sorted(row.day for row in short))
    above = _counted_above(short[0], stage)
    had = sum(row.cells[above].count or 0 for row in short if above in row.cells)
    has = sum(row.cells[stage].count or 0 for row in short)
    state = (
        State.broken if any(row.cells[stage].state is State.broken for row in short) else LOST[0]
    )
    delta = has - had
    subject = f"{table}: {span(days)} {'is' if len(days) == 1 else 'are'} short in {NAMES[stage]}"
    if delta:
        subject += f" ({delta:+,})"
    check = CHECKS[stage]
    between = "" if above is UPSTREAM[stage] else "; what lies between cannot be seen"
    evidence = Evidence(
        OWNER.get(stage, stage),
        COUNTED_BY[stage],
        f"{NAMES[above]} {had:,}, {NAMES[stage]} {has:,}{between}",
        look.seen_at(COUNTED_BY[stage]),
        {above.value: had, stage.value: has},
    )
    return Finding(
        check,
        OWNER.get(stage, stage),
        state,
        subject,
        look.first_seen(f"{check}.{table}"),
        days,
        (evidence,),
        f"{check}.{table}",
    )


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
