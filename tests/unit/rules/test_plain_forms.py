"""What is walked once for a whole year is what each day says by itself."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from altui.core.model.days import day_of, days_between, start_of
from altui.core.model.health import Cell, State, TraceRow
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Filter
from altui.core.rules.look import Look
from altui.core.rules.reach import days_seen, hiding, range_shows
from altui.core.rules.schedule import due_times
from altui.core.rules.trace import LOST, Column, subjects, trace
from tests.world import at, healthy, with_error, with_value

NOON = at("2026-11-23 12:00")
DAYS = tuple(days_between(date(2026, 11, 14), date(2026, 11, 23)))
COUNTED = ("postgres.counts", "bigquery.counts", "elasticsearch.counts")
COUNTS = some.dictionaries(some.sampled_from(DAYS), some.integers(0, 2))
"""So few figures that neighbours agree, lack a day, hold none or differ, all of them often."""


def looked(snapshot: Snapshot) -> Look:
    return Look(snapshot.answered(), Pipeline(), NOON, due_times(Pipeline(), None, None, NOON))


@some.composite
def worlds(draw: some.DrawFn) -> Look:
    """A pipeline whose days hold anything, and of which a service may be unseen."""
    snapshot = healthy(NOON, days=len(DAYS) - 1)
    for probe in COUNTED:
        counts = snapshot.get(probe, Counts)
        assert counts is not None
        series = {name: replace(one, by_day=draw(COUNTS)) for name, one in counts.series.items()}
        snapshot = with_value(snapshot, probe, series=series)
    if draw(some.booleans()):
        blind = draw(some.sampled_from((*COUNTED, "kibana.status", "github.runs")))
        trouble = draw(some.sampled_from((Trouble.unreachable, Trouble.denied, Trouble.off)))
        snapshot = with_error(snapshot, blind, trouble, since=NOON - timedelta(hours=1))
    return looked(snapshot)


def plain_row(table: str, day: date, columns: tuple[Column, ...]) -> TraceRow:
    """Stage by stage: equal to what was counted before it, or as its judge says."""
    row = TraceRow(day, table, {})
    upstream = None
    for column in columns:
        if column.by_day is None:
            row.cells[column.stage] = Cell(None, column.blind)
            continue
        count = column.by_day.get(day, column.empty)
        if count is None and upstream == 0:
            row.cells[column.stage] = Cell(None, State.off)
            continue
        differs = upstream is not None and count != upstream
        state = column.judge(day, upstream or 0, count) if differs else State.ok
        row.cells[column.stage] = Cell(count, state)
        if state in LOST and row.first_loss is None:
            row = replace(row, first_loss=column.stage)
        upstream = count
    return row


@given(worlds())
def test_the_trace_is_the_plain_walk_of_every_day(look: Look):
    counted = [side.start for side in (look.source, look.warehouse, look.documents) if side]
    first = max(counted, default=look.today - timedelta(days=look.pipeline.window_days))
    days = tuple(days_between(first, look.today))[::-1]
    plain = [plain_row(name, day, columns) for name, columns in subjects(look) for day in days]
    assert list(trace(look)) == plain


MOMENTS = some.datetimes(
    datetime(2026, 11, 12), datetime(2026, 11, 25), timezones=some.just(UTC)
) | some.sampled_from(DAYS).map(start_of)


@given(MOMENTS, MOMENTS, some.none() | MOMENTS, some.booleans())
def test_days_seen_are_those_seen_one_by_one(
    begin: datetime, end: datetime, hidden: datetime | None, negated: bool
):
    bounds = {"time_from": begin.isoformat(), "time_to": end.isoformat()}
    snapshot = with_value(healthy(NOON), "kibana.status", **bounds)
    if hidden:
        saved = Filter("f", "d", begin.isoformat(), hidden.isoformat(), negated=negated)
        snapshot = with_value(snapshot, "kibana.status", filters=(saved,))
    look = looked(snapshot)
    seen = {day for day in DAYS if range_shows(look, day) and not hiding(look, day)}
    assert days_seen(look, DAYS) == seen


@given(some.dates(), some.integers(-3, 400))
def test_days_between_follow_each_other(first: date, count: int):
    last = min(first.toordinal() + count, date.max.toordinal())
    days = list(days_between(first, date.fromordinal(max(last, 1))))
    assert len(days) == max(last - first.toordinal() + 1, 0)
    assert all(day_of(start_of(day)) == day for day in days)
    assert days == sorted(set(days))
    assert days[:1] == ([first] if days else [])
