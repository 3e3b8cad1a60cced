"""What only watching tells: when a sync began, and how long one usually takes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, SyncSeen
from altui.core.model.history import SyncEnd
from altui.core.model.pipeline import Sync
from altui.core.model.reading import Connection

RUNNING = "syncing"
KEPT = timedelta(days=14)
"""For so long ends of syncs are kept."""


def learnt(
    before: tuple[SyncSeen, ...],
    connection: Connection | None,
    looked: datetime | None,
    sync: Sync,
    last: datetime | None,
) -> tuple[SyncSeen, ...]:
    """`before` with what the look at `looked` adds: a sync that runs, or the end of one.

    `last` is the look before it. A sync whose end was not looked at in time is forgotten: another
    may have run in between; of one whose beginning was not, it is not known when it began.
    """
    if connection is None or looked is None:
        return before
    ended = tuple(one for one in before if one.ended is not None)
    running = next((one for one in before if one.ended is None), None)
    success = connection.succeeded_at
    if connection.sync_state == RUNNING:
        if running is not None and _still(running, success, looked, sync):
            return (*ended, replace(running, seen=looked))
        watched = last is not None and looked - last <= timedelta(minutes=sync.margin_minutes)
        return (*ended, SyncSeen(looked if watched else None, looked))
    if running is None or success is None:
        return ended
    watched = looked - running.seen <= timedelta(minutes=sync.margin_minutes)
    if running.began is not None and success >= running.began and watched:
        ended = (*ended, replace(running, ended=success))
    return ended[-sync.successes :]


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


def ends(
    before: Assessment | None, connection: Connection | None, sync: Sync, now: datetime
) -> Iterator[SyncEnd]:
    """The newest success and the newest failure, with what the look before them saw of it.

    They are told again at every look: what was once known of an end is kept by whoever keeps them.
    """
    if connection is None:
        return
    for ended, failed in ((connection.succeeded_at, False), (connection.failed_at, True)):
        if ended is None or ended < now - KEPT:
            continue
        yield SyncEnd(ended, failed, *_before(before, ended, sync) if before else ())


def _before(
    before: Assessment, ended: datetime, sync: Sync
) -> tuple[datetime | None, datetime | None]:
    """Since when the sync that ended then was seen to run, or until when none was."""
    running = next((one for one in before.syncs if one.ended is None), None)
    looked = running.seen if running else _idle_at(before)
    shortly = looked and timedelta() <= ended - looked <= timedelta(minutes=sync.margin_minutes)
    if not shortly:
        return None, None
    return (running.began, None) if running else (None, looked)


def _idle_at(before: Assessment) -> datetime | None:
    """When a look was made that met no sync; not known where stages are those of an earlier one."""
    health = before.stages.get(StageId.fivetran)
    return health.seen_at if health and before.held_since is None else None
