"""Figures and times that no service can mean: a rule that believed them would be fooled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
from msgspec import Struct

from altui.core.model.reading import Series

MOST = 2**53
"""Beyond it JSON's numbers are no longer whole."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)
"""Clocks differ, and a sync may be put off; nothing that a service did lies further ahead."""


def odd(reading: Struct, now: datetime) -> str:
    """What in a reading cannot be, in words; empty where nothing is.

    Times of a Series are those of rows: data, which may say anything.
    """
    for name, figure in _figures(reading, ""):
        if isinstance(figure, datetime):
            if not EARLIEST <= figure <= now + AHEAD:
                return f"{name} {figure.isoformat()} cannot be"
        elif abs(figure) > MOST:
            return f"{name} {figure:.3g} cannot be"
    return ""


def _figures(value: Any, name: str) -> Iterator[tuple[str, datetime | int]]:
    """Every figure and time in a value, by the name of its field."""
    if isinstance(value, datetime | int):
        yield name, value
    elif isinstance(value, Struct):
        for field in msgspec.structs.fields(type(value)):
            inner = getattr(value, field.name)
            if not (isinstance(value, Series) and _is_times(inner)):
                yield from _figures(inner, field.name)
    elif isinstance(value, dict):
        for inner in cast(dict[Any, Any], value).values():
            yield from _figures(inner, name)
    elif isinstance(value, tuple):
        for inner in cast(tuple[Any, ...], value):
            yield from _figures(inner, name)


def _is_times(value: Any) -> bool:
    if isinstance(value, dict):
        return any(isinstance(one, datetime) for one in cast(dict[Any, Any], value).values())
    return isinstance(value, datetime)
