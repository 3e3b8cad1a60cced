"""Who is there: advisory locks that the kernel releases when a process ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

OBSERVER = "observer.lock"
OBSERVERS_LOG = "observer.log"
"""What the holder of OBSERVER has to tell; its holder alone empties it."""
DASHBOARDS = "dashboards.lock"


PATIENCE = 0.5
"""Seconds a lock is tried for: long enough to outlast those who only look whether it is held."""


@contextmanager
def holding(path: Path, *, shared: bool = False, patience: float = PATIENCE) -> Generator[bool]:
    """Holds the lock while inside; yields False, holding nothing, when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _locked(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, patience)
    finally:
        os.close(descriptor)


def held(path: Path) -> bool:
    """Whether any process holds the lock, shared or not."""
    with holding(path, patience=0) as free:
        return not free


def _locked(descriptor: int, how: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        else:
            return True
