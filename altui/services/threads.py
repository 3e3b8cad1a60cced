"""Blocking clients and names, off the event loop."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

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


class Loop(asyncio.SelectorEventLoop):
    """An event loop that a name server cannot hold up.

    asyncio resolves names in a pool of few threads, and waits for them when it ends. Here each name
    has a daemon thread of its own, which every question for it shares.
    """

    def __init__(self) -> None:
        super().__init__()
        self._resolving: dict[object, asyncio.Task[Any]] = {}

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """As socket.getaddrinfo; who gives up leaves the thread behind."""
        asked = (host, port, family, type, proto, flags)
        found = self._resolving.get(asked)
        if found is None:
            found = self.create_task(in_thread(partial(socket.getaddrinfo, *asked)))
            self._resolving[asked] = found
            found.add_done_callback(partial(self._resolved, asked))
        return await asyncio.shield(found)

    def _resolved(self, asked: object, ended: "asyncio.Task[Any]") -> None:
        del self._resolving[asked]
        if not ended.cancelled():
            ended.exception()  # of one left behind; asyncio complains where nobody asks


def run(main: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, but it ends whatever a name server does."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)
