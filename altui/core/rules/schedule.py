"""What the schedules promise at a moment (health.md, Schedules and due times)."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from altui.core.model.days import day_of
from altui.core.model.health import Due, SyncSeen
from altui.core.model.pipeline import Pipeline, Workflow
from altui.core.model.reading import Connection, Run, Runs
from altui.core.rules.learning import RUNNING, running_since, usual_sync

ONE_DAY = timedelta(days=1)
FAILED = {"failure", "timed_out", "startup_failure"}
CANCELLED = "cancelled"


def due_times(
    pipeline: Pipeline,
    runs: Runs | None,
    sync: Connection | None,
    now: datetime,
    syncs: tuple[SyncSeen, ...] = (),
) -> Due:
    """Due times at `now`; usual delays and durations are learnt from the runs and the syncs."""
    workflow = pipeline.workflow
    yesterday = day_of(now) - ONE_DAY
    duration = usual_duration(runs, workflow)

    def over(day: date) -> bool:
        scheduled = nightly_after(day, workflow)
        due_at = scheduled + usual_delay(runs, workflow, scheduled) + duration
        return now >= due_at or failed_since(runs, scheduled) is not None

    # midnight does not end a night: its day is wanted when its own time has passed
    wanted = next(day for back in itertools.count() if over(day := yesterday - back * ONE_DAY))
    coming = min(wanted + ONE_DAY, yesterday)
    scheduled = nightly_after(coming, workflow)
    delay = usual_delay(runs, workflow, scheduled)
    slot = sync_slot(sync, pipeline)
    return Due(
        wanted_day=wanted,
        coming_day=coming,
        coming_due_at=scheduled + delay + duration,
        next_run_at=_next_nightly(workflow, now),
        usual_delay_s=delay.total_seconds(),
        usual_duration_s=duration.total_seconds(),
        sync_slot=slot,
        sync_due_at=slot and _sync_due_at(slot, pipeline, sync, syncs),
    )


def nightly_after(day: date, workflow: Workflow) -> datetime:
    """The scheduled start of the run that carries `day`."""
    return datetime.combine(day + ONE_DAY, time(workflow.hour, workflow.minute), UTC)


def sync_slot(sync: Connection | None, pipeline: Pipeline) -> datetime | None:
    """When the next sync after the last success, or after the connection was made, should start."""
    last = sync and (sync.succeeded_at or sync.created_at)
    if sync is None or last is None:
        return None
    return last + sync_turn(sync, pipeline)


def sync_turn(sync: Connection, pipeline: Pipeline) -> timedelta:
    """How often it should sync: as the connection is set, never less often than promised."""
    promised = pipeline.sync.every_minutes
    return timedelta(minutes=min(sync.sync_frequency or promised, promised))


def _sync_due_at(
    slot: datetime, pipeline: Pipeline, sync: Connection | None, syncs: tuple[SyncSeen, ...]
) -> datetime:
    """The slot and its grace; a sync that runs is given its usual time from its own start."""
    due_at = slot + timedelta(minutes=pipeline.sync.grace_minutes)
    if sync is None or sync.sync_state != RUNNING:
        return due_at
    return max(due_at, (running_since(syncs) or due_at) + usual_sync(syncs, pipeline.sync))


def failed_since(runs: Runs | None, scheduled: datetime) -> Run | None:
    """The newest ended run of the night, where it failed or was cancelled; None otherwise.

    While another run is on its way the day is still expected from that one. What ended before the
    schedule's own run came was somebody's, and may be about other days.
    """
    nightly = nightly_since(runs, scheduled)
    if nightly is None:
        return None
    tonight = [
        run
        for run in runs_since(runs, scheduled)
        if run.status != "completed" or (run.updated_at or run.created_at) >= nightly.created_at
    ]
    if any(run.status != "completed" or run.conclusion == "success" for run in tonight):
        return None
    return next((run for run in tonight if run.conclusion in {*FAILED, CANCELLED}), None)


def runs_since(runs: Runs | None, scheduled: datetime) -> list[Run]:
    """The runs that were created since, the newest first: what may have carried the night's day."""
    return [run for run in (runs.runs if runs else ()) if run.created_at >= scheduled]


def nightly_since(runs: Runs | None, scheduled: datetime) -> Run | None:
    """The run that the schedule itself started since; None while GitHub delays it."""
    tonight = runs_since(runs, scheduled)
    return next((run for run in tonight if run.event == "schedule"), None)


def usual_delay(runs: Runs | None, workflow: Workflow, before: datetime) -> timedelta:
    """The longest delay of the last scheduled runs, never under the least allowed for.

    Only runs that were created before `before` teach it: tonight's must not excuse itself.
    """
    least = timedelta(minutes=workflow.least_delay_minutes)
    nightly = [
        run
        for run in (runs.runs if runs else ())
        if run.event == "schedule" and run.created_at < before
    ]
    return max([least, *(_delay(run, workflow) for run in nightly[: workflow.nights])])


def usual_duration(runs: Runs | None, workflow: Workflow) -> timedelta:
    """The median duration of the last successes."""
    took = [
        (run.updated_at - run.started_at).total_seconds()
        for run in (runs.runs if runs else ())
        if run.conclusion == "success" and run.started_at and run.updated_at
    ]
    if not took:
        return timedelta(minutes=workflow.usual_minutes)
    return timedelta(seconds=median(took[: workflow.successes]))


def stuck_after(due: Due, workflow: Workflow) -> timedelta:
    """A run that takes longer than this is stuck."""
    usual = timedelta(seconds=due.usual_duration_s)
    return max(workflow.stuck_factor * usual, timedelta(minutes=workflow.stuck_minutes))


def missed_at(scheduled: datetime, due: Due, workflow: Workflow) -> datetime:
    """When the run of this schedule counts as missed, if nothing started."""
    allowed = timedelta(seconds=due.usual_delay_s)
    return scheduled + allowed + timedelta(minutes=workflow.missed_minutes)


def _delay(run: Run, workflow: Workflow) -> timedelta:
    scheduled = datetime.combine(day_of(run.created_at), time(workflow.hour, workflow.minute), UTC)
    if scheduled > run.created_at:
        scheduled -= ONE_DAY
    return run.created_at - scheduled


def _next_nightly(workflow: Workflow, now: datetime) -> datetime:
    scheduled = datetime.combine(day_of(now), time(workflow.hour, workflow.minute), UTC)
    return scheduled if scheduled > now else scheduled + ONE_DAY
