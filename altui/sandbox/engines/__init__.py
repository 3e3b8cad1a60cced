"""The real engines: started on free ports, stopped in order, started again on kept data."""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

from altui.sandbox.processes import Children

LOOK_EVERY = 0.05


class EngineError(Exception):
    """An engine did not come up; the message carries the end of its log."""


class Engine:
    """One engine: `launch` starts its process, `answers` tells whether it serves."""

    def __init__(
        self,
        name: str,
        children: Children,
        log: Path,
        launch: Callable[[], Awaitable[Process]],
        answers: Callable[[], Awaitable[bool]],
    ) -> None:
        self.name = name
        self._children = children
        self._log = log
        self._launch = launch
        self._answers = answers
        self._process: Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self.running else None

    async def start(self, within: float = 60.0) -> None:
        """Starts the engine and waits until it answers. Raises EngineError with its last words."""
        self._process = await self._launch()
        deadline = time.monotonic() + within
        while not await self._answers():
            if not self.running or time.monotonic() > deadline:
                raise EngineError(f"{self.name} did not come up: {self._last_words()}")
            await asyncio.sleep(LOOK_EVERY)

    async def stop(self) -> None:
        if self._process is not None:
            await self._children.stop(self._process)

    async def healthy(self) -> bool:
        """Whether its process runs and it answers now."""
        return self.running and await self._answers()

    def _last_words(self) -> str:
        if not self._log.exists():
            return "it wrote nothing"
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it wrote nothing"


async def connects(port: int) -> bool:
    """Whether something listens on this loopback port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
