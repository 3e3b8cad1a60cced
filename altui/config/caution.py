"""What is allowed but dangerous: a file open to others, variables of another pipeline."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from altui.config.fields import leaves
from altui.config.loading import find, profile_of, read, set_by, value_at
from altui.config.secret import Secret, public_url

Table = dict[str, Any]
OTHERS_READ, OTHERS_WRITE = 0o044, 0o022


def cautions(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Lines for stderr and the doctor. Raises ConfigError when the file cannot be read."""
    found = find(environ)
    exposed = secrets_exposed(found) if found else None
    return (*([exposed] if exposed else []), *overridden(environ, found))


def secrets_exposed(path: Path) -> str | None:
    """A line when the file's group or others may read secrets in it, or change it."""
    words = exposure(path)
    return f"{path} {words} (mode {_mode(path):04o}): chmod 600 {path}" if words else None


def exposure(path: Path) -> str | None:
    """What others may do with the file that they should not: words that follow its name.

    Whoever may change it may have secrets sent to an address of theirs, wherever the secrets stand.
    Of a device or a pipe nothing is said.
    """
    if not path.is_file():
        return None
    mode = _mode(path) if os.name == "posix" else 0
    if mode & OTHERS_READ and _holds_secrets(read(path)):
        return f"holds secrets, and others can read {'and change ' * bool(mode & OTHERS_WRITE)}it"
    if mode & OTHERS_WRITE:
        return "can be changed by others, who may send secrets elsewhere"
    return None


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def overridden(environ: Mapping[str, str], path: Path | None = None) -> tuple[str, ...]:
    """Lines on what a profile's own table sets otherwise than the environment, which wins.

    A service's variable (ES_URL) that was set for one pipeline points every profile at it.
    """
    found = path or find(environ)
    data = read(found)
    name, own = profile_of(data, environ, found)
    lines: list[str] = []
    for leaf in leaves():
        variable, value = set_by(leaf, environ), value_at(own, leaf.path)
        if variable is None or value is None:
            continue
        if str(value).lower() != environ[variable].strip().lower():
            lines.append(f"{variable} in the environment wins over profiles.{name}.{leaf.dotted}")
    return tuple(lines)


def _holds_secrets(data: Table) -> bool:
    profiles = cast(dict[str, Table], data.get("profiles") or {})
    return any(_secrets(data)) or any(value for own in profiles.values() for value in _secrets(own))


def _secrets(data: Table) -> Iterator[bool]:
    """For each setting that may hold a credential, whether it does."""
    for leaf in leaves():
        value = value_at(data, leaf.path)
        if leaf.kind is Secret:
            yield bool(value)
        elif leaf.kind is str and isinstance(value, str):
            yield "://" in value and public_url(value) != value
