"""Day by stage: where each day's rows stand, the first loss marked."""

from collections.abc import Iterator
from datetime import date, time
from itertools import islice

from altui.core.model.days import day_of
from altui.core.model.health import (
    SEVERITY,
    STAGES,
    Cell,
    StageHealth,
    StageId,
    State,
    TraceRow,
)
from altui.core.model.pipeline import risk_mart
from altui.core.present.glyphs import STAGE_NAMES
from altui.core.present.rows import Line, Segment, Tone, columns, line, pad, tone_of
from altui.core.present.view import FIGURES_OF, View
from altui.core.rules import network
from altui.core.rules.trace import COUNTED_BY
from altui.core.words import day

LABEL = 8
LONG_LABEL = 20
SHARES: dict[StageId, int] = {
    StageId.postgres: 11,
    StageId.fivetran: 11,
    StageId.bigquery: 11,
    StageId.dbt: 12,
    StageId.elasticsearch: 14,
    StageId.kibana: 13,
}
"""Columns of each stage at 80; wider screens share what they have more."""
COUNT = 6
BAD = (State.late, State.broken)


def strip(seen: View, width: int, height: int) -> tuple[Line, ...]:
    """Names and states of the stages, then as many days as fit: today, yesterday, the worst."""
    rows = list(_chosen(seen, max(height - 2, 0)))
    label = LONG_LABEL if any(row.table != _main(seen) for row in rows) else LABEL
    widths = _widths(width, label if width >= 80 else LABEL)
    heads = (_names(widths, width), _states(seen, widths))
    counts = (_counts(seen, row, widths, width) for row in rows)
    return (*heads, *counts)[:height]


def worst_day(seen: View) -> TraceRow | None:
    """The day that lost most rows first; among equals the newest."""
    rows = seen.assessment.trace if seen.assessment else ()
    lost = [row for row in rows if row.first_loss]
    return max(lost, key=_lost_rows, default=None)


def worst_stage(seen: View) -> str:
    """The place of the stage where to look first: that of the first loss, else the worst one."""
    spoken = seen.assessment.verdict.first_loss if seen.assessment else None
    return f"stage/{spoken or max(STAGES, key=lambda stage: SEVERITY[seen.stage(stage).state])}"


def state_of(seen: View, row: TraceRow, cell: Cell) -> State:
    """The cell's; where nothing came from the stage before, a day that is still to come is due."""
    nothing = cell.count is None and cell.state is State.ok
    return State.due if nothing and row.day > seen.look.due.wanted_day else cell.state


def _chosen(seen: View, count: int) -> Iterator[TraceRow]:
    """Today and the days before it, newest first, with the worst day among them."""
    main = _main(seen)
    trace = seen.assessment.trace if seen.assessment else ()
    today = day_of(seen.now)
    newest = list(islice((r for r in trace if r.table == main and r.day <= today), count))
    worst = worst_day(seen)
    if worst is not None and worst not in newest and newest:
        newest[-1] = worst
    yield from newest


def _lost_rows(row: TraceRow) -> tuple[int, date]:
    stages = [stage for stage in STAGES if stage in row.cells]
    place = stages.index(row.first_loss) if row.first_loss else 0
    had = row.cells[stages[place - 1]].count or 0
    has = row.cells[stages[place]].count or 0
    return abs(had - has), row.day


def _main(seen: View) -> str:
    return risk_mart(seen.pipeline).table or ""


def _widths(width: int, label: int) -> dict[StageId | None, int]:
    narrow = width < 80
    label = LABEL - 1 if narrow else label
    room, total = width - label, sum(SHARES.values())
    if narrow:
        return {None: label} | dict.fromkeys(STAGES, max(room // len(STAGES), 1))
    each, rest = divmod(room - total, len(STAGES))
    if each < 0:
        label, each, rest = width - total, 0, 0
    return {None: label} | {
        stage: SHARES[stage] + each + (rest if stage is StageId.postgres else 0) for stage in STAGES
    }


def _names(widths: dict[StageId | None, int], width: int) -> Line:
    names = ((stage, STAGE_NAMES[stage][0 if width >= 80 else 1]) for stage in STAGES)
    cells = [Segment(pad(name, widths[stage]), Tone.dim) for stage, name in names]
    return line("strip.names", " " * widths[None], *cells)


def _states(seen: View, widths: dict[StageId | None, int]) -> Line:
    cells: list[Segment] = []
    for stage in STAGES:
        health = seen.stage(stage)
        room = widths[stage] - (1 if stage is not STAGES[-1] else 0)
        text = f"{seen.glyphs.states[health.state]} {health.word}"
        aged = f"{text} {_age(seen, stage, health)}".rstrip()
        text = aged if columns(aged) <= room and not _dated(health.word) else text
        old = not any(map(seen.looked, FIGURES_OF[stage]))
        tone = Tone.dim if old or seen.assessment is None else tone_of(health.state)
        text = pad(pad(text, min(columns(text), room)), widths[stage])
        cells.append(Segment(text, tone, f"stage/{stage}"))
    return line("strip.states", " " * widths[None], *cells)


def _age(seen: View, stage: StageId, health: StageHealth) -> str:
    """How long a bad state lasts; the newest day of the indices; else the age of the figures."""
    if health.state in (State.broken, State.unknown, State.denied):
        own = [item.since for item in seen.findings if item.stage is stage]
        here = [item.since for item in seen.findings if item.check == network.CHECK]
        since = min(own or here, default=None)
        return seen.age(since) if since else ""
    if health.age_of is None:
        return ""
    by_day = stage in (StageId.elasticsearch, StageId.kibana) and health.age_of.time() == time()
    return day(health.age_of.date()) if by_day else seen.age(health.age_of)


def _dated(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _counts(seen: View, row: TraceRow, widths: dict[StageId | None, int], width: int) -> Line:
    name = day(row.day)
    if row.table != _main(seen):
        name = f"{name} {row.table}"
    label = Segment(
        pad(pad(name, widths[None] - 1), widths[None]),
        Tone.strong if row.first_loss else Tone.plain,
    )
    parts: list[Segment] = [label]
    linked = row.first_loss is not None and width >= 80
    for place, stage in enumerate(STAGES):
        parts.append(_cell(seen, row, stage, narrow=width < 80))
        following = STAGES[place + 1] if place + 1 < len(STAGES) else None
        sign = _link(seen, row, following) if linked else Segment("")
        used = sum(columns(part.text) for part in parts) - _upto(widths, stage)
        parts.append(Segment(_centred(sign.text, -used), sign.tone))
    return line(f"strip.{row.table}.{row.day}", *parts, opens=f"parity/{row.table}/{row.day}")


def _upto(widths: dict[StageId | None, int], stage: StageId) -> int:
    return widths[None] + sum(widths[item] for item in STAGES[: STAGES.index(stage) + 1])


def _centred(text: str, room: int) -> str:
    return text.center(room) if room >= len(text) else " " * max(room, 0)


def _cell(seen: View, row: TraceRow, stage: StageId, *, narrow: bool) -> Segment:
    cell = row.cells.get(stage)
    room = COUNT if not narrow else COUNT - 1
    if cell is None:
        return Segment(" " * room)
    state = state_of(seen, row, cell)
    tone = tone_of(state)
    if cell.count is not None:
        words = f"{cell.count:,}"
        tone = Tone.plain if state is State.ok else tone
    elif state in BAD:
        words = "-"
    elif state is not State.ok:
        words = seen.glyphs.states[state]
    else:
        words, tone = "-", Tone.dim
    old = not seen.looked(COUNTED_BY[stage])
    return Segment(pad(words, room, right=True), Tone.dim if old else tone)


def _link(seen: View, row: TraceRow, following: StageId | None) -> Segment:
    """`->` up to the first loss, `-X->` at it, nothing behind it."""
    if following is None or row.first_loss is None:
        return Segment("")
    lost = STAGES.index(row.first_loss)
    place = STAGES.index(following)
    if place < lost:
        return Segment(seen.glyphs.carries, Tone.dim)
    return Segment(seen.glyphs.loses, Tone.broken) if place == lost else Segment("")
