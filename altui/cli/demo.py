"""`altui demo`: a sandbox of its own, the dashboard over it, and nothing left behind."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from altui.cli.check import check
from altui.cli.dashboard import open_dashboard
from altui.cli.exits import Exit

STOPS_WITHIN = 15.0


def demo(arguments: Sequence[str], *, as_json: bool, headless: bool) -> int:
    """Starts the sandbox, shows it, tears it down. Without a terminal: the health report."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with living_pipeline(arguments) as environ:
        if environ is None:
            return Exit.findings
        if headless or as_json or not terminal:
            return check(environ, as_json=as_json, fresh=True)
        return open_dashboard(environ, leave_nothing=True)


@contextmanager
def living_pipeline(arguments: Sequence[str]) -> Generator[Mapping[str, str] | None]:
    """A running sandbox's environment; None when it did not come up (it said why on stderr)."""
    own = None if "--dir" in arguments else Path(tempfile.mkdtemp(prefix="altui-demo-"))
    if own is not None:
        own.chmod(0o755)  # PostgreSQL runs as another user when we are root
    scratch = Path(tempfile.mkdtemp(prefix="altui-env-"))
    env_file = scratch / "env"
    command = [sys.executable, "-m", "altui.sandbox", "up", "--lifeline", "--env-file"]
    command += [str(env_file), *(["--dir", str(own)] if own else []), *arguments]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    sandbox = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield _environment(sandbox, env_file)
    finally:
        _stop(sandbox)
        for directory in (scratch, own):
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)


def _interrupted(number: int, frame: object) -> None:
    """A closed terminal ends the demo as Ctrl-C does, so that nothing is left behind."""
    raise KeyboardInterrupt


def _environment(sandbox: subprocess.Popen[bytes], env_file: Path) -> Mapping[str, str] | None:
    """Waits for the sandbox's word that it is healthy, a line on its stdout, or for its end."""
    assert sandbox.stdout is not None  # noqa: S101 - opened as a pipe above
    for _ in sandbox.stdout:
        if env_file.exists():
            return {**os.environ, **_parsed(env_file.read_text())}
    return None


def _parsed(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key: "".join(shlex.split(value)) for key, value in pairs}


def _stop(sandbox: subprocess.Popen[bytes]) -> None:
    """Closing the lifeline ends the sandbox; it gets time to end its engines in order."""
    if sandbox.stdin is not None:
        sandbox.stdin.close()
    try:
        sandbox.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        sandbox.kill()  # its janitor ends what it started
        sandbox.wait()
