"""Keeping on whatever happens: what fails is told once and tried again."""

import asyncio
import contextlib
import sys
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from typing import NoReturn

from altui.services.text import spoken

BREATH = 1.0
"""Seconds between a step that failed and its next try."""

_told: Counter[str] = Counter()


async def for_ever(step: Callable[[], Awaitable[None]]) -> NoReturn:
    """Repeats `step` until cancelled from outside; whatever it raises costs one turn."""
    while True:
        before = _told.total()
        with survived("a step"):
            await step()
        if _told.total() > before:
            await asyncio.sleep(BREATH)


@contextlib.contextmanager
def survived(what: str) -> Generator[None]:
    """What fails inside is told in the log and has no other effect.

    Only a cancellation of the running task from outside, and Ctrl-C, pass: a CancelledError that a
    library raised by itself does not.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except asyncio.CancelledError as error:
        task = _running()
        if task is None or task.cancelling():
            raise
        tell(what, error)
    except BaseException as error:  # noqa: BLE001 - a dead task would look like a quiet service
        tell(what, error)


def named(error: BaseException) -> str:
    """Kind and words of an error on one line."""
    return spoken(f"{type(error).__name__}: {error}".removesuffix(": "), 200)


def tell(what: str, error: BaseException) -> None:
    """One line with the place in the code; the same again at every power of two only."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    line = f"altui observer: {what}: {named(error)} ({places})"
    _told[line] += 1
    count = _told[line]
    if count & (count - 1) == 0:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{line}{f', {count} times' if count > 1 else ''}\n")


def _running() -> "asyncio.Task[object] | None":
    with contextlib.suppress(RuntimeError):
        return asyncio.current_task()
    return None
