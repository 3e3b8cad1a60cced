"""The runbook's tolerance on totals: the source against its copy, all rows that live."""

from collections.abc import Iterator
from datetime import datetime

from altui.core.model.health import Evidence, Finding, StageId, State, TraceRow
from altui.core.model.pipeline import Table
from altui.core.model.reading import Series
from altui.core.rules.look import Look
from altui.core.rules.parity import total_difference
from altui.core.rules.trace import margin, synced_until
from altui.core.words import percent


def totals(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[Finding]:
    """Totals that differ too much although a sync should have carried what there was.

    Nobody tells when rows older than the traced days were written: what the source held when the
    difference was first seen must be there after the next sync that succeeds.
    """
    for table in look.pipeline.tables:
        if (sides := _apart(look, table, rows)) is None:
            continue
        source, raw = sides
        key = f"parity.total.{table.name}"
        outlived = _outlived(look, table, source, raw)
        if outlived or (outlived is None and key in look.since):
            words = f"PostgreSQL {source.rows:,}, BigQuery {raw.rows:,}"
            at = look.seen_at("bigquery.counts")
            yield Finding(
                "parity.total",
                StageId.bigquery,
                State.late,
                f"{table.name}: {_words(look, source.rows, raw.rows)}",
                look.first_seen(key),
                (),
                (Evidence(StageId.bigquery, "bigquery.counts", words, at),),
                key,
            )


def unequal_totals(look: Look, rows: tuple[TraceRow, ...]) -> Iterator[str]:
    """A key for each table whose totals differ too much, to remember since when.

    The key holds the source's rows as they were then: another one as soon as a sync carried them.
    """
    for table in look.pipeline.tables:
        if (sides := _apart(look, table, rows)) is not None:
            known = _known(look, table)
            carried = _outlived(look, table, *sides) is False
            yield _key(table, sides[0].rows if known is None or carried else known[0])


def is_unequal(since: dict[str, datetime], table: str) -> bool:
    """Whether such a key is among those that were remembered."""
    return any(key.rpartition(".")[0] == f"total.{table}" for key in since)


def _apart(look: Look, table: Table, rows: tuple[TraceRow, ...]) -> tuple[Series, Series] | None:
    """Both sides where they differ by more than the next sync still has to carry of traced days."""
    source, raw = look.source_of(table), look.raw(table)
    share = total_difference(look, table)
    if source is None or raw is None or share is None or not _counted_now(look):
        return None
    if share <= look.pipeline.total_tolerance:
        return None
    waiting = sum(_waiting(row) for row in rows if row.table == table.name)
    beyond = abs(source.rows - raw.rows) - waiting
    return (source, raw) if beyond / max(source.rows, 1) > look.pipeline.total_tolerance else None


def _outlived(look: Look, table: Table, source: Series, raw: Series) -> bool | None:
    """Whether the copy has neither what the source held before the last sync nor what it has now.

    None: this look cannot tell, since no sync was due to carry it, or the source was not counted
    since one did; days that are settled do not say when a row of theirs went.
    """
    known, until, counts = _known(look, table), synced_until(look, raw), look.source
    counted_at = look.seen_at("postgres.counts")
    if known is None or until is None or counts is None or counted_at is None:
        return None
    if raw.rows < source.rows:
        counted_at = min(counted_at, counts.settled_at or counted_at)
    if known[1] > until or counted_at <= until + margin(look):
        return None
    least, most = sorted((known[0], source.rows))
    missing = max(least - raw.rows, raw.rows - most)
    return missing / max(source.rows, 1) > look.pipeline.total_tolerance


def _known(look: Look, table: Table) -> tuple[int, datetime] | None:
    """The source's rows when the difference was first seen, and when that was."""
    for key, since in look.since.items():
        start, _, held = key.rpartition(".")
        if start == f"total.{table.name}":
            return int(held), since
    return None


def _key(table: Table, held: int) -> str:
    return f"total.{table.name}.{held}"


def _words(look: Look, source: int, raw: int) -> str:
    share = abs(source - raw) / max(source, 1)
    if share > 1:
        return f"BigQuery holds {raw:,} rows, PostgreSQL {source:,}"
    limit = f"{100 * look.pipeline.total_tolerance:g}"
    return f"totals differ by {percent(share)} %, more than {limit} %"


def _counted_now(look: Look) -> bool:
    return look.stands("postgres.counts") and look.stands("bigquery.counts")


def _waiting(row: TraceRow) -> int:
    """Rows of a day that differ and are due."""
    source, raw = row.cells.get(StageId.postgres), row.cells.get(StageId.fivetran)
    if source is None or raw is None or raw.state is not State.due:
        return 0
    return abs((source.count or 0) - (raw.count or 0))
