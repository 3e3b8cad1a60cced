"""altui.toml as text: what differs is set, the rest stands there as comments that explain it."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

import msgspec
from msgspec import Struct

from altui.config.fields import element, is_struct, unwrapped
from altui.config.secret import Secret
from altui.config.settings import Settings
from altui.config.words import about, words_of

WIDTH = 100
HEAD = """\
# altui's settings. A line without # is set; the others show the defaults. The environment wins
# over this file. `altui doctor` says where each setting comes from; docs/settings.schema.json
# describes them all. It holds credentials: keep it at mode 0600 and out of version control.
"""


def whole(settings: Settings) -> str:
    """A file that says what these settings say, with every other setting as a comment."""
    return (
        HEAD + "\n" + "\n".join(_section(settings, Settings(), (), comments=True)).rstrip() + "\n"
    )


def profile_table(name: str, settings: Settings, shared: Settings) -> str:
    """`[profiles.NAME]`: only what these settings say otherwise than the shared ones."""
    lines = [f"[profiles.{name}]", *_section(settings, shared, ("profiles", name), comments=False)]
    return "\n".join(lines).rstrip() + "\n"


def toml(value: Any) -> str:
    """The value as TOML writes it."""
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Struct):
        value = _told(value)
    if isinstance(value, Mapping):
        pairs = cast(Mapping[str, Any], value).items()
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in pairs) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml, cast(tuple[Any, ...], value))) + "]"
    return repr(value)


def _section(
    section: Struct, base: Struct, path: tuple[str, ...], *, comments: bool
) -> Iterator[str]:
    """Keys first, then the tables below: TOML wants it so."""
    kind = type(section)
    kinds = {one.name: unwrapped(one.type)[0] for one in msgspec.structs.fields(kind)}
    inner = [name for name in kinds if is_struct(kinds[name])]
    listed = [name for name in kinds if is_struct(element(kinds[name]))]
    for name in kinds:
        if name in inner or name in listed or (path[:1] == ("profiles",) and name == "profile"):
            continue
        value, default = getattr(section, name), getattr(base, name)
        if comments:
            yield from _comment(words_of(kind).get(name, ""))
        if value != default:
            yield f"{name} = {toml(value)}"
        elif comments:
            yield f"# {name} = {toml(value)}"
    for name in listed:
        value, same = getattr(section, name), getattr(section, name) == getattr(base, name)
        if not same or comments:
            yield from _rows(value, (*path, name), words_of(kind).get(name, ""), same=same)
    for name in inner:
        below, usual = getattr(section, name), getattr(base, name)
        if comments or below != usual:
            yield ""
            yield from _comment(about(kinds[name]) if comments else "")
            yield f"[{'.'.join((*path, name))}]"
            yield from _section(below, usual, (*path, name), comments=comments)


def _rows(
    rows: tuple[Struct, ...], path: tuple[str, ...], words: str, *, same: bool
) -> Iterator[str]:
    """Each row as a table of its own; as comments where it is the default."""
    yield ""
    yield from _comment(words)
    for row in rows:
        lines = [f"[[{'.'.join(path)}]]"]
        lines += [f"{key} = {_spread(value)}" for key, value in _told(row).items()]
        yield from ("# " + line.replace("\n", "\n# ") if same else line for line in lines)


def _spread(value: Any) -> str:
    """A list of tables over several lines, which TOML allows for lists only."""
    if isinstance(value, tuple) and value and isinstance(value[0], Struct):
        rows = (f"    {toml(one)},\n" for one in cast(tuple[Struct, ...], value))
        return "[\n" + "".join(rows) + "]"
    return toml(value)


def _told(row: Struct) -> dict[str, Any]:
    """What must be said of it: defaults need no word, and None is the empty one in TOML."""
    values = ((field, getattr(row, field.name)) for field in msgspec.structs.fields(type(row)))
    return {
        field.name: "" if value is None else value
        for field, value in values
        if value != field.default
    }


def _comment(words: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(words, WIDTH - 2)]
