"""What a recount makes of the last full count; the statements are tested on the living engine."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Series
from altui.core.queries.query import Query
from altui.services.postgres_session import FULL_FOR, Full, Session, recounted, series_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START = date(2026, 8, 25)
OLD, TODAY = date(2026, 11, 2), NOW.date()
EMAILS = Pipeline().tables[0]
WRITTEN = datetime(2026, 11, 23, 11, 50, tzinfo=UTC)


def full(read: float | None = None, **changes: Any) -> Full:
    series = Series(
        rows=1000,
        latest=WRITTEN,
        by_day={OLD: 100, TODAY: 50},
        changed={OLD: datetime(2026, 11, 2, 22, tzinfo=UTC), TODAY: WRITTEN},
        gap=3600.0,
        older={OLD: 100, TODAY: 40},
    )
    series = Series(**{name: getattr(series, name) for name in series.__struct_fields__} | changes)
    counts = Counts(START, {"emails": series}, "SELECT 1")
    return Full(counts, NOW, time.monotonic() if read is None else read)


class Answers(Session):
    """Answers of PostgreSQL: days that were touched, then the rows of the recount."""

    def __init__(self, touched: list[Any], rows: list[Any]) -> None:
        self._answers = [touched, rows]
        self.asked: list[str] = []

    async def rows(self, query: Query, share: int = 1) -> list[Any]:
        self.asked.append(query.text)
        return self._answers.pop(0)


def row(day: date, n: int, at: datetime) -> tuple[Any, ...]:
    return ("emails", day, n, at, at, None, n - 3)


async def test_the_newest_days_replace_those_of_the_full_count():
    later = NOW + timedelta(minutes=14)
    session = Answers([], [row(TODAY, 53, later)])
    seen = await recounted(session, full(), [EMAILS], START)
    assert seen is not None
    series = seen.series["emails"]
    assert (series.rows, series.by_day) == (1003, {OLD: 100, TODAY: 53})
    assert (series.latest, series.changed[TODAY], series.gap) == (later, later, 3600.0)
    assert series.older == {OLD: 100, TODAY: 50}
    assert (seen.settled, seen.settled_at) == (date(2026, 11, 20), NOW)
    assert seen.counted_at(OLD, later) == NOW
    assert seen.counted_at(TODAY, later) == later


async def test_a_settled_day_with_a_row_written_since_is_counted_again():
    session = Answers([("emails", OLD)], [row(OLD, 99, NOW), row(TODAY, 50, WRITTEN)])
    seen = await recounted(session, full(), [EMAILS], START)
    assert seen is not None
    assert (seen.series["emails"].rows, seen.series["emails"].by_day[OLD]) == (999, 99)
    touched, recount = session.asked
    assert "2026-11-23T11:40:00+00:00" in touched, "ten minutes before the newest write counted"
    assert "DATE '2026-11-02'" in recount


async def test_a_row_older_than_the_window_needs_a_full_count():
    session = Answers([("emails", START - timedelta(days=1))], [])
    assert await recounted(session, full(), [EMAILS], START) is None


async def test_the_newest_row_is_gone_and_only_a_full_count_knows_the_one_before():
    assert await recounted(Answers([], []), full(), [EMAILS], START) is None


async def test_the_newest_row_of_a_quiet_source_stays_known():
    quiet = datetime(2026, 11, 2, 22, tzinfo=UTC)
    seen = await recounted(Answers([], []), full(latest=quiet), [EMAILS], START)
    assert seen is not None
    assert seen.series["emails"].latest == quiet


def test_a_full_count_serves_while_it_is_recent_and_holds_what_is_asked():
    assert full().serves([EMAILS], START)
    assert full().serves([EMAILS], START + timedelta(days=1)), "a day has passed"
    assert not full().serves([EMAILS], START - timedelta(days=1))
    assert not full().serves(list(Pipeline().tables), START), "a table has come"
    assert not full(time.monotonic() - FULL_FOR - 1).serves([EMAILS], START)


def test_a_write_dated_in_the_future_hides_none_of_the_present():
    odd = full(changed={TODAY: WRITTEN, OLD: datetime(2099, 1, 1, tzinfo=UTC)})
    assert odd.since(EMAILS) == WRITTEN - timedelta(minutes=10)


@pytest.mark.parametrize("value", [date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=UTC)])
def test_a_date_column_stands_as_its_midnight(value: Any):
    series = series_of(EMAILS, [("emails", TODAY, 3, value, value, 7.5, None)])
    assert series.latest == series.changed[TODAY] == datetime(2026, 11, 23, tzinfo=UTC)
    assert (series.rows, series.gap) == (3, 7.5)
