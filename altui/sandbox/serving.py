"""Several small HTTP servers in one event loop."""

import asyncio
import contextlib
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the supervisor's."""
        yield


class Servers:
    """ASGI apps on loopback ports, stopped together."""

    def __init__(self) -> None:
        self._servers: list[tuple[_Server, asyncio.Task[None]]] = []

    async def serve(self, app: ASGIApp, port: int) -> None:
        """Returns when the app can be reached. Raises OSError when the port is taken."""
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            if task.done():
                raise OSError(f"port {port} cannot be served on 127.0.0.1")
            await asyncio.sleep(0.01)
        self._servers.append((server, task))

    async def close(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self._servers), return_exceptions=True)
