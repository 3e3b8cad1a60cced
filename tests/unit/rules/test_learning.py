"""How long a sync usually takes is learnt by looking on."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, SyncSeen
from altui.core.model.history import SyncEnd
from altui.core.model.pipeline import Pipeline, Sync
from altui.core.model.reading import Connection
from altui.core.rules.assess import assess
from altui.core.rules.learning import KEPT, ends, running_since, usual_sync
from altui.core.rules.learning import learnt as learnt_from
from tests.world import at, healthy

SYNC = Sync()
NOON = at("2026-11-23 12:00")
MINUTE = timedelta(minutes=1)


def connection(state: str, succeeded: datetime) -> Connection:
    found = healthy(NOON).get("fivetran.connection", Connection)
    assert found is not None
    return replace(found, sync_state=state, succeeded_at=succeeded)


def learnt(
    before: tuple[SyncSeen, ...], found: Connection, looked: datetime, sync: Sync
) -> tuple[SyncSeen, ...]:
    """A look a minute after the one before it."""
    return learnt_from(before, found, looked, sync, looked - MINUTE)


def watched(start: datetime, minutes: int, seen: tuple[SyncSeen, ...] = ()) -> tuple[SyncSeen, ...]:
    """A look a minute at a sync that starts one minute after `start`, to its end."""
    hour_ago = start - timedelta(hours=1)
    seen = learnt(seen, connection("scheduled", hour_ago), start, SYNC)
    for minute in range(1, minutes + 1):
        seen = learnt(seen, connection("syncing", hour_ago), start + minute * MINUTE, SYNC)
    end = start + (minutes + 1) * MINUTE
    return learnt(seen, connection("scheduled", end), end, SYNC)


def test_nothing_seen_means_the_settings_time():
    assert usual_sync((), SYNC) == 15 * MINUTE


def test_a_sync_seen_from_start_to_end_is_learnt():
    assert usual_sync(watched(NOON, 40), SYNC) == 40 * MINUTE


def test_short_syncs_do_not_shorten_what_is_allowed():
    assert usual_sync(watched(NOON, 2), SYNC) == 15 * MINUTE


def test_the_longest_of_the_last_ten_counts():
    seen = watched(NOON, 50)
    for hour in range(1, 10):
        seen = watched(NOON + timedelta(hours=hour), 20, seen)
    assert usual_sync(seen, SYNC) == 50 * MINUTE
    seen = watched(NOON + timedelta(hours=10), 20, seen)
    assert usual_sync(seen, SYNC) == 20 * MINUTE
    assert len(seen) == SYNC.successes


def test_a_sync_that_ran_at_the_first_look_has_no_known_start():
    seen = learnt_from((), connection("syncing", NOON), NOON, SYNC, None)
    assert running_since(seen) is None
    seen = learnt(seen, connection("scheduled", NOON + MINUTE), NOON + MINUTE, SYNC)
    assert usual_sync(seen, SYNC) == 15 * MINUTE


def test_the_same_look_judged_twice_teaches_nothing_new():
    before = learnt((), connection("scheduled", NOON), NOON, SYNC)
    once = learnt(before, connection("syncing", NOON), NOON + MINUTE, SYNC)
    assert learnt(once, connection("syncing", NOON), NOON + MINUTE, SYNC) == once


def test_a_sync_whose_end_nobody_saw_in_time_is_forgotten():
    before = learnt((), connection("scheduled", NOON), NOON, SYNC)
    running = learnt(before, connection("syncing", NOON), NOON + MINUTE, SYNC)
    later = NOON + timedelta(hours=3)
    after = learnt(running, connection("scheduled", later - MINUTE), later, SYNC)
    assert usual_sync(after, SYNC) == 15 * MINUTE
    assert running_since(after) is None


def test_a_sync_that_failed_is_no_measure():
    before = learnt((), connection("scheduled", NOON - timedelta(hours=1)), NOON, SYNC)
    running = before
    for minute in range(1, 30):
        hour_ago = NOON - timedelta(hours=1)
        running = learnt(running, connection("syncing", hour_ago), NOON + minute * MINUTE, SYNC)
    ended = NOON + 30 * MINUTE
    after = learnt(running, connection("scheduled", NOON - timedelta(hours=1)), ended, SYNC)
    assert usual_sync(after, SYNC) == 15 * MINUTE


def test_a_sync_that_runs_after_hours_without_a_look_is_another_one():
    before = connection("scheduled", NOON - 40 * MINUTE)
    seen = learnt((), before, NOON, SYNC)
    seen = learnt(seen, replace(before, sync_state="syncing"), NOON + MINUTE, SYNC)
    morning = NOON + timedelta(hours=8)
    running = connection("syncing", morning - timedelta(hours=1))
    assert running_since(learnt(seen, running, morning, SYNC)) == morning


@pytest.mark.parametrize(("minutes", "known"), [(5, True), (6, False)])
def test_a_sync_met_running_began_at_that_look_only_if_the_last_one_was_just_before(
    minutes: int, known: bool
):
    idle = learnt((), connection("scheduled", NOON - 40 * MINUTE), NOON, SYNC)
    later = NOON + minutes * MINUTE
    running = connection("syncing", NOON - 40 * MINUTE)
    seen = learnt_from(idle, running, later, SYNC, NOON)
    assert running_since(seen) == (later if known else None)
    ended = connection("scheduled", later + MINUTE)
    begins = [one.began for one in learnt(seen, ended, later + MINUTE, SYNC)]
    assert begins == ([later] if known else [])


def before(looked: datetime, *syncs: SyncSeen) -> Assessment:
    """The assessment of a look at which Fivetran's connection was read at that moment."""
    made = assess(healthy(looked), Pipeline(), looked)
    stages = made.stages | {
        StageId.fivetran: replace(made.stages[StageId.fivetran], seen_at=looked)
    }
    return replace(made, stages=stages, syncs=syncs)


def end(
    known: Assessment | None, succeeded: datetime, failed: datetime | None = None
) -> list[SyncEnd]:
    told = replace(connection("scheduled", succeeded), failed_at=failed)
    return list(ends(known, told, SYNC, NOON))


def test_the_end_of_a_sync_that_ran_at_the_look_before_has_its_beginning():
    running = SyncSeen(NOON - 8 * MINUTE, NOON - MINUTE)
    ended = NOON - MINUTE / 2
    assert end(before(NOON - MINUTE, running), ended) == [SyncEnd(ended, began=NOON - 8 * MINUTE)]
    (failed,) = (
        one for one in end(before(NOON - MINUTE, running), NOON - 60 * MINUTE, ended) if one.failed
    )
    assert (failed.ended, failed.began, failed.took_s) == (ended, NOON - 8 * MINUTE, 450)


def test_an_end_after_a_look_at_which_none_ran_began_after_that_look():
    ended = NOON - MINUTE / 2
    (told,) = end(before(NOON - MINUTE), ended)
    assert (told.began, told.after, told.took_s) == (None, NOON - MINUTE, 30)


def test_stages_that_are_held_tell_nothing_of_the_last_look():
    held = replace(before(NOON - MINUTE), held_since=NOON - 2 * MINUTE)
    assert end(held, NOON - MINUTE / 2) == [SyncEnd(NOON - MINUTE / 2)]


@pytest.mark.parametrize("looked", [NOON, NOON - 20 * MINUTE])
def test_of_an_end_before_the_last_look_or_long_after_it_nothing_more_is_known(looked: datetime):
    ended = NOON - MINUTE
    (told,) = end(before(looked), ended)
    assert told == SyncEnd(ended)
    assert told.took_s is None


def test_a_sync_that_was_met_running_has_no_known_beginning():
    running = SyncSeen(None, NOON - MINUTE)
    ended = NOON - MINUTE / 2
    assert end(before(NOON - MINUTE, running), ended) == [SyncEnd(ended)]


def test_without_a_look_before_the_ends_themselves_are_told_and_old_ones_are_not():
    assert end(None, NOON - MINUTE, NOON - KEPT - MINUTE) == [SyncEnd(NOON - MINUTE)]
    assert end(None, NOON - 2 * MINUTE, NOON - MINUTE) == [
        SyncEnd(NOON - 2 * MINUTE),
        SyncEnd(NOON - MINUTE, failed=True),
    ]
    assert list(ends(None, None, SYNC, NOON)) == []
