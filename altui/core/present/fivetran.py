"""Panel 1: is the copy into BigQuery recent, and what does Fivetran say of itself."""

from collections.abc import Iterator
from datetime import timedelta

from altui.core.model.pipeline import Table
from altui.core.model.reading import Connection
from altui.core.present.bars import bars
from altui.core.present.follows import blind, trouble
from altui.core.present.rows import Line, Tone, columns, extra, folding, greyed, line, pad
from altui.core.present.view import View
from altui.core.rules.schedule import sync_turn
from altui.core.words import ago, behind, number, plural

PROBE = "fivetran.connection"
COUNTS = "bigquery.counts"
SOURCE = "postgres.counts"


def rows(seen: View) -> tuple[Line, ...]:
    """What is wrong in its own words, then last and next sync, then each table.

    While Fivetran is unseen the tables, which stand in for it, come before what it said last.
    """
    said = [*_connection(seen), *_tables(seen)]
    if blind(seen, PROBE):
        said = [*_tables(seen), *_connection(seen)]
    return (*_own_words(seen), *said, *_settings(seen), *_bars(seen))


def brief(seen: View) -> tuple[Line, ...]:
    if blind(seen, PROBE):
        return (*_own_words(seen), *_synced(seen), *_short(seen))
    return (*_own_words(seen), *_short(seen), *_tables(seen))


def _own_words(seen: View) -> Iterator[Line]:
    if row := trouble(seen, PROBE, "fivetran"):
        yield row
    connection = seen.look.connection
    if connection is None:
        return
    for kind, notes, tone in (
        ("task", connection.tasks, Tone.broken),
        ("warning", connection.warnings, Tone.late),
    ):
        for place, note in enumerate(notes):
            key = f"fivetran.{kind}.{place}"
            made = line(key, (f"{kind} {note.code}: ", tone), note.message)
            yield _aged(seen, folding(made))


def _short(seen: View) -> Iterator[Line]:
    connection = seen.look.connection
    if connection is None:
        return
    ended = connection.succeeded_at
    known = seen.look.sync_tables.tables if seen.look.sync_tables else ()
    enabled = [table.source.rsplit(".", 1)[-1] for table in known if table.enabled]
    names = enabled or [table.name for table in seen.pipeline.tables]
    warnings = plural(len(connection.warnings), "warning")
    tasks = f", {plural(len(connection.tasks), 'task')}" if connection.tasks else ""
    yield _aged(
        seen,
        line(
            "fivetran.short",
            f"synced {seen.clock(ended)}",
            f", {_next(seen, connection)}",
            extra(f", {' + '.join(names)}", rank=2),
            f", {warnings}" if connection.warnings else extra(f", {warnings}"),
            tasks,
        ),
    )


def _synced(seen: View) -> Iterator[Line]:
    """The newest synced rows of all tables in one row."""
    found = [(table, raw) for table in seen.pipeline.tables if (raw := seen.look.raw(table))]
    words = ", ".join(f"{table.name} {seen.clock(raw.synced)}" for table, raw in found)
    if words:
        made = line("fivetran.synced", ("newest synced rows: ", Tone.dim), words)
        yield made if seen.live(COUNTS) else greyed(made)


def _connection(seen: View) -> Iterator[Line]:
    connection = seen.look.connection
    if connection is None:
        return
    grace = timedelta(minutes=seen.pipeline.sync.grace_minutes)
    limit = sync_turn(connection, seen.pipeline) + grace
    ended = connection.succeeded_at
    yield _aged(
        seen,
        line(
            "fivetran.last",
            ("last success  ", Tone.dim),
            (seen.clock(ended), Tone.strong),
            f", {ago(seen.now, ended)}; limit {behind(limit)}" if ended else "",
        ),
    )
    yield _aged(
        seen,
        line(
            "fivetran.next",
            ("next sync     ", Tone.dim),
            _next(seen, connection).removeprefix("next "),
            (f", every {connection.sync_frequency} min", Tone.dim),
        ),
    )
    failed = connection.failed_at
    if failed and (ended is None or failed > ended):
        yield _aged(
            seen,
            line(
                "fivetran.failed", ("failed        ", Tone.dim), (seen.clock(failed), Tone.broken)
            ),
        )


def _next(seen: View, connection: Connection) -> str:
    if connection.paused:
        return "paused: no next sync"
    if connection.sync_state == "syncing":
        return "a sync runs now"
    if connection.sync_state == "rescheduled":
        until = connection.rescheduled_for
        return f"rescheduled to {seen.clock(until)}" if until else "rescheduled, no time given"
    if connection.schedule_type == "manual":
        return "next only by hand"
    slot = seen.look.due.sync_slot
    if slot is None:
        return "next unknown"
    due = seen.now >= slot
    return f"next {seen.clock(slot)}" + (" (due)" if due else "")


def _tables(seen: View) -> Iterator[Line]:
    """Each table's newest synced row and its live rows, as BigQuery holds them."""
    series = [(table, seen.look.raw(table)) for table in seen.pipeline.tables]
    known = [(table, found) for table, found in series if found is not None]
    name = max((columns(table.name) for table, _ in known), default=0)
    count = max((len(number(found.rows)) for _, found in known), default=0)
    for table, found in known:
        made = line(
            f"fivetran.{table.name}",
            pad(table.name, name),
            (f"  {pad(number(found.rows), count, right=True)} rows, ", Tone.dim),
            extra("newest ", Tone.dim),
            ("synced ", Tone.dim),
            seen.clock(found.synced),
            (_written(seen, table), Tone.dim),
            opens=f"fivetran/{table.name}",
        )
        yield made if seen.live(COUNTS) else greyed(made)


def _written(seen: View, table: Table) -> str:
    """While Fivetran is unseen: whether there was anything to copy since."""
    source = seen.look.source_of(table)
    if not blind(seen, PROBE) or not seen.live(SOURCE) or source is None:
        return ""
    newest = max(source.changed.values(), default=None)
    return f"; source written {seen.clock(newest)}" if newest else ""


def _settings(seen: View) -> Iterator[Line]:
    connection = seen.look.connection
    if connection is None:
        return
    notes = (
        f"{plural(len(connection.tasks), 'task')}, {plural(len(connection.warnings), 'warning')}"
    )
    words = f"{connection.setup_state}, {connection.sync_state}, {connection.update_state}"
    yield _aged(seen, line("fivetran.says", ("it says       ", Tone.dim), words))
    yield _aged(seen, line("fivetran.notes", ("notes         ", Tone.dim), notes))
    yield _aged(
        seen,
        line(
            "fivetran.id",
            ("connection    ", Tone.dim),
            (f"{connection.id}, schema {connection.schema}", Tone.dim),
        ),
    )


def _aged(seen: View, row: Line) -> Line:
    return row if seen.live(PROBE) else greyed(row)


def _bars(seen: View) -> Iterator[Line]:
    """Live rows a day, as they arrived in BigQuery."""
    name = max(columns(table.name) for table in seen.pipeline.tables)
    for table in seen.pipeline.tables:
        if raw := seen.look.raw(table):
            made = bars(seen, f"fivetran.bars.{table.name}", pad(table.name, name), raw.by_day)
            yield made if seen.live(COUNTS) else greyed(made)
