"""Who is there: advisory locks that the kernel releases when a process ends, however it ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

OBSERVER = "observer.lock"
DASHBOARDS = "dashboards.lock"


@contextmanager
def holding(path: Path, *, shared: bool = False) -> Generator[bool]:
    """Holds the lock while inside; yields False, holding nothing, when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def held(path: Path) -> bool:
    """Whether any process holds the lock, shared or not."""
    with holding(path) as free:
        return not free
