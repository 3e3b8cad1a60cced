"""What the nightly build owes: days without a row, and days that no nightly makes anew."""

from datetime import date, timedelta

import pytest

from altui.core.model.health import StageId, State
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess
from altui.core.rules.look import Look
from altui.core.rules.owed import empty_day
from altui.core.rules.schedule import due_times
from tests.world import at, healthy, without_rows

NOON = at("2026-11-23 12:00")
PIPELINE = Pipeline()
EMAILS = PIPELINE.tables[0]
DAY, YESTERDAY = date(2026, 11, 10), date(2026, 11, 22)
SIDES = (
    ("postgres.counts", "emails"),
    ("bigquery.counts", "raw.emails"),
    ("bigquery.counts", "staging.emails"),
)
COPIES = (
    ("bigquery.counts", "mart.mrt_risk_daily"),
    ("elasticsearch.counts", "index.mrt_risk_daily"),
)


def without(day: date, *places: tuple[str, str]) -> Snapshot:
    """A day of which these sides hold no row."""
    snapshot = healthy(NOON)
    for place in places:
        snapshot = without_rows(snapshot, *place, day, None)
    return snapshot


def look_at(snapshot: Snapshot) -> Look:
    return Look(snapshot, PIPELINE, NOON, due_times(PIPELINE, None, None, NOON))


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
def test_a_day_is_empty_only_where_no_side_that_was_counted_holds_a_row(day: date):
    assert empty_day(look_at(without(day, *SIDES)), EMAILS, day)
    for held in SIDES:
        some = [side for side in SIDES if side is not held]
        assert not empty_day(look_at(without(day, *some)), EMAILS, day), held


def test_nothing_is_empty_that_was_not_counted():
    snapshot = without(DAY, *SIDES)
    before = NOON.date() - timedelta(days=31)
    assert not empty_day(look_at(snapshot), EMAILS, before), "before the window"
    assert not empty_day(look_at(Snapshot(NOON, {})), EMAILS, DAY)
    source = {"postgres.counts": snapshot.observations["postgres.counts"]}
    assert empty_day(look_at(Snapshot(NOON, source)), EMAILS, DAY), "the source alone says so"


@pytest.mark.parametrize("day", [DAY, YESTERDAY])
def test_mart_and_index_cannot_hold_a_day_without_rows(day: date):
    result = assess(without(day, *SIDES, *COPIES), PIPELINE, NOON)
    row = next(row for row in result.trace if (row.table, row.day) == ("emails", day))
    assert row.cells[StageId.bigquery].count == 0
    for stage in (StageId.dbt, StageId.elasticsearch, StageId.kibana):
        assert row.cells[stage].state is State.off, stage
        assert row.cells[stage].count is None
    assert row.first_loss is None
