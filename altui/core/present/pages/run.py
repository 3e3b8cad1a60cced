"""A run of the workflow: its jobs, their steps, how long each took, and its log."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from altui.core.model.health import State
from altui.core.model.observed import Wish
from altui.core.model.reading import Job, Jobs, Log, Run, RunStep
from altui.core.present.page import Page, awaited, fact, nowhere
from altui.core.present.rows import Line, Segment, Tone, line, pad, tone_of
from altui.core.present.view import View
from altui.core.present.workflow import length_of, result_of, state_of, trigger_of
from altui.core.rules.logs import error_line, wish_of
from altui.core.words import took

STEP = 40
LOG = "log"
SHA = 12
"""Characters of a commit's name that tell it from others."""

_fact = partial(fact, "run", 10)


def make(seen: View, rest: str) -> Page:
    """`812` is the run of that id, `812/log` what its failing job wrote."""
    name, _, below = rest.partition("/")
    runs = seen.look.runs.runs if seen.look.runs else ()
    run = next((run for run in runs if str(run.id) == name), None)
    if run is None:
        return nowhere(f"run {name}")
    return _log(seen, run) if below == LOG else _run(seen, run)


def _run(seen: View, run: Run) -> Page:
    wish = Wish("github.jobs", f"{run.id}/{run.attempt}")
    jobs = seen.look.snapshot.get(wish.id, Jobs)
    log = f"workflow/{run.id}/{LOG}"
    rows = [line("run.log", "its log: enter shows it", opens=log), Line("gap.log")]
    rows += [*_facts(seen, run), Line("gap.jobs")]
    if jobs is None:
        rows += [awaited(seen, wish, "its jobs"), *_steps(seen, run.steps, log)]
    for job in jobs.jobs if jobs else ():
        rows += [_job(seen, job), *_steps(seen, job.steps, log)]
    return Page(_name(run), tuple(rows), _head(seen, run), wishes=(wish,), link=run.url)


def _log(seen: View, run: Run) -> Page:
    """What the job wrote, under the line that says best why it failed."""
    wish = wish_of(run)
    log = seen.look.snapshot.get(wish.id, Log)
    if log is None:
        rows = (awaited(seen, wish, "its log"),)
    elif not log.lines:
        rows = (line("log.empty", ("GitHub keeps no line of it", Tone.dim)),)
    else:
        rows = (*_error(run, log), *(line(f"log.{n}", text) for n, text in enumerate(log.lines)))
    name = f"{_name(run)} log"
    said = (f"  {log.step}", "") if log and log.step else ("",)
    return Page(name, rows, _head(seen, run), said, (wish,), run.url, searched=True)


def _error(run: Run, log: Log) -> Iterator[Line]:
    if state_of(run) is State.broken and (words := error_line(log)):
        yield line("log.error", ("first error  ", Tone.dim), (words, Tone.broken))
        yield Line("log.gap")


def _facts(seen: View, run: Run) -> Iterator[Line]:
    usual = took(seen.look.due.usual_duration_s)
    by = f", {run.actor}" if run.actor else ""
    yield _fact("title", run.title)
    yield _fact("trigger", f"{trigger_of(run)}{by}")
    yield _fact("created", seen.clock(run.created_at), (f" ({seen.age(run.created_at)})", Tone.dim))
    if run.started_at:
        yield _fact("started", seen.clock(run.started_at))
    yield _fact("took", length_of(seen, run) or "not started", (f", usual {usual}", Tone.dim))
    yield _fact("result", (result_of(run), tone_of(state_of(run))))
    if run.attempt > 1:
        yield _fact("attempt", f"{run.attempt}")
    yield _fact("commit", run.head_sha[:SHA])
    yield _fact("page", run.url)


def _job(seen: View, job: Job) -> Line:
    state = state_of(job)
    return line(
        f"job.{job.name}",
        seen.sign(state),
        (f" {pad(job.name, STEP)}", Tone.strong),
        f"{_length(seen, job.started_at, job.completed_at):>8}",
        (f"  {result_of(job)}", tone_of(state)),
    )


def _steps(seen: View, steps: tuple[RunStep, ...], log: str) -> Iterator[Line]:
    """Each step; the one that failed opens what it wrote."""
    for place, step in enumerate(steps):
        state = state_of(step)
        yield line(
            f"step.{place}.{step.name}",
            "  ",
            seen.sign(state),
            f" {pad(step.name, STEP - 2)}",
            f"{_length(seen, step.started_at, step.completed_at):>8}",
            (f"  {result_of(step)}", tone_of(state)),
            opens=log if state is State.broken else "",
        )


def _length(seen: View, began: datetime | None, ended: datetime | None) -> str:
    if began is None:
        return ""
    return took(((ended or seen.now) - began).total_seconds())


def _name(run: Run) -> str:
    return f"run #{run.number}"


def _head(seen: View, run: Run) -> tuple[Segment, ...]:
    state = state_of(run)
    return (Segment(f"{seen.glyphs.states[state]} {result_of(run)}", tone_of(state)),)
