"""What nobody looked at in time is unknown: never late, never broken, never forgotten."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Disk
from altui.core.rules.assess import assess
from tests.healthy_world import EVERY, HealthyWorld
from tests.world import at, healthy, with_error, with_value

EVENING = at("2026-11-22 22:10")
MORNING = at("2026-11-23 06:12")
WORLD = HealthyWorld(7, date(2026, 11, 22), date(2026, 11, 23))


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def mixed(old: Snapshot, new: Snapshot, *fresh: str) -> Snapshot:
    """Some probes were read anew, the others not yet."""
    return Snapshot(new.at, old.observations | {name: new.observations[name] for name in fresh})


def test_after_eight_hours_of_sleep_nothing_is_late_and_the_verdict_says_so():
    woken = judged(Snapshot(MORNING, WORLD.snapshot(EVENING).observations))
    assert woken.findings == ()
    assert {health.state for health in woken.stages.values()} == {State.unknown}
    assert woken.verdict.state is VerdictState.stale
    assert "not looked at since 22 Nov 22:" in woken.verdict.headline
    assert "not looked at since 22 Nov 22:" in woken.stages[StageId.fivetran].detail


def test_whatever_comes_first_after_sleep_raises_no_alarm():
    old, new = WORLD.snapshot(EVENING), WORLD.snapshot(MORNING)
    known = judged(old)
    for count in range(len(EVERY) + 1):
        for first in range(len(EVERY)):
            order = [*EVERY][first:] + [*EVERY][:first]
            result = judged(mixed(old, new, *order[:count]), known)
            assert result.findings == (), order[:count]
            states = {health.state for health in result.stages.values()}
            assert states <= {State.ok, State.due, State.unknown}, order[:count]
            assert result.verdict.state in (VerdictState.stale, VerdictState.ok), order[:count]


def test_a_state_is_unknown_after_three_turns_and_the_patience_for_one_under_way():
    seen = WORLD.snapshot(EVENING).observations["fivetran.connection"]
    assert seen.tried_at is not None
    limit = seen.tried_at + timedelta(seconds=3 * 30, minutes=2)
    states = [
        judged(Snapshot(now, healthy(now).observations | {seen.probe: seen}))
        .stages[StageId.fivetran]
        .state
        for now in (limit, limit + timedelta(seconds=1))
    ]
    assert states == [State.ok, State.unknown]


def test_an_old_failure_says_nothing_of_now_either():
    snapshot = WORLD.snapshot(EVENING)
    for probe in EVERY:
        snapshot = with_error(snapshot, probe, Trouble.unreachable, since=EVENING)
    assert judged(snapshot).verdict.state is VerdictState.check
    assert judged(Snapshot(MORNING, snapshot.observations)).verdict.state is VerdictState.stale


def test_what_was_late_before_the_sleep_is_late_since_then_when_it_still_is():
    def paused(now: Snapshot) -> Snapshot:
        return with_value(now, "fivetran.connection", paused=True, sync_state="paused")

    before = judged(paused(WORLD.snapshot(EVENING)))
    assert [finding.check for finding in before.findings] == ["fivetran.paused"]
    woken = judged(Snapshot(MORNING, WORLD.snapshot(EVENING).observations), before)
    assert woken.findings == ()
    after = judged(paused(WORLD.snapshot(MORNING)), woken)
    assert [finding.since for finding in after.findings] == [EVENING]


@pytest.mark.parametrize("hours", [1, 9])
def test_a_clock_set_back_makes_answers_unknown_and_no_age_negative(hours: int):
    late = with_value(WORLD.snapshot(MORNING), "fivetran.connection", paused=True)
    before = judged(late)
    now = MORNING - timedelta(hours=hours)
    woken = judged(Snapshot(now, late.observations), before)
    assert woken.findings == ()
    assert woken.verdict.state is VerdictState.stale
    fresh = with_value(WORLD.snapshot(now), "fivetran.connection", paused=True)
    assert judged(fresh, woken).findings[0].since == now
    assert "(-" not in judged(fresh, woken).verdict.headline


def test_an_index_that_was_not_counted_since_is_not_behind():
    """The cluster answers and its counts do not: what they said before the night is no witness."""
    now = at("2026-11-23 05:00")
    old = healthy(at("2026-11-23 03:00")).observations["elasticsearch.counts"]
    snapshot = Snapshot(now, healthy(now).observations | {old.probe: old})
    assert "index.behind.mrt_risk_daily" in judged(snapshot).since
    failing = with_error(
        snapshot, old.probe, Trouble.unreachable, since=now - timedelta(minutes=90)
    )
    checks = {finding.check for finding in judged(failing).findings}
    assert checks == {"elasticsearch.unreachable"}


def test_one_stale_service_is_named_beside_what_is_seen():
    now = MORNING
    snapshot = WORLD.snapshot(now)
    seen = snapshot.observations["bigquery.counts"]
    ago = now - timedelta(hours=2)
    old = replace(seen, at=ago, tried_at=ago, next_try=ago + timedelta(minutes=15))
    result = judged(Snapshot(now, snapshot.observations | {old.probe: old}))
    assert result.verdict.state is VerdictState.ok
    assert "bigquery (counts stale)" in result.verdict.headline
    assert result.stages[StageId.bigquery].state is State.unknown


def test_what_a_resting_detail_said_long_ago_is_not_judged():
    full = Disk("es-1", 100, 1, 15, 10, 5)
    states: list[State] = []
    for late in (0, 1):
        looked = MORNING - timedelta(seconds=3 * 300, minutes=2) - late * timedelta(seconds=1)
        snapshot = with_value(healthy(MORNING), "elasticsearch.storage", disks=(full,))
        seen = replace(
            snapshot.details["elasticsearch.storage"],
            at=looked,
            tried_at=looked,
            next_try=looked + timedelta(minutes=5),
        )
        details = {**snapshot.details, seen.probe: seen}
        result = judged(replace(snapshot, details=details))
        states.append(result.stages[StageId.elasticsearch].state)
    assert states == [State.broken, State.ok]
