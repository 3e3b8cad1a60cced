"""Which indices are a mart's, what a data view covers, when a policy deletes, what differs."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from altui.core.model.health import Finding, State
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.pipeline import Pipeline, risk_mart
from altui.core.model.reading import Cluster, Counts, Index, Lifecycle, Runs, Template
from altui.core.rules.assess import assess
from altui.core.rules.elastic import deletes_at, kept, length, matches
from altui.core.rules.templates import conflicts, strays, template_differences
from tests.unit.rules.cases.bend import NOON, ops_fed, orphan
from tests.world import TEMPLATE, healthy, run_at, with_value

RISK = "analytics_applylens_risk_daily"


def index(name: str = RISK, **more: object) -> Index:
    return msgspec.structs.replace(Index(name, "green", "open", 3, 1), **more)


@pytest.mark.parametrize(
    ("pattern", "one", "expected"),
    [
        ("analytics_applylens_*", index(), True),
        ("analytics_aplens_*", index(), False),
        ("logs-*, analytics_*", index(), True),
        ("analytics_*,-*_old", index(f"{RISK}_old"), False),
        ("analytics_*,-*_old", index(), True),
        (RISK, index("rebuilt", aliases=(RISK,)), True),
        (RISK, index(".ds-x", stream=RISK), True),
        ("*", index(".ds-x"), True),
        ("", index(), False),
    ],
)
def test_what_a_data_view_covers(pattern: str, one: Index, expected: bool):
    assert matches(pattern, one) is expected


def test_the_indices_of_a_mart():
    named = {one.name: one for one in (index(), index("r", aliases=(RISK,)), index(f"{RISK}_old"))}
    cluster = Cluster("c", "green", 1, named, True, prefix="analytics_applylens")
    mart = risk_mart(Pipeline())
    assert [one.name for one in kept(cluster, mart)] == [RISK, "r"]
    assert kept(None, mart) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("0ms", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("7micros", timedelta(0)),
        *((text, None) for text in ("", "d", "3", "3w", "-3d", "3.5d", "9999999999d")),
    ],
)
def test_elasticsearchs_durations(text: str, expected: timedelta | None):
    found = length(text)
    assert found == expected or (expected == timedelta(0) and found < timedelta(milliseconds=1))


def test_when_a_policy_deletes():
    created = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert deletes_at(Lifecycle("p", "policy", "30d", created)) == date(2026, 1, 31)
    assert deletes_at(Lifecycle("p", "policy", None, created)) is None
    assert deletes_at(Lifecycle("p", "policy", "30d", None)) is None
    assert deletes_at(Lifecycle("p", "policy", "99999999d", created)) is None


FIELDS = {"d": "date", "n": "long", "f": "double", "k": "keyword"}
LACKING = {"d": "date", "n": "long", "f": "double"}
SHIPPED = Template(("a_*",), 500, 1, "strict", {"auto_expand_replicas": "0-1"}, FIELDS)


@pytest.mark.parametrize(
    ("fields", "dynamic", "broken", "late"),
    [
        (FIELDS, "strict", [], []),
        ({**FIELDS, "k": "text", "k.keyword": "keyword"}, "", ["k is text, should be keyword"], []),
        ({**FIELDS, "d": "keyword"}, "strict", ["d is keyword, should be date"], []),
        ({**FIELDS, "n": "keyword"}, "strict", ["n is keyword, should be long"], []),
        ({**FIELDS, "f": "float"}, "", [], ["f is float, should be double"]),
        (
            {"d": "date", "n": "long", "f": "double"},
            "strict",
            [],
            ["k is absent, should be keyword"],
        ),
        ({"d": "date", "n": "long", "f": "double"}, "true", [], []),
        ({}, "", [], []),
        (None, "strict", [], []),
    ],
)
def test_a_mapping_against_the_shipped_one(
    fields: dict[str, str] | None, dynamic: str, broken: list[str], late: list[str]
):
    own = index(fields=fields, dynamic=dynamic)
    assert [one.words for one in conflicts(own, SHIPPED)] == broken
    assert [one.words for one in strays(own, SHIPPED)] == late


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"patterns": ("b_*", "a_*")}, []),
        ({"patterns": ()}, ["patterns is none, should be a_*"]),
        ({"version": None}, ["version is absent, should be 1"]),
        ({"settings": {}}, ["auto_expand_replicas is absent, should be 0-1"]),
        ({"settings": {"auto_expand_replicas": "0-1", "refresh_interval": "5s"}}, []),
        (
            {"settings": {"auto_expand_replicas": "0-1", "blocks.write": "true"}},
            ["blocks.write is true, should be absent"],
        ),
        ({"fields": {**FIELDS, "more": "long"}}, ["more is long, should be absent"]),
    ],
)
def test_a_template_against_the_shipped_one(changes: dict[str, object], expected: list[str]):
    served = msgspec.structs.replace(SHIPPED, **changes)
    assert [one.words for one in template_differences(served, SHIPPED)] == expected


def test_the_number_of_copies_does_not_matter_where_they_expand_by_themselves():
    shipped = msgspec.structs.replace(
        SHIPPED, settings={"number_of_replicas": "0", "auto_expand_replicas": "0-1"}
    )
    served = msgspec.structs.replace(
        SHIPPED, settings={"number_of_replicas": "1", "auto_expand_replicas": "0-1"}
    )
    assert template_differences(served, shipped) == ()


def orphans(snapshot: Snapshot) -> list[Finding]:
    found = assess(snapshot, Pipeline(), snapshot.at, None).findings
    return [one for one in found if one.check == "es.orphan_days"]


OLD = date(2026, 10, 20)


def read_at(snapshot: Snapshot, probe: str, moment: datetime) -> Snapshot:
    seen = msgspec.structs.replace(snapshot.observations[probe], at=moment)
    others: dict[str, Observation] = dict(snapshot.observations)
    return Snapshot(snapshot.at, {**others, probe: seen})


def test_a_day_that_left_the_mart_names_its_days():
    (found,) = orphans(orphan(OLD))
    assert (found.days, found.subject) == ((OLD,), "risk_daily holds 20 Oct; the mart does not")
    assert found.state is State.late


def test_a_mart_that_was_built_since_it_was_counted_may_have_the_day():
    earlier = read_at(orphan(OLD), "bigquery.counts", NOON - timedelta(minutes=10))
    assert orphans(earlier), "nothing was built in between"
    built = earlier.observations["bigquery.tables"].value
    meta = msgspec.structs.replace(
        next(iter(built.tables.values())), modified=NOON - timedelta(minutes=5)
    )
    since = with_value(earlier, "bigquery.tables", tables={next(iter(built.tables)): meta})
    assert orphans(since) == []


def test_while_a_run_is_on_its_way_no_day_is_an_orphan():
    snapshot = orphan(OLD)
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    running = run_at(900, NOON - timedelta(minutes=2), conclusion=None)
    busy = with_value(snapshot, "github.runs", runs=(running, *runs.runs))
    assert orphans(busy) == []


def test_days_before_the_marts_window_are_not_judged():
    snapshot = orphan(OLD)
    late = with_value(snapshot, "bigquery.counts", start=OLD + timedelta(days=1))
    assert orphans(late) == []


@pytest.mark.parametrize(("newest", "late"), [(20, True), (21, True), (22, False)])
def test_an_ops_fed_index_is_wanted_up_to_its_newest_ops_day(newest: int, late: bool):
    result = assess(ops_fed(date(2026, 11, newest)), Pipeline(), NOON, None)
    found = [one for one in result.findings if one.check == "index.behind.mrt_parity_drift"]
    assert bool(found) is late
    if late:
        assert "22 Nov was due" in found[0].subject
        assert "is not in" not in result.verdict.headline, "the daily mart has its day"


def test_an_index_that_does_not_exist_is_said_to_be_none():
    snapshot = healthy(NOON)
    words = "index_not_found_exception: no such index"
    gone = with_value(
        snapshot, "elasticsearch.counts", series={}, missing={"index.mrt_risk_daily": words}
    )
    assert gone.get("elasticsearch.counts", Counts) is not None
    result = assess(gone, Pipeline(), NOON, None)
    found = next(one for one in result.findings if one.check == "index.behind.mrt_risk_daily")
    assert found.subject == "risk_daily does not exist; 22 Nov was due"
    assert found.evidence[0].words == words


def test_what_takes_nothing_tonight_wakes_nobody():
    template = with_value(
        healthy(NOON),
        "elasticsearch.cluster",
        served=msgspec.structs.replace(TEMPLATE, priority=1),
        shipped=TEMPLATE,
    )
    verdict = assess(template, Pipeline(), NOON, None).verdict
    assert verdict.do == "can wait for working hours: Infrastructure team"
