"""`python -m altui.sandbox`: up, down, status, writer, clock, engine."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import IO, Annotated, Any, NoReturn

import typer

from altui.sandbox.control import NotRunningError, call
from altui.sandbox.timeline import backwards

app = typer.Typer(
    name="altui sandbox",
    help="A living copy of the whole pipeline on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Dir = Annotated[Path | None, typer.Option("--dir", help="Where its state lives.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
A_DAY = timedelta(days=1)
DAY_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")
ENDING = 8.0
"""Seconds that the engines of a killed sandbox may take to end."""


@app.command()
def up(
    directory: Dir = None,
    env_file: Annotated[
        Path | None,
        typer.Option(help="Written when healthy: KEY=VALUE lines that configure altui for it."),
    ] = None,
    days: Annotated[int, typer.Option(min=15, max=2000, help="Days of history.")] = 400,
    emails_per_day: Annotated[int, typer.Option(min=5, max=100_000)] = 150,
    seed: int = 1,
    now: Annotated[
        str, typer.Option(help="Simulated time to start at: ISO, or HH:MM of today (UTC).")
    ] = "",
    es_url: Annotated[
        str, typer.Option(help="An Elasticsearch of yours instead of the packaged one.")
    ] = "",
    lifeline: Annotated[bool, typer.Option(help="End when standard input ends.")] = False,
    temporary: Annotated[bool, typer.Option(help="Remove the directory at the end.")] = False,
    detach: Annotated[bool, typer.Option(help="Return as soon as it is healthy.")] = False,
) -> None:
    """Start it; it runs until Ctrl-C or `down`."""
    place = _place(directory)
    moment = _moment(now, datetime.now(UTC)) if now else None
    _refuse_foreign(place)
    if detach:
        raise typer.Exit(_detach(place))
    from altui.sandbox.supervisor import Options, Sandbox, SandboxError

    with _locked(place) as lock:
        if not (place / "built").exists():
            _wipe(place)
        logging.basicConfig(
            filename=place / "log" / "sandbox.log", format="%(asctime)s %(message)s"
        )
        options = Options(days, emails_per_day, seed, moment, es_url)
        target = env_file.absolute() if env_file else None
        sandbox = Sandbox(place, options, target, lock.fileno(), temporary=temporary)
        try:
            asyncio.run(
                _alive(sandbox.run(lambda: print(f"healthy: {place}", flush=True)), lifeline)
            )
        except SandboxError as error:
            _refuse(str(error))


@app.command()
def down(directory: Dir = None) -> None:
    """Stop it; its data stay for the next `up`."""
    place = _place(directory)
    holder = _holder(place)
    if holder is None:
        print(f"no sandbox runs in {place}")
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder, signal.SIGTERM)
    with (place / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # free when the last engine has ended


@app.command()
def status(directory: Dir = None, as_json: Json = False) -> None:
    """What runs, and what time it is there."""
    place = _place(directory)
    if _holder(place) is not None and not (place / "control.json").exists():
        _refuse("it is still coming up; try again in a moment")
    _show(_ask(place, "GET", "/status"), as_json)


@app.command()
def writer(
    what: Annotated[str, typer.Argument(help="pause or resume")], directory: Dir = None
) -> None:
    """Pause or resume the rows that arrive at the source."""
    if what not in ("pause", "resume"):
        _refuse(f"{what}: say pause or resume")
    _show(_ask(_place(directory), "POST", "/writer", {"paused": what == "pause"}), False)


@app.command()
def clock(
    what: Annotated[str, typer.Argument(help="set, advance or status")] = "status",
    value: Annotated[
        str, typer.Argument(help="ISO or the next HH:MM (UTC) for set; 90m, 2h, 3d for advance")
    ] = "",
    directory: Dir = None,
    schedule: Annotated[
        str, typer.Option(help="on-time or late: when nightly runs start from now on.")
    ] = "",
) -> None:
    """Move simulated time forward; syncs and nights on the way really happen."""
    place = _place(directory)
    body: dict[str, Any] = {}
    target: datetime | None = None
    if schedule not in ("", "on-time", "late"):
        _refuse(f"--schedule {schedule}: say on-time or late")
    if schedule:
        body["punctual"] = schedule == "on-time"
    now = datetime.fromisoformat(_ask(place, "GET", "/status")["now"])
    if what == "set" and value:
        target = _next_moment(value, now)
    elif what == "advance" and value:
        target = now + _length(value)
    elif what != "status":
        _refuse("say: clock set 03:14, clock advance 2h, clock status, clock --schedule on-time")
    if target is not None:
        if target < now:
            _refuse(backwards(now))
        body["to"] = target.isoformat()
        day = " (tomorrow)" if what == "set" and target.date() == now.date() + A_DAY else ""
        until = f"{target.day} {target:%b %H:%M}Z{day}"
        sys.stderr.write(f"playing what happens until {until}, at its real pace\n")
    _show(_ask(place, "POST", "/clock", body), False)


@app.command()
def engine(
    what: Annotated[str, typer.Argument(help="stop, start or restart")],
    name: Annotated[str, typer.Argument(help="postgres, bigquery or elasticsearch")],
    directory: Dir = None,
) -> None:
    """Stop or start one engine: practise with a service that is down."""
    body = {"name": name, "do": what}
    _show(_ask(_place(directory), "POST", "/engine", body), False)


def _place(directory: Path | None) -> Path:
    if directory is not None:
        return directory.absolute()
    from platformdirs import user_state_path

    return user_state_path("altui") / "sandbox"


def _moment(text: str, now: datetime) -> datetime:
    """`03:14` is of now's day; UTC where no zone is said."""
    try:
        if DAY_TIME.fullmatch(text):
            return datetime.combine(now.date(), day_time.fromisoformat(text), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"{text}: not a time; say 2026-11-23T03:14 or 03:14")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _next_moment(text: str, now: datetime) -> datetime:
    """The moment, or the next day's where a time of day is over: time goes forward only."""
    moment = _moment(text, now)
    return moment + A_DAY if DAY_TIME.fullmatch(text) and moment <= now else moment


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        _refuse(f"{text}: not a length; say 90s, 90m, 2h or 3d")
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{units[found[2]]: int(found[1])})


def _ask(place: Path, how: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return call(place, how, path, body, within=A_DAY.total_seconds())
    except (NotRunningError, ValueError) as error:
        _refuse(str(error))


def _refuse(words: str) -> NoReturn:
    sys.stderr.write(f"altui sandbox: {words}\n")
    raise SystemExit(2)


def _show(data: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(data, indent=2))
        return
    engines = ", ".join(
        f"{name} {'up' if engine['answers'] else 'DOWN'}"
        for name, engine in data["engines"].items()
    )
    print(
        f"{'healthy' if data['healthy'] else 'coming up'}, {data['now']}, writer {data['writer']}"
    )
    print(f"engines: {engines}")
    for name, moment in data["next"].items():
        print(f"next: {name} {moment}")
    for fault in data["faults"]:
        print(f"fault {fault['id']}: {fault['service']} {fault['method']} {fault['path']}")


@contextlib.contextmanager
def _locked(place: Path) -> Generator[IO[str]]:
    """Holds the directory. The janitor shares the lock, so it is free when all has ended."""
    place.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + ENDING
    with (place / "lock").open("a+") as lock:
        while not _taken(lock):
            lock.seek(0)
            # one that was killed is still being cleared away
            if _lives(int(lock.read() or 0)) or time.monotonic() > deadline:
                _refuse(
                    f"a sandbox already runs in {place}; name another --dir, or stop it: "
                    f"altui sandbox down --dir {place}"
                )
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock


def _holder(place: Path) -> int | None:
    """The process of the sandbox that runs, or is ending, in this directory."""
    try:
        with (place / "lock").open("r+") as lock:
            return None if _taken(lock) else int(lock.read() or 0)
    except FileNotFoundError:
        return None


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return pid > 0
    return False


def _wipe(place: Path) -> None:
    """Removes what an interrupted first start left."""
    for path in place.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    (place / "log").mkdir()


def _refuse_foreign(place: Path) -> None:
    """Leaves a directory alone that holds anything but a sandbox."""
    if place.exists() and not place.is_dir():
        _refuse(f"{place} is not a directory; name another --dir")
    if place.is_dir() and not (place / "lock").exists():
        foreign = sorted(path.name for path in place.iterdir() if path.name != "log")
        if foreign:
            _refuse(f"{place} holds {', '.join(foreign[:5])}; name an empty --dir")


async def _alive(life: Any, lifeline: bool) -> None:
    """Runs the sandbox; the end of standard input counts as SIGTERM where that was asked for."""
    if lifeline:
        threading.Thread(target=_end_with_input, daemon=True).start()
    await life


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), 15)


def _detach(place: Path) -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    (place / "log").mkdir(parents=True, exist_ok=True)
    # its words go to a file and from there to us: it must not keep our standard error open
    with (place / "log" / "up.log").open("w") as words, (place / "log" / "up.log").open() as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "altui.sandbox", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            start_new_session=True,
        )
        try:
            while not (ended := child.poll() is not None) and not _healthy(place, child.pid):
                sys.stderr.write(said.read())
                time.sleep(0.1)
        except KeyboardInterrupt:
            child.terminate()
            return child.wait()
        sys.stderr.write(said.read())
        return child.returncode if ended else 0


def _healthy(place: Path, pid: int) -> bool:
    """Whether the sandbox of that process is up; another one's answer does not count."""
    try:
        found = call(place, "GET", "/status", within=5)
    except (NotRunningError, ValueError):
        return False
    return bool(found["healthy"]) and found["pid"] == pid


if __name__ == "__main__":
    app(prog_name="altui sandbox")
