"""Differences that are no losses: figures of two times, and rows that nothing had to carry yet."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Mart, Pipeline
from altui.core.model.reading import Counts, Runs, TableMeta
from altui.core.rules.assess import assess
from altui.core.rules.owed import difference_key
from tests.world import at, healthy, rows_on, run_at, with_value, without_rows

NOON = at("2026-11-23 12:00")
DAY = date(2026, 11, 15)
MINUTE = timedelta(minutes=1)
RAW = ("raw.emails", "staging.emails")
MART = ("mart.mrt_risk_daily",)


def judged(snapshot: Snapshot, before: Assessment | None = None) -> set[str]:
    result = assess(snapshot, Pipeline(), snapshot.at, before)
    return {finding.check for finding in result.findings}


def short(snapshot: Snapshot, *series: str) -> Snapshot:
    """A row of the day less in some series, and in the index where the mart is one of them."""
    for name in series:
        snapshot = without_rows(snapshot, "bigquery.counts", name, DAY, 1)
    if MART[0] in series:
        documents = "index.mrt_risk_daily"
        snapshot = without_rows(snapshot, "elasticsearch.counts", documents, DAY, 1)
    return snapshot


def with_changed(snapshot: Snapshot, probe: str, name: str, moment: datetime) -> Snapshot:
    """The day's newest write (source) or sync (raw)."""
    counts = snapshot.get(probe, Counts)
    assert counts is not None
    series = counts.series[name]
    series = replace(series, changed={**series.changed, DAY: moment})
    return with_value(snapshot, probe, series={**counts.series, name: series})


def read_at(snapshot: Snapshot, probe: str, moment: datetime) -> Snapshot:
    seen = replace(snapshot.observations[probe], at=moment)
    return Snapshot(snapshot.at, {**snapshot.observations, probe: seen})


@pytest.mark.parametrize(
    ("event", "found"), [("workflow_dispatch", set[str]()), ("schedule", {"parity.mart"})]
)
def test_a_run_by_hand_may_be_about_other_days(event: str, found: set[str]):
    """A row went at 07:05, a run at 11:00 did not make its day anew: the next night does."""
    snapshot = short(healthy(NOON), *RAW)
    snapshot = without_rows(snapshot, "postgres.counts", "emails", DAY, 1)
    snapshot = with_changed(snapshot, "bigquery.counts", "raw.emails", at("2026-11-23 07:05"))
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    run = replace(run_at(900, at("2026-11-23 11:00")), event=event)
    snapshot = with_value(snapshot, "github.runs", runs=(run, *runs.runs))
    tables = {"applylens_marts.mrt_risk_daily": TableMeta(1, 1, run.created_at + 3 * MINUTE)}
    assert judged(with_value(snapshot, "bigquery.tables", tables=tables)) == found


@pytest.mark.parametrize(("counted", "found"), [("03:45", set[str]()), ("03:47", {"parity.index"})])
def test_an_index_counted_before_the_export_ended_is_no_witness(counted: str, found: set[str]):
    """The run of 03:40 ended at 03:46; the mart was counted at noon."""
    snapshot = without_rows(healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", DAY, 2)
    counted_at = at(f"2026-11-23 {counted}")
    assert judged(read_at(snapshot, "elasticsearch.counts", counted_at)) == found


@pytest.mark.parametrize(("minutes", "found"), [(1, set[str]()), (-6, {"parity.raw"})])
def test_a_source_counted_before_the_days_rows_were_copied_is_no_witness(
    minutes: int, found: set[str]
):
    """A row that went after the source was counted is gone from the copy already."""
    counted_at = at("2026-11-23 11:20")
    snapshot = short(healthy(NOON), *RAW, *MART)
    snapshot = read_at(snapshot, "postgres.counts", counted_at)
    copied_at = counted_at + minutes * MINUTE
    assert judged(with_changed(snapshot, "bigquery.counts", "raw.emails", copied_at)) == found


@pytest.mark.parametrize(("written", "found"), [("10:56", set[str]()), ("10:50", {"parity.raw"})])
def test_rows_written_while_a_slow_sync_ran_wait_for_the_next_one(written: str, found: set[str]):
    """It ran from 11:00 to 11:12; what was written well before its beginning it must have found."""
    snapshot = short(healthy(NOON), *RAW, *MART)
    ended = at("2026-11-23 11:12")
    snapshot = with_value(snapshot, "fivetran.connection", succeeded_at=ended)
    counts = snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    began = at("2026-11-23 11:00")
    series = counts.series | {
        name: replace(one, synced=began) for name, one in counts.series.items() if one.synced
    }
    snapshot = with_value(snapshot, "bigquery.counts", series=series)
    moment = at(f"2026-11-23 {written}")
    assert judged(with_changed(snapshot, "postgres.counts", "emails", moment)) == found


@pytest.mark.parametrize(("last", "found"), [("02:20", set[str]()), ("12:18", {"parity.raw"})])
def test_a_sync_met_running_after_a_long_silence_may_have_begun_before_the_rows(
    last: str, found: set[str]
):
    """It is seen at 12:20, carries none of our rows and ends at 12:26; a row came at 12:10."""

    def connected(snapshot: Snapshot, state: str, succeeded: str) -> Snapshot:
        moment = at(f"2026-11-23 {succeeded}")
        return with_value(snapshot, "fivetran.connection", sync_state=state, succeeded_at=moment)

    first = healthy(at(f"2026-11-23 {last}"))
    before = assess(first, Pipeline(), first.at)
    for clock in ("12:20", "12:25"):
        running = connected(healthy(at(f"2026-11-23 {clock}")), "syncing", "11:05")
        before = assess(running, Pipeline(), running.at, before)
    ended = short(connected(healthy(at("2026-11-23 12:27")), "scheduled", "12:26"), *RAW, *MART)
    ended = with_changed(ended, "postgres.counts", "emails", at("2026-11-23 12:10"))
    copied = at("2026-11-23 11:05")
    for name in ("raw.emails", "raw.applications"):
        ended = with_series(ended, ("bigquery.counts", name), synced=copied)
    assert judged(ended, before) == found


TODAY = NOON.date()
EMAILS = ("postgres.counts", "emails")


def with_series(snapshot: Snapshot, place: tuple[str, str], **changes: object) -> Snapshot:
    probe, name = place
    counts = snapshot.get(probe, Counts)
    assert counts is not None
    series = replace(counts.series[name], **changes)
    return with_value(snapshot, probe, series={**counts.series, name: series})


def busy(now: datetime, copied: int | None, *, day: date = TODAY, fresh: int = 20) -> Snapshot:
    """A source whose newest write to `day` is seconds old; `fresh` of its rows are not an hour old.

    `copied`: how many of the day's rows are in the copy; None: all but what the next sync carries.
    """
    snapshot = healthy(now)
    source = snapshot.get("postgres.counts", Counts)
    assert source is not None
    emails = source.series["emails"]
    rows = emails.by_day[day]
    older = {**emails.by_day, day: rows - fresh}
    changed = {**emails.changed, day: now - timedelta(seconds=10)}
    snapshot = with_series(snapshot, EMAILS, changed=changed, older=older)
    snapshot = with_value(snapshot, "postgres.counts", older_than=now - 75 * MINUTE)
    copies = snapshot.get("bigquery.counts", Counts)
    assert copies is not None
    synced = {**copies.series["raw.emails"].changed, day: at("2026-11-23 02:05")}
    snapshot = with_series(snapshot, ("bigquery.counts", "raw.emails"), changed=synced)
    here = rows - fresh if copied is None else copied
    for name in RAW:
        snapshot = without_rows(snapshot, "bigquery.counts", name, day, rows - here)
    return snapshot


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=6)])
@pytest.mark.parametrize(("lacks", "found"), [(0, set[str]()), (1, {"parity.raw"})])
def test_rows_of_long_ago_are_lost_whatever_was_written_to_their_day_since(
    day: date, lacks: int, found: set[str]
):
    rows = rows_on(day)
    snapshot = busy(at("2026-11-23 12:20"), rows - 20 - lacks, day=day)
    marts = {"parity.mart", "parity.staging", "parity.index"}
    assert judged(snapshot) - marts == found


def test_a_copy_that_stands_still_while_fivetran_reports_success_is_told_and_totals_with_it():
    """5 of the day's rows since 02:05, at 20:30, though it succeeded every hour."""
    first, snapshot = busy(at("2026-11-23 19:30"), 5), busy(at("2026-11-23 20:30"), 5)
    before = assess(first, Pipeline(), first.at)
    assert {finding.check for finding in before.findings} == {"parity.raw"}
    assert judged(snapshot, before) == {"parity.raw", "parity.total"}


@pytest.mark.parametrize(("moment", "counted"), [("13:20", 0), ("14:18", 0), ("13:06", 25)])
def test_a_loss_that_is_known_stays_until_it_was_counted_again(moment: str, counted: int):
    """Late in an hour the rows counted apart are newer than the last success; or none are counted.

    The last sync ended at 13:05:40.
    """
    first, now = at("2026-11-23 12:20"), at(f"2026-11-23 {moment}")

    def here(copied: int | None) -> Snapshot:
        snapshot = busy(now, copied)
        seen = read_at(snapshot, "postgres.counts", now - counted * MINUTE)
        return with_value(seen, "fivetran.connection", succeeded_at=at("2026-11-23 13:05"))

    before = assess(busy(first - 60 * MINUTE, 5), Pipeline(), first - 60 * MINUTE)
    before = assess(busy(first, 5), Pipeline(), first, before)
    assert judged(here(5), before) == {"parity.raw", "parity.total"}
    alone = {"parity.raw"} if moment == "13:20" else set[str]()
    assert judged(here(5)) == alone, "by itself it would be due"
    assert judged(here(None), assess(healthy(first), Pipeline(), first)) == set()


def test_a_copy_counted_before_the_sync_ended_is_no_witness():
    now = at("2026-11-23 12:20")
    assert judged(read_at(busy(now, 5), "bigquery.counts", at("2026-11-23 12:04"))) == set()


@pytest.mark.parametrize(("moment", "found"), [("11:05", {"parity.raw"}), ("10:55", set[str]())])
def test_a_source_counted_before_the_sync_that_should_have_carried_its_rows_is_no_witness(
    moment: str, found: set[str]
):
    """The sync ended at 11:05:40; some of the rows that were counted before it may be gone."""
    snapshot = short(healthy(NOON), *RAW, *MART)
    assert judged(read_at(snapshot, "postgres.counts", at(f"2026-11-23 {moment}"))) == found


def test_rows_that_went_at_the_source_are_late_once_a_later_sync_left_them_in_the_copy():
    first = without_rows(healthy(at("2026-11-23 09:30")), *EMAILS, DAY, 2)
    before: Assessment | None = None
    for hour, found in ((9, set[str]()), (10, {"parity.raw"})):
        now = at(f"2026-11-23 {hour:02}:30")
        snapshot = without_rows(healthy(now), *EMAILS, DAY, 2) if hour > 9 else first
        before = assess(snapshot, Pipeline(), now, before)
        assert {finding.check for finding in before.findings} == found, now


def stalled(
    written: str, synced: str, succeeded: str = "11:05", counted: str = "12:00"
) -> Snapshot:
    """A row of an old day was changed; `_fivetran_synced` of the table is this."""
    snapshot = with_changed(healthy(NOON), *EMAILS, at(f"2026-11-23 {written}"))
    snapshot = with_series(
        snapshot, ("bigquery.counts", "raw.emails"), synced=at(f"2026-11-23 {synced}")
    )
    snapshot = read_at(snapshot, "postgres.counts", at(f"2026-11-23 {counted}"))
    return with_value(snapshot, "fivetran.connection", succeeded_at=at(f"2026-11-23 {succeeded}"))


@pytest.mark.parametrize(
    ("snapshot", "found"),
    [
        (stalled("08:00", "02:05"), {"bigquery.stale"}),
        (stalled("09:50", "02:05"), {"bigquery.stale"}),
        (stalled("09:51", "02:05"), set[str]()),  # the next sync may have been about others
        (stalled("03:20", "02:05"), {"bigquery.stale"}),
        (stalled("03:19", "02:05"), set[str]()),  # carried already, by a clock that runs ahead
        (stalled("01:00", "02:05"), set[str]()),  # the syncs since had nothing to carry
        (stalled("08:00", "02:05", counted="11:04"), set[str]()),  # the row may be gone by then
        (read_at(stalled("08:00", "02:05"), "bigquery.counts", at("2026-11-23 11:04")), set[str]()),
    ],
)
def test_a_success_after_which_writes_of_long_ago_are_not_synced_is_none(
    snapshot: Snapshot, found: set[str]
):
    """The counts agree: a row was scored again."""
    # today's own newest write of 10:00 is too young to tell
    assert judged(snapshot) == found


PAIRS = {
    "BigQuery holds 3 more than PostgreSQL on 15 Nov": (EMAILS,),
    "staging holds 3 more than BigQuery on 15 Nov": (EMAILS, ("bigquery.counts", RAW[0])),
    "the mart holds 3 more than staging on 15 Nov": (
        EMAILS,
        *(("bigquery.counts", name) for name in RAW),
    ),
    "the index holds 3 more than the mart on 15 Nov": (
        EMAILS,
        *(("bigquery.counts", name) for name in (*RAW, *MART)),
    ),
}


@pytest.mark.parametrize("words", PAIRS)
def test_a_surplus_is_not_called_short(words: str):
    snapshot = healthy(NOON)
    for place in PAIRS[words]:
        snapshot = without_rows(snapshot, *place, DAY, 3)
    since = {difference_key("emails", DAY): at("2026-11-23 09:00")}
    known = replace(assess(healthy(NOON), Pipeline(), NOON), since=since)
    found = assess(snapshot, Pipeline(), NOON, known).findings
    assert [finding.subject for finding in found] == [f"emails: {words}"]


def test_days_that_are_short_and_days_with_more_do_not_cancel_out():
    snapshot = without_rows(healthy(NOON), "elasticsearch.counts", "index.mrt_risk_daily", DAY, 2)
    other = DAY - timedelta(days=1)
    snapshot = without_rows(snapshot, "elasticsearch.counts", "index.mrt_risk_daily", other, -2)
    found = assess(snapshot, Pipeline(), NOON).findings
    assert {finding.subject for finding in found} == {
        "emails: 15 Nov is short in the index (-2)",
        "emails: the index holds 2 more than the mart on 14 Nov",
    }


@pytest.mark.parametrize(
    ("source", "raw", "words"),
    [
        (0, 4805, "emails: BigQuery holds 4,805 rows, PostgreSQL 0"),
        (400, 4805, "emails: BigQuery holds 4,805 rows, PostgreSQL 400"),
        (4805, 0, "emails: totals differ by 100.00 %, more than 1 %"),
        (4805, 9610, "emails: totals differ by 100.00 %, more than 1 %"),
    ],
)
def test_totals_that_have_nothing_to_do_with_each_other_are_no_percentage(
    source: int, raw: int, words: str
):
    before: Assessment | None = None
    for now in (NOON - 60 * MINUTE, NOON):
        snapshot = with_series(healthy(now), EMAILS, rows=source)
        snapshot = with_series(snapshot, ("bigquery.counts", RAW[0]), rows=raw)
        before = assess(snapshot, Pipeline(), now, before)
    assert before is not None
    (finding,) = before.findings
    assert finding.subject == words


TWO_MARTS = replace(
    Pipeline(),
    marts=(
        *Pipeline().marts,
        Mart("mrt_sender_daily", "sender_daily", table="emails", count="emails"),
    ),
)


def with_second_mart(snapshot: Snapshot) -> Snapshot:
    """The first mart's figures in a second one and its index."""
    for probe, side in (("bigquery.counts", "mart"), ("elasticsearch.counts", "index")):
        counts = snapshot.get(probe, Counts)
        assert counts is not None
        again = counts.series[f"{side}.mrt_risk_daily"]
        series = {**counts.series, f"{side}.mrt_sender_daily": again}
        snapshot = with_value(snapshot, probe, series=series)
    return snapshot


@pytest.mark.parametrize("mart", ["mrt_risk_daily", "mrt_sender_daily"])
@pytest.mark.parametrize(
    ("probe", "side", "gone", "check"),
    [
        ("bigquery.counts", "mart", 40, "parity.mart"),
        ("elasticsearch.counts", "index", 40, "parity.index"),
        ("elasticsearch.counts", "index", None, "parity.index"),
    ],
)
def test_each_mart_of_a_table_is_compared(
    mart: str, probe: str, side: str, gone: int | None, check: str
):
    healthy_one = with_second_mart(healthy(NOON))
    assert assess(healthy_one, TWO_MARTS, NOON).findings == ()
    lost = without_rows(healthy_one, probe, f"{side}.{mart}", DAY, gone)
    found = [one for one in assess(lost, TWO_MARTS, NOON).findings if one.check == check]
    name = "emails" if mart == "mrt_risk_daily" else mart
    assert [(one.days, one.subject.split(":")[0]) for one in found] == [((DAY,), name)]


DAWN = at("2026-11-23 06:10")
YESTERDAY = date(2026, 11, 22)


def just_ended(conclusion: str, counted: timedelta, *, tables: timedelta) -> Snapshot:
    """Yesterday is in no mart and no index as counted last; a run by hand ended at 06:09."""
    snapshot = short_of_yesterday(healthy(DAWN))
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    run = run_at(813, at("2026-11-23 06:03"), conclusion=conclusion)
    assert run.updated_at == at("2026-11-23 06:09")
    snapshot = with_value(snapshot, "github.runs", runs=(run, *runs.runs))
    for probe in ("bigquery.counts", "elasticsearch.counts"):
        snapshot = read_at(snapshot, probe, run.updated_at + counted)
    return read_at(snapshot, "bigquery.tables", run.updated_at + tables)


def short_of_yesterday(snapshot: Snapshot) -> Snapshot:
    for probe, name in (
        ("bigquery.counts", MART[0]),
        ("elasticsearch.counts", "index.mrt_risk_daily"),
    ):
        snapshot = without_rows(snapshot, probe, name, YESTERDAY, None)
    return snapshot


@pytest.mark.parametrize("conclusion", ["success", "failure"])
def test_a_day_counted_before_the_run_ended_is_due_until_it_is_counted_again(conclusion: str):
    before = just_ended(conclusion, -20 * MINUTE, tables=-MINUTE)
    assert not any(check.startswith("parity.") for check in judged(before))
    again = just_ended(conclusion, MINUTE / 2, tables=MINUTE / 2)
    assert "parity.mart" in judged(again), "the run left it out"


def test_an_index_counted_before_the_run_ended_is_due_where_the_mart_has_the_day():
    index = "index.mrt_risk_daily"
    lost = without_rows(healthy(DAWN), "elasticsearch.counts", index, YESTERDAY, None)
    runs = lost.get("github.runs", Runs)
    assert runs is not None
    run = run_at(813, at("2026-11-23 06:03"))
    lost = with_value(lost, "github.runs", runs=(run, *runs.runs))
    assert run.updated_at is not None
    for seconds, found in ((-20, False), (20, True)):
        read = read_at(lost, "elasticsearch.counts", run.updated_at + seconds * MINUTE / 60)
        assert ("parity.index" in judged(read)) is found


def test_counts_that_a_failed_run_changed_nothing_of_stand():
    """The tables were looked at since: the run wrote none of them, so the counts are of now."""
    assert "parity.mart" in judged(just_ended("failure", -20 * MINUTE, tables=MINUTE / 2))
