"""The source behind a proxy that hangs, dies, lies and then lets everything pass again."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace as changed

from altui.config import Secret, load
from altui.core.model.observed import Trouble
from altui.core.model.reading import Counts, Server
from altui.observe.looking import look
from altui.observe.probes import probes
from tests.living import Sandbox
from tests.world import at

pytestmark = pytest.mark.sandbox
NOON = at("2026-11-23 12:00")
MINUTE = timedelta(minutes=1)


def refusal(state: str, words: str) -> bytes:
    """PostgreSQL's ErrorResponse."""
    fields = b"".join(
        tag + text.encode() + b"\0"
        for tag, text in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", state), (b"M", words))
    )
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"


SSL_REQUEST = struct.pack("!II", 8, 80877103)
SAYINGS = {
    "denied": refusal("28P01", "password authentication failed for user"),
    "starting": refusal("57P03", "the database system is starting up"),
    "full": refusal("53300", "sorry, too many clients already"),
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "half": b"R\0\0",
}


class Proxy:
    """In front of the real PostgreSQL; `mode` says what it does with a new connection."""

    def __init__(self, host: str, port: int) -> None:
        self.target = host, port
        self.mode = "pass"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.mode == "dies":
                return
            if self.mode in {"pass", "cut"}:
                await self._pass(reader, writer)
                return
            if await reader.read(8192) == SSL_REQUEST and self.mode != "http":
                writer.write(b"N")
                await reader.read(8192)
            if self.mode == "hangs":
                await reader.read()
                return
            writer.write(SAYINGS[self.mode])
            await writer.drain()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        with contextlib.closing(far_writer):
            there = asyncio.create_task(_copy(reader, far_writer))
            back = asyncio.create_task(_copy(far_reader, writer, 3 if self.mode == "cut" else 0))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for task in (there, back):
                task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int = 0) -> None:
    count = 0
    while data := await reader.read(65536):
        count += 1
        if most and count > most:
            return
        writer.write(data)
        await writer.drain()


@pytest.fixture
async def proxy(sandbox: Sandbox) -> AsyncIterator[Proxy]:
    parts = urlsplit(sandbox.env["POSTGRES_DSN"])
    made = Proxy(parts.hostname or "", parts.port or 5432)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@pytest.mark.parametrize("name", ["postgres.server", "postgres.counts"])
@pytest.mark.parametrize(
    ("mode", "trouble"),
    [
        ("dies", Trouble.unreachable),
        ("hangs", Trouble.unreachable),
        ("cut", Trouble.unreachable),
        ("denied", Trouble.denied),
        ("starting", Trouble.refused),
        ("full", Trouble.refused),
        ("http", Trouble.nonsense),
        ("half", Trouble.unreachable),
    ],
)
async def test_trouble_and_recovery(
    proxy: Proxy, sandbox: Sandbox, name: str, mode: str, trouble: Trouble
) -> None:
    settings = load(sandbox.env)
    parts = urlsplit(settings.postgres.dsn.reveal())
    dsn = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}")
    told = changed(settings, postgres=changed(settings.postgres, dsn=Secret(dsn.geturl())))
    (probe,) = (item for item in probes(told, lambda: NOON) if item.id == name)
    good = await look(probe, None, lambda: NOON)
    assert good.error is None, good.error
    proxy.mode = mode
    bad = replace(probe, timeout=0.3) if mode == "hangs" else probe
    first = await look(bad, good, lambda: NOON + MINUTE)
    assert first.error is not None
    assert first.error.trouble is trouble, first.error
    assert (parts.password or "") not in first.error.words + first.error.where
    second = await look(bad, first, lambda: NOON + 2 * MINUTE)
    assert (second.failures, second.failing_since) == (2, NOON + MINUTE)
    assert second.value == good.value
    proxy.mode = "pass"
    after = await look(probe, second, lambda: NOON + 3 * MINUTE)
    assert (after.error, after.failures, after.failing_since) == (None, 0, None)
    assert isinstance(after.value, Counts | Server)
