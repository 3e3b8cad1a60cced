"""The nightly workflow: did it run, in time, to its end."""

import itertools
from collections.abc import Iterator

from altui.core.model.days import day_of
from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.observed import Wish
from altui.core.model.reading import Run, Runs
from altui.core.rules.logs import wish_of, with_log
from altui.core.rules.look import Look
from altui.core.rules.schedule import (
    CANCELLED,
    FAILED,
    ONE_DAY,
    missed_at,
    nightly_after,
    stuck_after,
)

DISABLED = {
    "disabled_inactivity": "GitHub disabled the workflow: 60 days without activity",
    "disabled_manually": "somebody disabled the workflow",
    "deleted": "the workflow was deleted",
}
"""GitHub's words for a workflow that does not run; another one is shown as it is."""


def workflow(look: Look) -> Iterator[Finding | Wish]:
    runs = look.runs
    observation = look.observation("github.runs")
    if runs is None or observation is None or observation.error is not None:
        return
    if runs.workflow_state != "active":
        yield _finding(
            look,
            "workflow.disabled",
            State.late,
            DISABLED.get(runs.workflow_state, f"the workflow is {runs.workflow_state}"),
            None,
            words=f"state {runs.workflow_state}; its schedule starts nothing",
        )
    yield from _missed(look, runs)
    yield from _stuck(look, runs)
    if (run := bad_run(look)) is not None:
        yield with_log(look, run, _failed(look, run))
        if run.conclusion in FAILED:
            yield wish_of(run)
    elif (run := _left_out(look)) is not None:
        subject = f"run {run.number} succeeded without {look.due.coming_day:%d %b}"
        words = f"{run.event} run ended {run.updated_at:%H:%M}Z; the index was counted since"
        yield _finding(look, "workflow.left_out", State.late, subject, run, words=words)


def _left_out(look: Look) -> Run | None:
    """The newest run since the schedule, where all ended well and the day is still not there.

    Only once the scheduled run itself has ended: a run by hand before it may be about other days.
    From the moment the day is wanted the counts themselves tell of it.
    """
    if look.due.wanted_day >= look.due.coming_day:
        return None
    scheduled = nightly_after(look.due.coming_day, look.pipeline.workflow)
    tonight = [run for run in (look.runs.runs if look.runs else ()) if run.created_at >= scheduled]
    if running(look.runs) or not any(run.event == "schedule" for run in tonight):
        return None
    counts = look.observation("elasticsearch.counts")
    newest = tonight[0]
    ended = newest.updated_at
    if newest.conclusion != "success" or ended is None or counts is None or counts.error:
        return None
    counted = counts.at is not None and counts.at > ended
    return newest if counted and not _complete(look) else None


def bad_run(look: Look) -> Run | None:
    """The newest ended run, where it failed or was cancelled and readers still miss something.

    A later success lifts it, and so does a complete day: a failed run on a pipeline that has
    everything is history.
    """
    ended = [run for run in (look.runs.runs if look.runs else ()) if run.status == "completed"]
    newest = next((run for run in ended if run.conclusion in {*FAILED, CANCELLED, "success"}), None)
    if newest is None or newest.conclusion == "success":
        return None
    return None if _complete(look) else newest


def _complete(look: Look) -> bool:
    """Whether the newest complete day is in every daily index, as counted last."""
    daily = [mart for mart in look.pipeline.marts if mart.table]
    newest = [series.latest for mart in daily if (series := look.index(mart)) is not None]
    return len(newest) == len(daily) and all(
        latest is not None and day_of(latest) >= look.due.coming_day for latest in newest
    )


def _failed(look: Look, run: Run) -> Finding:
    ended = run.updated_at or run.created_at
    if run.conclusion == CANCELLED:
        return _finding(
            look,
            "workflow.cancelled",
            State.late,
            f"run {run.number} was cancelled",
            run,
            words=f"{run.event} run of {run.created_at:%d %b %H:%M}Z, cancelled {ended:%H:%M}Z",
        )
    step, before = failed_step(run) or "an unnamed step", _step_before(run)
    return _finding(
        look,
        "workflow.failed",
        State.broken,
        f'run {run.number} failed in "{step}"',
        run,
        stage=stage_of(look, run),
        words=f"{run.event} run ended {ended:%H:%M}Z" + (f', "{before}" was ok' if before else ""),
    )


def _stuck(look: Look, runs: Runs) -> Iterator[Finding]:
    run = running(runs)
    if run is None:
        return
    took = look.now - (run.started_at or run.created_at)
    if took > stuck_after(look.due, look.pipeline.workflow):
        usual = f"usually {look.due.usual_duration_s / 60:.0f} min"
        words = f"{run.status.replace('_', ' ')} for {took.total_seconds() / 60:.0f} min, {usual}"
        subject = f"run {run.number} takes far longer than usual"
        yield _finding(look, "workflow.stuck", State.late, subject, run, words=words)


def failed_step(run: Run) -> str | None:
    """The first step that failed; None where the steps were not read."""
    return next((step.name for step in run.steps if step.conclusion in FAILED), None)


def _step_before(run: Run) -> str | None:
    """The last step that succeeded before the failing one; what tidies up after it says nothing."""
    earlier = itertools.takewhile(lambda step: step.conclusion not in FAILED, run.steps)
    ended_well = [step.name for step in earlier if step.conclusion == "success"]
    return ended_well[-1] if ended_well else None


def stage_of(look: Look, run: Run) -> StageId:
    """Export failures belong to Elasticsearch's owners, all others to dbt's."""
    if failed_step(run) == look.pipeline.workflow.export_step:
        return StageId.elasticsearch
    return StageId.dbt


def running(runs: Runs | None) -> Run | None:
    """The newest run that has not ended."""
    return next((run for run in runs.runs if run.status != "completed"), None) if runs else None


def _missed(look: Look, runs: Runs) -> Iterator[Finding]:
    """Tonight's schedule, or the night before's while that is still the newest one passed."""
    if runs.workflow_state != "active" or not runs.runs:
        return  # a workflow that has never run is new, not late
    for day in (look.due.coming_day, look.due.coming_day - ONE_DAY):
        scheduled = nightly_after(day, look.pipeline.workflow)
        if look.now < missed_at(scheduled, look.due, look.pipeline.workflow):
            continue
        if not any(run.created_at >= scheduled for run in runs.runs):
            subject = f"no run since the schedule of {scheduled:%d %b %H:%M}Z"
            words = "GitHub delays schedules and sometimes drops one"
            yield _finding(look, "workflow.missed", State.late, subject, None, words=words)
        return


def _finding(
    look: Look,
    check: str,
    state: State,
    subject: str,
    run: Run | None,
    *,
    stage: StageId = StageId.dbt,
    words: str = "",
) -> Finding:
    where = run.url if run else f"GET /actions/workflows/{look.pipeline.workflow.file}/runs"
    since = (run.updated_at or run.created_at) if run else look.first_seen(check)
    return Finding(
        check,
        stage,
        state,
        subject,
        since,
        (),
        (Evidence(stage, where, words, look.seen_at("github.runs")),),
    )
