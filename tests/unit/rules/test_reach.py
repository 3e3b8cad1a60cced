"""Which days the dashboard shows a reader, and under which date."""

from datetime import date

import msgspec
import pytest

from altui.core.model.health import StageId, State
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import DataView, Filter, Kibana, Preferences
from altui.core.rules.assess import assess
from altui.core.rules.reach import reach, shown_as, shows_nothing, zone_of
from tests.unit.rules.cases.bend import NOON, YESTERDAY, kibana

SHOWN = kibana().get("kibana.status", Kibana)
assert SHOWN is not None


def bent(**changes: object) -> Kibana:
    assert SHOWN is not None
    return msgspec.structs.replace(SHOWN, **changes)


def seen_in_trace(snapshot: Snapshot) -> tuple[int | None, State]:
    result = assess(snapshot, Pipeline(), NOON, None)
    row = next(row for row in result.trace if row.day == YESTERDAY and row.table == "emails")
    cell = row.cells[StageId.kibana]
    return cell.count, cell.state


def test_whose_range_a_reader_meets():
    own, default = reach(bent()), reach(bent(time_restore=False))
    assert own and (own.begin, own.end, own.whose) == ("now-90d", "now", "its range")
    assert default and (default.begin, default.end) == ("now-15m", "now")
    assert reach(bent(time_restore=False, preferences=None)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (143, State.ok)),
        ({"time_from": "now-24h"}, (None, State.broken)),
        ({"filters": (Filter("old", "d", None, "2026-03-01"),)}, (None, State.broken)),
        ({"filters": (Filter("other", "emails", "3", "4"),)}, (143, State.ok)),
        ({"time_from": "nonsense"}, (None, State.unknown)),
        ({"time_restore": False, "preferences": None}, (None, State.unknown)),
        ({"dashboard": None, "unseen": {"dashboard": "403"}}, (None, State.unknown)),
    ],
)
def test_the_readers_cell_of_a_day(changes: dict[str, object], expected: object):
    assert seen_in_trace(kibana(**changes)) == expected


@pytest.mark.parametrize(
    ("one", "hidden"),
    [
        (Filter("x", "d", "2026-11-22", None), False),
        (Filter("x", "d", "2026-11-22T00:00:00.001Z", None), True),
        (Filter("x", "d", None, "2026-11-22"), False),
        (Filter("x", "d", None, "2026-11-22", end_is_in=False), True),
        (Filter("x", "d", None, "2026-11-22", negated=True), True),
        (Filter("x", "d", "2026-11-23", None, negated=True), False),
        (Filter("x", "d", "soon", "later"), False),
        (Filter("x", "d"), False),
    ],
)
def test_filters_on_the_day(one: Filter, hidden: bool):
    result = assess(kibana(filters=(one,)), Pipeline(), NOON, None)
    assert any(found.check == "kibana.filter" for found in result.findings) is hidden


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Browser", YESTERDAY),
        ("UTC", YESTERDAY),
        ("Asia/Tokyo", YESTERDAY),
        ("Europe/London", YESTERDAY),
        ("America/New_York", date(2026, 11, 21)),
        ("Atlantic/Azores", date(2026, 11, 21)),
        ("Middle/Earth", YESTERDAY),
        ("../../etc/passwd", YESTERDAY),
    ],
)
def test_the_date_that_kibana_shows(zone: str, expected: date):
    assert shown_as(bent(preferences=Preferences(zone)), YESTERDAY) == expected


def test_a_zone_that_is_not_known_here_is_no_zone():
    assert zone_of(bent(preferences=Preferences("Middle/Earth"))) is None
    assert zone_of(bent(preferences=None)) is None


def test_a_dashboard_without_any_data_view_shows_nothing():
    assert shows_nothing(bent(dashboard=None))
    assert shows_nothing(bent(data_views=()))
    assert shows_nothing(bent(data_views=(DataView("dv", "x", "d", {}, empty=True),)))
    assert not shows_nothing(bent())
    assert not shows_nothing(bent(data_views=(), unseen={"data views": "403"}))


def test_an_ok_does_not_reach_farther_than_what_was_seen():
    assert "complete to the dashboard" in assess(kibana(), Pipeline(), NOON, None).verdict.headline
    denied = kibana(dashboard=None, references=(), uses=(), unseen={"dashboard": "403 Forbidden"})
    assert "complete to the index" in assess(denied, Pipeline(), NOON, None).verdict.headline
