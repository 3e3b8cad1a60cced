"""Runs one `run:` step: bash in a process group of its own, its output line by line."""

import asyncio
import codecs
import contextlib
import os
import signal
from asyncio import StreamReader, StreamReaderProtocol
from asyncio.subprocess import STDOUT, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from altui.sandbox.processes import Children

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What GitHub starts for `shell: bash`."""
_PATIENCE = 3.0
"""Seconds from the interrupt to the kill; GitHub waits 7.5 s."""


class Shell(Protocol):
    async def __call__(
        self, script: Path, *, cwd: Path, env: Mapping[str, str], write: Callable[[str], None]
    ) -> int:
        """Run the script, hand each line of its output to `write`, return the exit code.

        Cancelling the task ends the whole process group before the cancellation goes on.
        """
        ...


class Bash:
    """The real shell; its process groups end with the sandbox however that ends."""

    def __init__(self, children: Children) -> None:
        self._children = children

    async def __call__(
        self, script: Path, *, cwd: Path, env: Mapping[str, str], write: Callable[[str], None]
    ) -> int:
        # A pipe of our own: asyncio's `wait` would also wait for whoever else holds its pipe.
        output, into = os.pipe()
        try:
            process = await self._children.start(
                *BASH, script, cwd=cwd, env=env, stdout=into, stderr=STDOUT
            )
        except BaseException:
            os.close(output)
            raise
        finally:
            os.close(into)
        reading = asyncio.create_task(_read(output, write))
        try:
            return await process.wait()
        except asyncio.CancelledError:
            await _interrupt(process)
            raise
        finally:
            # Whatever the step left in the background goes too, or the output would never end.
            _signal(process, signal.SIGKILL)
            await reading


async def _read(descriptor: int, write: Callable[[str], None]) -> None:
    output = StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: StreamReaderProtocol(output), os.fdopen(descriptor, "rb", 0)
    )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    try:
        while chunk := await output.read(65536):
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in lines:
                write(line.removesuffix("\r"))
    finally:
        transport.close()
    if rest:
        write(rest)


async def _interrupt(process: Process) -> None:
    _signal(process, signal.SIGINT)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
