"""Answers that come a byte at a time: what waits for them ends, and the next question is heard."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from altui.config import BigQuerySettings, ElasticsearchSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.services.bigquery import BigQueryReader
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.errors import ServiceError

SECONDS = 0.3
PACE = 0.02
"""Seconds between two bytes: no single read ever waits long."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Elastic-Product: Elasticsearch\r\n"
DRIBBLES = {
    "head": (HEAD + b"X-Slow: ", b"x"),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "body to the end": (HEAD + b"Connection: close\r\n\r\n", b" "),
    "a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n", b" "),
    "a chunk's size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nX-Elastic-Product: Elasticsearch\r\nConnection: close\r\n"
NOT_FOUND += b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Tarpit:
    """Its first connection never ends; every other one is told 404 at once."""

    def __init__(self, start: bytes, drop: bytes) -> None:
        self._start, self._drop = start, drop
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _take(self) -> None:
        serve = self._dribble
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
            serve = self._answer

    def _dribble(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(self._start)
                while not self._over.wait(PACE):
                    connection.sendall(self._drop)
            except OSError:
                pass  # who asked has had enough

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(NOT_FOUND)


@pytest.fixture(params=DRIBBLES)
def tarpit(request: pytest.FixtureRequest) -> Iterator[Tarpit]:
    made = Tarpit(*DRIBBLES[request.param])
    yield made
    made.close()


def of_elasticsearch(url: str) -> Callable[[], Awaitable[Any]]:
    settings = ElasticsearchSettings(url=Secret(url))
    return ElasticsearchReader(settings, Pipeline(), SECONDS).storage


def of_bigquery(url: str) -> Callable[[], Awaitable[Any]]:
    settings = BigQuerySettings(project="p", emulator_host=url)
    return BigQueryReader(settings, Pipeline(), SECONDS, SECONDS).tables


@pytest.mark.parametrize("asking", [of_elasticsearch, of_bigquery])
async def test_a_service_that_dribbled_once_is_heard_again(
    asking: Callable[[str], Callable[[], Awaitable[Any]]], tarpit: Tarpit
) -> None:
    ask = asking(tarpit.url)
    with pytest.raises(ServiceError) as raised:
        await ask()
    assert raised.value.trouble is Trouble.unreachable
    async with asyncio.timeout(15):
        while not await heard(ask):  # noqa: ASYNC110 - a service is asked by and by
            await asyncio.sleep(PACE)


async def heard(ask: Callable[[], Awaitable[Any]]) -> bool:
    try:
        await ask()
    except ServiceError as error:
        return error.trouble is not Trouble.unreachable
    return True
