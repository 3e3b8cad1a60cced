"""Row parity: its panel whole, with a row for each mart whose days are not those of a table."""

from collections.abc import Iterator

from msgspec.structs import replace

from altui.core.model.health import State, worst
from altui.core.model.pipeline import Mart
from altui.core.present.index_state import unfed
from altui.core.present.page import Page
from altui.core.present.panels import whole
from altui.core.present.parity import aged
from altui.core.present.rows import Line, Tone, columns, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.trace import LOST
from altui.core.words import day, plural

DAYS = "parity.days"
"""The row above the days, which are many: what opens another page stands before them."""


def top(seen: View, _: str) -> Page:
    """The panel's place, with ways to the marts that ops tables feed."""
    shown = whole(seen, "parity")
    keys = [row.key for row in shown.rows]
    at = keys.index(DAYS) if DAYS in keys else len(keys)
    return replace(shown, rows=(*shown.rows[:at], *_marts(seen), *shown.rows[at:]))


def _marts(seen: View) -> Iterator[Line]:
    fed = [mart for mart in seen.pipeline.marts if seen.pipeline.subject_of(mart) == mart.name]
    if not fed:
        return
    yield line("ops", ("  marts with days of their own", Tone.dim))
    name = max(columns(mart.name) for mart in fed)
    for mart in fed:
        yield aged(seen, _mart(seen, mart, name))


def _mart(seen: View, mart: Mart, width: int) -> Line:
    trace = seen.assessment.trace if seen.assessment else ()
    rows = [row for row in trace if row.table == mart.name]
    state = worst([cell.state for row in rows for cell in row.cells.values()])
    held = sum(any(cell.count for cell in row.cells.values()) for row in rows)
    words = plural(held, "day")
    if not rows:
        counted = seen.look.warehouse is not None
        state = State.off if counted and unfed(seen, mart) else State.unknown
        words = "no ops rows: nothing is expected" if state is State.off else "not counted"
    lost = [row.day for row in rows if any(cell.state in LOST for cell in row.cells.values())]
    if lost:
        more = f" (+{len(lost) - 1} more)" if len(lost) > 1 else ""
        words += f", {day(max(lost))}{more} not whole"
    return line(
        f"ops.{mart.name}",
        seen.sign(state),
        f" {pad(mart.name, width)}  ",
        (words, Tone.plain if state is State.ok else tone_of(state)),
        opens=f"parity/{mart.name}",
    )
