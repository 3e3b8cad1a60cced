"""What tests of several kinds share: one living pipeline, started when the first test asks."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.living import PROGRAM, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """40 days of history at noon. It ends with the test run, even with one that is killed."""
    with tempfile.TemporaryDirectory(prefix="altui-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)  # PostgreSQL may run as another user
        env_file = place / "env"
        up = subprocess.Popen(
            [
                *(*PROGRAM, "up", "--dir", str(place / "s"), "--env-file", str(env_file)),
                *("--days", "40", "--now", "12:00", "--lifeline"),
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
