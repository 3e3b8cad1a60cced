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
from altui.config.fields import setting_names

STOPS_WITHIN = 15.0


def demo(arguments: Sequence[str], *, as_json: bool, headless: bool) -> int:
    """Starts the sandbox, shows it, tears it down. Without a terminal: the health report."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with living_pipeline(arguments) as (environ, code):
        if environ is None:
            return code
        if headless or as_json or not terminal:
            return check(environ, as_json=as_json, fresh=True)
        return open_dashboard(environ, leave_nothing=True)


@contextmanager
def living_pipeline(
    arguments: Sequence[str],
) -> Generator[tuple[Mapping[str, str] | None, int]]:
    """A running sandbox's environment; None and its exit code when it did not come up."""
    own = None if _named(arguments, "--dir") else Path(tempfile.mkdtemp(prefix="altui-demo-"))
    named = _named(arguments, "--env-file")
    scratch = Path(tempfile.mkdtemp(prefix="altui-env-")) if own is None and not named else None
    env_file = Path(named or (own or scratch or Path()) / "env")
    command = [sys.executable, "-m", "altui.sandbox", "up", "--lifeline", *arguments]
    command += [] if named else ["--env-file", str(env_file)]
    if own is not None:
        own.chmod(0o755)  # PostgreSQL runs as another user when we are root
        command += ["--dir", str(own), "--temporary"]  # its janitor removes it, come what may
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    sandbox = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        environ = _environment(sandbox, env_file)
        yield environ, Exit.ok if environ else Exit(sandbox.wait() or Exit.findings)
    finally:
        _stop(sandbox)
        for directory in (scratch, own):
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)


def _named(arguments: Sequence[str], option: str) -> str | None:
    """The value of an option of the sandbox's, as `--option V` or `--option=V`."""
    for place, argument in enumerate(arguments):
        if argument == option and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return None


def _interrupted(number: int, frame: object) -> None:
    """A closed terminal ends the demo as Ctrl-C does, so that nothing is left behind."""
    raise KeyboardInterrupt


def _environment(sandbox: subprocess.Popen[bytes], env_file: Path) -> Mapping[str, str] | None:
    """Waits for the sandbox's word that it is healthy, a line on its stdout, or for its end."""
    assert sandbox.stdout is not None  # noqa: S101 - opened as a pipe above
    for _ in sandbox.stdout:
        if env_file.exists():
            # nothing that configures another pipeline may reach into this one
            configured = setting_names() - {"ALTUI_READ_ONLY"}
            outside = {name: os.environ[name] for name in os.environ if name not in configured}
            return {
                **outside,
                **environment_of(env_file.read_text()),
                "ALTUI_CONFIG": os.devnull,
            }
    return None


def environment_of(text: str) -> dict[str, str]:
    """The variables of an env file's text."""
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
