"""A sandbox for the measurements, and how long it takes to come up."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from altui.cli.demo import environment_of


@contextmanager
def sandbox(directory: Path, *arguments: str) -> Iterator[tuple[dict[str, str], float]]:
    """A running sandbox's environment and the seconds until it was healthy."""
    env_file = directory.parent / f"{directory.name}.env"
    began = time.perf_counter()
    command = [sys.executable, "-m", "altui.sandbox", "up", "--lifeline"]
    command += ["--dir", str(directory), "--env-file", str(env_file), *arguments]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        for _ in child.stdout:
            if env_file.exists():
                break
        else:
            raise RuntimeError(f"the sandbox did not come up: see {directory}/log")
        yield {**os.environ, **environment_of(env_file.read_text())}, time.perf_counter() - began
    finally:
        child.stdin.close()
        child.wait(30)
