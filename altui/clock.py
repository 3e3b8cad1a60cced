"""The one clock at the edges. Pure code takes `now` instead."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


def file_clock(path: Path) -> Clock:
    """Follows a sandbox's clock file: `{"offset_s": seconds to add to the real time}`.

    The file is replaced whole by its writer, so a reader never sees half of it. While it cannot be
    read the last offset holds.
    """
    offset = timedelta()
    stamp: int | None = None

    def now() -> datetime:
        nonlocal offset, stamp
        try:
            changed = path.stat().st_mtime_ns
            if changed != stamp:
                offset = timedelta(seconds=float(json.loads(path.read_text())["offset_s"]))
                stamp = changed
        except (OSError, ValueError, KeyError):
            pass
        return datetime.now(UTC) + offset

    return now


def clock_of(path: str) -> Clock:
    """The system's clock, or the one of the file named."""
    return file_clock(Path(path)) if path else system_clock
