"""A program in a real pseudo-terminal: what it writes, how long it takes, what it holds."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """What the process holds in memory; raises LookupError when it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} holds no memory: it has ended")


def ended(pids: Sequence[int], within: float) -> None:
    """Waits until none of the processes is left; raises TimeoutError."""
    deadline = time.perf_counter() + within
    while any(_runs(pid) for pid in pids):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"processes {pids} are still running after {within} s")
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


class Terminal:
    """One child in a pseudo-terminal of its own, killed at the latest when left."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        rows: int,
        columns: int,
        directory: str | Path = ".",
    ):
        self.began = time.perf_counter()
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe(argv[0], list(argv), {**environ, "TERM": "xterm-256color"})
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, size)
        self.output = b""

    def read_until(self, words: bytes, within: float) -> float:
        """Seconds from the start until `words` were written; raises TimeoutError."""
        start = max(0, len(self.output) - len(words))
        deadline = time.perf_counter() + within
        while words not in self.output[start:]:
            if not self._read(deadline):
                raise TimeoutError(f"{words!r} did not appear within {within} s")
        return time.perf_counter() - self.began

    def read_for(self, seconds: float) -> int:
        """Bytes written in so many seconds."""
        before = len(self.output)
        deadline = time.perf_counter() + seconds
        while self._read(deadline):
            pass
        return len(self.output) - before

    def send(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def wait(self, within: float) -> float:
        """Seconds until the child has ended; raises TimeoutError."""
        began = time.perf_counter()
        while time.perf_counter() - began < within:
            self._read(time.perf_counter() + 0.005)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
                return time.perf_counter() - began
        raise TimeoutError(f"still running after {within} s")

    def resident_mb(self) -> float:
        return resident_mb(self.pid)

    def children(self) -> list[int]:
        """Processes that it has started and that still run."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def close(self) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def _read(self, deadline: float) -> bool:
        left = deadline - time.perf_counter()
        if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
            return False
        with contextlib.suppress(OSError):
            self.output += os.read(self._descriptor, 65536)
            return True
        return False


@contextlib.contextmanager
def terminal(
    argv: Sequence[str],
    environ: Mapping[str, str],
    rows: int = 40,
    columns: int = 120,
    directory: str | Path = ".",
) -> Iterator[Terminal]:
    opened = Terminal(argv, environ, rows, columns, directory)
    try:
        yield opened
    finally:
        opened.close()
