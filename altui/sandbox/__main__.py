"""`python -m altui.sandbox`: up, down, status, writer, clock, engine."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from altui.sandbox.control import NotRunningError, call

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
A_DAY = 86_400.0


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
    detach: Annotated[bool, typer.Option(help="Return as soon as it is healthy.")] = False,
) -> None:
    """Start it; it runs until Ctrl-C or `down`."""
    place = _place(directory)
    moment = _moment(now) if now else None
    if detach:
        raise typer.Exit(_detach(place))
    from altui.sandbox.supervisor import Options, Sandbox, SandboxError

    with _locked(place):
        if not (place / "built").exists():
            _wipe(place)
        logging.basicConfig(
            filename=place / "log" / "sandbox.log", format="%(asctime)s %(message)s"
        )
        options = Options(days, emails_per_day, seed, moment, es_url)
        sandbox = Sandbox(place, options, env_file.absolute() if env_file else None)
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
    _ask(place, "POST", "/shutdown")
    with contextlib.suppress(FileNotFoundError), (place / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # free when the last engine has ended


@app.command()
def status(directory: Dir = None, as_json: Json = False) -> None:
    """What runs, and what time it is there."""
    _show(_ask(_place(directory), "GET", "/status"), as_json)


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
    what: Annotated[str, typer.Argument(help="set or advance")],
    value: Annotated[
        str, typer.Argument(help="ISO or HH:MM for set; 90m, 2h, 3d for advance")
    ] = "",
    directory: Dir = None,
    schedule: Annotated[
        str, typer.Option(help="on-time or late: when nightly runs start from now on.")
    ] = "",
) -> None:
    """Move simulated time forward; syncs and nights on the way really happen."""
    place = _place(directory)
    body: dict[str, Any] = {}
    if schedule:
        body["punctual"] = schedule == "on-time"
    if what == "set" and value:
        body["to"] = _moment(value).isoformat()
    elif what == "advance" and value:
        now = datetime.fromisoformat(_ask(place, "GET", "/status")["now"])
        body["to"] = (now + _length(value)).isoformat()
    elif not schedule:
        _refuse("say: clock set 03:14, clock advance 2h, or clock --schedule on-time")
    _show(_ask(place, "POST", "/clock", body), False)


@app.command()
def engine(
    what: Annotated[str, typer.Argument(help="stop or start")],
    name: Annotated[str, typer.Argument(help="postgres, bigquery or elasticsearch")],
    directory: Dir = None,
) -> None:
    """Stop or start one engine: practise with a service that is down."""
    if what not in ("stop", "start"):
        _refuse(f"{what}: say stop or start")
    body = {"name": name, "running": what == "start"}
    _show(_ask(_place(directory), "POST", "/engine", body), False)


def _place(directory: Path | None) -> Path:
    if directory is not None:
        return directory.absolute()
    from platformdirs import user_state_path

    return user_state_path("altui") / "sandbox"


def _moment(text: str) -> datetime:
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"\d\d?:\d\d(:\d\d)?", text):
            hour, minute, *second = map(int, text.split(":"))
            today = datetime.now(UTC).replace(microsecond=0)
            return today.replace(hour=hour, minute=minute, second=second[0] if second else 0)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    _refuse(f"{text}: not a time; say 2026-11-23T03:14 or 03:14")


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        _refuse(f"{text}: not a length; say 90s, 90m, 2h or 3d")
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{units[found[2]]: int(found[1])})


def _ask(place: Path, how: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return call(place, how, path, body, within=A_DAY)
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
        f"{name} {'up' if engine['running'] else 'DOWN'}"
        for name, engine in data["engines"].items()
    )
    print(
        f"{'healthy' if data['healthy'] else 'coming up'}, {data['now']}, writer {data['writer']}"
    )
    print(f"engines: {engines}")


@contextlib.contextmanager
def _locked(place: Path) -> Generator[None]:
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(f"a sandbox already runs in {place}; use another --dir, or: altui sandbox down")
        yield


def _wipe(place: Path) -> None:
    """Removes what an interrupted first start left, but nothing that is not ours."""
    known = {"lock", "log", "state", "project", "postgres", "bigquery", "elasticsearch", "fivetran"}
    known |= {"github", "kibana", "pagerduty", "bigquery_proxy", "ports.json", "clock.json"}
    known |= {"options.json", "writer.json", "control.json"}
    if foreign := {path.name for path in place.iterdir()} - known:
        _refuse(f"{place} holds {', '.join(sorted(foreign))}; name an empty --dir")
    for path in place.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    (place / "log").mkdir()


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
    place.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        [sys.executable, "-m", "altui.sandbox", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while child.poll() is None:
        with contextlib.suppress(NotRunningError):
            if call(place, "GET", "/status", within=5)["healthy"]:
                return 0
        time.sleep(0.1)
    return child.returncode


if __name__ == "__main__":
    app()
