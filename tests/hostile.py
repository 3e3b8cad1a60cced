"""Texts that no honest service sends, and a way to put them into every string of a Struct.

Strings are found by reflection over the types, so that a field added tomorrow is filled as well.
"""

import types
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

POISONS: dict[str, str] = {
    "markup": "[/] [red]x[/red] [@click=app.quit]quit[/] arr[/foo] [link=http://x]y[/link] [b",
    "csi": "\x1b[2J\x1b[31mred\x1b[0m\x9b2J\x9b31m\x1b[?1049h\x1b[6n",
    "osc": "\x1b]0;title\x07\x1b]52;c;cHduZWQ=\x1b\\\x9d8;;http://x\x9clink\x1b]8;;\x07",
    "dcs": "\x1bPq#0;2;0;0;0\x1b\\\x90payload\x9c\x1b_apc\x1b\\\x98sos\x9c\x1bc\x1b(0",
    "never ended": "\x1b]52;c;" + "A" * 50 + "\x1b[",
    "100 kB": "x" * 100_000,
    "100 kB of ESC": "\x1b[" * 50_000,
    "right to left": "\u202egnirts\u2066\u200f\u061c\u2069 עברית العربية",
    "combining flood": "Z" + "\u0300\u0301\u0489" * 300,
    "invisible": "a\u200b\u200d\ufeff\u2060\u00ad\u034f\u115f\u3164\ufe0f\U000e0041\U000e0100b",
    "nul": "a\x00b\x07\x08\x7f",
    "wide": "漢字かな交じり文🙂👨\u200d👩\u200d👧☺\ufe0f☰䷀" * 20,
    "lines": "one\ntwo\r\nthree\rfour\tfive\x0b\x0c\x85\u2028\u2029six\n" * 4,
    "format": "%s%n%(x)d {0} {x!r} {} {{ ${HOME} $(id) `id`",
    "sql and html": "'; DROP TABLE emails; -- <script>alert(1)</script> &lt; \\' \\",
    "nothing": "",
    "only white": " \t\n ",
}
LONE = "a\ud800b\udfffc"
"""Lone surrogates: no UTF-8 says them, so no service and no store can; a file name could."""
SHORT = {name: poison[:1000] for name, poison in POISONS.items()}
EVERYTHING = " ".join(poison[:300] for poison in POISONS.values())

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
TextAt = Callable[[str], str]
"""What to put at a place such as `Note.message` or `Counts.series{}`."""


def places(kind: Any) -> tuple[str, ...]:
    """Every place of a type, however deep, that holds a text; dictionaries' keys too."""
    found: dict[str, None] = {}

    def note(place: str) -> str:
        found[place] = None
        return "x"

    for variant in variants(kind):
        made(variant, note)
    return tuple(found)


def variants(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    return get_args(kind) if _is_union(kind) else (kind,)


def made(kind: Any, text_at: TextAt, place: str = "") -> Any:
    """A value of the type, every optional part there, its texts from `text_at`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is str:
        return text_at(place)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return arguments[0]
    if _is_union(kind):
        return made(_fullest(arguments), text_at, place)
    if origin is tuple:
        return tuple(made(arguments[0], text_at, f"{place}[]") for _ in range(2))
    if origin is dict:
        return _dictionary(arguments, text_at, place)
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    assert issubclass(kind, Struct), f"{place}: say how to make a {kind}"
    return kind(
        **{
            field.name: made(field.type, text_at, f"{kind.__name__}.{field.name}")
            for field in msgspec.structs.fields(kind)
        }
    )


def filled(value: Any, kind: Any, text_at: TextAt, place: str = "") -> Any:
    """The value with every text replaced; what is empty in it is made."""
    if isinstance(value, Struct):
        return type(value)(
            **{
                field.name: filled(
                    getattr(value, field.name),
                    field.type,
                    text_at,
                    f"{type(value).__name__}.{field.name}",
                )
                for field in msgspec.structs.fields(type(value))
            }
        )
    if isinstance(value, dict) and value:
        key_kind, value_kind = get_args(kind)
        keys = [filled(key, key_kind, text_at, f"{place}{{}}") for key in value]
        inner = [filled(one, value_kind, text_at, place) for one in value.values()]
        # one poisoned text for all keys would leave a single entry
        unlike = [f"{key}{n or ''}" if key_kind is str else key for n, key in enumerate(keys)]
        return dict(zip(unlike, inner, strict=True))
    if isinstance(value, tuple) and value:
        return tuple(filled(one, get_args(kind)[0], text_at, f"{place}[]") for one in value)
    if value is None and _may_be_text(kind):
        return text_at(place)
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return text_at(place)
    return value if value not in ((), {}) else made(kind, text_at, place)


def only(place: str, poison: str, else_: TextAt) -> TextAt:
    """The poison at one place, the other text everywhere else."""
    return lambda here: poison if here == place else else_(here)


_PLAIN: dict[Any, Any] = {
    int: 3,
    float: 1.5,
    bool: True,
    date: DAY,
    datetime: NOON - timedelta(hours=2),
    type(None): None,
}


def _dictionary(arguments: tuple[Any, ...], text_at: TextAt, place: str) -> dict[Any, Any]:
    key_kind, value_kind = arguments
    if isinstance(key_kind, type) and issubclass(key_kind, StrEnum):
        return {key: made(value_kind, text_at, place) for key in key_kind}
    return {made(key_kind, text_at, f"{place}{{}}"): made(value_kind, text_at, place)}


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _fullest(arguments: tuple[Any, ...]) -> Any:
    """The member of a union that holds most: a text before a number, anything before None."""
    if str in arguments:
        return str
    return next(one for one in arguments if one is not type(None))


def _may_be_text(kind: Any) -> bool:
    return _is_union(kind) and str in get_args(kind)
