"""JSON for programs, safe on a terminal too."""

import re

import msgspec
from msgspec import Struct

_BEYOND_ASCII = re.compile(r"[^\n\x20-\x7e]")


def json_text(made: Struct, *, ascii_only: bool = False) -> str:
    """A Struct as JSON on indented lines.

    JSON itself lets DEL, 8-bit escape sequences and bidirectional overrides through: what a
    terminal might obey is written as an escape, with `ascii_only` everything beyond ASCII is.
    """
    text = msgspec.json.format(msgspec.json.encode(made), indent=2).decode()
    return _BEYOND_ASCII.sub(lambda found: _escaped(found[0], ascii_only=ascii_only), text)


def _escaped(character: str, *, ascii_only: bool) -> str:
    if character.isprintable() and not ascii_only:
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
