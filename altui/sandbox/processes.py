"""Child processes that do not outlive the sandbox, however it ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO


class Children:
    """Starts child processes, each in a session of its own, and tells a janitor of them.

    The janitor (altui.sandbox.janitor) holds a pipe from this process; when the pipe closes, by a
    clean end or by kill -9, it ends every process group that it was told of. On Linux the kernel
    also sends each child its polite signal, should this process die before it told the janitor.
    """

    def __init__(self) -> None:
        self._janitor: Process | None = None
        self._running: dict[int, tuple[Process, signal.Signals]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, *held: int) -> None:
        """Starts the janitor; before any child.

        `held` are open files that it keeps until the last child has ended, such as a lock's.
        """
        self._janitor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "altui.sandbox.janitor"),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            pass_fds=held,
            start_new_session=True,
        )

    async def start(
        self,
        *argv: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int | IO[bytes] = DEVNULL,
        stdout: int | IO[bytes] = DEVNULL,
        stderr: int | IO[bytes] = DEVNULL,
        user: str | None = None,
        polite: signal.Signals = signal.SIGTERM,
    ) -> Process:
        """A process in a group of its own; `polite` is the signal that ends it in order.

        Nothing is inherited but what is named: no input, no output, no open files.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            user=user,
            start_new_session=True,
            preexec_fn=_ends_with_parent(polite),
        )
        self._running[process.pid] = (process, polite)
        self._tell(f"+{process.pid} {int(polite)}")
        task = asyncio.create_task(self._forget_at_exit(process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return process

    def remove_at_the_end(self, directory: Path) -> None:
        """The directory goes when this process has ended, however it ends."""
        self._tell(f"x{directory}")

    async def stop(self, process: Process, within: float = 5.0) -> None:
        """Ends a process politely, then, after `within` seconds, its whole group for good."""
        if process.returncode is None:
            _, polite = self._running.get(process.pid, (process, signal.SIGTERM))
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(polite)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), within)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def close(self) -> None:
        """Ends all children, the newest first, then the janitor."""
        running = [process for process, _ in reversed(self._running.values())]
        await asyncio.gather(*(self.stop(process) for process in running))
        if self._janitor is not None and self._janitor.stdin is not None:
            self._janitor.stdin.close()
            await self._janitor.wait()

    async def _forget_at_exit(self, process: Process) -> None:
        await process.wait()
        self._running.pop(process.pid, None)
        self._tell(f"-{process.pid}")

    def _tell(self, line: str) -> None:
        if self._janitor is not None and self._janitor.stdin is not None:
            self._janitor.stdin.write(line.encode() + b"\n")


def _ends_with_parent(polite: signal.Signals) -> Callable[[], None] | None:
    """Asks Linux to send `polite` when the parent dies; elsewhere the janitor alone must do."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: nothing to load after the fork
    return lambda: prctl(1, int(polite))  # PR_SET_PDEATHSIG
