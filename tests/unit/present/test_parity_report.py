"""`altui parity`: outcome, days and measures, as figures and as lines."""

from datetime import date, timedelta

import msgspec
import pytest

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.history import Drift
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.present.panels import panel
from altui.core.present.parity_report import (
    Outcome,
    ParityReport,
    SubjectParity,
    parity_report,
    scope_of,
)
from altui.core.present.parity_table import parity_table
from altui.core.present.view import Facts, View, view
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_error, with_measure, with_value, without_rows

NOON = at("2026-11-23 12:00")
TODAY, OLD = NOON.date(), date(2026, 11, 10)
PIPELINE = Pipeline()
RAW = ("bigquery.counts", "raw.emails")
STAGING = ("bigquery.counts", "staging.emails")
INDEX = ("elasticsearch.counts", "index.mrt_risk_daily")


def looked(snapshot: Snapshot, drift: dict[str, Drift] | None = None) -> tuple[View, Assessment]:
    made = assess(snapshot, PIPELINE, snapshot.at)
    made = msgspec.structs.replace(made, drift=drift or {})
    return view(snapshot, made, PIPELINE, snapshot.at, Facts("prod")), made


def report(
    snapshot: Snapshot,
    table: str | None = None,
    first: date = TODAY - timedelta(days=30),
    last: date = TODAY,
) -> ParityReport:
    seen, made = looked(snapshot)
    return parity_report(seen.look, made, "prod", scope_of(PIPELINE, table, first, last))


def emails(made: ParityReport) -> SubjectParity:
    return next(subject for subject in made.subjects if subject.name == "emails")


def lines(snapshot: Snapshot, drift: dict[str, Drift] | None = None) -> str:
    seen, made = looked(snapshot, drift)
    scope = scope_of(PIPELINE, None, TODAY - timedelta(days=30), TODAY)
    return "\n".join(parity_table(seen, parity_report(seen.look, made, "prod", scope)))


def short(day: date = OLD) -> Snapshot:
    """Three rows are in no copy since a sync that should have carried them."""
    snapshot = healthy(NOON)
    for place in (RAW, STAGING):
        snapshot = without_rows(snapshot, *place, day, 3)
    snapshot = without_rows(snapshot, "bigquery.counts", "mart.mrt_risk_daily", day, 3)
    return without_rows(snapshot, *INDEX, day, 3)


def test_totals_that_wait_for_a_sync_are_due_though_each_day_is_equal():
    """Rows older than the window: nobody tells whether the last sync should have carried them."""
    snapshot = healthy(NOON)
    counts = snapshot.get("postgres.counts", Counts)
    assert counts is not None
    more = msgspec.structs.replace(counts.series["emails"], rows=50_000)
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": more})
    made = report(snapshot)
    assert {one.name: one.outcome for one in made.subjects}["emails"] is Outcome.due
    assert {one.name: one.outcome for one in made.subjects}["applications"] is Outcome.equal
    assert made.outcome is Outcome.due


def test_a_healthy_pipeline_is_equal():
    made = report(healthy(NOON))
    assert made.outcome is Outcome.equal
    assert [subject.name for subject in made.subjects] == [
        "emails",
        "applications",
        "mrt_parity_drift",
        "mrt_backfill_slo",
    ]
    assert emails(made).days == ()
    assert emails(made).equal_through == TODAY - timedelta(days=1)
    assert emails(made).totals is not None
    assert emails(made).totals.delta_rows == 0
    assert emails(made).within_tolerance is True


def test_a_day_that_should_have_been_carried_is_different():
    made = report(short())
    assert made.outcome is Outcome.different
    (day,) = emails(made).days
    assert (day.day, day.first_loss) == (OLD, StageId.fivetran)
    assert day.states[StageId.fivetran] is State.late
    source, raw = day.counts[StageId.postgres], day.counts[StageId.fivetran]
    assert source is not None and raw is not None
    assert source - raw == 3
    assert emails(made).within_tolerance is True, "±1 % hides three rows; the day does not"


def test_rows_since_the_last_sync_are_due_and_today_is_not_compared_downstream():
    snapshot = without_rows(without_rows(healthy(NOON), *RAW, TODAY, 3), *STAGING, TODAY, 3)
    counts = snapshot.observations["postgres.counts"].value
    assert isinstance(counts, Counts)
    series = counts.series["emails"]
    written = {**series.changed, TODAY: NOON - timedelta(minutes=2)}
    series = msgspec.structs.replace(series, changed=written)
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": series})
    made = report(snapshot)
    assert made.outcome is Outcome.due
    (day,) = emails(made).days
    assert set(day.states) == {StageId.postgres, StageId.fivetran, StageId.bigquery}


def test_a_measure_makes_the_difference_and_carries_both_figures():
    made = report(with_measure(healthy(NOON), INDEX, OLD, "avg_risk", 1.5))
    assert made.outcome is Outcome.different
    (measure,) = emails(made).measures
    assert (measure.stage, measure.day, measure.measure) == (
        StageId.elasticsearch,
        OLD,
        "avg_risk",
    )
    assert measure.found == 1.5
    assert measure.difference_pct is not None and measure.difference_pct > 90
    assert emails(made).unequal_days == 1
    assert emails(made).equal_through == TODAY - timedelta(days=1)


@pytest.mark.parametrize(("found", "share"), [(0.0, "100 %"), (None, "-")])
def test_a_difference_is_written_without_an_exponent_and_an_infinite_one_as_a_dash(
    found: float | None, share: str
):
    said = lines(with_measure(healthy(NOON), INDEX, OLD, "avg_risk", found))
    words = f"index {'null' if found is None else '0'}  {share}  "
    assert any(row.startswith("  10 Nov 2026") and words in row for row in said.splitlines()), said


def test_only_the_asked_table_and_days_count():
    snapshot = short()
    assert report(snapshot, "applications").outcome is Outcome.equal
    assert report(snapshot, "emails", OLD, OLD).outcome is Outcome.different
    before = report(snapshot, "emails", OLD - timedelta(days=3), OLD - timedelta(days=1))
    assert before.outcome is Outcome.equal
    assert emails(before).in_range[StageId.postgres] == emails(before).in_range[StageId.dbt]


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="emails, applications, mrt_parity_drift"):
        scope_of(PIPELINE, "mails", OLD, TODAY)


@pytest.mark.parametrize(
    ("probe", "trouble", "outcome"),
    [
        ("postgres.counts", Trouble.unreachable, Outcome.blind),
        ("postgres.counts", Trouble.denied, Outcome.blind),
        ("postgres.counts", Trouble.off, Outcome.equal),
        ("bigquery.counts", Trouble.unreachable, Outcome.blind),
        ("bigquery.counts", Trouble.off, Outcome.blind),
        ("elasticsearch.counts", Trouble.unreachable, Outcome.blind),
        ("elasticsearch.counts", Trouble.off, Outcome.equal),
    ],
)
def test_equal_is_said_only_of_what_was_seen(probe: str, trouble: Trouble, outcome: Outcome):
    snapshot = with_error(healthy(NOON), probe, trouble, since=NOON - timedelta(minutes=5))
    assert report(snapshot, "emails").outcome is outcome


def test_a_loss_is_different_whatever_else_is_not_seen():
    snapshot = with_error(
        short(), "elasticsearch.counts", Trouble.unreachable, since=NOON - timedelta(minutes=5)
    )
    assert report(snapshot).outcome is Outcome.different


def settled(moment: str = "2026-11-23 08:00") -> Snapshot:
    """A row of an old day that went at 08:30 and from the copy at 09:05, counted before and now."""
    snapshot = healthy(NOON)
    for place in (RAW, STAGING, ("bigquery.counts", "mart.mrt_risk_daily"), INDEX):
        snapshot = without_rows(snapshot, *place, OLD, 1)
    return with_value(
        snapshot, "postgres.counts", settled=date(2026, 11, 20), settled_at=at(moment)
    )


def test_days_that_were_counted_earlier_say_when_and_promise_no_sync():
    made = report(settled())
    assert made.outcome is Outcome.due
    assert (made.settled, made.settled_at) == (date(2026, 11, 20), at("2026-11-23 08:00"))
    said = lines(settled())
    assert said.startswith("DUE  what differs was counted before the last sync, or comes with the")
    words = "source days before 20 Nov as counted 08:00Z"
    assert f"\n{words}; --fresh counts them again\n" in said
    seen, _ = looked(settled())
    rows = {row.key: row.text for row in panel(seen, "parity").rows}
    assert rows["parity.settled"].strip() == words
    assert report(healthy(NOON)).settled is None
    assert words not in lines(healthy(NOON))


def test_a_table_that_could_not_be_counted_is_not_called_equal():
    snapshot = healthy(NOON)
    counts = snapshot.observations["postgres.counts"].value
    assert isinstance(counts, Counts)
    snapshot = with_value(
        snapshot,
        "postgres.counts",
        series={"applications": counts.series["applications"]},
        failed={"emails": "57014 canceling statement due to statement timeout"},
    )
    made = report(snapshot)
    assert {subject.name: subject.outcome for subject in made.subjects}["emails"] is Outcome.blind
    assert made.outcome is Outcome.blind
    assert "emails: 57014 canceling statement" in lines(snapshot)


ABSENT = {
    "emails": "postgres.counts",
    "raw.emails": "bigquery.counts",
    "staging.emails": "bigquery.counts",
    "mart.mrt_risk_daily": "bigquery.counts",
    "index.mrt_risk_daily": "elasticsearch.counts",
}


def absent(key: str) -> Snapshot:
    """A service says that a table, mart or index of its is not there."""
    probe = ABSENT[key]
    counts = healthy(NOON).observations[probe].value
    assert isinstance(counts, Counts)
    series = {name: one for name, one in counts.series.items() if name != key}
    return with_value(healthy(NOON), probe, series=series, missing={key: "Not found: Table"})


@pytest.mark.parametrize("key", ABSENT)
def test_what_does_not_exist_is_different_and_said_first(key: str):
    made = report(absent(key))
    assert {one.name: one.outcome for one in made.subjects} == {
        "emails": Outcome.different,
        "applications": Outcome.equal,
        "mrt_parity_drift": Outcome.equal,
        "mrt_backfill_slo": Outcome.equal,
    }
    assert emails(made).missing == (key,)
    assert made.outcome is Outcome.different
    said = lines(absent(key))
    name = key if "." in key else f"source table {key}"
    assert said.startswith(f"DIFFERENT  {name} is missing; 24 Oct to")
    assert f"✗ {key}: Not found: Table" in said
    _, looked_at = looked(absent(key))
    assert looked_at.verdict.state in (VerdictState.broken, VerdictState.late)


def test_an_ops_table_that_was_never_made_is_no_difference():
    never = with_value(
        healthy(NOON), "bigquery.counts", missing={"ops.ops_parity_checks": "Not found: Table"}
    )
    never = with_value(
        never, "elasticsearch.counts", missing={"index.mrt_parity_drift": "no such index"}
    )
    assert report(never).outcome is Outcome.equal
    assert looked(never)[1].findings == ()


@pytest.mark.parametrize(
    ("probe", "series"),
    [
        ("bigquery.counts", "staging.emails"),
        ("bigquery.counts", "mart.mrt_risk_daily"),
        ("elasticsearch.counts", "index.mrt_risk_daily"),
    ],
)
def test_a_measure_that_could_not_be_read_is_not_called_equal(probe: str, series: str):
    key = f"{series}.avg_risk"
    snapshot = with_value(healthy(NOON), probe, unmeasured={key: "Unrecognized name: risk"})
    made = report(snapshot)
    assert {one.name: one.outcome for one in made.subjects}["emails"] is Outcome.blind
    assert {one.name: one.outcome for one in made.subjects}["applications"] is Outcome.equal
    assert emails(made).unmeasured == (key,)
    said = lines(snapshot)
    assert said.startswith("BLIND  what was seen is equal; a side or measure could not be read;")
    assert "staging = mart = index to 22 Nov, but for avg_risk" in said
    assert "measures included" not in said


def test_the_lines_say_what_the_figures_say():
    said = lines(short())
    assert said.startswith("DIFFERENT  something should have been carried and was not; 24 Oct to")
    assert "10 Nov 2026" in said
    assert "late at raw" in said
    assert "staging = mart = index to 22 Nov, measures included" in said
    assert "within ±1 %" in said
    assert max(map(len, said.splitlines())) <= 100


def test_its_totals_are_the_panels():
    snapshot = short()
    seen, _ = looked(snapshot)
    rows = {row.key: row.text.strip() for row in panel(seen, "parity").rows}
    said = lines(snapshot)
    for key in ("parity.emails", "parity.applications", "parity.latest.emails", "parity.totals"):
        assert rows[key] in said, key


def test_a_measure_stands_with_both_figures_in_the_panel_and_in_the_lines():
    snapshot = with_measure(healthy(NOON), STAGING, OLD, "avg_risk", 50.0)
    seen, _ = looked(snapshot)
    (row,) = [row for row in panel(seen, "parity").rows if row.key.startswith("parity.measure.")]
    assert "10 Nov" in row.text and "avg_risk staging 50, mart 3" in row.text
    assert row.text.endswith("broken")
    assert "avg_risk  staging 50, mart 3" in lines(snapshot)


def test_a_source_that_was_emptied_is_not_a_million_percent():
    snapshot = healthy(NOON)
    counts = snapshot.observations["postgres.counts"].value
    assert isinstance(counts, Counts)
    series = msgspec.structs.replace(counts.series["emails"], rows=0)
    said = lines(
        with_value(snapshot, "postgres.counts", series={**counts.series, "emails": series})
    )
    assert "totals OUTSIDE ±1 %: emails >999 %, applications 0.00 %" in said
    assert "00.00" not in said


def test_the_history_says_what_is_usual():
    drift = {"emails": Drift(120, at("2026-11-23 03:10"), 14, 300)}
    said = lines(healthy(NOON), drift)
    assert "emails        last 24 h: Δ at most 120 at 03:10Z, usual 14" in said
    seen, _ = looked(healthy(NOON), drift)
    rows = [row.text for row in panel(seen, "parity").rows]
    assert any("Δ at most 120 at 03:10Z, usual 14" in row for row in rows)


def test_a_quiet_source_is_a_note_and_no_state():
    snapshot = healthy(NOON)
    counts = snapshot.observations["postgres.counts"].value
    assert isinstance(counts, Counts)
    series = msgspec.structs.replace(
        counts.series["emails"], latest=NOON - timedelta(hours=16), gap=3 * 3600.0
    )
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": series})
    seen, made = looked(snapshot)
    assert made.findings == ()
    rows = [row.text for row in panel(seen, "parity").rows]
    assert "  emails: no new row for 16h00; longest gap in 14 days: 3h00" in rows
    assert emails(report(snapshot)).quiet_s == 16 * 3600
    lively = msgspec.structs.replace(series, latest=NOON - timedelta(hours=3))
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": lively})
    assert emails(report(snapshot)).quiet_s is None, "as long as its longest gap is no news"
