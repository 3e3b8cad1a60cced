"""Blocking clients in threads: their errors arrive, and a hanging one is not joined by another."""

import asyncio
import socket
import threading

import pytest

from altui.core.model.observed import Trouble
from altui.services.errors import ServiceError
from altui.services.threads import Threads, in_thread, run


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


def test_names_that_hang_starve_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    never, found = threading.Event(), [(2, 1, 6, "", ("127.0.0.1", 80))]
    threads: list[threading.Thread] = []

    def resolve(host: str, *given: object) -> object:
        if host.startswith("hanging"):
            threads.append(threading.current_thread())
            never.wait()
        return found

    async def ask() -> object:
        loop = asyncio.get_running_loop()
        # more of them than asyncio's pool has threads, each asked for twice
        hanging = [loop.create_task(loop.getaddrinfo(f"hanging{n % 40}", 80)) for n in range(80)]
        answer = await asyncio.wait_for(loop.getaddrinfo("healthy", 80), 10)
        for one in hanging:
            one.cancel()
        return answer

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert run(ask()) == found
    assert len(threads) == 40
    assert all(thread.daemon for thread in threads)
    never.set()


def test_a_name_that_is_not_known_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, *given: object) -> object:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    async def ask() -> None:
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                await asyncio.get_running_loop().getaddrinfo("nowhere", 80)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    run(ask())
    assert asked == ["nowhere", "nowhere"]
