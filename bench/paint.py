"""First paint and memory: altui, a bare Textual app and the peers, turn by turn in one run."""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.peers import PEERS, PINS, PLACE, NotInstalledError, Peer, installed, surroundings, titled
from bench.terminal import ended, terminal

RUNS = 7
PATIENCE = 20.0
LEAVES_WITHIN = 60.0
"""Seconds for what a program has started; a busy machine takes its time."""
ALTUI, BARE = "altui", "a bare Textual app"


@dataclass(frozen=True)
class Program:
    """What is opened, the words that its first frame holds, and the key that ends it."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    paints: bytes
    leaves: bytes
    directory: str | Path = "."


@dataclass(frozen=True)
class Opened:
    """One turn: seconds to the first paint, and MB a second later."""

    seconds: float
    mb: float


def paint(
    altui: Sequence[str], environ: Mapping[str, str], *, bare: bool, peers: bool
) -> Iterator[Figure]:
    """The budgets of first paint and memory (`bare`), and the peers' figures beside altui's."""
    programs = [Program(ALTUI, altui, environ, b"postgres", b"q")]
    if bare:
        argv = [sys.executable, "-m", "bench.bare"]
        programs.append(Program(BARE, argv, environ, b"PAINTED", b"\x11"))
    with tempfile.TemporaryDirectory(prefix="altui-bench-") as home:
        missing: dict[str, str] = {}
        for peer in PEERS if peers else ():
            try:
                programs.append(_program(peer, Path(home) / peer.name))
            except NotInstalledError as error:
                missing[peer.name] = str(error)
        turns, failed = race(programs, RUNS)
    for name in (ALTUI, BARE):
        if name in failed:
            raise TimeoutError(f"{name} {failed[name]}")
    if bare:
        yield from budgets(turns[ALTUI], turns[BARE])
    for peer in PEERS if peers else ():
        title = titled(peer.name, (PINS / f"{peer.name}.txt").read_text())
        why = {**missing, **failed}.get(peer.name, "")
        yield from beside(title, turns.get(peer.name, []), turns[ALTUI], why)


def race(programs: Sequence[Program], runs: int) -> tuple[dict[str, list[Opened]], dict[str, str]]:
    """Turns of each that opened every time, and of the others why not.

    A load that comes and goes meets all alike; the turn before the first is not counted.
    """
    turns: dict[str, list[Opened]] = {program.name: [] for program in programs}
    failed: dict[str, str] = {}
    for turn in range(runs + 1):
        for program in programs:
            if program.name in failed:
                continue
            try:
                opened = _open(program)
            except (TimeoutError, LookupError):
                failed[program.name] = "did not open"
                del turns[program.name]
            else:
                turns[program.name] += [opened] if turn else []
    return turns, failed


def budgets(ours: Sequence[Opened], bare: Sequence[Opened]) -> Iterator[Figure]:
    seconds = [statistics.median(one.seconds for one in turns) for turns in (ours, bare)]
    note = f"{1000 * seconds[0]:.0f} ms, bare {1000 * seconds[1]:.0f} ms"
    ratio = statistics.median(a.seconds / b.seconds for a, b in zip(ours, bare, strict=True))
    yield Figure("first paint / a bare Textual app", ratio, 1.2, "x", note)
    yield Figure("memory after first paint", max(one.mb for one in ours), 60, "MB", "the most")


def beside(
    title: str, theirs: Sequence[Opened], ours: Sequence[Opened], why: str = ""
) -> Iterator[Figure]:
    """A peer's figures, and altui's as a share of them."""
    if not theirs:
        yield Figure(f"first paint, {title}", None, None, "ms", why)
        yield Figure(f"memory, {title}", None, None, "MB", why)
        return
    pairs = list(zip(ours, theirs, strict=True))
    seconds = statistics.median(one.seconds for one in theirs)
    share = statistics.median(a.seconds / b.seconds for a, b in pairs)
    yield Figure(f"first paint, {title}", 1000 * seconds, None, "ms", f"altui {share:.2g} x")
    held = statistics.median(one.mb for one in theirs)
    share = statistics.median(a.mb / b.mb for a, b in pairs)
    yield Figure(f"memory, {title}", held, None, "MB", f"altui {share:.2g} x")


def _program(peer: Peer, home: Path) -> Program:
    program = installed(peer.name, PINS / f"{peer.name}.txt", PLACE)
    home.mkdir()
    environ = surroundings(home, os.environ["PATH"])
    argv = [str(program), *peer.options]
    return Program(peer.name, argv, environ, peer.paints, peer.leaves, home)


def _open(program: Program) -> Opened:
    with terminal(program.argv, program.environ, directory=program.directory) as screen:
        seconds = screen.read_until(program.paints, PATIENCE)
        screen.read_for(1.0)
        mb = screen.resident_mb()
        started = screen.children()
        screen.send(program.leaves)
        screen.wait(10)
    ended(started, LEAVES_WITHIN)  # or altui's observer would slow down whoever is next
    return Opened(seconds, mb)
