"""Text from services is hostile: cleaned where it enters."""

import re
import unicodedata

from altui.config import masked
from altui.core.characters import visible

LINE = 300
"""Characters of one line of a service's words."""

# escape sequences go as a whole: CSI, the string types up to their end, and two-byte ones
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?"
)
_DROPPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clean(text: object, limit: int = LINE) -> str:
    """One line of at most `limit` characters, without anything that moves a cursor.

    Escape sequences, control characters, bidirectional and other invisible format characters and
    lone surrogates are dropped, piles of combining marks are flattened, runs of white space become
    one space. None is the empty text.
    """
    if text is None:
        return ""
    # bounded before the work: a service may send megabytes
    raw = str(text)[: limit * 8 + 64]
    kept = "".join(
        " " if character.isspace() else character
        for character in _ESCAPES.sub("", raw)
        if character.isspace() or unicodedata.category(character) not in _DROPPED
    )
    line = " ".join(visible(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def spoken(text: object, limit: int = LINE) -> str:
    """`clean` for words that a service chose freely: what they repeat of our secrets is masked.

    Masked before the cut, so that none is left in halves.
    """
    return clean(masked(clean(text, 16 * limit)), limit)
