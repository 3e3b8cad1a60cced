"""`python -m bench`: every budget that can be measured here, each with its figure."""

import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path

import msgspec

from altui import __version__
from altui.clock import clock_of
from altui.config import load
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Reading
from altui.core.rules.assess import assess
from altui.observe.observer import COUNTS
from altui.observe.probes import probes
from bench.arguments import wanted
from bench.figures import Figure, page
from bench.paint import RUNS, paint
from bench.pipeline import sandbox
from bench.screen import lag, refresh
from bench.terminal import resident_mb, terminal
from tests.world import at, healthy

ALTUI = [str(Path(sys.executable).with_name("altui"))]


def version(environ: Mapping[str, str]) -> Iterator[Figure]:
    seconds = _median(lambda: _run([*ALTUI, "--version"], environ))
    yield Figure("altui --version", 1000 * seconds, 150, "ms")


def rules(environ: Mapping[str, str]) -> Iterator[Figure]:
    snapshot = healthy(at("2026-11-23 12:00"), days=365)
    pipeline = Pipeline()

    def once() -> float:
        began = time.perf_counter()
        assess(snapshot, pipeline, snapshot.at)
        return time.perf_counter() - began

    yield Figure("assess, 365 days", 1000 * _median(once, 50), 5, "ms")


def check(environ: Mapping[str, str]) -> Iterator[Figure]:
    seconds = _median(lambda: _run([*ALTUI, "check"], environ), 3)
    yield Figure("altui check, cold", seconds, 4, "s")


def open_dashboard(environ: Mapping[str, str]) -> Iterator[Figure]:
    """Idle cost, `check` beside a running observer, and quitting."""
    with terminal(ALTUI, environ) as screen:
        screen.read_until(b"postgres", 20)
        screen.read_for(8)  # the first round comes in
        seconds = _median(lambda: _run([*ALTUI, "check"], environ), 3)
        yield Figure("altui check, observer running", seconds, 0.3, "s")
        cpu, began = screen.cpu_seconds(), time.perf_counter()
        written = screen.read_for(60)
        spent = time.perf_counter() - began
        yield Figure("idle CPU", 100 * (screen.cpu_seconds() - cpu) / spent, 1, "%")
        yield Figure("idle output", written / spent, 200, "B/s")
        held = screen.resident_mb() + sum(resident_mb(child) for child in screen.children())
        yield Figure("memory, screen and its observer", held, None, "MB", "after a minute")
        screen.send(b"q")
        yield Figure("quit", screen.wait(10), 0.3, "s")


def screen(environ: Mapping[str, str]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="altui-bench-") as name:
        yield from lag(Path(name) / "lag")
        yield from refresh(ALTUI, environ, Path(name) / "refresh")


def year(environ: Mapping[str, str]) -> Iterator[Figure]:
    """Counts and measures of 365 days on every stage: one query a service."""
    settings = load(environ)
    pipeline = msgspec.structs.replace(settings.pipeline, window_days=365)
    settings = msgspec.structs.replace(settings, pipeline=pipeline)

    async def read() -> dict[str, tuple[float, int]]:
        table = {probe.id: probe for probe in probes(settings, clock_of(settings.clock))}
        took: dict[str, tuple[float, int]] = {}
        for name in COUNTS:
            await table[name].read()  # the client's import is another budget's
            began = time.perf_counter()
            seen = await table[name].read()
            took[name] = time.perf_counter() - began, _figures(seen)
        return took

    for name, (seconds, figures) in asyncio.run(read()).items():
        yield Figure(f"365 days, {name}", seconds, 2, "s", f"{figures:,} figures")


def _figures(seen: Reading) -> int:
    """Counts and measures a day."""
    series = seen.series.values() if isinstance(seen, Counts) else ()
    return sum(len(one.by_day) + sum(len(days) for days in one.measures.values()) for one in series)


Measure = Callable[[Mapping[str, str]], Iterator[Figure]]
MEASURES: dict[str, Measure] = {
    measure.__name__: measure for measure in (version, rules, check, open_dashboard, screen, year)
}
FIRST_PAINT, PEERS, AGAIN = "first_paint", "peers", "up"
NAMES = (FIRST_PAINT, PEERS, *MEASURES, AGAIN)


def main() -> None:
    asked = wanted(sys.argv[1:], NAMES)
    load, figures = os.getloadavg()[0], list(_figures_of(asked.names))
    text = page(figures, _measured(load))
    print(text)
    if asked.markdown:
        asked.markdown.write_text(text, encoding="utf-8")
    sys.exit(not all(figure.kept for figure in figures))


def _figures_of(names: tuple[str, ...]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="altui-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with sandbox(directory / "sandbox") as (environ, seconds):
            yield Figure("sandbox from nothing", seconds, 20, "s")
            if painted := {FIRST_PAINT, PEERS} & {*names}:
                _run([*ALTUI, "check"], environ)  # leaves last-known values to paint
                yield from paint(
                    ALTUI, environ, bare=FIRST_PAINT in painted, peers=PEERS in painted
                )
            for measure in (MEASURES[name] for name in names if name in MEASURES):
                yield from _tried(measure, environ)
        if AGAIN in names:
            with sandbox(directory / "sandbox") as (_, seconds):
                yield Figure("sandbox again", seconds, 8, "s")


def _tried(measure: Measure, environ: Mapping[str, str]) -> Iterator[Figure]:
    """What is measured; a measure that fails is a row that says so, and the others go on."""
    try:
        yield from measure(environ)
    except Exception as error:  # noqa: BLE001
        name = measure.__name__.replace("_", " ")
        yield Figure(name, None, 0, "", f"failed: {type(error).__name__}: {error}")


def _measured(load: float) -> str:
    """On what it was measured: nothing that tells one machine's name or paths."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {len(os.sched_getaffinity(0))} cores"
        f" ({platform.system()} {platform.machine()}), load average {load:.2f} at the start and"
        f" {os.getloadavg()[0]:.2f} at the end. altui {__version__}, Textual"
        f" {version_of('textual')}, Python {platform.python_version()}."
    )


def _run(command: list[str], environ: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=dict(environ), stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def _median(once: Callable[[], float], runs: int = RUNS) -> float:
    return statistics.median(once() for _ in range(runs))


if __name__ == "__main__":
    main()
