"""Everything that is wrong with a file or an environment, each as one line that says what to do."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, cast, get_args

import msgspec
from msgspec import NODEFAULT, Struct

from altui.config.fields import element, entry, is_struct, leaves, setting_names, unwrapped
from altui.config.secret import Secret
from altui.config.settings import Settings

Table = dict[str, Any]
WORDS: dict[Any, str] = {
    str: "text",
    Secret: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date such as 2026-12-24",
    tuple[str, ...]: "a list of texts",
}


MOST_SHOWN = 40
"""Characters of a value or key that are repeated."""


def wrong_in_file(data: Table) -> Iterator[str]:
    """Unknown keys and values of the wrong kind, at every depth and in every profile."""
    shared = {key: value for key, value in data.items() if key != "profiles"}
    yield from _wrong_in_table(shared, Settings, "", ("profiles",))
    profiles = data.get("profiles", {})
    if not isinstance(profiles, dict):
        given = _given(profiles, Settings)
        yield f"profiles: expected tables such as [profiles.prod], given {given}"
        return
    for name, own in cast(Table, profiles).items():
        path = f"profiles.{name}"
        if not isinstance(own, dict):
            yield f"{path}: expected a table [{path}], given {_given(own, Settings)}"
            continue
        inner = cast(Table, own)
        if "profile" in inner:
            yield f"{path}.profile: a profile's name is that of its table; leave the key out"
        rest = {key: value for key, value in inner.items() if key != "profile"}
        yield from _wrong_in_table(rest, Settings, path)


def fitting(data: Table) -> Table:
    """What is left of a file's table without all that `wrong_in_file` names."""
    kept = _fitting(data, Settings)
    if isinstance(profiles := data.get("profiles"), dict):
        tables = cast(Table, profiles).items()
        kept["profiles"] = {
            name: _fitting(cast(Table, own), Settings)
            for name, own in tables
            if isinstance(own, dict)
        }
    return kept


def wrong_in_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """`ALTUI_` names that are no setting's."""
    known = {name for name in setting_names() if name.startswith("ALTUI_")}
    for name in sorted(environ):
        if name.startswith("ALTUI_") and environ[name] and name not in known:
            yield f"{name} in the environment is no setting{nearest(name, known)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; the nearest is …`, or nothing when none is near."""
    names = sorted(known)
    found = get_close_matches(word, names, 1, 0.6)
    return f"; the nearest is {found[0]}" if found else ""


def shown(value: Any) -> str:
    """What was given, for a message: a figure or a short word in full, else its kind.

    Never a URL, which may carry a password.
    """
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**MOST_SHOWN:
        return f"a number of {MOST_SHOWN + 1} digits or more"  # it may have too many to print
    if isinstance(value, str) and "://" in value:
        return "a URL, not shown"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"text of {len(str(value))} characters"


def _wrong_in_table(
    data: Table, struct: type[Struct], path: str, more: tuple[str, ...] = ()
) -> Iterator[str]:
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    for key, value in data.items():
        here = f"{path}.{key}" if path else key
        if key in fields:
            yield from _wrong_in_value(value, unwrapped(fields[key].type)[0], here)
        else:
            here = here if len(key) <= MOST_SHOWN else f"{here[: -len(key)]}{key[:MOST_SHOWN]}…"
            yield f"{here}: no such setting{_right_name(key, path, [*fields, *more])}"
    for name, field in fields.items():
        if name not in data and field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield f"{path}.{name}: missing; it has no default"


def _wrong_in_value(value: Any, kind: Any, path: str) -> Iterator[str]:
    inner = element(kind)
    if is_struct(kind):
        if isinstance(value, dict):
            yield from _wrong_in_table(cast(Table, value), kind, path)
        else:
            yield f"{path}: expected a table [{path}], given {_given(value, kind)}"
    elif inner is not None:
        if isinstance(value, list):
            for place, one in enumerate(cast(list[Any], value)):
                yield from _wrong_in_value(one, inner, f"{path}[{place}]")
        else:
            yield f"{path}: expected a list, given {_given(value, kind)}"
    elif (one_kind := entry(kind)) is not None:
        if isinstance(value, dict):
            for key, one in cast(Table, value).items():
                yield from _wrong_in_value(one, one_kind, f"{path}.{key[:MOST_SHOWN]}")
        else:
            yield f"{path}: expected a table [{path}], given {_given(value, kind)}"
    elif not _fits(value, kind):
        yield f"{path}: expected {_words(kind)}, given {_given(value, kind)}"


def _fitting(data: Table, struct: type[Struct]) -> Table:
    kept: Table = {}
    for field in msgspec.structs.fields(struct):
        kind, value = unwrapped(field.type)[0], data.get(field.name)
        if is_struct(kind) and isinstance(value, dict):
            kept[field.name] = _fitting(cast(Table, value), kind)
        elif field.name in data and not any(_wrong_in_value(value, kind, "")):
            kept[field.name] = value
    return kept


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, str if kind is Secret else kind)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def _words(kind: Any) -> str:
    if isinstance(kind, UnionType):
        return " or ".join(WORDS[one] for one in get_args(kind) if one is not NoneType)
    return WORDS[kind]


def _given(value: Any, kind: Any) -> str:
    """Never a value where a secret belongs, or may have been meant to stand."""
    hidden = kind is Secret or is_struct(kind) or (isinstance(value, str) and "://" in value)
    return f"a {type(value).__name__}, not shown" if hidden else shown(value)


def _right_name(key: str, path: str, known: list[str]) -> str:
    """The nearest name at this level; else the same key, or environment name, elsewhere."""
    at = f"{path}." if path else ""
    if found := get_close_matches(key, known, 1, 0.6):
        return f"; the nearest is {at}{found[0]}"
    for leaf in leaves():
        if key == leaf.path[-1] or key.upper() in leaf.names:
            return f"; the nearest is {leaf.dotted}"
    return f"; known here: {', '.join(known)}"
