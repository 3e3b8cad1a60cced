"""What every verb ends with: an exit code, and one line where something was refused."""

import sqlite3
import sys
from collections.abc import Callable

from altui.cli.exits import Exit
from altui.config import ConfigError, guard_stderr
from altui.store.database import StoreError


def guarded(verb: Callable[[], object]) -> int | str | None:
    """Runs `verb` and returns the exit code; errors are one line that says what to do.

    A verb ends with SystemExit where its code is not 0. A fault of altui's own comes with its
    traceback.
    """
    guard_stderr()
    try:
        verb()
    except SystemExit as ended:
        return ended.code
    except (ConfigError, StoreError) as error:
        return _refused(str(error))
    except sqlite3.Error as error:
        return _refused(f"the store cannot be used: {error}; is the disk full or not local?")
    except KeyboardInterrupt:
        return Exit.interrupted
    except Exception as error:  # noqa: BLE001 - Python's own exit code, 1, means findings
        return _failed(error)
    return Exit.ok


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
