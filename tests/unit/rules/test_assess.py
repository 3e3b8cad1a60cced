"""The rules on a pipeline that is healthy but for one thing."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Runs
from altui.core.present.fitted import fitted, forms_of
from altui.core.rules.assess import assess
from tests.world import at, healthy, run_at, with_error, with_value, without_rows

NOON = at("2026-11-23 12:00")
YESTERDAY = date(2026, 11, 22)


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def checks(assessment: Assessment) -> set[str]:
    return {finding.check for finding in assessment.findings}


def test_at_noon_all_six_stages_are_ok():
    result = judged(healthy(NOON))
    assert {health.state for health in result.stages.values()} == {State.ok}
    assert result.findings == ()
    assert result.verdict.state is VerdictState.ok
    assert result.verdict.headline.startswith("22 Nov complete to the dashboard")


@pytest.mark.parametrize("clock", ["00:10", "03:14", "03:20", "03:39"])
def test_before_the_nightly_run_yesterday_is_due_and_the_verdict_is_wait(clock: str):
    result = judged(healthy(at(f"2026-11-23 {clock}")))
    assert result.findings == ()
    assert result.stages[StageId.dbt].state is State.due
    assert result.stages[StageId.elasticsearch].state is State.due
    assert result.verdict.state is VerdictState.wait
    assert "22 Nov not exported yet" in result.verdict.headline
    assert "04:21Z" in result.verdict.do


def test_no_minute_of_three_days_raises_a_false_alarm():
    start = datetime(2026, 12, 30, tzinfo=UTC)
    for minutes in range(0, 3 * 24 * 60, 7):
        now = start + timedelta(minutes=minutes)
        result = judged(healthy(now, days=10))
        assert result.findings == (), now
        assert result.verdict.state in {VerdictState.ok, VerdictState.wait}, now


def test_rows_newer_than_the_last_sync_are_a_due_difference_and_no_finding():
    snapshot = healthy(NOON)
    counts = snapshot.observations["postgres.counts"].value
    emails = counts.series["emails"]
    more = msgspec.structs.replace(
        emails,
        rows=emails.rows + 3,
        by_day={**emails.by_day, NOON.date(): emails.by_day[NOON.date()] + 3},
        changed={**emails.changed, NOON.date(): NOON},
    )
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": more})
    result = judged(snapshot)
    assert result.findings == ()
    today = next(row for row in result.trace if row.table == "emails")
    assert today.cells[StageId.fivetran].state is State.due
    assert result.stages[StageId.bigquery].state is State.ok


def test_one_row_that_a_sync_left_behind_is_a_finding_whatever_its_size():
    day = date(2026, 11, 10)
    snapshot = without_rows(healthy(NOON), "bigquery.counts", "raw.emails", day, 1)
    snapshot = without_rows(snapshot, "bigquery.counts", "staging.emails", day, 1)
    snapshot = without_rows(snapshot, "bigquery.counts", "mart.mrt_risk_daily", day, 1)
    snapshot = without_rows(snapshot, "elasticsearch.counts", "index.mrt_risk_daily", day, 1)
    result = judged(snapshot)
    assert checks(result) == {"parity.raw"}
    assert result.findings[0].days == (day,)
    assert result.stages[StageId.bigquery].state is State.late
    row = next(row for row in result.trace if row.day == day and row.table == "emails")
    assert row.first_loss is StageId.fivetran


def test_a_partial_day_in_the_mart_is_broken():
    day = date(2026, 11, 15)
    snapshot = without_rows(healthy(NOON), "bigquery.counts", "mart.mrt_risk_daily", day, 4)
    snapshot = without_rows(snapshot, "elasticsearch.counts", "index.mrt_risk_daily", day, 4)
    result = judged(snapshot)
    assert checks(result) == {"parity.mart"}
    assert result.stages[StageId.dbt].state is State.broken
    assert result.verdict.state is VerdictState.broken
    assert result.verdict.first_loss is StageId.dbt


def test_a_missing_day_in_the_index_is_late_and_names_what_readers_miss():
    snapshot = without_rows(
        healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, None
    )
    result = judged(snapshot)
    assert checks(result) == {"parity.index", "index.behind.mrt_risk_daily"}
    assert result.verdict.state is VerdictState.late
    assert "22 Nov is not in risk_daily" in result.verdict.headline
    assert "dashboard ends 21 Nov" in result.verdict.headline


def test_a_failed_export_makes_the_missing_day_broken_and_it_belongs_to_infrastructure():
    snapshot = without_rows(
        healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", YESTERDAY, None
    )
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    failed = run_at(812, at("2026-11-23 03:40"), conclusion="failure")
    snapshot = with_value(snapshot, "github.runs", runs=(failed, *runs.runs[1:]))
    result = judged(snapshot)
    assert "workflow.failed" in checks(result)
    assert result.verdict.state is VerdictState.broken
    assert "Export to Elasticsearch" in result.verdict.why
    page, step = "page Infrastructure team: SLA 1h, 7h14 over", "export_to_es.py --start"
    assert result.verdict.do == f"{page}; {step} 2026-11-22 --end 2026-11-22"
    _, _, dos = forms_of(result.verdict)
    assert fitted(dos, 72) == f"{page}; export 22 Nov again"
    assert fitted(dos, 50) == page
    loss = next(finding for finding in result.findings if finding.check == "parity.index")
    assert loss.do == f"python analytics/export/{step} 2026-11-22 --end 2026-11-22"


def test_silence_of_elasticsearch_is_unknown_until_a_second_witness_makes_it_broken():
    since = NOON - timedelta(minutes=3)
    snapshot = healthy(NOON)
    for probe in ("elasticsearch.cluster", "elasticsearch.counts"):
        snapshot = with_error(snapshot, probe, Trouble.unreachable, since=since)
    alone = judged(snapshot)
    assert alone.stages[StageId.elasticsearch].state is State.unknown
    assert alone.verdict.state is VerdictState.suspected
    assert checks(alone) == {"elasticsearch.unreachable"}
    witnessed = judged(with_value(snapshot, "kibana.status", level="unavailable"))
    assert witnessed.stages[StageId.elasticsearch].state is State.broken
    assert witnessed.verdict.state is VerdictState.broken


def test_what_kibana_says_of_elasticsearch_follows_from_it_only_while_that_does_not_serve():
    says = {"level": "unavailable", "summary": "elasticsearch is unavailable"}
    serving = with_value(healthy(NOON), "kibana.status", **says)
    subjects = [finding.subject for finding in judged(serving).findings]
    assert subjects == ['Kibana\'s status is "unavailable"']
    since = NOON - timedelta(minutes=3)
    for down in (
        with_value(serving, "elasticsearch.cluster", status="red"),
        with_error(serving, "elasticsearch.cluster", Trouble.unreachable, since=since),
    ):
        said = next(f for f in judged(down).findings if f.check == "kibana.unavailable")
        assert said.subject == 'Kibana is "unavailable": follows from elastic'


def test_most_services_silent_at_once_point_at_this_host():
    snapshot = healthy(NOON)
    for probe in snapshot.observations:
        snapshot = with_error(
            snapshot, probe, Trouble.unreachable, since=NOON - timedelta(minutes=1)
        )
    verdict = judged(snapshot).verdict
    assert verdict.state is VerdictState.check
    assert "6 of 6" in verdict.headline


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (Trouble.unreachable, State.unknown),
        (Trouble.nonsense, State.unknown),
        (Trouble.denied, State.denied),
        (Trouble.refused, State.broken),
        (Trouble.missing, State.broken),
        (Trouble.off, State.off),
    ],
)
def test_a_blind_postgres_is_told_apart_by_why(trouble: Trouble, state: State):
    snapshot = healthy(NOON)
    seen = snapshot.observations["postgres.counts"]
    snapshot = with_error(snapshot, seen.probe, trouble, "words", since=NOON)
    observations = dict(snapshot.observations)
    if trouble is Trouble.off:
        observations[seen.probe] = msgspec.structs.replace(
            observations[seen.probe], value=None, at=None
        )
    result = judged(Snapshot(NOON, observations))
    assert result.stages[StageId.postgres].state is state
    if state in (State.denied, State.off):
        assert result.verdict.state is VerdictState.ok
        said = {
            State.denied: ". Unseen: postgres (denied)",
            State.off: "(143=143=143), as far as seen",
        }
        assert result.verdict.headline.endswith(said[state])


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"level": "unavailable"}, "kibana.unavailable"),
        ({"data_views": ()}, "kibana.no_pattern"),
        ({"dashboard": None}, "kibana.no_dashboard"),
        ({"references": ("dv", "other")}, "kibana.references"),
        ({"time_from": "now-24h"}, "kibana.time_range"),
    ],
)
def test_what_a_reader_cannot_see_in_kibana(changes: dict[str, object], check: str):
    result = judged(with_value(healthy(NOON), "kibana.status", **changes))
    assert check in checks(result)
    assert result.stages[StageId.kibana].state is State.broken


def test_a_disabled_a_missed_and_a_stuck_workflow_are_late():
    snapshot = healthy(NOON)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    disabled = with_value(snapshot, "github.runs", workflow_state="disabled_inactivity")
    assert "workflow.disabled" in checks(judged(disabled))
    missed = with_value(snapshot, "github.runs", runs=runs.runs[1:])
    assert "workflow.missed" in checks(judged(missed))
    stuck = run_at(813, NOON - timedelta(hours=2), conclusion=None)
    stuck_snapshot = with_value(snapshot, "github.runs", runs=(stuck, *runs.runs))
    assert "workflow.stuck" in checks(judged(stuck_snapshot))


def test_since_is_carried_from_look_to_look():
    snapshot = with_value(healthy(NOON), "kibana.status", dashboard=None)
    first = judged(snapshot)
    later = judged(Snapshot(NOON + timedelta(minutes=5), snapshot.observations), first)
    assert later.findings[0].since == NOON
    assert "(5m)" in later.verdict.headline


def test_verdict_lines_fit_eighty_columns():
    for change in ({"summary": "x" * 500, "level": "unavailable"}, {"dashboard": None}):
        verdict = judged(with_value(healthy(NOON), "kibana.status", **change)).verdict
        assert all(len(fitted(forms, 72)) <= 72 for forms in forms_of(verdict))


def test_nothing_read_yet_is_unknown_not_green():
    result = judged(Snapshot(NOON))
    assert {health.state for health in result.stages.values()} == {State.unknown}
    assert result.verdict.state is VerdictState.stale


def nightly(snapshot: Snapshot, **changes: object) -> Snapshot:
    """The snapshot at 03:50 with tonight's run, started 03:40 and ended 03:46, changed."""
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    tonight = msgspec.structs.replace(run_at(900, at("2026-11-23 03:40")), **changes)
    return with_value(snapshot, "github.runs", runs=(tonight, *runs.runs))


BEFORE = Snapshot(at("2026-11-23 03:50"), healthy(at("2026-11-23 03:30")).observations)


def test_a_failed_nightly_run_makes_its_day_missed_at_once():
    result = judged(nightly(BEFORE, conclusion="failure"))
    assert result.verdict.state is VerdictState.broken
    assert result.verdict.headline.startswith("22 Nov is not in risk_daily")
    assert result.stages[StageId.dbt].state is State.broken
    assert result.verdict.first_loss is StageId.dbt


def test_a_cancelled_nightly_run_is_no_reason_to_sleep():
    result = judged(nightly(BEFORE, conclusion="cancelled"))
    assert result.verdict.state is VerdictState.late
    assert "workflow.cancelled" in checks(result)


def test_a_running_nightly_run_is_said_to_run():
    verdict = judged(nightly(BEFORE, status="in_progress", conclusion=None)).verdict
    assert verdict.state is VerdictState.wait
    assert "run 900 runs since 03:40Z" in verdict.headline


def test_a_night_that_github_does_not_show_is_not_claimed_to_be_late():
    now = BEFORE.at
    verdict = judged(with_error(BEFORE, "github.runs", Trouble.off, since=now)).verdict
    assert "cannot be seen" in verdict.headline


def test_a_failed_run_by_hand_on_a_complete_pipeline_is_nobodys_alarm():
    snapshot = healthy(NOON)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    failed = run_at(900, at("2026-11-23 11:30"), conclusion="failure")
    by_hand = msgspec.structs.replace(failed, event="workflow_dispatch")
    snapshot = with_value(snapshot, "github.runs", runs=(by_hand, *runs.runs))
    assert judged(snapshot).findings == ()


def test_a_repaired_day_lifts_the_failed_run():
    snapshot = healthy(NOON)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    failed = run_at(812, at("2026-11-23 03:40"), conclusion="failure")
    snapshot = with_value(snapshot, "github.runs", runs=(failed, *runs.runs[1:]))
    assert judged(snapshot).verdict.state is VerdictState.ok


def test_a_stage_whose_counts_were_never_read_is_not_ok():
    snapshot = with_error(
        healthy(NOON), "bigquery.counts", Trouble.unreachable, since=NOON - timedelta(minutes=2)
    )
    result = judged(snapshot)
    assert result.stages[StageId.dbt].state is State.unknown
    assert "complete" not in result.verdict.headline


def test_a_connection_that_never_finished_a_sync_or_is_incomplete_is_not_ok():
    made = NOON - timedelta(hours=3)
    never = with_value(healthy(NOON), "fivetran.connection", succeeded_at=None, created_at=made)
    assert "fivetran.late" in checks(judged(never))
    incomplete = with_value(healthy(NOON), "fivetran.connection", setup_state="incomplete")
    assert "fivetran.broken" in checks(judged(incomplete))


def test_without_fivetran_rows_older_than_its_promise_must_have_been_copied():
    day = date(2026, 11, 10)
    snapshot = healthy(NOON)
    for series in ("raw.emails", "staging.emails"):
        snapshot = without_rows(snapshot, "bigquery.counts", series, day, 1)
    snapshot = with_error(snapshot, "fivetran.connection", Trouble.off, since=NOON)
    assert "parity.raw" in checks(judged(snapshot))


def test_a_row_that_fivetran_left_behind_is_fivetrans_owners_to_mend():
    day = date(2026, 11, 10)
    snapshot = healthy(NOON)
    for series in ("raw.emails", "staging.emails"):
        snapshot = without_rows(snapshot, "bigquery.counts", series, day, 1)
    verdict = judged(snapshot).verdict
    assert "Platform team" in verdict.do
    assert "PostgreSQL" in verdict.why


def test_a_missing_table_keeps_its_since():
    snapshot = with_value(
        healthy(NOON), "bigquery.counts", missing={"raw.emails": "Not found: Table"}
    )
    first = judged(snapshot)
    later = judged(Snapshot(NOON + timedelta(minutes=9), snapshot.observations), first)
    finding = next(finding for finding in later.findings if finding.check == "table.missing")
    assert finding.since == NOON


def test_a_missed_night_is_still_missed_after_midnight():
    after = healthy(at("2026-11-24 00:30"))
    runs = after.get("github.runs", Runs)
    assert runs is not None
    without = with_value(after, "github.runs", runs=runs.runs[1:])
    assert "workflow.missed" in checks(judged(without))


def test_totals_beyond_one_percent_are_a_finding_of_their_own():
    before: Assessment | None = None
    for now, found in ((NOON - timedelta(hours=1), set[str]()), (NOON, {"parity.total"})):
        snapshot = healthy(now)
        counts = snapshot.observations["postgres.counts"].value
        assert isinstance(counts, Counts)
        emails = counts.series["emails"]
        more = msgspec.structs.replace(emails, rows=emails.rows * 2)
        snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": more})
        before = judged(snapshot, before)
        assert checks(before) == found


def test_without_any_answer_the_verdict_is_never_ok():
    snapshot = healthy(NOON)
    for probe in snapshot.observations:
        snapshot = with_error(snapshot, probe, Trouble.off, "not set", since=NOON)
    assert judged(snapshot).verdict.state is VerdictState.check


def test_what_can_wait_until_the_morning_says_so():
    snapshot = with_value(healthy(NOON), "kibana.status", dashboard=None)
    assert judged(snapshot).verdict.do.startswith("can wait until")


def test_a_run_that_succeeded_without_the_day_is_no_reason_to_sleep():
    snapshot = nightly(BEFORE)
    counts = snapshot.observations["elasticsearch.counts"]
    later = msgspec.structs.replace(counts, at=BEFORE.at)
    result = judged(Snapshot(BEFORE.at, {**snapshot.observations, counts.probe: later}))
    assert "workflow.left_out" in checks(result)
    assert result.verdict.state is VerdictState.late
    not_counted_since = judged(snapshot)
    assert not_counted_since.verdict.state is VerdictState.wait
