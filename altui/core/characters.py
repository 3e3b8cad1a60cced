"""Characters that fool the eye, in text that is shown on a line of a terminal."""

import unicodedata
from functools import lru_cache

MOST_MARKS = 3
"""Combining marks on one character; more than any script needs climb over the lines around."""


def _these(*ranges: tuple[int, int]) -> frozenset[str]:
    return frozenset(chr(code) for first, last in ranges for code in range(first, last + 1))


INVISIBLE = _these(
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors: they also change how wide a terminal draws
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
"""What Unicode calls default ignorable and Python still calls printable."""
WIDE = _these((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356)) | _these(
    (0x1D360, 0x1D376)
)
"""Two columns since Unicode 16; Python's own tables are older."""


def visible(text: str) -> str:
    """The text without invisible characters and with a bounded pile of marks on each letter."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MOST_MARKS and character not in INVISIBLE:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=1024)
def columns_of(character: str) -> int:
    """Columns that a terminal gives to one character."""
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" or character in WIDE else 1
