"""Panel 4: does every copy hold the rows its source holds."""

from collections.abc import Collection, Iterator
from datetime import date

from msgspec.structs import replace

from altui.core.model.health import STAGES, StageId, State, TraceRow, worst
from altui.core.model.pipeline import Table, risk_mart
from altui.core.model.reading import Series
from altui.core.present.follows import blind, trouble
from altui.core.present.parity_notes import history, measures, settled, silences, spent
from altui.core.present.rows import (
    Line,
    Segment,
    Tone,
    columns,
    extra,
    folding,
    greyed,
    line,
    pad,
    tone_of,
)
from altui.core.present.view import View
from altui.core.rules.parity import equal_through, total_difference
from altui.core.words import behind, clock, day, number, percent, plural

SOURCE, WAREHOUSE = "postgres.counts", "bigquery.counts"
COPIES = {
    StageId.bigquery: "staging",
    StageId.dbt: "mart",
    StageId.elasticsearch: "index",
}
HISTORY = 30


def rows(seen: View) -> tuple[Line, ...]:
    """A row a table with both sides, their newest records, then marts and totals, then days."""
    return (
        *trouble_rows(seen),
        *_tables(seen),
        *_latest(seen),
        *_marts(seen),
        *measures(seen),
        *_totals(seen),
        *settled(seen),
        *silences(seen),
        *_deleted(seen),
        *history(seen),
        *_days(seen),
    )


def figures(seen: View) -> tuple[Line, ...]:
    """Both sides of each table with their newest records, and the runbook's line on totals."""
    return (*_tables(seen), *_latest(seen), *_totals(seen), *_deleted(seen))


def brief(seen: View) -> tuple[Line, ...]:
    return (*trouble_rows(seen), *_short(seen), *_totals(seen), *_latest(seen))


def difference_state(seen: View, table: Table) -> State:
    """State of what lies between source and raw rows: the worst of its days."""
    return worst(
        [
            row.cells[StageId.fivetran].state
            for row in _trace(seen, table.name)
            if StageId.fivetran in row.cells
        ]
    )


def trouble_rows(seen: View) -> Iterator[Line]:
    """Why a side is missing or old; nothing where both were read."""
    for probe in (SOURCE, WAREHOUSE):
        if probe == WAREHOUSE and (rows := tuple(spent(seen))):
            yield from rows
        elif row := trouble(seen, probe, "parity"):
            yield row
    if blind(seen, WAREHOUSE) and not blind(seen, SOURCE):
        yield from _direct(seen)


def _direct(seen: View) -> Iterator[Line]:
    """While BigQuery is unseen: through which day source and index hold the same counts."""
    table = risk_mart(seen.pipeline).table or ""
    through, unequal = equal_through(_trace(seen, table), (StageId.postgres, StageId.elasticsearch))
    if through is None:
        return
    made = line(
        "parity.direct",
        ("source = index to ", Tone.dim),
        day(through),
        (f", but {plural(unequal, 'day')} before" if unequal else "", Tone.late),
        (", the marts unseen", Tone.unknown),
    )
    yield made if seen.live(SOURCE) else greyed(made)


def _short(seen: View) -> Iterator[Line]:
    if blind(seen, WAREHOUSE) and not blind(seen, SOURCE):
        return  # what the index and the source have in common is told already
    segments: list[Segment] = []
    for place, table in enumerate(seen.pipeline.tables):
        source, raw = seen.look.source_of(table), seen.look.raw(table)
        if source is None and raw is None:
            continue
        state = difference_state(seen, table)
        same = source and raw and source.rows == raw.rows
        sign = " = " if same else " / "
        words = sign.join(_rows_of(side) for side in (source, raw) if side)
        if not same and source and raw:
            words += f" ({_why(seen, state)})"
        rank = place + 1 if place else 0  # room is for the first table, the marts, the others
        segments.append(extra(f"{words}   ", _tone(seen, state), rank))
    through, _ = _marts_equal(seen)
    if segments or through:
        words = f"marts ok to {day(through)}" if through else "marts: nothing equal yet"
        yield aged(seen, Line("parity.short", (*segments, extra(words))))


def _why(seen: View, state: State) -> str:
    slot = seen.look.due.sync_slot
    if state is State.due:
        return f"due {clock(seen.now, slot)}" if slot else "due with the next sync"
    return state.value


def _tables(seen: View) -> Iterator[Line]:
    if not _read(seen):
        return
    heads = ("postgres", "bigquery", "Δ rows", "%", "behind")
    figures = [_figures(seen, table) for table in seen.pipeline.tables]
    sizes = [max(map(columns, column)) for column in zip(heads, *figures, strict=True)]
    name = max(columns(table.name) for table in seen.pipeline.tables)
    yield line("parity.head", (f"  {pad('', name)}{''.join(_cells(heads, sizes))}", Tone.dim))
    for table, cells in zip(seen.pipeline.tables, figures, strict=True):
        state = difference_state(seen, table)
        if seen.look.source_of(table) is None or seen.look.raw(table) is None:
            state = State.off if seen.off(SOURCE) or seen.off(WAREHOUSE) else State.unknown
        tone = Tone.dim if state is State.ok else tone_of(state)
        both, difference = _cells(cells[:2], sizes[:2]), _cells(cells[2:], sizes[2:])
        yield aged(
            seen,
            line(
                f"parity.{table.name}",
                seen.sign(state, SOURCE, WAREHOUSE),
                f" {pad(table.name, name)}{''.join(both)}",
                ("".join(difference), tone),
                opens=f"parity/{table.name}",
            ),
        )


def _cells(words: tuple[str, ...], sizes: list[int]) -> list[str]:
    return [f"  {pad(word, size, right=True)}" for word, size in zip(words, sizes, strict=True)]


def _figures(seen: View, table: Table) -> tuple[str, str, str, str, str]:
    """Both sides, and the difference in rows, in percent and in time."""
    source, raw = seen.look.source_of(table), seen.look.raw(table)
    delta = raw.rows - source.rows if source and raw else None
    share = total_difference(seen.look, table)
    return (
        _rows_of(source),
        _rows_of(raw),
        "?" if delta is None else f"{delta:+,}" if delta else "0",
        "?" if share is None else percent(share),
        _lag(source, raw, delta),
    )


def _lag(source: Series | None, raw: Series | None, delta: int | None) -> str:
    """How far BigQuery's newest record is behind the source's."""
    if source is None or raw is None or source.latest is None or raw.latest is None:
        return "?"
    if not delta or raw.latest >= source.latest:
        return "-"
    return behind(source.latest - raw.latest)


def _latest(seen: View) -> Iterator[Line]:
    name = max(columns(table.name) for table in seen.pipeline.tables)
    for table in seen.pipeline.tables:
        source, raw = seen.look.source_of(table), seen.look.raw(table)
        if source is None and raw is None:
            continue
        sides = [(source, "postgres"), (raw, "bigquery")]
        known = [f"{whose} {seen.clock(side.latest)}" for side, whose in sides if side]
        head, latest = (f"  {pad(table.name, name)}  ", Tone.dim), extra("latest: ", Tone.dim)
        made = line(f"parity.latest.{table.name}", head, latest, ", ".join(known))
        yield aged(seen, folding(made, 4))


def copies_seen(seen: View) -> tuple[StageId, ...]:
    """Those of staging, mart and index that could be counted at all."""
    rows = _trace(seen, risk_mart(seen.pipeline).table or "")
    return tuple(
        stage
        for stage in COPIES
        if any(row.cells[stage].count is not None for row in rows if stage in row.cells)
    )


def _marts_equal(seen: View) -> tuple[date | None, int]:
    """See rules.parity.equal_through, for the stages that are seen."""
    table = risk_mart(seen.pipeline).table or ""
    return equal_through(_trace(seen, table), copies_seen(seen))


def _marts(seen: View) -> Iterator[Line]:
    if seen.look.warehouse is None or seen.assessment is None:
        return
    compared = copies_seen(seen)
    through, unequal = _marts_equal(seen)
    blind = [name for stage, name in COPIES.items() if stage not in compared]
    words = f"to {day(through)}" if through else "on no day"
    yield aged(
        seen,
        line(
            "parity.marts",
            (f"  {' = '.join(COPIES[stage] for stage in compared)} ", Tone.dim),
            words,
            (f", but {plural(unequal, 'day')} before" if unequal else "", Tone.late),
            (f", {', '.join(blind)} unseen" if blind else "", Tone.unknown),
        ),
    )


def _totals(seen: View) -> Iterator[Line]:
    """The runbook's line of its own; it never makes a missing day green."""
    shares = [(table, total_difference(seen.look, table)) for table in seen.pipeline.tables]
    known = [(table, share) for table, share in shares if share is not None]
    if not known:
        return
    limit = seen.pipeline.total_tolerance
    within = all(share <= limit for _, share in known)
    words = [f"{table.name} {percent(share)} %" for table, share in known]
    yield aged(
        seen,
        line(
            "parity.totals",
            ("  totals ", Tone.dim),
            (
                f"{'within' if within else 'OUTSIDE'} ±{100 * limit:g} %",
                Tone.plain if within else Tone.late,
            ),
            (f": {words[0]}", Tone.dim),
            *(extra(f", {one}", Tone.dim, rank) for rank, one in enumerate(words[1:], 1)),
        ),
    )


def _deleted(seen: View) -> Iterator[Line]:
    """Soft-deleted rows are a label, never a state."""
    found = ((table, seen.look.raw(table)) for table in seen.pipeline.tables)
    words = [
        f"{table.name} {raw.physical - raw.rows:,}" for table, raw in found if raw and raw.physical
    ]
    if words:
        yield aged(
            seen,
            line("parity.deleted", (f"  soft-deleted in BigQuery: {', '.join(words)}", Tone.dim)),
        )


def _days(seen: View) -> Iterator[Line]:
    """The last days' counts, stage by stage."""
    main = risk_mart(seen.pipeline).table or ""
    newest = _trace(seen, main)[:HISTORY]
    if not newest:
        return
    names = ("source", "raw", "staging", "mart", "index", "seen")
    titles = "".join(f"{name:>8}" for name in names)
    yield line("parity.days", (f"  {pad(main, 7)}{titles}", Tone.dim))
    for row in newest:
        cells = [Segment(f"  {pad(day(row.day), 7)}", Tone.dim)]
        for stage in STAGES:
            cell = row.cells.get(stage)
            state = cell.state if cell else State.off
            word = number(cell.count) if cell and cell.count is not None else "-"
            if cell and cell.count is None and state in (State.unknown, State.denied, State.off):
                word = seen.glyphs.states[state]
            cells.append(Segment(f"{word:>8}", Tone.plain if state is State.ok else tone_of(state)))
        opens = f"parity/{main}/{row.day}"
        yield aged(seen, Line(f"parity.day.{row.day}", tuple(cells), opens))


def only(seen: View, names: Collection[str]) -> View:
    """The same view of some tables alone."""
    tables = tuple(table for table in seen.pipeline.tables if table.name in names)
    pipeline = replace(seen.pipeline, tables=tables)
    return replace(seen, look=replace(seen.look, pipeline=pipeline))


def _trace(seen: View, table: str) -> tuple[TraceRow, ...]:
    rows = seen.assessment.trace if seen.assessment else ()
    return tuple(row for row in rows if row.table == table)


def _rows_of(series: Series | None) -> str:
    return number(series.rows if series else None)


def _tone(seen: View, state: State) -> Tone:
    return Tone.plain if state is State.ok else tone_of(state)


def _read(seen: View) -> bool:
    return seen.look.source is not None or seen.look.warehouse is not None


def aged(seen: View, row: Line) -> Line:
    return row if seen.live(SOURCE) and seen.live(WAREHOUSE) else _half(seen, row)


def _half(seen: View, row: Line) -> Line:
    """Grey, unless the side that is missing is off: then what is seen is all there is."""
    blind = {probe for probe in (SOURCE, WAREHOUSE) if not seen.live(probe)}
    return row if all(map(seen.off, blind)) else greyed(row)
