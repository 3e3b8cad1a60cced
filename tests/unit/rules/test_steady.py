"""Nothing flaps: two looks to count, two to be over, and what comes and goes is one finding."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Runs
from altui.core.present.view import Facts, view
from altui.core.rules.assess import assess
from altui.core.rules.steady import AWAY, LONGEST_HOLD, steady
from tests.world import at, healthy, run_at, with_error, with_value, without_rows

NOON = at("2026-11-23 12:00")
SECOND = timedelta(seconds=1)
PIPELINE = Pipeline()
SEARCH = ("elasticsearch.cluster", "elasticsearch.counts")


def looked(snapshot: Snapshot, moment: datetime, before: Assessment | None) -> Assessment:
    """A look of who keeps looking; every probe was asked at that moment."""
    seen = {
        probe: replace(
            item,
            at=moment if item.answers else item.at,
            tried_at=moment,
            next_try=moment + 5 * SECOND,
        )
        for probe, item in snapshot.observations.items()
    }
    snapshot = Snapshot(moment, seen, snapshot.details)
    return steady(assess(snapshot, PIPELINE, moment, before), before, snapshot)


def down(moment: datetime, failures: int) -> Snapshot:
    """Elasticsearch does not answer, for so many looks in a row."""
    snapshot = healthy(NOON)
    for probe in SEARCH:
        snapshot = with_error(snapshot, probe, Trouble.unreachable, since=moment)
        seen = replace(snapshot.observations[probe], failures=failures)
        snapshot = replace(snapshot, observations={**snapshot.observations, probe: seen})
    return snapshot


def paused(snapshot: Snapshot) -> Snapshot:
    return with_value(snapshot, "fivetran.connection", paused=True)


def test_a_service_that_fails_once_changes_nothing_and_twice_counts():
    first = looked(healthy(NOON), NOON, None)
    assert (first.verdict.state, first.findings) == (VerdictState.ok, ())
    once = looked(down(NOON + 5 * SECOND, 1), NOON + 5 * SECOND, first)
    assert (once.verdict, once.findings) == (first.verdict, ())
    assert {health.state for health in once.stages.values()} == {State.ok}
    assert set(once.again) >= set(SEARCH)
    twice = looked(down(NOON + 5 * SECOND, 2), NOON + 10 * SECOND, once)
    assert [item.check for item in twice.findings] == ["elasticsearch.unreachable"]
    assert twice.stages[StageId.elasticsearch].state is State.unknown
    assert (twice.pending, twice.held_since, twice.again) == ({}, None, ())


def test_one_that_answers_again_is_well_after_two_looks():
    before = looked(down(NOON, 3), NOON, looked(down(NOON, 2), NOON - 5 * SECOND, None))
    assert before.stages[StageId.elasticsearch].state is State.unknown
    once = looked(healthy(NOON), NOON + 30 * SECOND, before)
    assert (once.findings, once.verdict) == (before.findings, before.verdict)
    twice = looked(healthy(NOON), NOON + 35 * SECOND, once)
    assert (twice.findings, twice.verdict.state) == ((), VerdictState.ok)


def test_what_answers_say_is_borne_out_by_a_second_reading_and_keeps_its_first_moment():
    first = looked(healthy(NOON), NOON, None)
    once = looked(paused(healthy(NOON)), NOON + 30 * SECOND, first)
    assert (once.findings, once.again) == ((), ("fivetran.connection",))
    assert once.stages[StageId.fivetran].state is State.ok
    assert once.stages[StageId.fivetran].seen_at == NOON + 30 * SECOND
    same = looked(paused(healthy(NOON)), NOON + 30 * SECOND, once)
    assert same.findings == ()  # assessed again, but nobody was asked again
    twice = looked(paused(healthy(NOON)), NOON + 35 * SECOND, same)
    assert [item.check for item in twice.findings] == ["fivetran.paused"]
    assert twice.findings[0].since == NOON + 30 * SECOND


def test_a_blink_is_never_told():
    before = looked(healthy(NOON), NOON, None)
    for number, snapshot in enumerate((paused(healthy(NOON)), healthy(NOON)) * 3, 1):
        before = looked(snapshot, NOON + 30 * number * SECOND, before)
        assert (before.findings, before.verdict.state) == ((), VerdictState.ok)


def test_counts_are_too_dear_for_a_second_look():
    first = looked(healthy(NOON), NOON, None)
    counts = healthy(NOON).observations["postgres.counts"].value
    failed = with_value(healthy(NOON), "postgres.counts", failed={"emails": "relation is gone"})
    assert counts is not None
    found = looked(failed, NOON + 30 * SECOND, first).findings
    assert [item.stage for item in found] == [StageId.postgres]


def test_a_lone_look_speaks_at_once():
    assert assess(down(NOON, 1), PIPELINE, NOON).findings
    assert looked(down(NOON, 1), NOON, None).findings


@pytest.mark.parametrize(
    ("later", "told"), [(LONGEST_HOLD - SECOND, False), (LONGEST_HOLD, True), (-SECOND, True)]
)
def test_what_was_said_long_ago_does_not_stand(later: timedelta, told: bool):
    """Hours lie between this observer and the last one, or the clock was set back."""
    before = looked(healthy(NOON), NOON, None)
    moment = NOON + later
    assert bool(looked(down(moment, 1), moment, before).findings) is told


def test_nothing_stands_for_longer_than_it_takes_to_ask_again():
    """A probe that nobody can ask a second time does not hold up the verdict."""
    before = looked(healthy(NOON), NOON, None)
    for seconds in range(30, 121, 30):
        moment = NOON + seconds * SECOND
        before = looked(down(NOON + 30 * SECOND, 1), moment, before)
        assert bool(before.findings) is (seconds >= 120), seconds


def blinking(times: int) -> tuple[Assessment, datetime]:
    """Fivetran is paused and resumed so many times, two looks each, as looks tell."""
    before, moment = looked(healthy(NOON), NOON, None), NOON
    for number in range(times):
        snapshot = healthy(NOON) if number % 2 else paused(healthy(NOON))
        for _ in range(2):
            moment += 30 * SECOND
            before = looked(snapshot, moment, before)
        moment += 60 * SECOND
    return before, moment - 60 * SECOND


def test_what_came_and_went_three_times_is_one_finding_until_it_is_away_for_long():
    twice, _ = blinking(2)
    assert twice.findings == ()
    before, moment = blinking(3)
    before = looked(paused(healthy(NOON)), moment + SECOND, before)
    (finding,) = before.findings
    assert finding.subject.endswith("(on and off since 12:01Z)") and len(finding.subject) <= 80
    assert finding.since == NOON + 60 * SECOND
    gone, ended = before, moment
    while ended < moment + AWAY + 60 * SECOND:
        ended += 30 * SECOND
        gone = looked(healthy(NOON), ended, gone)
        away = ended - before.turns["fivetran.paused"][-1]
        assert bool(gone.findings) is (away < AWAY + 30 * SECOND), ended  # and a second look


def test_the_panels_are_as_calm_as_the_verdict():
    first = looked(healthy(NOON), NOON, None)
    snapshot = down(NOON + 5 * SECOND, 1)
    once = looked(snapshot, NOON + 5 * SECOND, first)
    soon = {
        probe: replace(item, tried_at=NOON, next_try=NOON + 5 * SECOND)
        for probe, item in snapshot.observations.items()
    }
    shown = view(replace(snapshot, observations=soon), once, PIPELINE, NOON, Facts("a"))
    assert all(shown.observation(probe).answers for probe in SEARCH)  # type: ignore[union-attr]
    alone = view(replace(snapshot, observations=soon), first, PIPELINE, NOON, Facts("a"))
    assert not any(alone.observation(probe).answers for probe in SEARCH)  # type: ignore[union-attr]


# What was not looked at did not go


def asked_by(snapshot: Snapshot, moment: datetime, *services: str) -> Snapshot:
    """The snapshot of which some services, or all, were asked at that moment, the rest before."""
    seen = {
        probe: replace(
            item,
            at=moment if item.answers else item.at,
            tried_at=moment,
            next_try=moment + 30 * SECOND,
        )
        for probe, item in snapshot.observations.items()
        if not services or probe.split(".")[0] in services
    }
    return replace(snapshot, at=moment, observations={**snapshot.observations, **seen})


def kept(snapshot: Snapshot, before: Assessment | None) -> Assessment:
    moment = snapshot.at
    return steady(assess(snapshot, PIPELINE, moment, before), before, snapshot)


def unserving(snapshot: Snapshot) -> Snapshot:
    return with_error(snapshot, "bigquery.counts", Trouble.refused, since=NOON)


def silent(snapshot: Snapshot) -> Snapshot:
    for probe in SEARCH:
        snapshot = with_error(snapshot, probe, Trouble.unreachable, since=NOON)
    return snapshot


def critical(snapshot: Snapshot) -> Snapshot:
    return with_value(snapshot, "kibana.status", level="critical")


def lacking(snapshot: Snapshot) -> Snapshot:
    index = "index.mrt_risk_daily"
    return without_rows(snapshot, "elasticsearch.counts", index, date(2026, 11, 15), None)


@pytest.mark.parametrize("minutes", [20, 30])
@pytest.mark.parametrize("first_awake", ["kibana", "bigquery", "elasticsearch", "fivetran"])
@pytest.mark.parametrize("outage", [unserving, silent, paused, critical, lacking])
def test_an_outage_that_outlasts_a_sleep_of_this_host_is_one_outage(
    outage: Callable[[Snapshot], Snapshot], first_awake: str, minutes: int
):
    bad = outage(healthy(NOON))
    before = kept(asked_by(healthy(NOON), NOON), None)
    for number in (1, 2, 3):
        before = kept(asked_by(bad, NOON + number * 30 * SECOND), before)
    told = {finding.id: (finding.subject, finding.since) for finding in before.findings}
    assert told
    last, turns = asked_by(bad, before.at), before.turns
    awake = before.at + timedelta(minutes=minutes)
    for number in range(3):
        before = kept(replace(last, at=awake + number * SECOND), before)
        assert (before.verdict.state, before.turns) == (VerdictState.stale, turns)
    others = [name for name in ("postgres", "github", "fivetran", "kibana") if name != first_awake]
    before = kept(asked_by(last, awake + 3 * SECOND, first_awake, *others), before)
    for number in (4, 5, 40):
        before = kept(asked_by(bad, awake + number * SECOND), before)
    now = {finding.id: (finding.subject, finding.since) for finding in before.findings}
    now.pop("fivetran.late", None)  # the world of this test goes on without a sync
    assert now == told
    assert {key: before.turns[key] for key in turns} == turns, "it neither went nor came"


def test_a_run_that_ended_is_never_on_and_off():
    """It failed for good; that another one was on its way in between does not change that."""
    runs = healthy(NOON).get("github.runs", Runs)
    assert runs is not None
    failed = run_at(813, at("2026-11-23 11:50"), conclusion="failure")
    steps = tuple(
        replace(step, conclusion="failure" if step.name == "Run dbt tests" else "success")
        for step in failed.steps
    )
    failed = replace(failed, steps=steps)
    ended = with_value(healthy(NOON), "github.runs", runs=(failed, *runs.runs))
    before, moment = looked(healthy(NOON), NOON, None), NOON
    for number in range(5):
        snapshot = healthy(NOON) if number % 2 else ended
        for _ in range(2):
            moment += 30 * SECOND
            before = looked(snapshot, moment, before)
        found = [item for item in before.findings if item.check == "workflow.failed"]
        assert bool(found) is not bool(number % 2), "nor does it linger"
        assert not any("on and off" in item.subject for item in found)
        moment += 60 * SECOND
