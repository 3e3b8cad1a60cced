"""A table that Fivetran copies: is it selected, how far is the copy, which days wait."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from altui.core.model.health import SEVERITY, StageId, State, TraceRow
from altui.core.model.pipeline import Table
from altui.core.model.reading import Series, SyncTable
from altui.core.present.follows import trouble
from altui.core.present.page import Page, fact, nowhere
from altui.core.present.parity import difference_state
from altui.core.present.rows import Line, Segment, Tone, columns, greyed, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.schedule import sync_turn
from altui.core.rules.syncing import SCHEMAS
from altui.core.words import behind, day, number, plural

SOURCE, WAREHOUSE = "postgres.counts", "bigquery.counts"
DAYS = 30
BAR = 34
BAD = (State.late, State.broken)

_fact = partial(fact, "table", 14)


def make(seen: View, rest: str) -> Page:
    """`emails` is the table of that name."""
    table = next((table for table in seen.pipeline.tables if table.name == rest), None)
    if table is None:
        return nowhere(f"table {rest}")
    rows = [*_blind(seen), *_facts(seen, table), Line("gap.days"), *_days(seen, table)]
    return Page(f"1 Fivetran, {table.name}", tuple(rows), _head(seen, table))


def tables(seen: View) -> Iterator[Line]:
    """A row a table, which opens its page, and what else the connection copies."""
    yield Line("tables.gap")
    yield line("tables.title", ("tables", Tone.strong), (": enter opens the chosen one", Tone.dim))
    known = seen.pipeline.tables
    cells = [
        (table.name, _word(seen, table), *_figures(seen, table), _waits(seen, table))
        for table in known
    ]
    heads = ("", "copied", "rows", "deleted", "behind", "waiting")
    sizes = [max(map(columns, column)) for column in zip(heads, *cells, strict=True)]
    yield line("tables.head", (f"   {_row(heads, sizes)}", Tone.dim))
    for table, words in zip(known, cells, strict=True):
        made = line(
            f"tables.{table.name}",
            " ",
            seen.sign(_state(seen, table)),
            f" {_row(words, sizes)}",
            opens=f"fivetran/{table.name}",
        )
        yield made if seen.live(WAREHOUSE) else greyed(made)
    limit = f"   a copy may be {behind(_limit(seen))} behind"
    yield line("tables.limit", (limit, Tone.dim), *_others(seen))


def _row(words: tuple[str, ...], sizes: list[int]) -> str:
    first, second, *rest = zip(words, sizes, strict=True)
    return "  ".join([pad(*first), pad(*second), *(pad(*cell, right=True) for cell in rest)])


def _others(seen: View) -> Iterator[Segment]:
    """Tables outside the pipeline that the connection copies as well."""
    found = seen.look.sync_tables
    ours = {table.source for table in seen.pipeline.tables}
    count = sum(one.enabled and one.source not in ours for one in found.tables) if found else 0
    if count:
        yield Segment(f"; {plural(count, 'other table')} copied as well", Tone.dim)


def _blind(seen: View) -> Iterator[Line]:
    for probe in (SOURCE, WAREHOUSE):
        if row := trouble(seen, probe):
            yield row


def _facts(seen: View, table: Table) -> Iterator[Line]:
    source, raw = seen.look.source_of(table), seen.look.raw(table)
    rows, deleted, lag = _figures(seen, table)
    word = _word(seen, table)
    yield _fact("copied", (word, Tone.late if word == "NO" else Tone.plain), _why(seen, table))
    yield _fact("from, to", f"{table.source}, {table.raw}")
    synced = raw.synced if raw else None
    yield _aged(
        seen, _fact("newest synced", seen.clock(synced), (f" ({seen.age(synced)})", Tone.dim))
    )
    over = lag not in ("-", "?") and _lag(source, raw) > _limit(seen)
    bad = over and difference_state(seen, table) in BAD
    yield _aged(
        seen,
        _fact(
            "behind",
            (lag, Tone.late if bad else Tone.plain),
            (f", by the newest {table.day}; limit {behind(_limit(seen))}", Tone.dim),
        ),
    )
    held = f"{rows} live in BigQuery, {number(source.rows if source else None)} at the source"
    yield _aged(seen, _fact("rows", held))
    yield _aged(seen, _fact("soft-deleted", deleted, (", deleted at the source, kept", Tone.dim)))
    yield _aged(seen, _fact("waiting", _waits(seen, table)))


def _figures(seen: View, table: Table) -> tuple[str, str, str]:
    """Live rows, soft-deleted ones, and how far the newest row is behind the source's."""
    source, raw = seen.look.source_of(table), seen.look.raw(table)
    if raw is None:
        return "?", "?", "?"
    deleted = "?" if raw.physical is None else number(raw.physical - raw.rows)
    if source is None or source.latest is None or raw.latest is None:
        return number(raw.rows), deleted, "?"
    same = source.rows == raw.rows or raw.latest >= source.latest
    return number(raw.rows), deleted, "-" if same else behind(_lag(source, raw))


def _lag(source: Series | None, raw: Series | None) -> timedelta:
    if source is None or raw is None or source.latest is None or raw.latest is None:
        return timedelta()
    return source.latest - raw.latest


def _limit(seen: View) -> timedelta:
    """From a sync to the end of the next one's grace."""
    sync, connection = seen.pipeline.sync, seen.look.connection
    if connection is None:
        return sync.promise
    return sync_turn(connection, seen.pipeline) + timedelta(minutes=sync.grace_minutes)


# Whether it is selected


def _word(seen: View, table: Table) -> str:
    known = _known(seen, table)
    return "?" if known is None else "yes" if known.enabled else "NO"


def _known(seen: View, table: Table) -> SyncTable | None:
    found = seen.look.sync_tables
    return (
        next((one for one in found.tables if one.source == table.source), None) if found else None
    )


def _why(seen: View, table: Table) -> Segment:
    known, asked = _known(seen, table), seen.observation(SCHEMAS)
    if asked is not None and asked.error is not None:
        return Segment(f", {asked.error.trouble.value}: {asked.error.words}", Tone.dim)
    if known is not None:
        left_out = ", it is not selected: nothing of it is copied"
        return Segment("" if known.enabled else left_out, Tone.late)
    if seen.look.sync_tables is None:
        return Segment(", being read...", Tone.dim)
    return Segment(", Fivetran does not list it", Tone.unknown)


def _state(seen: View, table: Table) -> State:
    """The worst of its days; late where nothing of it is copied."""
    state = difference_state(seen, table)
    if seen.look.raw(table) is None:
        return State.unknown
    left_out = _word(seen, table) == "NO"
    return max(state, State.late if left_out else state, key=SEVERITY.__getitem__)


def _head(seen: View, table: Table) -> tuple[Segment, ...]:
    state = _state(seen, table)
    return (Segment(f"{seen.glyphs.states[state]} {state.value}", tone_of(state)),)


# Day by day


def _waits(seen: View, table: Table) -> str:
    """Rows of all days that the copy lacks, and in how many days."""
    if seen.look.source_of(table) is None or seen.look.raw(table) is None:
        return "?"
    short = {row.day: -apart for row in _rows(seen, table) if (apart := _apart(row)) < 0}
    return f"{sum(short.values()):,} in {plural(len(short), 'day')}" if short else "none"


def _days(seen: View, table: Table) -> Iterator[Line]:
    """Newest first; of those before the newest ones the days that differ."""
    rows = _rows(seen, table)
    shown = [*rows[:DAYS], *(row for row in rows[DAYS:] if _apart(row))]
    if not shown:
        yield line("days.none", ("no day was counted yet", Tone.dim))
        return
    heads = f"  {pad('day', 7)}{'source':>9}{'copied':>9}{'Δ':>8}"
    yield line("days.head", (heads, Tone.dim))
    highest = max(
        max(_count(row, StageId.postgres), _count(row, StageId.fivetran)) for row in shown
    )
    for row in shown:
        made = _day(seen, row, max(highest, 1))
        yield made if seen.live(WAREHOUSE) else greyed(made)
    if len(rows) > DAYS:
        words = f"  older of {day(rows[-1].day)} to {day(_last(shown))}: only days that differ"
        yield line("days.older", (words, Tone.dim))


def _last(shown: list[TraceRow]) -> date:
    return shown[min(len(shown), DAYS) - 1].day


def _day(seen: View, row: TraceRow, highest: int) -> Line:
    cell = row.cells.get(StageId.fivetran)
    state = cell.state if cell else State.unknown
    apart = _apart(row)
    tone = tone_of(state)
    copied = _count(row, StageId.fivetran) * BAR // highest
    missing = max(-apart, 0) * BAR // highest or (1 if apart < 0 else 0)
    return line(
        f"day.{row.day}",
        seen.sign(state),
        f" {pad(day(row.day), 7)}",
        f"{_shown(row, StageId.postgres):>9}{_shown(row, StageId.fivetran):>9}",
        (f"{apart:+8,}" if apart else " " * 8, tone),
        (f"  {seen.glyphs.bars[-1] * min(copied, BAR)}", Tone.dim),
        (seen.glyphs.bars[0] * min(missing, BAR), tone),
    )


def _rows(seen: View, table: Table) -> list[TraceRow]:
    trace = seen.assessment.trace if seen.assessment else ()
    return [row for row in trace if row.table == table.name]


def _apart(row: TraceRow) -> int:
    """Copied rows minus rows at the source; 0 where either is not known."""
    sides = [row.cells.get(stage) for stage in (StageId.postgres, StageId.fivetran)]
    source, raw = (side.count if side else None for side in sides)
    return raw - source if source is not None and raw is not None else 0


def _count(row: TraceRow, stage: StageId) -> int:
    cell = row.cells.get(stage)
    return max(cell.count or 0, 0) if cell else 0


def _shown(row: TraceRow, stage: StageId) -> str:
    cell = row.cells.get(stage)
    return "-" if cell is None or cell.count is None else number(cell.count)


def _aged(seen: View, row: Line) -> Line:
    return row if seen.live(WAREHOUSE) else greyed(row)
