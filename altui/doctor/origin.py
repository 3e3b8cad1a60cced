"""Where each setting comes from: the environment, by which name, or the file."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Meta, Struct

from altui.config import Settings
from altui.core.model.pipeline import Pipeline


def origins(environ: Mapping[str, str], path: Path | None) -> dict[str, str]:
    """`section.key` → words, for every setting that is not left at its default."""
    data = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    return dict(_found(Settings, data, environ, ()))


def _found(
    struct: type[Struct], data: Mapping[str, Any], environ: Mapping[str, str], path: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(struct):
        kind: Any = field.type
        names: tuple[str, ...] = ()
        for meta in getattr(kind, "__metadata__", ()):
            if isinstance(meta, Meta) and meta.extra:
                kind, names = kind.__origin__, tuple(meta.extra.get("env", ()))
        key = (*path, field.name)
        if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Pipeline:
            inner = data.get(field.name, {})
            if isinstance(inner, dict):
                yield from _found(kind, cast(dict[str, Any], inner), environ, key)
            continue
        own = "_".join(("ALTUI", *key)).upper()
        named = next((name for name in (own, *names) if environ.get(name)), None)
        if named:
            yield ".".join(key), f"environment {named}"
        elif field.name in data:
            yield ".".join(key), "altui.toml"
