"""Makes docs/settings.schema.json, the published shape of altui.toml, from the settings."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from altui.config import Secret, Settings
from altui.config.fields import element, is_struct, leaves, unwrapped
from altui.config.limits import LIMITS
from altui.config.words import about, words_of
from altui.core.model.pipeline import Pipeline
from altui.core.present.keymap import KEYMAP
from altui.core.present.themes import THEMES

OUT = Path(__file__).with_name("settings.schema.json")


def text() -> str:
    """The schema, as the file holds it."""
    _, parts = msgspec.json.schema_components([_plain(Settings)])
    _describe(parts, Settings, ())
    own = dict(parts["Settings"]["properties"])
    name = own.pop("profile")
    profile = {
        "title": "Profile",
        "description": "What one pipeline sets otherwise than the settings all share.",
        "type": "object",
        "properties": own,
        "additionalProperties": False,
    }
    shared = {
        **parts.pop("Settings"),
        "title": "altui.toml",
        "description": "Settings of altui. Each may also stand in the environment, which wins.",
        "properties": {
            "profile": name,
            **own,
            "profiles": {
                "description": "Several pipelines in one file; --profile, ALTUI_PROFILE or the "
                "key profile chooses.",
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"},
                "additionalProperties": {"$ref": "#/$defs/Profile"},
            },
        },
    }
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shared,
        "$defs": {**parts, "Profile": profile},
    }
    return json.dumps(made, indent=2) + "\n"


@cache
def _plain(struct: type[Struct]) -> type[Struct]:
    """The same Struct with text in place of secrets, which have no encoded form."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(struct):
        kind, _ = unwrapped(field.type)
        if kind is Secret:
            fields.append((field.name, str, ""))
        elif is_struct(kind) and kind is not Pipeline:
            fields.append((field.name, _plain(kind), msgspec.field(default_factory=_plain(kind))))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, kind, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, kind, field.default))
    return msgspec.defstruct(struct.__name__, fields, forbid_unknown_fields=True)


def _describe(parts: dict[str, Any], struct: type[Struct], path: tuple[str, ...]) -> None:
    """Puts meaning and environment names beside every key of the Struct and those below it."""
    part = parts[struct.__name__]
    part["description"] = about(struct)
    names = {leaf.path: leaf.names for leaf in leaves()}
    for field in msgspec.structs.fields(struct):
        kind, _ = unwrapped(field.type)
        key, here = part["properties"][field.name], (*path, field.name)
        inner = kind if is_struct(kind) else element(kind)
        if is_struct(inner):
            _describe(parts, inner, here)
        if is_struct(kind):
            key.pop("default", None)
            continue
        said = words_of(struct).get(field.name, "")
        by = f"Environment: {', '.join(names[here])}." if names.get(here) else ""
        key["description"] = f"{said} {by}".strip()
        if kind is Secret:
            key["writeOnly"] = True
        if here == ("keys",):
            key["propertyNames"] = {"enum": [*KEYMAP]}
        if here == ("screen", "theme"):
            key["enum"] = [*THEMES]
        if limits := LIMITS.get(".".join(here)):
            key["minimum"], key["maximum"] = limits


def write() -> None:
    OUT.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
