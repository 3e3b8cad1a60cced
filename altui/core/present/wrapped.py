"""A service's own words over several rows, where one row would cut them."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from altui.core.present.rows import Line, Segment, beginning, columns, cut, spared

MOST = 12
"""Rows; more words than these are nobody's reading at night."""


def wrapped(text: str, width: int, most: int = MOST) -> list[str]:
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
    if any(segment.extra for segment in row.segments):
        row = spared(row, width)
    rows: list[list[Segment]] = [[]]
    left = width
    gap = ""
    for segment in row.segments:
        text = gap + segment.text
        gap = text[len(text.rstrip()) :]
        for word, parts in _words(text, width - row.hang):
            if columns(word) > left and parts and rows[-1] and len(rows) < most:
                rows.append([Segment(" " * (row.hang - 1))])
                left = width - row.hang + 1
            rows[-1].append(replace(segment, text=word))
            left -= columns(word)
    first, *further = map(tuple, rows)
    return (
        replace(row, segments=first),
        *(Line(f"{row.key}.{place}", said) for place, said in enumerate(further, 1)),
    )


def _words(text: str, width: int) -> Iterator[tuple[str, bool]]:
    """Words with the blanks before them, and whether a row may end before each.

    The first of a segment may go on with the last one's word.
    """
    for word in re.findall(r"\s*\S+", text):
        for place, piece in enumerate(_broken(word, width)):
            yield piece, place > 0 or word[0] == " "


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        yield from _broken(word, width)


def _broken(word: str, width: int) -> Iterator[str]:
    """The word in pieces of at most `width` columns."""
    while columns(word) > width:
        piece = beginning(word, width) or word[:1]
        yield piece
        word = word[len(piece) :]
    if word:
        yield word
