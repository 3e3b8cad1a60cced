"""Which run is to blame for what readers miss, and which is history."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Run, TableMeta
from altui.core.rules.assess import assess
from tests.unit.rules.cases.bend import (
    DOCUMENTS,
    MART,
    TONIGHTS,
    counted_after,
    failed_in,
    moved,
    newest_run,
    nights,
    synced,
    tonight,
)
from tests.world import at, healthy, run_at, with_error, with_value, without_rows

YESTERDAY = date(2026, 11, 22)
EXPORT = "Export to Elasticsearch"


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def checks(assessment: Assessment) -> set[str]:
    return {finding.check for finding in assessment.findings}


def by_hand(created: datetime, **changes: object) -> Run:
    return msgspec.structs.replace(run_at(950, created), event="workflow_dispatch", **changes)


def evening(clock: str, run: Run) -> Snapshot:
    """Another moment after a run by hand at noon of a complete day."""
    return synced(newest_run(healthy(at(clock)), run))


@pytest.mark.parametrize("clock", ["22 13:00", "22 23:59", "23 00:00", "23 02:00", "23 03:30"])
@pytest.mark.parametrize("how", [{"conclusion": "cancelled"}, failed_in(EXPORT)])
def test_a_run_by_hand_is_not_blamed_for_a_day_that_the_night_carries(
    clock: str, how: dict[str, object]
):
    result = judged(evening(f"2026-11-{clock}", by_hand(at("2026-11-22 12:00"), **how)))
    assert result.findings == ()
    assert result.verdict.state in (VerdictState.ok, VerdictState.wait)


@pytest.mark.parametrize("clock", ["22 13:00", "23 00:00", "23 02:00"])
def test_tests_that_fail_are_broken_although_readers_have_the_day(clock: str):
    run = by_hand(at("2026-11-22 12:00"), **failed_in("Run dbt tests"))
    result = judged(evening(f"2026-11-{clock}", run))
    assert checks(result) == {"workflow.failed"}
    assert result.stages[StageId.dbt].state is State.broken
    if clock == "22 13:00":
        assert "21 Nov is served" in result.verdict.headline
        assert result.verdict.do.startswith("can wait until")


@pytest.mark.parametrize(
    ("step", "stage", "owner"),
    [
        (EXPORT, StageId.elasticsearch, "Infrastructure team"),
        ("Run dbt models", StageId.dbt, "Data team"),
    ],
)
def test_a_run_that_timed_out_failed_in_the_step_that_was_cancelled(
    step: str, stage: StageId, owner: str
):
    """GitHub ends the job, cancels the step that it is in and skips those after it."""
    steps = run_at(900, at("2026-11-23 03:40")).steps
    place = next(number for number, one in enumerate(steps) if one.name == step)
    ended = ["success"] * place + ["cancelled"] + ["skipped"] * (len(steps) - place - 1)
    steps = tuple(
        msgspec.structs.replace(one, conclusion=how) for one, how in zip(steps, ended, strict=True)
    )
    result = judged(tonight(at("2026-11-23 04:50"), conclusion="timed_out", steps=steps))
    found = next(item for item in result.findings if item.check == "workflow.failed")
    assert found.subject == f'run 900 failed in "{step}"'
    assert found.stage is stage
    assert f'"{steps[place - 1].name}" was ok' in found.evidence[0].words
    assert owner in result.verdict.do


def test_a_later_success_lifts_what_failed_in_dbt():
    snapshot = healthy(at("2026-11-23 12:00"))
    failed = by_hand(at("2026-11-23 02:00"), **failed_in("Run dbt tests"))
    runs = snapshot.observations["github.runs"].value
    behind = with_value(snapshot, "github.runs", runs=(*runs.runs[:1], failed, *runs.runs[1:]))  # type: ignore[union-attr]
    assert judged(behind).findings == ()


def test_what_concurrency_cancels_says_nothing_while_the_other_run_is_at_work_or_ended_well():
    at_work = tonight(TONIGHTS, conclusion=None, status="in_progress")
    pending = by_hand(at("2026-11-23 03:43"), conclusion="cancelled")
    pending = msgspec.structs.replace(pending, updated_at=at("2026-11-23 03:43"))
    result = judged(newest_run(at_work, pending))
    assert result.findings == ()
    assert result.verdict.state is VerdictState.wait
    assert "run 900 runs since 03:40Z" in result.verdict.headline
    assert judged(newest_run(tonight(TONIGHTS), pending)).findings == ()


def test_a_repair_on_its_way_is_waited_for_until_the_day_is_due():
    failed = tonight(at("2026-11-23 03:48"), **failed_in(EXPORT))
    assert "workflow.failed" in checks(judged(failed))
    repair = by_hand(at("2026-11-23 03:47"), conclusion=None, status="in_progress")
    result = judged(newest_run(failed, repair))
    assert result.findings == ()
    assert "run 950 runs since 03:47Z" in result.verdict.headline
    late = judged(synced(moved(newest_run(failed, repair), at("2026-11-23 04:21"))))
    assert "workflow.failed" in checks(late)
    assert late.verdict.state is VerdictState.broken


def test_tonights_delay_does_not_excuse_itself():
    """At 05:16 a run that began at 05:15 is at work: the day was due at 04:21 and still is."""
    at_last = run_at(901, at("2026-11-23 05:15"), conclusion=None)
    since: list[datetime] = []
    before: Assessment | None = None
    for clock, came in (("04:22", False), ("05:16", True), ("05:21", True)):
        night = nights(at(f"2026-11-23 {clock}"), 25, 6)
        before = judged(newest_run(night, at_last) if came else night, before)
        assert before.verdict.state is VerdictState.late, clock
        found = {item.check: item.since for item in before.findings}
        since.append(found["index.behind.mrt_risk_daily"])
    assert set(since) == {at("2026-11-23 04:22")}


@pytest.mark.parametrize(("built", "owner"), [(False, "Data team"), (True, "Infrastructure team")])
def test_a_late_day_belongs_to_whoever_has_to_make_it(built: bool, owner: str):
    night = nights(at("2026-11-23 04:22"), 25, 6)
    night = newest_run(night, run_at(901, at("2026-11-23 04:14"), conclusion=None))
    if built:
        mart = healthy(at("2026-11-23 12:00")).observations["bigquery.counts"]
        night = Snapshot(night.at, {**night.observations, "bigquery.counts": mart})
    verdict = judged(night).verdict
    assert verdict.state is VerdictState.late
    assert owner in verdict.do
    assert "run 901 runs since 04:14Z" in verdict.why


def test_a_run_that_only_waits_hides_none_that_is_stuck():
    noon = at("2026-11-23 12:00")
    stuck = by_hand(at("2026-11-23 09:00"), conclusion=None, status="in_progress")
    waiting = by_hand(at("2026-11-23 11:50"), conclusion=None, status="pending")
    waiting = msgspec.structs.replace(waiting, number=951)
    result = judged(newest_run(newest_run(healthy(noon), stuck), waiting))
    found = next(item for item in result.findings if item.check == "workflow.stuck")
    assert found.subject.startswith("run 950")
    assert found.since == at("2026-11-23 09:30")
    only_waiting = msgspec.structs.replace(waiting, created_at=at("2026-11-23 11:20"))
    only_waiting = msgspec.structs.replace(only_waiting, started_at=None, status="queued")
    result = judged(newest_run(healthy(noon), only_waiting))
    assert "queued for 40 min" in result.findings[0].evidence[0].words


@pytest.mark.parametrize("conclusion", ["skipped", "action_required", "stale", "neutral"])
def test_a_run_that_carried_nothing_says_so(conclusion: str):
    snapshot = counted_after(
        tonight(TONIGHTS, conclusion=conclusion), "elasticsearch.counts", TONIGHTS
    )
    verdict = judged(snapshot).verdict
    assert verdict.state is VerdictState.wait
    assert f"run 900: {conclusion}" in verdict.headline
    assert "it carried nothing" in verdict.why


def test_a_success_is_only_said_to_be_uncounted_where_it_is():
    assert "not counted since" in judged(tonight(TONIGHTS)).verdict.why


MISSED = at("2026-11-23 04:45")


@pytest.mark.parametrize(("seconds", "missed"), [(-1, False), (0, True), (1, True)])
def test_missed_is_half_an_hour_after_the_allowance(seconds: int, missed: bool):
    night = nights(MISSED + timedelta(seconds=seconds), 25, 6)
    assert ("workflow.missed" in checks(judged(night))) is missed


def test_the_newest_document_does_not_stand_for_the_days_before_it():
    noon = at("2026-11-23 12:00")
    snapshot = without_rows(
        healthy(noon), "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, None
    )
    counts = snapshot.observations["elasticsearch.counts"].value
    series = counts.series["index.mrt_risk_daily"]  # type: ignore[union-attr]
    series = msgspec.structs.replace(
        series, by_day={**series.by_day, noon.date(): 10}, latest=at("2026-11-23 00:00")
    )
    snapshot = with_value(
        snapshot,
        "elasticsearch.counts",
        series={**counts.series, "index.mrt_risk_daily": series},  # type: ignore[union-attr]
    )
    result = judged(snapshot)
    assert "index.behind.mrt_risk_daily" in checks(result)
    assert result.verdict.headline.startswith("22 Nov is not in risk_daily; dashboard ends")


@pytest.mark.parametrize(
    ("clock", "late"), [("22 23:59", False), ("23 00:05", False), ("23 00:06", True)]
)
def test_a_night_that_passes_midnight_is_waited_for_until_its_own_time(clock: str, late: bool):
    """Scheduled at 23:00, an hour late at most, six minutes long."""
    workflow = msgspec.structs.replace(Pipeline().workflow, hour=23, minute=0)
    pipeline = msgspec.structs.replace(Pipeline(), workflow=workflow)
    snapshot = healthy(at(f"2026-11-{clock}"))
    history = tuple(run_at(900 - back, at(f"2026-11-{21 - back:02d} 23:20")) for back in range(14))
    snapshot = with_value(snapshot, "github.runs", runs=history)
    for place in (*MART, *DOCUMENTS):
        snapshot = without_rows(snapshot, *place, date(2026, 11, 21), None)
    built = {"applylens_marts.mrt_risk_daily": TableMeta(1, 1, at("2026-11-21 23:23"))}
    snapshot = synced(with_value(snapshot, "bigquery.tables", tables=built))
    result = assess(snapshot, pipeline, snapshot.at)
    assert checks(result) == ({"parity.mart", "index.behind.mrt_risk_daily"} if late else set())
    if not late:
        assert result.verdict.state is VerdictState.wait
        assert result.verdict.headline.startswith("21 Nov not exported yet")
        assert "00:06Z" in result.verdict.why


def early(clock: str, *later: Run, **changes: object) -> Snapshot:
    """A night in which somebody ran a few days of January at 03:16, before the delayed nightly."""
    run = by_hand(at("2026-11-23 03:16"), updated_at=at("2026-11-23 03:18"), **changes)
    snapshot = newest_run(nights(at(f"2026-11-23 {clock}"), 25, 6), run)
    for one in later:
        snapshot = newest_run(snapshot, one)
    return snapshot


HAND = [{"conclusion": "cancelled"}, failed_in(EXPORT), {"conclusion": "success"}]


@pytest.mark.parametrize("clock", ["03:18", "03:25", "04:20"])
@pytest.mark.parametrize("how", HAND)
def test_a_run_by_hand_before_the_delayed_nightly_is_not_the_nightly(
    clock: str, how: dict[str, object]
):
    snapshot = early(clock, **how)
    result = judged(counted_after(snapshot, "elasticsearch.counts", snapshot.at))
    assert result.findings == ()
    assert result.verdict.state is VerdictState.wait
    assert "nightly run due 03:15Z has not started" in result.verdict.headline


@pytest.mark.parametrize("how", HAND)
def test_a_nightly_that_was_dropped_is_missed_although_somebody_ran_another_day(
    how: dict[str, object],
):
    assert "workflow.missed" not in checks(judged(early("04:44", **how)))
    result = judged(early("05:00", **how))
    assert {"workflow.missed", "index.behind.mrt_risk_daily"} <= checks(result)
    (missed,) = (item for item in result.findings if item.check == "workflow.missed")
    assert missed.subject == "the schedule of 23 Nov 03:15Z started no run"
    behind = next(item for item in result.findings if item.check.startswith("index.behind"))
    assert "nightly run due 03:15Z has not started" in behind.evidence[0].words


def test_a_day_that_a_run_by_hand_really_brought_is_not_missed():
    noon = healthy(at("2026-11-23 12:00"))
    brought = by_hand(at("2026-11-23 03:20"))
    runs = noon.observations["github.runs"].value
    snapshot = with_value(noon, "github.runs", runs=(brought, *runs.runs[1:]))  # type: ignore[union-attr]
    assert judged(snapshot).findings == ()
    blind = with_error(snapshot, "elasticsearch.counts", Trouble.unreachable, since=noon.at)
    assert "workflow.missed" not in checks(judged(blind)), "nobody sees whether the day is there"


@pytest.mark.parametrize("first", HAND)
def test_a_nightly_that_fails_is_told_at_once_whatever_ran_before_it(first: dict[str, object]):
    nightly = run_at(951, at("2026-11-23 03:40"))
    nightly = msgspec.structs.replace(nightly, **failed_in(EXPORT))
    result = judged(early("03:48", nightly, **first))
    assert {"workflow.failed", "index.behind.mrt_risk_daily"} <= checks(result)
    assert result.verdict.state is VerdictState.broken


@pytest.mark.parametrize("how", HAND[:2])
def test_a_repair_by_hand_that_fails_as_well_leaves_the_day_missing(how: dict[str, object]):
    failed = tonight(at("2026-11-23 04:10"), **failed_in(EXPORT))
    repair = by_hand(at("2026-11-23 03:55"), **how)
    result = judged(newest_run(failed, repair))
    assert {"index.behind.mrt_risk_daily"} < checks(result)
    assert result.verdict.headline.startswith("22 Nov is not in risk_daily")


def test_a_repair_that_fails_after_a_nightly_without_the_day_is_to_blame():
    snapshot = counted_after(tonight(at("2026-11-23 04:05")), "elasticsearch.counts", TONIGHTS)
    repair = by_hand(at("2026-11-23 03:55"), **failed_in(EXPORT))
    assert "workflow.failed" in checks(judged(newest_run(snapshot, repair)))


def test_a_run_by_hand_that_overlaps_the_nightly_may_have_brought_the_day():
    """Concurrency cancels the nightly that waits; the run by hand ends well after it."""
    cancelled = run_at(951, at("2026-11-23 03:40"), conclusion="cancelled")
    cancelled = msgspec.structs.replace(cancelled, updated_at=at("2026-11-23 03:41"))
    at_work = by_hand(at("2026-11-23 03:38"), conclusion=None, status="in_progress")
    ended = by_hand(at("2026-11-23 03:38"), updated_at=at("2026-11-23 03:47"))
    for clock, run in (("03:42", at_work), ("03:48", ended)):
        night = nights(at(f"2026-11-23 {clock}"), 25, 6)
        result = judged(newest_run(newest_run(night, run), cancelled))
        assert not checks(result) & {"index.behind.mrt_risk_daily", "parity.mart"}, clock
