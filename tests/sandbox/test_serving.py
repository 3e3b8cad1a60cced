"""What readers are served, broken on the living pipeline: each test breaks one thing, sees it
named, undoes it, and sees it gone."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altui.clock import clock_of
from altui.config import load
from altui.core.model.health import Assessment, Finding, StageId, State
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.reading import Kibana
from altui.core.rules.assess import assess
from altui.observe.looking import look
from altui.observe.observer import Observer
from altui.observe.probes import probes
from altui.store.store import Store
from tests.drills import Pipeline
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox

TEMPLATE = json.loads(
    (Path(__file__).parents[2] / "es/index-templates/analytics_applylens.json").read_text()
)
VIEW = "/api/data_views/data_view"
OBJECTS = "/api/saved_objects"
Json = dict[str, Any]


class Served(Pipeline):
    """The pipeline, of which only Elasticsearch and Kibana are looked at anew."""

    snapshot: Snapshot

    async def judged(self) -> Assessment:
        clock = clock_of(self.settings.clock)
        seen = dict(self.snapshot.observations)
        for probe in probes(self.settings, clock):
            if probe.id.startswith(("elasticsearch.", "kibana.")):
                seen[probe.id] = await look(probe, None, clock)
        now = clock()
        seen = {name: fresh(item, now) for name, item in seen.items()}
        self.snapshot = Snapshot(now, seen)
        return assess(self.snapshot, self.settings.pipeline, now)

    async def found(self, check: str) -> Finding:
        """The finding of this check, which must be there."""
        assessment = await self.judged()
        by_check = {finding.check: finding for finding in assessment.findings}
        assert check in by_check, by_check
        assert by_check[check].evidence
        return by_check[check]

    @property
    def shown(self) -> Kibana:
        found = self.snapshot.get("kibana.status", Kibana)
        assert found is not None
        return found

    def documents(self, index: str) -> list[Json]:
        found = self.elastic("POST", f"{index}/_search", {"size": 1000})
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def fill(self, index: str, documents: list[Json]) -> None:
        for one in documents:
            self.elastic("PUT", f"{index}/_doc/{one['d']}?refresh=true", one)

    def bring_in(self, *objects: Json) -> None:
        text = "\n".join(map(json.dumps, objects)).encode()
        path = f"{OBJECTS}/_import?overwrite=true"
        answer = self.kibana("POST", path, files={"file": ("a.ndjson", text)}).json()
        assert answer["success"], answer

    def exported(self) -> tuple[Json, Json]:
        """The data view and the dashboard as the repository has them."""
        path = Path(__file__).parents[2] / "kibana" / "analytics-overview.ndjson"
        view, dashboard, _ = map(json.loads, path.read_text().splitlines())
        return view, dashboard

    @contextmanager
    def dashboard(self, change: Callable[[Json, Json], object]) -> Iterator[None]:
        """The data view and the dashboard, changed and put back."""
        view, board = self.exported()
        change(view, board)
        self.bring_in(view, board)
        try:
            yield
        finally:
            self.imported()

    @contextmanager
    def settings_of_kibana(self, **attributes: str) -> Iterator[None]:
        """Advanced settings, as Kibana keeps them: in a saved object named by its version."""
        version = self.kibana("GET", "/api/status").json()["version"]["number"]
        kept = {"type": "config", "id": version, "attributes": {"buildNum": 1, **attributes}}
        self.bring_in(kept)
        try:
            yield
        finally:
            self.kibana("DELETE", f"{OBJECTS}/config/{version}")


def fresh(seen: Observation, now: Any) -> Observation:
    """Nothing but Elasticsearch and Kibana changes while these tests run."""
    from msgspec.structs import replace

    return replace(seen, tried_at=now, next_try=None)


@pytest.fixture(scope="module")
async def whole(sandbox: Sandbox, tmp_path_factory: Any) -> AsyncIterator[Served]:
    """The pipeline after one look at everything, while its writer rests."""
    sandbox.do("writer", "pause")
    made = Served(sandbox, load(sandbox.env))
    clock = clock_of(made.settings.clock)
    store = Store.open(tmp_path_factory.mktemp("served"))
    try:
        table = probes(made.settings, clock)
        await Observer(table, made.settings.pipeline, store, clock, 1 << 40).round()
        made.snapshot = store.snapshot(clock())
    finally:
        store.close()
    yield made
    sandbox.do("writer", "resume")


@pytest.fixture
async def served(whole: Served) -> AsyncIterator[Served]:
    """Healthy before and after."""
    yield whole
    assert (await whole.judged()).findings == ()


@contextmanager
def block(it: Served, name: str) -> Iterator[None]:
    setting = f"index.blocks.{name}"
    it.elastic("PUT", f"{it.index}/_settings", {setting: True})
    try:
        yield
    finally:
        it.elastic("PUT", f"{it.index}/_settings", {setting: None})


@contextmanager
def template(it: Served, body: Json | None) -> Iterator[None]:
    """Another index template in the place of ours; None: none."""
    path = "_index_template/analytics_applylens"
    it.elastic("PUT", path, body) if body else it.elastic("DELETE", path)
    try:
        yield
    finally:
        it.elastic("PUT", path, TEMPLATE)


@contextmanager
def emptied(it: Served, mart: str) -> Iterator[str]:
    """The name of an index that is away meanwhile, and comes back with its documents."""
    index = f"{it.env['ES_ANALYTICS_INDEX']}_{mart}"
    kept = it.documents(index)
    it.elastic("DELETE", index)
    try:
        yield index
    finally:
        it.elastic("PUT", index, {})
        it.fill(index, kept)


@contextmanager
def indices(it: Served, *names: str, documents: list[Json]) -> Iterator[None]:
    for name in names:
        it.fill(name, documents)
    try:
        yield
    finally:
        for name in names:
            it.elastic("DELETE", name)


def day(it: Served, back: int = 1) -> str:
    return str(it.yesterday - timedelta(days=back - 1))


@pytest.mark.parametrize(
    ("name", "check", "words"),
    [
        ("read_only_allow_delete", "es.flood_stage", "the disk's flood stage blocks writing to"),
        ("read_only", "es.read_only", "read-only, nothing can be written:"),
        ("write", "es.read_only", "a block refuses writing to"),
        ("read", "elasticsearch.block", "a block refuses reading"),
        ("metadata", "elasticsearch.block", "a block hides the metadata of"),
    ],
)
async def test_blocks_are_told_apart(served: Served, name: str, check: str, words: str):
    with block(served, name):
        found = await served.found(check)
    assert found.state is State.broken
    assert found.subject == f"{words} risk_daily"


async def test_a_cluster_that_is_read_only(served: Served):
    setting = "cluster.blocks.read_only"
    served.elastic("PUT", "_cluster/settings", {"persistent": {setting: True}})
    try:
        found = await served.found("es.read_only")
    finally:
        served.elastic("PUT", "_cluster/settings", {"persistent": {setting: None}})
    assert found.subject == "the cluster is read-only: nothing can be written"


async def test_a_closed_index(served: Served):
    served.elastic("POST", f"{served.index}/_close")
    try:
        found = await served.found("elasticsearch.closed")
    finally:
        served.elastic("POST", f"{served.index}/_open")
    assert found.subject.startswith("risk_daily closed: no reads, no writes")


async def test_a_template_that_differs(served: Served):
    other = json.loads(json.dumps(TEMPLATE))
    other["priority"] = 100
    other["template"]["mappings"]["properties"]["emails"] = {"type": "keyword"}
    del other["template"]["mappings"]["properties"]["slo_status"]
    with template(served, other):
        found = await served.found("elasticsearch.template")
        with emptied(served, "backfill_slo") as index:
            served.elastic("PUT", index, {})
            mapped = await served.found("elasticsearch.mapping")
            served.elastic("DELETE", index)
            served.elastic("PUT", "_index_template/analytics_applylens", TEMPLATE)
    assert found.state is State.late
    assert found.evidence[0].figures == {
        "priority": "100, should be 500",
        "emails": "keyword, should be long",
        "slo_status": "absent, should be keyword",
    }
    assert mapped.subject == "backfill_slo: emails is keyword, should be long"


async def test_an_index_that_guessed_its_types(served: Served):
    """The index is written before its template is loaded: Elasticsearch guesses."""
    with template(served, None), emptied(served, "backfill_slo") as index:
        served.fill(
            index, [{"d": day(served), "slo_status": "healthy", "p95_duration_seconds": 1.5}]
        )
        found = await served.found("elasticsearch.mapping")
        served.elastic("DELETE", index)
        served.elastic("PUT", "_index_template/analytics_applylens", TEMPLATE)
    assert found.state is State.broken
    assert found.subject == "backfill_slo: slo_status is text, should be keyword"
    assert found.evidence[0].where == f"GET /{index}/_mapping"


async def test_a_copy_under_the_pattern_is_read_twice(served: Served):
    copy = f"{served.index}_old"
    with indices(served, copy, documents=[{"d": day(served), "emails": 7}]):
        found = await served.found("es.read_twice")
    assert found.subject == "risk_daily is read twice: also from risk_daily_old"
    assert found.evidence[0].figures[copy] == 1


async def test_two_indices_behind_one_alias(served: Served):
    rows = [{"d": day(served), "backfill_count": 1}]
    with emptied(served, "backfill_slo") as alias, indices(served, "one", "two", documents=rows):
        adding = [{"add": {"index": name, "alias": alias}} for name in ("one", "two")]
        served.elastic("POST", "_aliases", {"actions": adding})
        found = await served.found("es.read_twice")
    assert found.subject == "backfill_slo is read twice: also from two"


async def test_a_day_that_left_the_mart(served: Served):
    gone = day(served, 70)
    path = f"{served.index}/_doc/{gone}?refresh=true"
    served.elastic("PUT", path, {"d": gone, "emails": 3})
    try:
        found = await served.found("es.orphan_days")
    finally:
        served.elastic("DELETE", path)
    assert (found.state, [str(one) for one in found.days]) == (State.late, [gone])


async def test_the_disk_is_seen_with_its_watermarks(served: Served):
    await served.judged()
    storage = served.snapshot.observations["elasticsearch.storage"].value
    said = served.elastic("GET", "_nodes/stats/fs")["nodes"]
    (node,) = said.values()
    (disk,) = storage.disks
    total = node["fs"]["total"]
    assert (disk.total, disk.free) == (total["total_in_bytes"], total["available_in_bytes"])
    assert disk.flood == node["fs"]["data"][0]["flood_stage_free_space_in_bytes"]


async def test_the_data_view(served: Served):
    with served.dashboard(lambda view, _: view["attributes"].update(timeFieldName="last_check_at")):
        found = await served.found("kibana.time_field")
    assert found.subject == "the data view's time field is last_check_at, should be d"
    served.kibana("POST", "/api/spaces/space", json={"id": "risk", "name": "Risk"})
    view, _ = served.exported()
    spec = {"title": view["attributes"]["title"], "timeFieldName": "d"}
    served.kibana("POST", f"/s/risk{VIEW}", json={"data_view": spec})
    served.kibana("DELETE", f"{VIEW}/{view['id']}")
    try:
        found = await served.found("kibana.no_pattern")
    finally:
        served.imported()
        served.kibana("DELETE", "/api/spaces/space/risk")
    assert found.evidence[0].words == "it is in space risk"


async def test_a_dashboard_on_the_wrong_index(served: Served):
    with served.dashboard(lambda view, _: view["attributes"].update(title="analytics_aplens_*")):
        found = await served.found("kibana.wrong_index")
    assert found.subject == "the dashboard reads analytics_aplens_*, not ours"


def panels(board: Json, change: Callable[[list[Json]], object]) -> None:
    """Changes the dashboard's panels, which are JSON in a string."""
    kept = json.loads(board["attributes"]["panelsJSON"])
    change(kept)
    board["attributes"]["panelsJSON"] = json.dumps(kept)


async def test_a_panel_whose_visualisation_is_gone(served: Served):
    def change(_: Json, board: Json) -> None:
        drawn = {"type": "lens", "panelIndex": "p", "panelRefName": "r", "title": "Lost"}
        panels(board, lambda kept: kept.append(drawn))
        board["references"].append({"name": "p:r", "type": "lens", "id": "deleted"})

    with served.dashboard(change):
        found = await served.found("kibana.references")
    assert found.subject == "panel “Lost” cannot be drawn: its lens is gone"
    assert found.evidence[0].words == "lens/deleted"


async def test_a_panel_that_reads_a_field_which_is_not_mapped(served: Served):
    def change(_: Json, board: Json) -> None:
        text = board["attributes"]["panelsJSON"]
        board["attributes"]["panelsJSON"] = text.replace("avg_risk", "average_risk")

    with served.dashboard(change):
        found = await served.found("kibana.field_not_mapped")
    assert found.subject == "panel “Average risk” reads average_risk, not in the mapping"
    assert found.state is State.broken


async def test_a_dashboard_that_keeps_no_range(served: Served):
    with served.dashboard(lambda _, board: board["attributes"].update(timeRestore=False)):
        found = await served.found("kibana.time_range")
        assert found.evidence[0].words == "Kibana's default range is now-15m to now"
        span = json.dumps({"from": "now-30d", "to": "now"})
        with served.settings_of_kibana(**{"timepicker:timeDefaults": span}):
            assert (await served.judged()).findings == ()


@pytest.mark.parametrize(
    ("begin", "end", "state"),
    [
        ("now-1d/d", "now", State.ok),
        ("now-1M/M", "now/w+1w", State.ok),
        ("now-24h", "now", State.broken),
        ("now/d", "now", State.broken),
        ("now-90d", "now-2d/d", State.broken),
        ("last week", "now", State.unknown),
    ],
)
async def test_ranges(served: Served, begin: str, end: str, state: State):
    change: Callable[[Json, Json], object] = lambda _, board: board["attributes"].update(  # noqa: E731
        timeFrom=begin, timeTo=end
    )
    with served.dashboard(change):
        assessment = await served.judged()
    assert assessment.stages[StageId.kibana].state is state
    assert {one.check for one in assessment.findings if one.stage is StageId.kibana} <= {
        "kibana.time_range",
        "parity.reader",
    }


async def test_filters(served: Served):
    hides = {"range": {"d": {"lt": "now-30d/d"}}}
    source = {"query": {"query": ""}, "filter": [{"meta": {"key": "d"}, "query": hides}]}
    meta = {"searchSourceJSON": json.dumps(source)}
    with served.dashboard(lambda _, board: board["attributes"].update(kibanaSavedObjectMeta=meta)):
        found = await served.found("kibana.filter")
    assert found.evidence[0].words == "d: now-30d/d"


@pytest.mark.parametrize(
    ("zone", "state"),
    [("America/New_York", State.late), ("Asia/Tokyo", State.ok), ("Browser", State.ok)],
)
async def test_the_time_zone(served: Served, zone: str, state: State):
    with served.settings_of_kibana(**{"dateFormat:tz": zone}):
        assessment = await served.judged()
    assert served.shown.preferences is not None
    assert served.shown.preferences.zone == zone
    assert assessment.stages[StageId.kibana].state is state
    shown, wanted = served.yesterday - timedelta(days=1), served.yesterday
    words = f"{wanted.day} {wanted:%b} is shown as {shown.day} {shown:%b}"
    assert any(one.subject.startswith(words) for one in assessment.findings) is (
        state is State.late
    )


@pytest.mark.parametrize(
    ("path", "part"),
    [("_export", "dashboard"), ("data_view/", "fields"), ("data_views$", "data_views")],
)
async def test_a_key_that_may_not_read_one_part(served: Served, path: str, part: str):
    denied: AbstractContextManager[None] = served.fault(
        "kibana", path=path, status=403, body='{"message": "Forbidden"}'
    )
    with denied:
        found = await served.found(f"kibana.{part}.not_seen")
    assert found.state is State.denied
    assert served.shown.level == "available"
