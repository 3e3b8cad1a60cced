"""A program that waits for its arguments."""

import subprocess
import sys
from pathlib import Path

PRINTS = "import sys\nprint(__name__, sys.argv[1:], 'wave' in sys.modules)\nsys.exit(3)\n"


def run(script: Path, line: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "altui.sandbox.later", str(script), "wave"]
    return subprocess.run(command, input=line, capture_output=True, text=True, check=False)


def test_the_words_of_the_line_are_the_scripts_arguments(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(PRINTS)
    done = run(script, "--start 2026-01-02\n")
    assert done.stdout == "__main__ ['--start', '2026-01-02'] True\n"
    assert done.returncode == 3


def test_nothing_runs_when_nobody_says_so(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(PRINTS)
    done = run(script, "")
    assert (done.stdout, done.returncode) == ("", 1)
