"""The nightly workflow: did it run, in time, to its end."""

from collections.abc import Iterator

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.reading import Run, Runs
from altui.core.rules.look import Look
from altui.core.rules.schedule import missed_at, nightly_after, stuck_after

FAILED = {"failure", "timed_out", "startup_failure"}


def workflow(look: Look) -> Iterator[Finding]:
    runs = look.runs
    observation = look.observation("github.runs")
    if runs is None or observation is None or observation.error is not None:
        return
    if runs.workflow_state != "active":
        yield _finding(
            look, "workflow.disabled", State.late, f"the workflow is {runs.workflow_state}", None
        )
    yield from _missed(look, runs)
    newest = next((run for run in runs.runs if run.conclusion != "skipped"), None)
    if newest is None:
        return
    if newest.status != "completed":
        started = newest.started_at or newest.created_at
        if look.now - started >= stuck_after(look.due):
            subject = f"run {newest.number} has been {newest.status} far longer than usual"
            yield _finding(look, "workflow.stuck", State.late, subject, newest)
        newest = next((run for run in runs.runs if run.status == "completed"), None)
    if newest and newest.conclusion in FAILED:
        step = failed_step(newest) or "an unnamed step"
        yield _finding(
            look,
            "workflow.failed",
            State.broken,
            f'run {newest.number} failed in "{step}"',
            newest,
            stage=stage_of(look, newest),
        )


def failed_step(run: Run) -> str | None:
    """The first step that failed; None where the steps were not read."""
    return next((step.name for step in run.steps if step.conclusion in FAILED), None)


def stage_of(look: Look, run: Run) -> StageId:
    """Export failures belong to Elasticsearch's owners, all others to dbt's."""
    if failed_step(run) == look.pipeline.workflow.export_step:
        return StageId.elasticsearch
    return StageId.dbt


def running(runs: Runs | None) -> Run | None:
    """The newest run that has not ended."""
    return next((run for run in runs.runs if run.status != "completed"), None) if runs else None


def _missed(look: Look, runs: Runs) -> Iterator[Finding]:
    scheduled = nightly_after(look.due.coming_day, look.pipeline.workflow)
    if look.now < missed_at(look.pipeline, look.due) or runs.workflow_state != "active":
        return
    if any(run.created_at >= scheduled for run in runs.runs):
        return
    known_since = min((run.created_at for run in runs.runs), default=None)
    if known_since is None:
        return  # a workflow that has never run is new, not late
    yield _finding(
        look,
        "workflow.missed",
        State.late,
        f"no run since the schedule of {scheduled:%d %b %H:%M}Z",
        None,
        days=True,
    )


def _finding(
    look: Look,
    check: str,
    state: State,
    subject: str,
    run: Run | None,
    *,
    stage: StageId = StageId.dbt,
    days: bool = False,
) -> Finding:
    words = f"status {run.status}, conclusion {run.conclusion}" if run else subject
    where = run.url if run else f"GET /actions/workflows/{look.pipeline.workflow.file}/runs"
    since = (run.updated_at or run.created_at) if run else look.first_seen(check)
    return Finding(
        check,
        stage,
        state,
        subject,
        since,
        (look.due.coming_day,) if days else (),
        (Evidence(stage, where, words, look.seen_at("github.runs")),),
    )
