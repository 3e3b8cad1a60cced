"""A service's own words over several rows, where one row would cut them."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from altui.core.present.rows import Line, Segment, columns, cut

WIDTH = 72
"""Columns that every page has room for at 80."""
BELOW = "  "
"""Before the rows that go on with the one above."""
MOST = 12
"""Rows; more words than these are nobody's reading at night."""


def wrapped(text: str, width: int = WIDTH, most: int = MOST) -> list[str]:
    """Lines of whole words, at most `width` columns each; a longer word is broken."""
    lines = [""]
    for word in _pieces(text, width):
        longer = f"{lines[-1]} {word}".strip()
        if columns(longer) <= width:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = cut(f"{longer} …", width)
            break
    return lines


def folded(row: Line, width: int, most: int) -> tuple[Line, ...]:
    """The row in up to `most` rows: the words that it has no room for go on below."""
    if not row.folds or columns(row.text) <= width:
        return (row,)
    rows: list[list[Segment]] = [[]]
    left = width
    gap = ""
    for segment in row.segments:
        text = gap + segment.text
        gap = text[len(text.rstrip()) :]
        for word in re.findall(r"\s*\S+", text):
            # only where words part: the next segment may go on with the last one's word
            if columns(word) > left and word[0] == " " and rows[-1] and len(rows) < most:
                rows.append([Segment(BELOW[1:])])
                left = width - len(BELOW) + 1
            rows[-1].append(replace(segment, text=word))
            left -= columns(word)
    first, *further = map(tuple, rows)
    return (
        replace(row, segments=first),
        *(Line(f"{row.key}.{place}", said) for place, said in enumerate(further, 1)),
    )


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while columns(rest) > width:
            piece = cut(rest, width + 1)[:-1] or rest[:1]
            yield piece
            rest = rest[len(piece) :]
        if rest:
            yield rest
