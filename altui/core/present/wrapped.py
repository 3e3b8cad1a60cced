"""A service's own words over several rows, where one row would cut them."""

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
    """The row in up to `most` rows: its last segment, a service's words, goes on below."""
    if not row.folds or columns(row.text) <= width:
        return (row,)
    *head, last = row.segments
    before = "".join(item.text for item in head)
    first, *further = wrapped(row.text, width - len(BELOW), most)
    if not first.startswith(before):
        return (row,)
    return (
        replace(row, segments=(*head, replace(last, text=first[len(before) :]))),
        *(
            Line(f"{row.key}.{place}", (Segment(BELOW + words, last.tone),))
            for place, words in enumerate(further, 1)
        ),
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
