"""A running sandbox in a test's hands. The fixture `sandbox` of tests/conftest.py gives one."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
