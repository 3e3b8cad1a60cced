"""Rows for people: lines of plain text with meaning instead of colour.

Both front ends print these. A segment's text is never markup; its tone says what it means, and a
front end decides how that looks.
"""

import re
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from altui.core.characters import MOST_MARKS, columns_of, visible
from altui.core.model.health import State

ELLIPSIS = "…"
LONGEST_COLUMN = 1 + MOST_MARKS
"""Characters that may share one column."""
FIGURE = (
    r"[+\-#]?\d[\dA-Za-z_.,:/%=+\-]*"
    r"(?: (?:%|[kMGT]i?B\b|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))?"
    r"(?: \d\d:\d\dZ)?"
)
"""A figure with its unit, a day with its month, a moment: cut, it would be another one."""
LONGEST_FIGURE = 40
TOO_LONG = 2000
"""Characters; nobody counts the columns of a text that fits no terminal."""


class Tone(StrEnum):
    """What a piece of text means; one for each state, three for everything else."""

    ok = "ok"
    due = "due"
    late = "late"
    broken = "broken"
    unknown = "unknown"
    denied = "denied"
    off = "off"
    dim = "dim"
    plain = "plain"
    strong = "strong"


class Segment(Struct, frozen=True):
    text: str
    tone: Tone = Tone.plain
    opens: str = ""
    """The place that shows more of it, where a row has several to choose from."""
    extra: int = 0
    """Left out whole where the row is too wide, those of the highest number first; 0: cut."""


class Line(Struct, frozen=True):
    """One row. Its key stays the same from look to look, whatever its text becomes."""

    key: str
    segments: tuple[Segment, ...] = ()
    opens: str = ""
    """The place that shows more of this row; empty where there is none."""
    heading: bool = False
    """A title line, never one of the rows that can be chosen."""
    last: bool = False
    """Stays below all others whatever order they are kept in: it counts what is not shown."""
    folds: bool = False
    """Ends in a service's own words, which go on in further rows where there is room."""
    hang: int = 2
    """Columns before the words that go on below."""

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)


Part = str | tuple[str, Tone] | Segment


def line(key: str, *parts: Part, opens: str = "") -> Line:
    """A line from texts, texts with a tone, and segments; empty ones are left out."""
    segments = (_segment(part) for part in parts)
    return Line(key, tuple(segment for segment in segments if segment.text), opens)


def columns(text: str) -> int:
    """How many terminal columns a text takes; of one that is far too long, an estimate."""
    if text.isascii() or len(text) > TOO_LONG:
        return len(text)
    return sum(columns_of(character) for character in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text cut or filled to exactly `width` columns."""
    text = cut(text, width)
    filling = " " * (width - columns(text))
    return filling + text if right else text + filling


def cut(text: str, width: int) -> str:
    """The text, ended with … where it is wider than `width` columns; half a figure is none."""
    if columns(text) <= width:
        return text
    kept = beginning(text, width - 1)
    place = len(kept)
    for figure in _FIGURES.finditer(text, 0, place + LONGEST_FIGURE):
        if figure.start() < place < figure.end():
            kept = text[: figure.start()]
    return (kept + ELLIPSIS)[: max(width, 0)]


def beginning(text: str, width: int) -> str:
    """As much of the text as `width` columns hold."""
    kept = 0
    for character in text[: _longest(width)]:
        width -= columns_of(character)
        if width < 0:
            break
        kept += 1
    return text[:kept]


def extra(text: str, tone: Tone = Tone.plain, rank: int = 1) -> Segment:
    """What a row goes without where it is too wide; the highest ranks go first."""
    return Segment(text, tone, extra=rank)


def fit(row: Line, width: int) -> Line:
    """The line as it may be printed: no control characters, within the width.

    A row that is too wide goes without its extras first; then it is ended with ….
    """
    text = row.text
    if len(text) > width or not (text.isascii() and text.isprintable()):
        row = replace(row, segments=tuple(_printable(item, width) for item in row.segments))
    row = spared(row, width)
    if columns(row.text) <= width:
        return row
    left, segments = width - 1, list[Segment]()
    for segment in row.segments:
        taken = columns(segment.text)
        if taken > left:
            segments.append(replace(segment, text=cut(segment.text + ELLIPSIS, left + 1)))
            break
        segments.append(segment)
        left -= taken
    return replace(row, segments=tuple(segments))


def spared(row: Line, width: int) -> Line:
    """The row without as many of its extras as the width asks for."""
    while columns(row.text) > width and (most := max(item.extra for item in row.segments)):
        kept = tuple(item for item in row.segments if item.extra < most)
        row = replace(row, segments=kept)
    return row


def indent(row: Line, *parts: Part) -> Line:
    """The line with parts before it."""
    return replace(row, segments=(*(_segment(part) for part in parts), *row.segments))


def folding(row: Line, hang: int = 2) -> Line:
    """The row, whose words go on below where they are too wide, `hang` columns in."""
    return replace(row, folds=True, hang=hang)


def greyed(row: Line) -> Line:
    """The line as last known: every tone gives way to dim."""
    segments = tuple(replace(segment, tone=Tone.dim) for segment in row.segments)
    return replace(row, segments=segments)


def ascii_only(row: Line) -> Line:
    """The line for a terminal that shows ASCII only, column for column but for ± (+-)."""
    segments = tuple(replace(item, text=ascii_text(item.text)) for item in row.segments)
    return replace(row, segments=segments)


def ascii_text(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else _PLAIN.get(character, "?" * columns_of(character))
        for character in text
    )


def tone_of(state: State) -> Tone:
    """Each state has a tone of its own name."""
    return Tone(state.value)


_FIGURES = re.compile(rf"(?<![\w/:.\-]){FIGURE}")
"""Without those within a name or an address, whose start still tells something."""
_PLAIN = {"…": "~", "±": "+-", "Δ": "d", "·": ".", "—": "-", "–": "-", "“": '"', "”": '"', "’": "'"}


def _longest(width: int) -> int:
    """Characters that so many columns can take at most, and one column more."""
    return LONGEST_COLUMN * (max(width, 0) + 1)


def _printable(segment: Segment, width: int) -> Segment:
    """A second guard: services' text is cleaned and bounded where it enters."""
    some = segment.text[: _longest(width)]
    text = "".join(char if char.isprintable() else " " for char in some)
    return replace(segment, text=visible(text))


def _segment(part: Part) -> Segment:
    if isinstance(part, Segment):
        return part
    return Segment(part) if isinstance(part, str) else Segment(*part)
