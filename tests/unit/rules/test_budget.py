"""A spent byte budget: the last exact counts stand for a while, and are then unknown, never ok."""

from datetime import datetime, timedelta

import msgspec
import pytest

from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import TableMeta, Warehouse
from altui.core.present.panels import panel
from altui.core.present.rows import Tone
from altui.core.present.view import Facts, view
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_value, without_rows

NOON = at("2026-11-23 12:00")
WORDS = "today's 10 GiB are spent, next at 00:00Z"


def spent(snapshot: Snapshot, counted_at: datetime) -> Snapshot:
    """The exact counts are those of `counted_at`; since then the budget is spent."""
    seen = snapshot.observations["bigquery.counts"]
    error = ProbeError(Trouble.budget, WORDS, "bigquery.counts")
    seen = msgspec.structs.replace(
        seen,
        at=counted_at,
        error=error,
        tried_at=snapshot.at,
        next_try=snapshot.at + timedelta(minutes=15),
        failures=3,
        failing_since=counted_at + timedelta(minutes=15),
    )
    return Snapshot(snapshot.at, {**snapshot.observations, "bigquery.counts": seen})


def judged(snapshot: Snapshot, before: Assessment | None = None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def built(snapshot: Snapshot, moment: datetime) -> Snapshot:
    meta = TableMeta(1, 1, moment)
    return with_value(snapshot, "bigquery.tables", tables={"applylens_marts.mrt_risk_daily": meta})


def test_counts_of_today_stand():
    result = judged(spent(healthy(NOON), NOON - timedelta(hours=2)))
    assert result.findings == ()
    assert result.stages[StageId.dbt].state is State.ok
    assert result.verdict.state is VerdictState.ok
    assert "Unseen" not in result.verdict.headline
    row = next(row for row in result.trace if row.day == NOON.date() - timedelta(days=1))
    assert row.cells[StageId.dbt].count is not None


@pytest.mark.parametrize(
    ("now", "counted_at", "why"),
    [
        ("2026-11-23 00:00", "2026-11-22 23:59", "a day has ended since"),
        ("2026-11-23 12:00", "2026-11-23 03:43", "a mart was built since"),
    ],
)
def test_they_are_unknown_once_what_they_would_have_to_show_came_after_them(
    now: str, counted_at: str, why: str
):
    snapshot = built(spent(healthy(at(now)), at(counted_at)), at("2026-11-23 03:43:01"))
    if at(now).hour == 0:
        snapshot = built(snapshot, at("2026-11-22 03:43"))
    result = judged(snapshot)
    (finding,) = [item for item in result.findings if item.check == "bigquery.spent"]
    assert finding.state is State.unknown, why
    assert finding.subject == "BigQuery is over the day's byte budget (counts)"
    assert WORDS in finding.evidence[0].words
    assert result.stages[StageId.bigquery].state is State.unknown
    assert result.stages[StageId.dbt].state is State.unknown
    row = next(row for row in result.trace if row.table == "emails")
    assert row.cells[StageId.dbt].count is None
    assert not any(item.check.startswith("parity.") for item in result.findings)


def test_never_counted_is_unknown():
    snapshot = spent(healthy(NOON), NOON)
    seen: Observation = snapshot.observations["bigquery.counts"]
    never = msgspec.structs.replace(seen, value=None, at=None)
    result = judged(Snapshot(NOON, {**snapshot.observations, "bigquery.counts": never}))
    assert [item.check for item in result.findings] == ["bigquery.spent"]


def test_a_sync_since_then_neither_heals_a_known_loss_nor_makes_one():
    day = NOON.date() - timedelta(days=13)
    short = without_rows(healthy(NOON), "bigquery.counts", "raw.emails", day, 3)
    short = without_rows(short, "bigquery.counts", "staging.emails", day, 3)
    short = without_rows(short, "bigquery.counts", "mart.mrt_risk_daily", day, 3)
    short = without_rows(short, "elasticsearch.counts", "index.mrt_risk_daily", day, 3)
    before = judged(short)
    assert [item.check for item in before.findings] == ["parity.raw"]
    later = NOON + timedelta(hours=1, minutes=10)  # a sync has ended since; nothing was counted
    world = healthy(later)
    for probe in ("postgres.counts", "bigquery.counts", "elasticsearch.counts"):
        world = Snapshot(later, {**world.observations, probe: short.observations[probe]})
    world = spent(world, NOON)
    after = judged(world, before)
    assert [item.check for item in after.findings] == ["parity.raw"]
    assert after.findings[0].since == before.findings[0].since
    fresh = judged(world)  # nothing known before: not seen is not lost
    assert fresh.findings == ()
    row = next(row for row in fresh.trace if row.day == day)
    assert row.cells[StageId.fivetran].state is State.due


def test_the_panel_says_so_in_words_and_labels_what_is_free():
    snapshot = spent(healthy(NOON), at("2026-11-23 10:05"))
    tables = {
        "applylens.public_emails": TableMeta(60_376, 1, NOON),
        "applylens.public_applications": TableMeta(8_226, 1, NOON),
    }
    known = snapshot.observations["bigquery.tables"].value
    assert isinstance(known, Warehouse)
    snapshot = with_value(snapshot, "bigquery.tables", tables={**known.tables, **tables})
    made = judged(snapshot)
    shown = panel(view(snapshot, made, Pipeline(), NOON, Facts("prod")), "parity")
    rows = {row.key: row for row in shown.rows}
    assert rows["parity.spent"].text == f"exact counts of 10:05Z; {WORDS}"
    assert rows["parity.metadata"].text == (
        "  metadata of 12:00Z, soft-deleted rows included: emails 60,376, applications 8,226"
    )
    assert {part.tone for part in rows["parity.emails"].segments} == {Tone.dim}, "last-known"
    assert shown.state is State.ok, "metadata never sets a state"


def test_what_is_too_old_is_said_to_be():
    snapshot = built(spent(healthy(NOON), at("2026-11-23 03:43")), at("2026-11-23 03:44"))
    shown = panel(view(snapshot, judged(snapshot), Pipeline(), NOON, Facts("prod")), "parity")
    row = next(row for row in shown.rows if row.key == "parity.spent")
    assert row.text == f"exact counts of 03:43Z, too old to judge by; {WORDS}"
    assert shown.state is State.unknown
