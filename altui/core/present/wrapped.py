"""A service's own words over several rows, where one row would cut them."""

from collections.abc import Iterator

from altui.core.present.rows import columns, cut

WIDTH = 72
"""Columns that every page has room for at 80."""
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


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while columns(rest) > width:
            piece = cut(rest, width + 1)[:-1] or rest[:1]
            yield piece
            rest = rest[len(piece) :]
        if rest:
            yield rest
