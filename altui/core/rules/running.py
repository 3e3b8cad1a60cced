"""The nightly workflow: did it run, in time, to its end."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.observed import Wish
from altui.core.model.reading import Run, Runs, RunStep
from altui.core.rules.logs import wish_of, with_log
from altui.core.rules.look import Look
from altui.core.rules.owed import owes
from altui.core.rules.schedule import (
    CANCELLED,
    FAILED,
    ONE_DAY,
    missed_at,
    nightly_after,
    nightly_since,
    runs_since,
    stuck_after,
)

DISABLED = {
    "disabled_inactivity": "GitHub disabled the workflow: 60 days without activity",
    "disabled_manually": "somebody disabled the workflow",
    "deleted": "the workflow was deleted",
}
"""GitHub's words for a workflow that does not run; another one is shown as it is."""
AT_WORK = "in_progress"
BAD = ("workflow.failed", "workflow.cancelled")
"""A run that is cancelled after one that failed mends nothing: their clock is one."""


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
        scheduled = nightly_after(look.due.coming_day, look.pipeline.workflow)
        since = look.failing_since(run.updated_at or run.created_at, scheduled, "workflow.left_out")
        yield _finding(
            look, "workflow.left_out", State.late, subject, run, words=words, since=since
        )


def _left_out(look: Look) -> Run | None:
    """The newest run since the schedule, where all ended well and the day is still not there.

    Only once the scheduled run itself has ended: a run by hand before it may be about other days.
    From the moment the day is wanted the counts themselves tell of it.
    """
    day = look.due.coming_day
    if look.due.wanted_day >= day:
        return None
    scheduled = nightly_after(day, look.pipeline.workflow)
    if running(look.runs) or nightly_since(look.runs, scheduled) is None:
        return None
    newest = runs_since(look.runs, scheduled)[0]
    if newest.conclusion != "success" or not counted_since(look, newest.updated_at):
        return None
    return None if _complete(look, day) else newest


def counted_since(look: Look, moment: datetime | None) -> bool:
    """Whether the index was counted after that."""
    counts = look.observation("elasticsearch.counts")
    if moment is None or counts is None or counts.error is not None:
        return False
    return counts.at is not None and counts.at > moment


def bad_run(look: Look) -> Run | None:
    """The run that is to blame: it ended last, and failed or was cancelled.

    A run that failed in dbt is to blame until a later one succeeds: its models or its tests are
    wrong, whatever readers have. Any other run only while the day that it should have carried is
    missing: one from before the night's schedule is not blamed for the day that night carries.
    While another run is on its way, that day is expected from it until it is due.
    """
    ended = [
        run
        for run in (look.runs.runs if look.runs else ())
        if run.status == "completed" and run.conclusion in {*FAILED, CANCELLED, "success"}
    ]
    newest = max(ended, key=lambda run: run.updated_at or run.created_at, default=None)
    if newest is None or newest.conclusion == "success":
        return None
    if running(look.runs) and (newest.conclusion == CANCELLED or look.now < look.due.coming_due_at):
        return None
    if failed_in_dbt(look, newest):
        return newest
    coming = nightly_after(look.due.coming_day, look.pipeline.workflow)
    carries = newest.created_at >= coming and nightly_since(look.runs, coming)
    should_have = look.due.coming_day if carries else look.due.wanted_day
    if newest.created_at < nightly_after(should_have, look.pipeline.workflow):
        return None
    return None if _complete(look, should_have) else newest


def failed_in_dbt(look: Look, run: Run) -> bool:
    """Whether the run failed in a step that was read and that is not the export."""
    step = failed_step(run)
    return step is not None and step != look.pipeline.workflow.export_step


def _complete(look: Look, day: date) -> bool:
    """Whether the day is in every daily index, as counted last."""
    owed = [mart for mart in look.pipeline.marts if mart.table and owes(look, mart, day)]
    held = [look.index(mart) for mart in owed]
    return all(series is not None and bool(series.by_day.get(day)) for series in held)


def _failed(look: Look, run: Run) -> Finding:
    ended = run.updated_at or run.created_at
    since = look.failing_since(ended, _last_success(look), *BAD)
    if run.conclusion == CANCELLED:
        return _finding(
            look,
            "workflow.cancelled",
            State.late,
            f"run {run.number} was cancelled",
            run,
            words=f"{run.event} run of {run.created_at:%d %b %H:%M}Z, cancelled {ended:%H:%M}Z",
            since=since,
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
        since=since,
    )


def _last_success(look: Look) -> datetime | None:
    runs = look.runs.runs if look.runs else ()
    ended = (run.updated_at for run in runs if run.conclusion == "success" and run.updated_at)
    return max(ended, default=None)


def _stuck(look: Look, runs: Runs) -> Iterator[Finding]:
    """The run that is at work for longest; one that only waits, where none is at work."""
    open_runs = [run for run in runs.runs if run.status != "completed"]
    at_work = [run for run in open_runs if run.status == AT_WORK] or open_runs
    if not at_work:
        return
    run = min(at_work, key=_began)
    allowed = stuck_after(look.due, look.pipeline.workflow)
    took = look.now - _began(run)
    if took > allowed:
        usual = f"usually {look.due.usual_duration_s / 60:.0f} min"
        words = f"{run.status.replace('_', ' ')} for {took.total_seconds() / 60:.0f} min, {usual}"
        subject = f"run {run.number} takes far longer than usual"
        since = _began(run) + allowed
        yield _finding(look, "workflow.stuck", State.late, subject, run, words=words, since=since)


def _began(run: Run) -> datetime:
    return run.started_at or run.created_at


def failed_step(run: Run) -> str | None:
    """The step in which the run failed; None where it did not, or the steps were not read."""
    step = _bad_step(run)
    return step.name if step else None


def _bad_step(run: Run) -> RunStep | None:
    """The first that failed; of a run that took too long, GitHub cancels the one it is in."""
    failed = next((step for step in run.steps if step.conclusion in FAILED), None)
    if failed is None and run.conclusion in FAILED:
        return next((step for step in run.steps if step.conclusion == CANCELLED), None)
    return failed


def _step_before(run: Run) -> str | None:
    """The last step that succeeded before the failing one; what tidies up after it says nothing."""
    bad = _bad_step(run)
    earlier = itertools.takewhile(lambda step: step is not bad, run.steps)
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
        if not _carried(look, runs, day):
            subject = f"the schedule of {scheduled:%d %b %H:%M}Z started no run"
            words = "GitHub delays schedules and sometimes drops one"
            yield _finding(look, "workflow.missed", State.late, subject, None, words=words)
        return


def _carried(look: Look, runs: Runs, day: date) -> bool:
    """Whether the night's run came, or one by hand that may have brought the day in its place."""
    scheduled = nightly_after(day, look.pipeline.workflow)
    if nightly_since(runs, scheduled) is not None:
        return True
    return bool(runs_since(runs, scheduled)) and (look.documents is None or _complete(look, day))


def _finding(
    look: Look,
    check: str,
    state: State,
    subject: str,
    run: Run | None,
    *,
    stage: StageId = StageId.dbt,
    words: str = "",
    since: datetime | None = None,
) -> Finding:
    where = run.url if run else f"GET /actions/workflows/{look.pipeline.workflow.file}/runs"
    return Finding(
        check,
        stage,
        state,
        subject,
        since or look.first_seen(check),
        (),
        (Evidence(stage, where, words, look.seen_at("github.runs")),),
    )
