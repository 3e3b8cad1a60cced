"""Ends what a dead sandbox left: `python -m altui.sandbox.janitor`, fed through its stdin.

A line `+PGID SIGNAL` names a process group and the signal that ends it in order, `-PGID` takes it
back, `xPATH` names a directory to remove. When stdin ends, the sandbox has ended: whatever group
is still named is ended here, then the directories go.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

PATIENCE = 4.0
"""Seconds between the polite signal and SIGKILL."""


def main(lines: Iterable[str] = sys.stdin) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the pipe is the only sign that counts
    groups: dict[int, int] = {}
    temporary: list[str] = []
    for line in lines:
        if line.startswith("x"):
            temporary.append(line[1:].rstrip("\n"))
        elif line.startswith("+"):
            group, polite = line[1:].split()
            groups[int(group)] = int(polite)
        else:
            groups.pop(int(line[1:]), None)
    _end(groups)
    for directory in temporary:
        shutil.rmtree(directory, ignore_errors=True)


def _end(groups: dict[int, int]) -> None:
    for group, polite in groups.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, polite)
    deadline = time.monotonic() + PATIENCE
    while any(map(_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _alive(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


if __name__ == "__main__":
    main()
