"""A running sandbox in a test's hands. The fixture `sandbox` of tests/conftest.py gives one."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = (sys.executable, "-m", "altui.sandbox")


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, how to reach its parts, and its command line."""

    dir: Path
    env: dict[str, str]
    """What its --env-file says."""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`altui sandbox WORDS --dir …`, whatever it answers."""
        command = [*PROGRAM, *words, "--dir", str(self.dir)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def do(self, *words: str) -> str:
        """The same, which must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        return json.loads(self.do("status", "--json"))


@contextmanager
def started(*options: str) -> Iterator[Sandbox]:
    """`altui sandbox up OPTIONS`. It ends with the test run, even with one that is killed."""
    with tempfile.TemporaryDirectory(prefix="altui-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)  # PostgreSQL may run as another user
        env_file = place / "env"
        up = subprocess.Popen(
            [
                *(*PROGRAM, "up", "--dir", str(place / "s"), "--env-file", str(env_file)),
                *(*options, "--lifeline"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert up.stdin is not None and up.stdout is not None
        try:
            said = up.stdout.readline()
            if not said.startswith("healthy"):
                pytest.fail(f"the sandbox did not come up: exit {up.wait()}")
            # a shell reads the file: it is meant to be sourced
            dump = "import json, os; print(json.dumps(dict(os.environ)))"
            script = f'set -a; . "$1"; exec "{sys.executable}" -c "{dump}"'
            shell = ["env", "-i", "sh", "-c", script, "sh", str(env_file)]
            read = subprocess.run(shell, capture_output=True, text=True, check=True)
            yield Sandbox(place / "s", json.loads(read.stdout))
        finally:
            up.stdin.close()
            up.wait()
