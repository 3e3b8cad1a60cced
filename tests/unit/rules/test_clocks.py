"""Since when something is bad: the owner's clock starts at the first bad observation."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment
from altui.core.model.observed import ProbeError, Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Note
from altui.core.rules.assess import assess
from tests.unit.rules.cases import CASES
from tests.unit.rules.cases.bend import (
    DOCUMENTS,
    MART,
    RAW,
    SOME_DAY,
    failed_in,
    moved,
    newest_run,
    synced,
    tonight,
)
from tests.unit.rules.cases.case import judged as judge
from tests.world import at, healthy, run_at, with_error, with_value, without_rows

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


def test_a_repair_that_is_waited_for_and_fails_is_no_new_failure():
    night = tonight(noon("03:50"), **failed_in(EXPORT))
    before = judged(night)
    repair = replace(run_at(950, noon("03:51"), conclusion=None), event="workflow_dispatch")
    before = judged(moved(newest_run(night, repair), noon("03:52")), before)
    assert before.findings == ()
    ended = replace(run_at(950, noon("03:51")), event="workflow_dispatch", **failed_in(EXPORT))
    after = judged(moved(newest_run(night, ended), noon("03:58")), before)
    assert since(after, "workflow.failed") == noon("03:46")


# A probe without an answer

BLIP = [Trouble.unreachable, Trouble.denied, Trouble.nonsense, Trouble.stale, Trouble.budget]


def lacking(clock: str) -> Snapshot:
    """The index ends on 21 Nov."""
    place = ("elasticsearch.counts", "index.mrt_risk_daily", date(2026, 11, 22))
    return without_rows(healthy(noon(clock)), *place, None)


def short(clock: str, *places: tuple[str, str]) -> Snapshot:
    """A row that the last sync should have carried is in no copy."""
    snapshot = healthy(noon(clock))
    for place in places or (*RAW, *MART, *DOCUMENTS):
        snapshot = without_rows(snapshot, *place, SOME_DAY, 1)
    return snapshot


def silent(snapshot: Snapshot, probe: str, trouble: Trouble = Trouble.unreachable) -> Snapshot:
    return with_error(snapshot, probe, trouble, since=snapshot.at - timedelta(minutes=1))


def looks(*snapshots: Snapshot) -> Assessment:
    before: Assessment | None = None
    for snapshot in snapshots:
        before = judged(snapshot, before)
    assert before is not None
    return before


@pytest.mark.parametrize("trouble", BLIP)
@pytest.mark.parametrize("count", [1, 3])
def test_an_index_that_was_not_counted_for_some_minutes_is_behind_since_before(
    trouble: Trouble, count: int
):
    blind = [silent(lacking(f"05:{50 + n}"), DOCUMENTS[0][0], trouble) for n in range(count)]
    after = looks(lacking("05:00"), *blind, lacking("05:54"))
    assert since(after, "index.behind.mrt_risk_daily") == noon("05:00")


@pytest.mark.parametrize("probe", ["bigquery.counts", "postgres.counts"])
def test_rows_lost_before_a_minute_without_counts_are_lost_since_then(probe: str):
    after = looks(short("12:30"), silent(short("15:30"), probe), short("15:31"))
    assert since(after, "parity.raw") == noon("12:30")
    kept = [key for key in after.since if key.startswith(("difference.", "loss."))]
    assert {after.since[key] for key in kept} == {noon("12:30")}
    assert len(kept) == 2


def test_a_table_that_was_not_counted_for_a_minute_keeps_its_clocks_and_no_other_one():
    slow = short("15:30")
    counts = slow.get("postgres.counts", Counts)
    assert counts is not None
    series = {name: one for name, one in counts.series.items() if name != "emails"}
    failed = {"emails": "canceling statement due to statement timeout"}
    slow = with_value(slow, "postgres.counts", series=series, failed=failed)
    after = looks(short("12:30"), slow, short("15:31"))
    assert since(after, "parity.raw") == noon("12:30")
    failed = {"applications": failed["emails"]}
    series = {"emails": healthy(noon("15:30")).get("postgres.counts", Counts).series["emails"]}  # type: ignore[union-attr]
    healed = with_value(healthy(noon("15:30")), "postgres.counts", series=series, failed=failed)
    assert since(looks(short("12:30"), healed, short("15:31")), "parity.raw") == noon("15:31")


@pytest.mark.parametrize("probe", ["elasticsearch.counts", "kibana.status", "github.runs"])
def test_what_was_well_is_forgotten_whatever_else_is_unseen(probe: str):
    """No old clock returns because something it does not rest on is silent for days."""
    seen = [short("12:30"), healthy(noon("13:30")), short("15:31")]
    assert since(looks(*(silent(one, probe) for one in seen)), "parity.raw") == noon("15:31")


def test_what_was_well_in_between_is_bad_since_the_second_time():
    blind = silent(lacking("05:51"), "elasticsearch.counts")
    after = looks(lacking("05:00"), blind, healthy(noon("05:52")), lacking("05:53"))
    assert since(after, "index.behind.mrt_risk_daily") == noon("05:53")


def test_a_service_that_is_no_longer_configured_is_forgotten():
    off = silent(lacking("05:51"), "elasticsearch.counts", Trouble.off)
    after = looks(lacking("05:00"), off, lacking("05:52"))
    assert since(after, "index.behind.mrt_risk_daily") == noon("05:52")


def test_a_run_that_failed_is_bad_since_then_after_a_minute_without_github():
    night = tonight(noon("05:00"), **failed_in("Run dbt tests"))
    again = run_at(901, noon("11:20"))
    again = replace(again, event="workflow_dispatch", **failed_in("Run dbt tests"))
    later = newest_run(night, again)
    blind = silent(moved(night, noon("11:25")), "github.runs")
    after = looks(night, blind, synced(moved(later, noon("11:30"))))
    assert since(after, "workflow.failed") == noon("03:46")


def test_of_every_finding_there_is_it_is_known_what_it_rests_on():
    """But of those that tell of a probe without an answer: they are gone with it."""
    troubles = {trouble.value for trouble in Trouble}
    for case in CASES:
        check, last = case.check, case.check.rsplit(".", 1)[-1]
        if not check or last in troubles or check == "local.network":
            continue
        for finding in judge(case.looks).findings:
            if finding.check != check:
                continue
            blind = case.looks[-1]
            for probe in blind.observations:
                blind = silent(blind, probe)
            details = {
                name: replace(one, error=ProbeError(Trouble.unreachable, "", name))
                for name, one in blind.details.items()
            }
            key = finding.key or check
            assert (
                judged(replace(blind, details=details), judge(case.looks)).since[key]
                == finding.since
            ), key
