"""`python -m bench`: every budget that can be measured here, each with its figure."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from altui.clock import clock_of
from altui.config import load
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Reading
from altui.core.rules.assess import assess
from altui.observe.observer import COUNTS
from altui.observe.probes import probes
from bench.figures import Figure, table
from bench.pipeline import sandbox
from bench.screen import lag, refresh
from bench.terminal import terminal
from tests.world import at, healthy

ALTUI = [str(Path(sys.executable).with_name("altui"))]
BARE = [sys.executable, "-m", "bench.bare"]
FIRST_PAINT = b"postgres"
RUNS = 7


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


def first_paint(environ: Mapping[str, str]) -> Iterator[Figure]:
    bare, ours, memory = [], [], []
    for _ in range(RUNS):
        with terminal(BARE, environ) as peer:
            bare.append(peer.read_until(b"PAINTED", 20))
        with terminal(ALTUI, environ) as screen:
            ours.append(screen.read_until(FIRST_PAINT, 20))
            screen.read_for(1.0)
            memory.append(screen.resident_mb())
            screen.send(b"q")
            screen.wait(10)
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    note = f"{1000 * statistics.median(ours):.0f} ms, bare {1000 * statistics.median(bare):.0f} ms"
    yield Figure("first paint / a bare Textual app", ratio, 1.2, "x", note)
    yield Figure("memory after first paint", max(memory), 60, "MB")


def open_dashboard(environ: Mapping[str, str]) -> Iterator[Figure]:
    """Idle cost, `check` beside a running observer, and quitting."""
    with terminal(ALTUI, environ) as screen:
        screen.read_until(FIRST_PAINT, 20)
        screen.read_for(8)  # the first round comes in
        seconds = _median(lambda: _run([*ALTUI, "check"], environ), 3)
        yield Figure("altui check, observer running", seconds, 0.3, "s")
        cpu, began = screen.cpu_seconds(), time.perf_counter()
        written = screen.read_for(60)
        spent = time.perf_counter() - began
        yield Figure("idle CPU", 100 * (screen.cpu_seconds() - cpu) / spent, 1, "%")
        yield Figure("idle output", written / spent, 200, "B/s")
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


MEASURES = {
    measure.__name__: measure
    for measure in (version, rules, check, first_paint, open_dashboard, screen, year)
}


def main() -> None:
    wanted = sys.argv[1:] or [*MEASURES, "up"]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="altui-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with sandbox(directory / "sandbox") as (environ, seconds):
            figures.append(Figure("sandbox from nothing", seconds, 20, "s"))
            for wish in wanted:
                if measure := MEASURES.get(wish):
                    figures.extend(measure(environ))
        if "up" in wanted:
            with sandbox(directory / "sandbox") as (_, seconds):
                figures.append(Figure("sandbox again", seconds, 8, "s"))
    print(table(figures))


def _run(command: list[str], environ: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=dict(environ), stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def _median(once: Callable[[], float], runs: int = RUNS) -> float:
    return statistics.median(once() for _ in range(runs))


if __name__ == "__main__":
    main()
