"""What every verb ends with: an exit code, and one line where something was refused."""

import contextlib
import errno
import os
import sqlite3
import sys
from collections.abc import Callable

from altui.cli.exits import Exit
from altui.config import ConfigError, guard_stderr
from altui.store.database import StoreError

UNWRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE}
"""What a write to stdout may end with; whatever opens a file names it."""


def guarded(verb: Callable[[], object]) -> int | str | None:
    """Runs `verb` and returns the exit code; errors are one line that says what to do.

    A verb ends with SystemExit where its code is not 0. A fault of altui's own comes with its
    traceback.
    """
    guard_stderr()
    try:
        return _run(verb)
    except (ConfigError, StoreError) as error:
        return _refused(str(error))
    except sqlite3.Error as error:
        return _refused(f"the store cannot be used: {error}; is the disk full or not local?")
    except KeyboardInterrupt:
        return Exit.interrupted
    except OSError as error:
        if error.errno not in UNWRITTEN or error.filename is not None:
            return _failed(error)
        return _unprinted(error)
    except Exception as error:  # noqa: BLE001 - Python's own exit code, 1, means findings
        return _failed(error)


def _run(verb: Callable[[], object]) -> int | str | None:
    """The verb's exit code, when all that it printed is written."""
    code: int | str | None = Exit.ok
    try:
        verb()
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    return code


def _unprinted(error: OSError) -> int:
    """What is left of the output is dropped: Python would try to write it once more at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return _refused(f"what was to be printed cannot be written: {error.strerror}")


def _failed(error: Exception) -> int:
    """The traceback, and what it means; both may quote services."""
    import traceback

    from altui.services.text import spoken

    told = "".join(traceback.format_exception(error))
    sys.stderr.write("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in told))
    words = spoken(f"{type(error).__name__}: {error}", 200)
    return _refused(
        f"failed by a fault of its own, nothing was judged: {words}; report the lines above"
    )


def _refused(words: str) -> int:
    sys.stderr.write(f"altui: {words}\n")
    return Exit.usage
