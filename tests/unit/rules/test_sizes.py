"""What indices take: a figure an index and day."""

from datetime import date, timedelta

from altui.core.model.history import Size
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Index
from altui.core.rules.sizes import by_index, sizes_of
from tests.world import at, healthy, with_error, with_value

NOON = at("2026-11-23 12:00")
TODAY = NOON.date()
CLUSTER = "elasticsearch.cluster"


def index(name: str, count: int, *aliases: str) -> Index:
    return Index(name, "green", "open", 1, count, aliases=aliases)


def test_what_lies_behind_one_name_is_one_figure():
    name = "analytics_applylens_risk_daily"
    indices = {
        one.name: one for one in (index("new", 40, name), index("old", 2, name), index("other", 99))
    }
    snapshot = with_value(healthy(NOON), CLUSTER, indices=indices, prefix="analytics_applylens")
    assert [*sizes_of(snapshot, Pipeline())] == [Size(TODAY, "risk_daily", 42)]


def test_nothing_is_kept_of_a_cluster_that_does_not_answer():
    snapshot = with_error(healthy(NOON), CLUSTER, Trouble.unreachable, since=NOON)
    assert [*sizes_of(snapshot, Pipeline())] == []


def test_by_index_and_day():
    before = TODAY - timedelta(days=1)
    sizes = [Size(before, "a", 1), Size(TODAY, "a", 2), Size(TODAY, "b", 3)]
    assert by_index(sizes) == {"a": {before: 1, TODAY: 2}, "b": {date(2026, 11, 23): 3}}
