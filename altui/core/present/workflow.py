"""Panel 2: the nightly run, when it is next due, and how the last ones went."""

from collections.abc import Iterator
from datetime import timedelta

from altui.core.model.days import day_of
from altui.core.model.health import State
from altui.core.model.pipeline import risk_mart
from altui.core.model.reading import Job, Run, RunStep
from altui.core.present.follows import blind, trouble
from altui.core.present.nightly import late_from, on_its_way
from altui.core.present.rows import Line, Segment, Tone, extra, greyed, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.running import FAILED, bad_run, failed_step
from altui.core.words import behind, day, took

PROBE = "github.runs"
NEWEST = 5
SEEDED = "(seeded)"


def rows(seen: View) -> tuple[Line, ...]:
    """Next scheduled start, then every run that is known, newest first."""
    if blind(seen, PROBE):
        return (*_trouble(seen), *_marts(seen), *_next(seen), *_runs(seen))
    return (*_trouble(seen), *_next(seen), *_runs(seen), *_marts(seen))


def states(seen: View) -> list[State]:
    """Of the run that is to blame for what is missing, whichever finding tells of it."""
    blamed = bad_run(seen.look)
    return [state_of(blamed)] if blamed else []


def brief(seen: View) -> tuple[Line, ...]:
    if blind(seen, PROBE):
        return (*_trouble(seen), *_marts(seen), *_short(seen), *_runs(seen))
    return (*_trouble(seen), *_short(seen), *_runs(seen))


def _trouble(seen: View) -> Iterator[Line]:
    if row := trouble(seen, PROBE, "workflow"):
        yield row
    runs = seen.look.runs
    if runs and runs.workflow_state != "active":
        yield _aged(seen, line("workflow.state", (f"workflow {runs.workflow_state}", Tone.late)))


def _short(seen: View) -> Iterator[Line]:
    runs = seen.look.runs
    if runs is None:
        return
    words = [Segment(f"last {min(len(runs.runs), NEWEST)}:", Tone.dim)]
    for run in runs.runs[:NEWEST]:
        state = state_of(run)
        word = "ok" if state is State.ok else "FAIL" if state is State.broken else result_of(run)
        words += [Segment(" "), Segment(word, tone_of(state))]
    seeded = sum(SEEDED in run.title for run in runs.runs[:NEWEST])
    yield _aged(
        seen,
        line(
            "workflow.short",
            *words,
            extra(f" ({seeded} seeded)" if seeded else "", Tone.dim, 3),
            *_coming(seen),
        ),
    )


def _coming(seen: View) -> tuple[Segment, ...]:
    """The night's run while it is on its way, then the next one."""
    following = f"next {seen.clock(seen.look.due.next_run_at)}"
    if way := on_its_way(seen):
        return (
            extra(f"   {way}", Tone.due),
            extra(late_from(seen), Tone.dim, 2),
            extra(f"; {following}", Tone.dim, 3),
        )
    return extra(f"   {following}", Tone.dim), extra(f", {_delay(seen)}", Tone.dim, 2)


def _delay(seen: View) -> str:
    return f"up to {behind(timedelta(seconds=seen.look.due.usual_delay_s))} late"


def _next(seen: View) -> Iterator[Line]:
    if seen.look.runs is None:
        return
    due = seen.look.due
    if way := on_its_way(seen):
        said = (late_from(seen), Tone.dim)
        yield _aged(seen, line("workflow.night", ("night ", Tone.dim), (way, Tone.due), said))
    yield _aged(
        seen,
        line(
            "workflow.next",
            ("next  ", Tone.dim),
            (seen.clock(due.next_run_at), Tone.strong),
            (f", {_delay(seen)}, takes {took(due.usual_duration_s)}", Tone.dim),
        ),
    )
    if due.wanted_day < due.coming_day:
        words = f"{day(due.coming_day)} is due until {seen.clock(due.coming_due_at)}"
        yield _aged(seen, line("workflow.due", ("due   ", Tone.dim), (words, Tone.due)))


def _runs(seen: View) -> Iterator[Line]:
    runs = seen.look.runs
    for run in runs.runs if runs else ():
        yield _aged(seen, _run(seen, run))
        if step := failed_step(run):
            failing = line(
                f"run.{run.id}.step", ("        failed in ", Tone.dim), (step, Tone.broken)
            )
            yield _aged(seen, failing)


def _run(seen: View, run: Run) -> Line:
    state = state_of(run)
    began = run.started_at or run.created_at
    length = length_of(seen, run)
    ended = run.status == "completed"  # and stays as it ended
    return line(
        f"run.{run.id}",
        seen.sign(state) if ended else seen.sign(state, PROBE),
        (f" #{run.number}", Tone.plain),
        (f"  {day(began.date()):>6} {began:%H:%M}Z", Tone.dim),
        extra(f" {pad(trigger_of(run), 8)}", Tone.dim),
        extra(f" {length:>6}", rank=2),
        (f"  {result_of(run)}", tone_of(state)),
        (f"  try {run.attempt}" if run.attempt > 1 else "", Tone.dim),
        extra("  seeded" if SEEDED in run.title else "", Tone.dim, 3),
        opens=f"workflow/{run.id}",
    )


Ended = Run | Job | RunStep


def state_of(run: Ended) -> State:
    """An outcome; words that are not known are unknown, never good."""
    if run.status != "completed":
        return State.due
    if run.conclusion == "success":
        return State.ok
    if run.conclusion in FAILED:
        return State.broken
    if run.conclusion == "skipped":
        return State.off
    return State.late if run.conclusion == "cancelled" else State.unknown


def result_of(run: Ended) -> str:
    return (
        (run.conclusion or "ended") if run.status == "completed" else run.status.replace("_", " ")
    )


def trigger_of(run: Run) -> str:
    known = {"schedule": "nightly", "workflow_dispatch": "by hand"}
    return known.get(run.event, run.event)


def length_of(seen: View, run: Run) -> str:
    if run.started_at is None:
        return ""
    if run.status != "completed":
        return seen.age(run.started_at)
    return took((run.updated_at - run.started_at).total_seconds()) if run.updated_at else "?"


def _marts(seen: View) -> Iterator[Line]:
    """When the mart was built and which day it ends at; the night's schedule while it is unseen."""
    mart = risk_mart(seen.pipeline)
    built, series = seen.look.mart_built_at(mart), seen.look.mart(mart)
    if built is None:
        return
    ends = day_of(series.latest) if series and series.latest else None
    coming = f"; next {seen.clock(seen.look.due.next_run_at)}" if blind(seen, PROBE) else ""
    made = line(
        "workflow.built",
        ("marts built ", Tone.dim),
        seen.clock(built),
        (f" ({seen.age(built)})", Tone.dim),
        (f", end {day(ends)}" if ends else "", Tone.plain),
        (coming, Tone.dim),
    )
    yield made if seen.live("bigquery.tables") else greyed(made)


def _aged(seen: View, row: Line) -> Line:
    return row if seen.live(PROBE) else greyed(row)
