"""Figures and times that cannot be are refused; rows may hold any day, and fool nobody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from altui.core.model.observed import Snapshot
from altui.core.model.odd import odd
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Cluster, Connection, Counts, Runs, Warehouse
from altui.core.present.view import Facts, view
from altui.core.rules.assess import assess
from tests.drawing import drawn, unfit
from tests.hostile import NOON
from tests.world import healthy, with_value

WORLD = healthy(NOON, days=5)
CONNECTION = WORLD.get("fivetran.connection", Connection)
RUNS = WORLD.get("github.runs", Runs)
TABLES = WORLD.get("bigquery.tables", Warehouse)
CLUSTER = WORLD.get("elasticsearch.cluster", Cluster)
SOURCE = WORLD.get("postgres.counts", Counts)
assert CONNECTION and RUNS and TABLES and CLUSTER and SOURCE
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def test_a_healthy_pipeline_has_nothing_odd():
    assert [odd(seen.value, NOON) for seen in WORLD.observations.values() if seen.value] == [
        ""
    ] * len(WORLD.observations)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (replace(CONNECTION, succeeded_at=LAST), "succeeded_at 9999"),
        (replace(CONNECTION, succeeded_at=NOON + timedelta(days=3)), "succeeded_at 2026-11-26"),
        (replace(CONNECTION, failed_at=FIRST), "failed_at 0001"),
        (replace(CONNECTION, sync_frequency=10**30), "sync_frequency 1e+30"),
        (replace(RUNS, runs=(replace(RUNS.runs[0], updated_at=LAST),)), "updated_at 9999"),
        (replace(TABLES, tables={"t": replace(TABLES.tables.popitem()[1], bytes=-(2**60))}), "byt"),
        (replace(CLUSTER, nodes=2**53 + 1), "nodes 9.01e+15"),
    ],
)
def test_what_cannot_be(reading: Any, words: str):
    assert odd(reading, NOON).startswith(words)
    assert odd(reading, NOON).endswith("cannot be")


def test_a_clock_a_little_ahead_is_no_reason():
    assert odd(replace(CONNECTION, rescheduled_for=NOON + timedelta(hours=40)), NOON) == ""


@pytest.mark.parametrize("moment", [FIRST, LAST, NOON + timedelta(days=9000)])
@pytest.mark.parametrize("probe", ["postgres.counts", "bigquery.counts", "elasticsearch.counts"])
def test_rows_of_any_day_are_data_and_stop_no_rule(probe: str, moment: datetime):
    counts = WORLD.get(probe, Counts)
    assert counts is not None
    series = {
        key: replace(
            one,
            latest=moment,
            synced=moment,
            by_day={**one.by_day, moment.date(): 1},
            changed={**dict.fromkeys(one.by_day, moment), moment.date(): moment},
        )
        for key, one in counts.series.items()
    }
    snapshot = with_value(WORLD, probe, series=series)
    value = snapshot.observations[probe].value
    assert value is not None
    assert odd(value, NOON) == ""
    assessment = assess(snapshot, Pipeline(), NOON)
    lines = drawn(view(snapshot, assessment, Pipeline(), NOON, Facts("p")), 80, 24)
    assert not any(unfit(line.text, 80) for line in lines)


@pytest.mark.parametrize("figure", [0, -1, 2**53, -(2**53)])
def test_whole_figures_of_any_size_stop_no_rule(figure: int):
    snapshot = WORLD
    for probe in ("postgres.counts", "bigquery.counts", "elasticsearch.counts"):
        counts = WORLD.get(probe, Counts)
        assert counts is not None
        series = {
            key: replace(
                one, rows=figure, physical=figure, by_day=dict.fromkeys(one.by_day, figure)
            )
            for key, one in counts.series.items()
        }
        snapshot = with_value(snapshot, probe, series=series)
    assessment = assess(snapshot, Pipeline(), NOON)
    lines = drawn(view(snapshot, assessment, Pipeline(), NOON, Facts("p")), 80, 24)
    assert not any(unfit(line.text, 80) for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "now-999999999y",
        "now+999999999y/d",
        "now-99999999999999999999d",
        "now-" + "9" * 5000 + "d",
        "now-\u0663d",
        "now\n",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "\ud800",
    ],
)
def test_a_dashboards_range_of_any_kind_stops_no_rule(text: str):
    for end in ("now", text):
        snapshot = with_value(WORLD, "kibana.status", time_from=text, time_to=end)
        assess(snapshot, Pipeline(), NOON)


def test_a_world_without_anything_stops_no_rule():
    assess(Snapshot(NOON, {}), Pipeline(), NOON)
    empty = {
        probe: replace(seen, value=None, at=None) for probe, seen in WORLD.observations.items()
    }
    assess(Snapshot(NOON, empty), Pipeline(), NOON)
    for probe in ("postgres.counts", "bigquery.counts", "elasticsearch.counts"):
        bare = with_value(WORLD, probe, series={}, start=date(2026, 11, 23))
        assess(bare, Pipeline(), NOON)
    assess(with_value(WORLD, "github.runs", runs=()), Pipeline(), NOON)
