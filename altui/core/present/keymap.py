"""Every key of every place, in one table: screens, footer, help and altui.toml take it from here.

A key's name is Textual's: the character itself where it is a letter or digit (`r`, `G`), else a
word (`question_mark`, `f5`), with modifiers before it (`ctrl+r`).
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache

from msgspec import Struct

from altui.core.present.panels import PANELS


class Group(StrEnum):
    """What a key is for; keys that act open a plan and never do anything by themselves."""

    looking = "looking"
    moving = "moving"
    acting = "acting"


class Where(StrEnum):
    """Kinds of screens; a key means one thing on each."""

    main = "on the main screen"
    page = "on a page"
    help = "in the help"
    link = "beside a link"


class Key(Struct, frozen=True):
    id: str
    """Its name in altui.toml: lower-case letters and `-`."""
    keys: tuple[str, ...]
    """Names of the keys that do it unless altui.toml says otherwise."""
    word: str
    """For footer and palette; ids with one word are one row of the help."""
    sentence: str
    group: Group
    where: tuple[Where, ...]
    shown: bool = False
    """In the last line of the screen, where there is room."""
    offered: bool = False
    """Works only while the assessment offers what it opens."""


_LOOKING, _MOVING = Group.looking, Group.moving
_MAIN, _PAGE, _HELP, _LINK = ((where,) for where in Where)
_BOTH = _MAIN + _PAGE
_ALL = _BOTH + _HELP
_FOUND = "Line with the letters that were looked for"
# fmt: off
KEYS: tuple[Key, ...] = (
    Key("fix", ("f",), "fix", "The plan of what mends it", _LOOKING, _BOTH,
        shown=True, offered=True),
    Key("why", ("v",), "why", "Each claim's figure, source and command", _LOOKING, _BOTH,
        shown=True),
    Key("trace", ("t",), "trace", "Day by stage: where rows stopped", _LOOKING, _BOTH,
        shown=True, offered=True),
    Key("incident", ("i",), "incident", "The open incident: who has it, what was done",
        _LOOKING, _BOTH, shown=True, offered=True),
    Key("health-check", ("h",), "health", "The daily health check, step by step",
        _LOOKING, _BOTH, shown=True, offered=True),
    Key("copy", ("y",), "copy", "This place for chat: to terminal and file", _LOOKING,
        _BOTH + _LINK, shown=True),
    *(
        Key(f"panel-{key}", (str(number),), "panel", "That panel; on a page its details",
            _LOOKING, _BOTH, shown=True)
        for number, key in enumerate(PANELS, 1)
    ),
    Key("back", ("escape", "q"), "back", "Back where you came from", _LOOKING, _PAGE, shown=True),
    Key("help", ("question_mark",), "help", "Keys and runbook of this place", _LOOKING, _BOTH,
        shown=True),
    Key("quit", ("q",), "quit", "Leave altui; ctrl+q does anywhere", _LOOKING, _MAIN, shown=True),
    Key("open", ("enter",), "details", "More about what is chosen", _LOOKING, _BOTH, shown=True),
    Key("find", ("slash",), "filter", "Rows with these letters; in a log, the next such line",
        _LOOKING, _PAGE, shown=True),
    Key("link", ("o",), "open", "The service's own page, or its link", _LOOKING, _BOTH,
        shown=True),
    Key("refresh", ("r",), "refresh", "Ask every service anew, now", _LOOKING, _BOTH, shown=True),
    Key("commands", ("colon",), "commands", "Every command by name; so does ctrl+p",
        _LOOKING, _BOTH, shown=True),
    Key("find-next", ("n",), "next", f"{_FOUND}, below", _LOOKING, _PAGE),
    Key("find-last", ("N",), "last", f"{_FOUND}, above", _LOOKING, _PAGE),
    Key("zoom", ("z",), "zoom", "The chosen part on the whole screen, and back", _LOOKING, _MAIN),
    Key("main", ("0",), "main", "The main screen, nothing chosen", _LOOKING, _BOTH),
    Key("leave", ("escape",), "leave", "Choose nothing; ends the zoom first", _LOOKING, _MAIN),
    Key("close", ("escape", "q", "enter", "question_mark", "o"), "close", "Close help or link",
        _LOOKING, _HELP + _LINK, shown=True),
    Key("down", ("down", "j"), "down", "One row down", _MOVING, _ALL),
    Key("up", ("up", "k"), "up", "One row up", _MOVING, _ALL),
    Key("right", ("right",), "beside", "The stage or panel beside; the worst stage first",
        _MOVING, _MAIN),
    Key("left", ("left",), "beside", "The stage or panel beside; the worst stage first",
        _MOVING, _MAIN),
    Key("part-next", ("tab",), "next part", "The part below", _MOVING, _MAIN),
    Key("part-last", ("shift+tab",), "last part", "The part above", _MOVING, _MAIN),
    Key("page-down", ("pagedown", "space"), "page down", "One page down", _MOVING, _PAGE + _HELP),
    Key("page-up", ("pageup",), "page up", "One page up", _MOVING, _PAGE + _HELP),
    Key("top", ("g", "home"), "top", "To the first row", _MOVING, _PAGE + _HELP),
    Key("end", ("G", "end"), "end", "To the last row", _MOVING, _PAGE + _HELP),
    Key("jump", ("semicolon",), "jump", "A letter at whatever opens: press it to go there",
        _MOVING, _BOTH),
)
# fmt: on
KEYMAP: Mapping[str, Key] = {key.id: key for key in KEYS}

OURS: Mapping[str, str] = {
    "ctrl+q": "leaves altui from anywhere",
    "ctrl+p": "lists every command",
    "ctrl+c": "copies what is marked",
}
"""Keys that stay what they are, so that there is always a way out."""

MODIFIERS = frozenset({"alt", "ctrl", "hyper", "meta", "shift", "super"})
NAMED = (
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end"),
    *("pageup", "pagedown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
)
SAME: Mapping[str, str] = {
    **{"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"},
    # what a terminal sends for them is the same
    **{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape"},
}
_SHORTER: Mapping[str, str] = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def key_of(text: str) -> str | None:
    """The key's full name, `?` and `question_mark` alike; None where there is no such key."""
    head, _, last = text.rpartition("+")
    if text == "+" or text.endswith("++"):  # the key + itself
        head, last = head.removesuffix("+"), "+"
    modifiers = sorted(set(head.split("+"))) if head else []
    base = _base(last)
    if base is None or not MODIFIERS.issuperset(modifiers):
        return None
    if modifiers == ["shift"] and base not in NAMED:
        return base.upper() if len(base) == 1 and base.isalpha() else None
    name = "+".join((*modifiers, base.lower() if modifiers else base))
    return SAME.get(name, name)


def keymap(chosen: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The keys of every id: those that are chosen, else the table's."""
    return {
        key.id: tuple(dict.fromkeys(key_of(one) or one for one in chosen.get(key.id, key.keys)))
        for key in KEYS
    }


def clashes(chosen: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str, Where]]:
    """A key, the two ids that have it, and where both work."""
    all_keys = keymap(chosen)
    for where in Where:
        owners: dict[str, str] = {}
        for key in KEYS:
            for one in all_keys[key.id] if where in key.where else ():
                if owners.setdefault(one, key.id) != key.id:
                    yield one, owners[one], key.id, where


@cache
def signs() -> Mapping[str, str]:
    """Name → character, of the characters of ASCII that are neither letter nor digit."""
    return {_sign(one): one for one in map(chr, range(33, 127)) if not one.isalnum()}


def named(keys: Sequence[str]) -> str:
    """How keys are written for people: `esc, q`, `1-4`."""
    return _digits(keys) or ", ".join(map(_written, keys))


def brief(keys: Sequence[str]) -> str:
    """The first of them, or a row of digits."""
    return _digits(keys) or _written(keys[0])


def _digits(keys: Sequence[str]) -> str:
    digits = sorted(int(key) for key in keys if key.isdecimal())
    if len(digits) < max(len(keys), 3) or digits[-1] - digits[0] >= len(digits):
        return ""
    return f"{digits[0]}-{digits[-1]}"


def _written(key: str) -> str:
    head, plus, last = key.rpartition("+")
    short = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del"}
    return f"{head}{plus}{short.get(last) or signs().get(last) or last}"


def _base(text: str) -> str | None:
    """The name of a key without modifiers."""
    text = SAME.get(text, text)
    if len(text) == 1:
        return _sign(text) if text.isprintable() else None
    return text if text in NAMED or text in signs() else None


def _sign(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name) or character
