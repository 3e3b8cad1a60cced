"""What only watching tells: when a sync began, and how long one usually takes."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.core.model.health import SyncSeen
from altui.core.model.pipeline import Sync
from altui.core.model.reading import Connection

RUNNING = "syncing"


def learnt(
    before: tuple[SyncSeen, ...], connection: Connection | None, looked: datetime | None, sync: Sync
) -> tuple[SyncSeen, ...]:
    """`before` with what the look at `looked` adds: a sync that runs, or the end of one.

    A sync whose end was not looked at in time is forgotten: another may have run in between.
    """
    if connection is None or looked is None:
        return before
    ended = tuple(one for one in before if one.ended is not None)
    running = next((one for one in before if one.ended is None), None)
    success = connection.succeeded_at
    if connection.sync_state == RUNNING:
        if running is not None and _still(running, success, looked, sync):
            return (*ended, replace(running, seen=looked))
        return (*ended, SyncSeen(looked if before else None, looked))
    if running is None or success is None:
        return ended or _nothing_runs(looked)
    watched = looked - running.seen <= timedelta(minutes=sync.margin_minutes)
    if running.began is not None and success >= running.began and watched:
        ended = (*ended, replace(running, ended=success))
    return ended[-sync.successes :] or _nothing_runs(looked)


def _still(running: SyncSeen, success: datetime | None, looked: datetime, sync: Sync) -> bool:
    """Whether what runs now may be the sync that ran at the last look; each slot starts one."""
    ended = success is not None and running.began is not None and success > running.began
    return not ended and looked - running.seen <= timedelta(minutes=sync.every_minutes)


def running_since(seen: tuple[SyncSeen, ...]) -> datetime | None:
    """When the sync that runs now was first seen; None when that is not known."""
    return next((one.began for one in seen if one.ended is None), None)


def usual_sync(seen: tuple[SyncSeen, ...], sync: Sync) -> timedelta:
    """The longest of the newest syncs seen from start to end, never under the setting's."""
    took = [one.ended - one.began for one in seen if one.ended and one.began]
    return max([timedelta(minutes=sync.usual_minutes), *took[-sync.successes :]])


def _nothing_runs(looked: datetime) -> tuple[SyncSeen, ...]:
    """A first look that saw nothing run is remembered: what runs at the next one began since."""
    return (SyncSeen(None, looked, looked),)
