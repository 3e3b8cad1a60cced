"""Blocking clients in threads: their errors arrive, and a hanging one is not joined by another."""

import asyncio
import threading

import pytest

from altui.core.model.observed import Trouble
from altui.services.errors import ServiceError
from altui.services.threads import Threads, in_thread


async def test_a_result_and_an_error_arrive() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)


async def test_even_an_error_that_a_future_refuses_arrives() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(in_thread(lambda: next(iter(()))), 5)


async def test_a_question_that_hangs_is_not_asked_again_beside_itself() -> None:
    threads, release = Threads(), threading.Event()
    asked: list[int] = []

    def hang() -> int:
        asked.append(1)
        release.wait()
        return 1

    first = asyncio.create_task(threads.run("GET /a", hang))
    await asyncio.sleep(0)
    with pytest.raises(ServiceError, match="still hangs") as raised:
        await threads.run("GET /a", hang)
    assert raised.value.trouble is Trouble.unreachable
    assert await threads.run("GET /b", lambda: 2) == 2, "another question is"
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(ServiceError, match="still hangs"):
        await threads.run("GET /a", hang)  # giving up does not end the thread
    release.set()
    async with asyncio.timeout(5):
        while True:
            try:
                assert await threads.run("GET /a", lambda: 3) == 3
                break
            except ServiceError:
                await asyncio.sleep(0)
    assert len(asked) == 1


async def test_no_thread_to_be_had_leaves_nothing_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            await threads.run("GET /a", lambda: 1)
    assert await threads.run("GET /a", lambda: 1) == 1
