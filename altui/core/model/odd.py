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
    return next(_oddities(reading, now, type(reading).__name__), "")


def _oddities(value: Any, now: datetime, name: str) -> Iterator[str]:
    if isinstance(value, Struct):
        for field in msgspec.structs.fields(type(value)):
            inner = getattr(value, field.name)
            if not (isinstance(value, Series) and _is_times(inner)):
                yield from _oddities(inner, now, field.name)
    elif isinstance(value, tuple | dict):
        many = cast(dict[Any, Any], value).values() if isinstance(value, dict) else value
        for inner in cast(tuple[Any, ...], many):
            yield from _oddities(inner, now, name)
    elif isinstance(value, datetime):
        if not EARLIEST <= value <= now + AHEAD:
            yield f"{name} {value.isoformat()} cannot be"
    elif isinstance(value, int) and abs(value) > MOST:
        yield f"{name} {value:.3g} cannot be"


def _is_times(value: Any) -> bool:
    if isinstance(value, dict):
        return any(isinstance(one, datetime) for one in cast(dict[Any, Any], value).values())
    return isinstance(value, datetime)
