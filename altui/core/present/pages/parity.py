"""A table or a mart that an ops table feeds, day by day and stage by stage; one of its days."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from altui.core.model.health import STAGES, StageId, State, TraceRow, worst
from altui.core.model.pipeline import Mart
from altui.core.present import parity
from altui.core.present.bars import spark
from altui.core.present.page import Page, nowhere
from altui.core.present.panels import panel
from altui.core.present.parity import SOURCE, WAREHOUSE, aged
from altui.core.present.parity_notes import history, settled, silences
from altui.core.present.parity_report import counted, subjects_of
from altui.core.present.rows import Line, Segment, Tone, columns, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.measures import FLOAT32, SIDES, Difference, different
from altui.core.rules.trace import LOST
from altui.core.words import clock, day, figure

ROOM = 76
"""Columns of a page at 80, beside margin, sign of the choice and scroll bar."""
DAY, MEASURE, FIGURE, SHARE, LIMIT = 6, 19, 15, 7, 6
HOURS = 24
TITLES = {
    StageId.postgres: "source",
    StageId.fivetran: "raw",
    StageId.bigquery: "staging",
    StageId.dbt: "mart",
    StageId.elasticsearch: "index",
    StageId.kibana: "seen",
}
DIFFERS = (State.due, *LOST)


def make(seen: View, rest: str) -> Page:
    """`emails` is every day of it, `emails/2026-11-22` one of them."""
    name, _, text = rest.rpartition("/")
    if rest in subjects_of(seen.pipeline):
        return _whole(seen, rest)
    try:
        one = date.fromisoformat(text)
    except ValueError:
        return nowhere(f"parity {rest}")
    row = next((row for row in _trace(seen, name) if row.day == one), None)
    return _day(seen, row) if row else nowhere(f"parity {name} {text}")


def _whole(seen: View, name: str) -> Page:
    rows = _trace(seen, name)
    found = [item for item in different(seen.look) if _subject(seen, item.mart) == name]
    today = [row for row in rows if row.day >= seen.look.today]
    whole = [row for row in rows if row.day < seen.look.today]
    differing = [row for row in whole if _differs(row)]
    agreeing = [row for row in whole if not _differs(row)]
    table = _Days(seen, rows)
    return Page(
        f"parity {name}",
        (
            *parity.trouble_rows(seen),
            *_notes(seen, name),
            *_sums(seen, name),
            *_measures(seen, found),
            *table.listed("today", "today, not compared downstream", today),
            *table.listed("differ", f"days that differ ({len(differing)})", differing),
            *table.listed("agree", f"days that agree ({len(agreeing)})", agreeing),
            *_nothing(seen, name, rows),
            *_indices(seen, name),
        ),
        _head(seen, _state(seen, rows)) if rows or not _is_unfed(seen, name) else (),
    )


def _day(seen: View, row: TraceRow) -> Page:
    marts = [mart for mart in seen.pipeline.marts if _subject(seen, mart) == row.table]
    return Page(
        f"parity {row.table} {day(row.day)}",
        (
            *parity.trouble_rows(seen),
            *(replace(made, opens="") for made in _Days(seen, (row,)).rows("day", (row,))),
            *_written(seen, row),
            *(made for mart in marts for made in _figures(seen, mart, row.day)),
            *_indices(seen, row.table),
            line("whole", f"every day of {row.table}: enter shows them", opens=_place(row.table)),
        ),
        _head(seen, worst([cell.state for cell in row.cells.values()])),
    )


def _place(name: str) -> str:
    return f"parity/{name}"


def _trace(seen: View, name: str) -> tuple[TraceRow, ...]:
    rows = seen.assessment.trace if seen.assessment else ()
    return tuple(row for row in rows if row.table == name)


def _subject(seen: View, mart: Mart) -> str:
    return seen.pipeline.subject_of(mart)


def _differs(row: TraceRow) -> bool:
    return any(cell.state in DIFFERS for cell in row.cells.values())


def _state(seen: View, rows: Sequence[TraceRow]) -> State:
    """The worst of the days; due as the panel is, whose stages a day on its way is not late for."""
    if not rows:
        return State.unknown
    states = [cell.state for row in rows for cell in row.cells.values()]
    state = worst([state for state in states if state is not State.due])
    stages = panel(seen, "parity").kind.stages
    waits = any(seen.stage(stage).state is State.due for stage in stages)
    return State.due if waits and state is State.ok else state


def _head(seen: View, state: State) -> tuple[Segment, ...]:
    times = [at for probe in (SOURCE, WAREHOUSE) if (at := seen.look.seen_at(probe))]
    word = Segment(f"{seen.glyphs.states[state]} {state.value}", tone_of(state))
    return (word, Segment(f", seen {seen.clock(min(times))}", Tone.dim)) if times else (word,)


# Both sides together


def _sums(seen: View, name: str) -> Iterator[Line]:
    """Totals, newest records, soft-deleted rows and what is usual; tables only."""
    chosen = parity.only(seen, {name})
    if not chosen.pipeline.tables:
        return
    for row in (*parity.figures(chosen), *silences(chosen), *history(chosen)):
        yield replace(row, opens="")
    yield from _hours(seen, name)
    yield from settled(seen)


def _hours(seen: View, name: str) -> Iterator[Line]:
    """How far both sides were apart, hour by hour; a gap where nothing new was counted."""
    drift = seen.assessment.drift.get(name) if seen.assessment else None
    if drift is None:
        yield line("hours", ("  no count of the last 24 h was kept", Tone.dim))
        return
    last = seen.now.replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    drawn = spark(seen.glyphs.bars, map(drift.hours.get, hours))
    since = f"  hour by hour since {clock(seen.now, hours[0])}"
    yield line("hours", (f"  {pad('Δ', columns(name))}  ", Tone.dim), drawn, (since, Tone.dim))


def _notes(seen: View, name: str) -> Iterator[Line]:
    """What of it is not there or was not counted, in the services' words."""
    for counts, keys in counted(seen.look, name):
        for key in keys:
            if words := counts.missing.get(key):
                yield line(f"missing.{key}", seen.sign(State.broken), f" {key}: {words}")
            if words := counts.failed.get(key):
                yield line(f"failed.{key}", seen.sign(State.unknown), f" {key}: {words}")
        for key, words in counts.unmeasured.items():
            if key.rpartition(".")[0] in keys:
                yield line(f"unmeasured.{key}", seen.sign(State.unknown), f" {key}: {words}")


def _nothing(seen: View, name: str, rows: Sequence[TraceRow]) -> Iterator[Line]:
    if rows:
        return
    unfed = _is_unfed(seen, name)
    words = "no ops rows: nothing is expected" if unfed else "no day was counted yet"
    yield line("nothing", (words, Tone.off if unfed else Tone.unknown))


def _is_unfed(seen: View, name: str) -> bool:
    """Whether it is a mart whose ops table was counted and holds nothing."""
    mart = next((one for one in seen.pipeline.marts if one.name == name), None)
    ops = seen.look.ops(mart) if mart else None
    counted = mart is not None and mart.ops is not None and seen.look.warehouse is not None
    return counted and (ops is None or not ops.rows)


def _indices(seen: View, name: str) -> Iterator[Line]:
    """Ways on, to the indices that its days end in."""
    yield Line("gap.to")
    for mart in seen.pipeline.marts:
        if _subject(seen, mart) == name:
            words = f"index {mart.index}: enter shows it"
            yield line(f"to.{mart.index}", words, opens=f"indices/{mart.index}")


# Days


class _Days:
    """Days of one subject as a table; its columns are as wide as its widest figures."""

    def __init__(self, seen: View, rows: Sequence[TraceRow]) -> None:
        self._seen = seen
        self._stages = [one for one in STAGES if any(one in row.cells for row in rows)]
        self._titles = dict(TITLES)
        if StageId.postgres not in self._stages:
            self._titles[StageId.bigquery] = "ops"
        for thousands in (",", ""):
            self._thousands = thousands
            self._sizes = self._widths(rows)
            if self._width(1) <= ROOM:
                break
        self._gap = 2 if self._width(2) <= ROOM else 1

    def listed(self, key: str, title: str, rows: Sequence[TraceRow]) -> Iterator[Line]:
        """Under a title, each one opening its own page."""
        if rows:
            yield Line(f"gap.{key}")
            yield line(f"{key}.title", (title, Tone.strong))
            yield from self.rows(key, rows)

    def rows(self, key: str, rows: Sequence[TraceRow]) -> Iterator[Line]:
        cells = [self._titles[stage] for stage in self._stages]
        yield line(f"{key}.head", (f"  {pad('day', DAY)}{self._cells([*cells, 'Δ'])}", Tone.dim))
        for row in rows:
            yield aged(self._seen, self._row(row))

    def _row(self, row: TraceRow) -> Line:
        state = worst([cell.state for cell in row.cells.values()])
        plain = (State.ok, State.off)
        words, tones = self._words(row), [self._tone(row, stage) for stage in self._stages]
        tones.append(Tone.dim if state in plain else tone_of(state))
        cells = zip(words, self._sizes, tones, strict=True)
        parts = [Segment(self._cell(word, size), tone) for word, size, tone in cells]
        made = line(
            f"day.{row.day}",
            self._seen.sign(state),
            f" {pad(day(row.day), DAY)}",
            *parts,
            opens=f"{_place(row.table)}/{row.day}",
        )
        where = next(
            (s for s in self._stages if s in row.cells and row.cells[s].state is state), None
        )
        at = f" at {self._titles[where]}" if where and state not in plain else ""
        said = f"  {state.value}{at}"
        if columns(made.text) + columns(said) > ROOM:
            return made  # its sign says as much
        return replace(made, segments=(*made.segments, Segment(said, tones[-1])))

    def _words(self, row: TraceRow) -> list[str]:
        return [*(self._word(row, stage) for stage in self._stages), self._apart(row)]

    def _word(self, row: TraceRow, stage: StageId) -> str:
        cell = row.cells.get(stage)
        if cell is None:
            return ""
        if cell.count is not None:
            return f"{cell.count:{self._thousands}}"
        blind = (State.unknown, State.denied, State.off)
        return self._seen.glyphs.states[cell.state] if cell.state in blind else "-"

    def _tone(self, row: TraceRow, stage: StageId) -> Tone:
        cell = row.cells.get(stage)
        return Tone.plain if cell is None or cell.state is State.ok else tone_of(cell.state)

    def _apart(self, row: TraceRow) -> str:
        delta = apart(row, self._seen.look.today)
        return "?" if delta is None else f"{delta:+d}" if delta else "0"

    def _widths(self, rows: Sequence[TraceRow]) -> list[int]:
        titles = [*(self._titles[stage] for stage in self._stages), "Δ"]
        lines = [titles, *map(self._words, rows)]
        return [max(map(columns, column)) for column in zip(*lines, strict=True)]

    def _width(self, gap: int) -> int:
        return 2 + DAY + sum(gap + size for size in self._sizes)

    def _cells(self, words: Sequence[str]) -> str:
        return "".join(map(self._cell, words, self._sizes))

    def _cell(self, word: str, size: int) -> str:
        return " " * self._gap + pad(word, size, right=True)


def apart(row: TraceRow, today: date) -> int | None:
    """By how much the first two neighbours that differ do; None where no two were counted.

    Today is partial: it is not compared downstream of BigQuery.
    """
    before: int | None = None
    compared = False
    for stage in STAGES if row.day < today else STAGES[:3]:
        cell = row.cells.get(stage)
        if cell is None or (cell.count is None and cell.state not in DIFFERS):
            continue
        if before is not None:
            compared = True
            if cell.count != before:
                return (cell.count or 0) - before
        before = cell.count
    return 0 if compared else None


def _written(seen: View, row: TraceRow) -> Iterator[Line]:
    """When its newest row was written, and copied; and when it was counted."""
    table = next((one for one in seen.pipeline.tables if one.name == row.table), None)
    if table is None:
        return
    source, raw = seen.look.source_of(table), seen.look.raw(table)
    counts = seen.look.source
    when = counts.counted_at(row.day, seen.look.seen_at(SOURCE)) if counts else None
    facts = (
        ("newest row written", source.changed.get(row.day) if source else None),
        ("copied to BigQuery", raw.changed.get(row.day) if raw else None),
        ("source counted", when),
    )
    yield Line("gap.written")
    for words, at in facts:
        if at is not None:
            yield line(f"written.{words}", (f"  {pad(words, 20)}", Tone.dim), seen.clock(at))


# Measures


def _measures(seen: View, found: Sequence[Difference]) -> Iterator[Line]:
    """Those that differ, with both figures, by how much, and what is allowed."""
    for stage, (upper, lower) in SIDES.items():
        here = [item for item in found if item.stage is stage]
        if not here:
            continue
        yield Line(f"gap.{stage}")
        words = f"measures that {lower} and {upper} hold differently ({len(here)})"
        yield line(f"measures.{stage}", (words, Tone.strong))
        titles = (*_right((upper, lower), FIGURE), *_right(("%", "limit"), SHARE))
        head = f"  {pad('day', DAY)} {pad('measure', MEASURE)}{''.join(titles)}"
        yield line(f"measures.{stage}.head", (head, Tone.dim))
        for item in sorted(here, key=lambda item: (item.state is State.due, -item.day.toordinal())):
            yield _measure(seen, item)


def _measure(seen: View, item: Difference) -> Line:
    expected, found = _right((figure(item.expected), figure(item.found)), FIGURE)
    share = "-" if item.share == float("inf") else f"{100 * item.share:.2g}"
    return line(
        f"measure.{item.stage}.{item.mart.name}.{item.measure.name}.{item.day}",
        seen.sign(item.state),
        f" {pad(day(item.day), DAY)} {pad(item.measure.name, MEASURE)}{expected}",
        (found, tone_of(item.state)),
        ("".join(_right((share, f"{100 * _limit(item):.2g}"), SHARE)), Tone.dim),
        opens=f"{_place(seen.pipeline.subject_of(item.mart))}/{item.day}",
    )


def _limit(item: Difference) -> float:
    """Relative difference that is allowed; an index keeps what a float32 can."""
    return item.measure.tolerance if item.stage is StageId.dbt else FLOAT32


def _figures(seen: View, mart: Mart, one: date) -> Iterator[Line]:
    """Every measure of a day, in staging, mart and index."""
    table = next((table for table in seen.pipeline.tables if table.name == mart.table), None)
    staging = seen.look.staging(table) if table else None
    sides = [
        side.measures if side else {}
        for side in (staging, seen.look.mart(mart), seen.look.index(mart))
    ]
    wrong = {
        item.measure.name: item.state
        for item in different(seen.look)
        if item.mart is mart and item.day == one
    }
    if not mart.measures:
        return
    yield Line(f"gap.{mart.name}")
    titles = (*_right(("staging", "mart", "index"), FIGURE), *_right(("limit",), LIMIT))
    yield line(f"{mart.name}.head", (f"  {pad('measure', MEASURE)}{''.join(titles)}", Tone.dim))
    for measure in mart.measures:
        held = [side.get(measure.name, {}) for side in sides]
        words = _right([figure(had[one]) if one in had else "-" for had in held], FIGURE)
        state = wrong.get(measure.name)
        yield line(
            f"{mart.name}.{measure.name}",
            seen.sign(state) if state else " ",
            f" {pad(measure.name, MEASURE)}",
            ("".join(words), tone_of(state) if state else Tone.plain),
            (_right((f"{100 * measure.tolerance:.2g}%",), LIMIT)[0], Tone.dim),
        )


def _right(words: Sequence[str], size: int) -> list[str]:
    return [f" {pad(word, size, right=True)}" for word in words]
