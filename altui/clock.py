"""The one clock at the edges. Pure code takes `now` instead."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Clock = Callable[[], datetime]
LONGEST = 100 * 366 * 86400
"""Seconds; a date moved further could leave the calendar."""


class _Offset(Struct):
    offset_s: Annotated[float, Meta(ge=-LONGEST, le=LONGEST)]


def system_clock() -> datetime:
    return datetime.now(UTC)


def offset_of(path: Path) -> timedelta:
    """What a sandbox's clock file, `{"offset_s": seconds}`, adds to the real time.

    Raises ValueError with words that follow the file's name.
    """
    try:
        return timedelta(seconds=msgspec.json.decode(path.read_bytes(), type=_Offset).offset_s)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise ValueError('is no clock file such as {"offset_s": 3600}') from error


def file_clock(path: Path) -> Clock:
    """Follows a sandbox's clock file.

    The file is replaced whole by its writer, so a reader never sees half of it. While it cannot be
    read as a clock the last offset holds.
    """
    offset = timedelta()
    stamp: int | None = None

    def now() -> datetime:
        nonlocal offset, stamp
        try:
            changed = path.stat().st_mtime_ns
            if changed != stamp:
                offset = offset_of(path)
                stamp = changed
        except (OSError, ValueError):
            pass
        return datetime.now(UTC) + offset

    return now


def clock_of(path: str) -> Clock:
    """The system's clock, or the one of the file named."""
    return file_clock(Path(path)) if path else system_clock
