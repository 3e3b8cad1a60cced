"""Totals: late once a sync left behind what the source held before it, at no minute before."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from altui.core.model.health import Assessment
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_error, with_value

MINUTE = timedelta(minutes=1)
Moments = tuple[tuple[str, int], ...]
"""From a clock on, a side has so many rows that are older than the traced days."""
ROWS = 50_000


def moment(clock: str) -> datetime:
    return at(f"2026-11-23 {clock}")


def held(steps: Moments, now: datetime) -> int:
    """The rows of a side by then."""
    return ROWS + next((more for clock, more in steps[::-1] if moment(clock) <= now), 0)


def look(now: datetime, source: Moments, copy: Moments, *, settled: str = "") -> Snapshot:
    """The source is counted at every quarter of an hour, its settled days then or at a moment."""
    snapshot = healthy(now)
    counted = now - timedelta(minutes=now.minute % 15)
    for probe, name, rows in (
        ("postgres.counts", "emails", held(source, moment(settled) if settled else counted)),
        ("bigquery.counts", "raw.emails", held(copy, now)),
    ):
        counts = snapshot.get(probe, Counts)
        assert counts is not None
        series = {**counts.series, name: replace(counts.series[name], rows=rows)}
        snapshot = with_value(snapshot, probe, series=series)
    if settled:
        first = now.date() - timedelta(days=3)
        changes = {"settled": first, "settled_at": moment(settled)}
        snapshot = with_value(snapshot, "postgres.counts", **changes)
    seen = snapshot.observations
    read = replace(seen["postgres.counts"], at=counted)
    return Snapshot(now, seen | {"postgres.counts": read})


def judged(snapshot: Snapshot, before: Assessment | None) -> Assessment:
    return assess(snapshot, Pipeline(), snapshot.at, before)


def late(source: Moments, copy: Moments, until: str, settled: str = "") -> list[str]:
    """The minutes from 10:00 on at which it turns late, and at which it is well again."""
    now, before = moment("10:00"), None
    states: list[tuple[str, bool]] = [("", False)]
    while now <= moment(until):
        before = judged(look(now, source, copy, settled=settled), before)
        found = any(one.check == "parity.total" for one in before.findings)
        states.append((f"{now:%H:%M}", found))
        now += MINUTE
    return [clock for (_, old), (clock, new) in pairwise(states) if old != new]


INSERTED = (("10:20", 5_000),)


def test_older_rows_that_the_next_sync_carries_are_never_late():
    assert late(INSERTED, (("11:06", 5_000),), "13:30") == []


def test_older_rows_that_the_next_sync_leaves_behind_are_late_once_both_sides_were_counted():
    """The sync of 11:05:40 should have had them; the source is counted again at 11:15."""
    assert late(INSERTED, (), "13:30") == ["11:15"]


def test_rows_that_come_just_before_a_sync_begins_are_left_to_the_next_one():
    assert late((("11:02", 5_000),), (("12:06", 5_000),), "13:30") == []


def test_a_load_of_older_rows_that_goes_on_for_hours_is_not_late_while_each_sync_carries_its_part():
    """1,000 rows a quarter of an hour; each sync brings what there was at its beginning."""
    clocks = [f"{hour}:{minute:02}" for hour in range(10, 14) for minute in (0, 15, 30, 45)]
    source = tuple((clock, 1_000 * count) for count, clock in enumerate(clocks))
    copy = tuple(
        (f"{hour}:06", held(source, moment(f"{hour}:05")) - ROWS) for hour in range(10, 14)
    )
    assert late(source, copy, "13:55") == []
    assert late(source, copy[:2], "13:55") == ["12:15"]


def test_old_rows_that_go_are_late_when_the_copy_keeps_them():
    gone = (("10:20", -5_000),)
    assert late(gone, (("11:06", -5_000),), "13:30") == []
    assert late(gone, (), "13:30") == ["11:15"]


def test_old_rows_that_went_after_their_days_were_settled_are_not_missed_in_the_copy():
    """They went at 10:20; the source counts its settled days of 10:00 anew at 13:50."""
    gone = (("10:20", -5_000),)
    assert late(gone, (("11:06", -5_000),), "13:30", settled="10:00") == []
    assert late((), (("11:06", 5_000),), "13:30", settled="10:00") == ["12:15"]


def test_what_is_late_is_well_when_a_later_sync_brings_it():
    assert late(INSERTED, (("12:06", 5_000),), "13:30") == ["11:15", "12:06"]


@pytest.mark.parametrize("probe", ["postgres.counts", "bigquery.counts"])
def test_counts_that_fail_for_a_while_do_not_excuse_what_was_seen_before(probe: str):
    first = judged(look(moment("10:30"), INSERTED, ()), None)
    blind = with_error(
        look(moment("11:30"), INSERTED, ()), probe, Trouble.unreachable, since=moment("11:29")
    )
    after = judged(look(moment("11:31"), INSERTED, ()), judged(blind, first))
    assert [one.check for one in after.findings] == ["parity.total"]
