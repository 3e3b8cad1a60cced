"""Since when something is bad: the owner's clock starts at the first bad observation."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Note
from altui.core.rules.assess import assess
from tests.unit.rules.cases.bend import failed_in, moved, newest_run, synced, tonight
from tests.world import at, healthy, run_at, with_value

EXPORT = "Export to Elasticsearch"


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def since(assessment: Assessment, check: str) -> datetime | None:
    return next((item.since for item in assessment.findings if item.check == check), None)


def noon(clock: str) -> datetime:
    return at(f"2026-11-23 {clock}")


# A failure that comes again


def sync_failed(clock: str, failed: str, succeeded: str, **changes: object) -> Snapshot:
    moments = {"succeeded_at": noon(succeeded), "failed_at": noon(failed)}
    return with_value(healthy(noon(clock)), "fivetran.connection", **moments, **changes)


def test_a_sync_that_fails_every_hour_is_broken_since_the_first_time():
    before: Assessment | None = None
    for hour in range(10, 15):
        before = judged(sync_failed(f"{hour}:20", f"{hour}:06", "09:05"), before)
        assert since(before, "fivetran.failed") == noon("10:06"), hour
    assert "SLA 4h, 14m over" in before.verdict.do if before else False


def test_tasks_that_a_failing_sync_leads_to_do_not_start_the_clock_anew():
    first = judged(sync_failed("10:20", "10:06", "09:05"))
    task = {"setup_state": "broken", "tasks": (Note("reauthorize", "password changed"),)}
    broken = judged(sync_failed("11:20", "11:06", "09:05", **task), first)
    assert since(broken, "fivetran.broken") == noon("10:06")
    again = judged(sync_failed("12:20", "12:06", "09:05"), broken)
    assert since(again, "fivetran.failed") == noon("10:06")


def test_a_success_that_no_look_saw_starts_the_clock_anew():
    first = judged(sync_failed("10:20", "10:06", "09:05"))
    later = judged(sync_failed("12:20", "12:06", "11:05"), first)
    assert since(later, "fivetran.failed") == noon("12:06")


@pytest.mark.parametrize("how", [{"conclusion": "cancelled"}, failed_in(EXPORT)])
def test_a_run_that_fails_again_is_bad_since_the_first_one(how: dict[str, object]):
    night = tonight(noon("05:00"), **failed_in(EXPORT))
    before = judged(night)
    assert since(before, "workflow.failed") == noon("03:46")
    repair = replace(run_at(950, noon("11:20"), conclusion=None), event="workflow_dispatch")
    before = judged(synced(moved(newest_run(night, repair), noon("11:22"))), before)
    ended = replace(run_at(950, noon("11:20")), event="workflow_dispatch", **how)
    after = judged(synced(moved(newest_run(night, ended), noon("11:30"))), before)
    check = "workflow.cancelled" if how["conclusion"] == "cancelled" else "workflow.failed"
    assert since(after, check) == noon("03:46")


def test_a_run_that_succeeded_unseen_starts_the_clock_anew():
    before = judged(tonight(noon("04:00"), **failed_in("Run dbt tests")))
    later = healthy(at("2026-11-24 03:50"))
    failed = replace(run_at(902, at("2026-11-24 03:40")), **failed_in("Run dbt tests"))
    after = judged(newest_run(later, failed), before)
    assert since(after, "workflow.failed") == at("2026-11-24 03:46")


def test_a_second_run_that_leaves_the_day_out_is_the_same_finding():
    def left_out(clock: str, number: int, created: str) -> Snapshot:
        now = noon(clock)
        night = tonight(now)
        if number != 900:
            by_hand = replace(run_at(number, noon(created)), event="workflow_dispatch")
            night = newest_run(night, by_hand)
        seen = night.observations["elasticsearch.counts"]
        return Snapshot(now, night.observations | {seen.probe: replace(seen, at=now)})

    first = judged(left_out("03:50", 900, "03:40"))
    assert since(first, "workflow.left_out") == noon("03:46")
    second = judged(left_out("04:10", 950, "04:00"), first)
    assert since(second, "workflow.left_out") == noon("03:46")
