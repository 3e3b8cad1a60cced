"""The terminal as it was, however the screen ends: killed outright, a program restores nothing."""

import contextlib
import subprocess
from collections.abc import Generator
from typing import IO, cast

MODES_OFF = (
    r"\033[?1000l\033[?1002l\033[?1003l\033[?1015l\033[?1006l"  # mouse
    r"\033[?2004l\033[?2048l\033[?1004l\033[<u\033[?7h"  # paste, resize, focus, keyboard; wrap on
    r"\033[?1049l\033[?25h\033[0m"  # the main screen, with a cursor and without colours
)
WATCH = f"""
trap '' INT HUP QUIT TERM TSTP TTIN TTOU
saved=$(stty -g </dev/tty) && echo ready || exit
read -r ended
[ "$ended" = well ] || {{ stty "$saved"; printf '{MODES_OFF}'; }} </dev/tty >/dev/tty 2>/dev/null
"""
"""Its standard input ends when the screen's process does, whatever ended that."""


@contextlib.contextmanager
def restored() -> Generator[None]:
    """Has the terminal put back by another process if this one is killed while inside."""
    try:
        watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        yield  # no shell: then as any other program
        return
    told, heard = cast("tuple[IO[bytes], IO[bytes]]", (watch.stdin, watch.stdout))
    try:
        heard.readline()  # it knows the terminal; from here on that may change
        yield
    finally:
        with contextlib.suppress(BrokenPipeError):
            told.write(b"well\n")
            told.close()
        heard.close()
        watch.wait()
