"""Blocking clients, off the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

from altui.core.model.observed import Trouble
from altui.services.errors import ServiceError

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """The result of `work`, run in a daemon thread of its own.

    Unlike a pool's, a thread that hangs (a name server, a dribbling peer) takes no one else's
    place and does not keep the process from ending. A caller that gives up leaves it behind.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if isinstance(error, StopIteration):
            # a future refuses it, and would never be done
            done.set_exception(RuntimeError(f"StopIteration: {error}"))
        elif error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type] - None only where T allows it

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed to the caller as it is
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="altui-service", daemon=True).start()
    return await done


class Threads:
    """Threads of one reader, at most one a question: one that hangs is not joined by a second."""

    def __init__(self) -> None:
        self._busy: set[str] = set()

    async def run(self, what: str, work: Callable[[], T]) -> T:
        """`in_thread`; raises ServiceError while an earlier `work` for `what` still hangs."""
        if what in self._busy:
            words = "the last question still hangs; another is not put beside it"
            raise ServiceError(Trouble.unreachable, words, what)
        self._busy.add(what)

        def freeing() -> T:
            try:
                return work()
            finally:
                self._busy.discard(what)

        try:
            return await in_thread(freeing)
        except RuntimeError:
            self._busy.discard(what)  # no thread could be started
            raise
