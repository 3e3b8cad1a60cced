"""Bodies that are small on the wire and endless in memory, from real servers."""

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from altui.config import BigQuerySettings, ElasticsearchSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.services import bodies, elasticsearch_node, http
from altui.services.bigquery import BigQueryReader
from altui.services.bodies import Body, Inflater, UnfitBodyError
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.errors import ServiceError
from altui.services.http import Http
from tests.answering import Scripted

assert AnonymousCredentials, "Google's client is loaded before memory is measured"
ZEROS = bytes(64 * 1024**2)
ONCE = gzip.compress(ZEROS)
TWICE = gzip.compress(ONCE)
MB = 1024**2
CODED = {"gzip": ONCE, "gzip, gzip": TWICE, "br": b"x", "deflate": b"x"}


@pytest.fixture
def endless() -> Iterator[str]:
    """A server whose pages in chunks never end."""
    page = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
    page += b"X-Elastic-Product: Elasticsearch\r\n\r\n"
    chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(page)
                while True:
                    connection.sendall(chunk)
            except OSError:
                pass  # it was told to stop

    def take(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=take, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def by_http(url: str) -> Any:
    return Http(url, {}, 20.0).get("/a")


def by_elasticsearch(url: str) -> Any:
    settings = ElasticsearchSettings(url=Secret(url))
    return ElasticsearchReader(settings, Pipeline(), 20.0).cluster()


def by_google(url: str) -> Any:
    settings = BigQuerySettings(project="p", emulator_host=url)
    return BigQueryReader(settings, Pipeline(), 20.0, 20.0).counts(date(2026, 11, 1))


ASKING = pytest.mark.parametrize("ask", [by_http, by_elasticsearch, by_google])


async def refused(ask: Callable[[str], Any], url: str) -> ServiceError:
    tracemalloc.start()
    with pytest.raises(ServiceError) as raised:
        await ask(url)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.trouble is Trouble.nonsense, raised.value
    assert most < 48 * MB
    return raised.value


@pytest.fixture
def eight_mb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_ANSWER", 8 * MB)
    monkeypatch.setattr(elasticsearch_node, "MOST", 8 * MB)
    monkeypatch.setattr(bodies.bound, "__defaults__", (8 * MB,))


@ASKING
@pytest.mark.usefixtures("eight_mb")
async def test_a_page_without_end_is_left(ask: Callable[[str], Any], endless: str) -> None:
    assert "longer than 8 MB" in (await refused(ask, endless)).words


@ASKING
@pytest.mark.parametrize("coding", CODED)
@pytest.mark.usefixtures("eight_mb")
async def test_a_small_body_that_stands_for_a_long_one(
    ask: Callable[[str], Any], coding: str, server: Scripted
) -> None:
    server.headers_sent = {"Content-Encoding": coding, "X-Elastic-Product": "Elasticsearch"}
    server.script = lambda method, path, body: (200, CODED[coding])
    words = (await refused(ask, server.url)).words
    assert ("longer than 8 MB" if coding == "gzip" else "not as gzip once") in words
    assert len({path for _, path in server.asked}) == len(server.asked), "it is not asked again"


@pytest.mark.usefixtures("eight_mb")
async def test_the_body_of_a_redirect_is_not_read(server: Scripted) -> None:
    server.headers_sent = {"Content-Encoding": "gzip, gzip", "Location": "/a"}
    server.script = lambda method, path, body: (302, TWICE)
    assert "redirects in a row" in (await refused(by_http, server.url)).words


async def test_the_end_of_a_long_text_is_kept_alone(server: Scripted) -> None:
    server.headers_sent = {"Content-Encoding": "gzip"}
    packed = gzip.compress(ZEROS + b"the end")
    server.script = lambda method, path, body: (200, packed)
    tracemalloc.start()
    assert (await Http(server.url, {}, 20.0).tail("/log", 1000))[-9:] == b"\0\0the end"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * MB


async def test_the_end_of_a_text_that_is_coded_twice(server: Scripted) -> None:
    server.headers_sent = {"Content-Encoding": "gzip, gzip"}
    server.script = lambda method, path, body: (200, TWICE)
    with pytest.raises(ServiceError, match="not as gzip once") as raised:
        await Http(server.url, {}, 20.0).tail("/log", 1000)
    assert raised.value.trouble is Trouble.nonsense


async def test_an_honest_gzip_is_read(server: Scripted) -> None:
    asked: list[str] = []
    server.headers_sent = {"Content-Encoding": "gzip"}
    server.script = lambda method, path, body: (asked.append(path), (200, gzip.compress(b"[1]")))[1]
    assert (await Http(server.url, {}, 20.0).get("/a")).body == b"[1]"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 300_000])
@pytest.mark.parametrize("step", [1, 7, 4096, 10**6])
def test_what_goes_in_comes_out_in_pieces(size: int, step: int) -> None:
    plain = bytes(place % 251 for place in range(size))
    packed = gzip.compress(plain)
    for coding, sent in (("gzip", packed), (None, plain), ("identity", plain)):
        if coding != "gzip" and step == 1:
            continue
        body = Body(coding, size)
        for place in range(0, len(sent), step):
            body.add(sent[place : place + step])
        assert body.whole() == plain
    pieces = list(Inflater("gzip").pieces(packed))
    assert all(len(piece) <= bodies.PIECE for piece in pieces)


def test_what_is_no_gzip_and_what_is_a_byte_too_long() -> None:
    with pytest.raises(UnfitBodyError, match="no gzip"):
        Body("gzip", 100).add(b"hello")
    with pytest.raises(UnfitBodyError, match="longer than 2 bytes"):
        Body(None, 2).add(b"abc")
