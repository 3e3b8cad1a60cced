"""The index template and Kibana's simulator on a running Elasticsearch look-alike of their own."""

import dataclasses
import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from altui.core.model.pipeline import Pipeline
from altui.sandbox import ports
from altui.sandbox.engines import Engine
from altui.sandbox.engines.elasticsearch import engine, load_template
from altui.sandbox.kibana import create
from altui.sandbox.processes import Children
from tests.github_lab import make_world

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).parents[2]
DAY = "2026-11-22"
DOCUMENTS: dict[str, dict[str, Any]] = {
    "risk_daily": {
        "d": DAY,
        "emails": 150,
        "emails_scored": 140,
        "avg_risk": 34.27,
        "min_risk": 0.0,
        "max_risk": 99.5,
        "low_risk_count": 80,
        "medium_risk_count": 40,
        "high_risk_count": 15,
        "critical_risk_count": 5,
        "unscored_count": 10,
        "recruiter_count": 20,
        "interview_count": 3,
        "offer_count": 1,
        "rejection_count": 12,
        "top_domains": ["example.org", "bücher.example"],
        "coverage_pct": 93.33,
        "high_risk_pct": 10.0,
        "critical_risk_pct": 3.33,
    },
    "parity_drift": {
        "d": DAY,
        "total_checked": 5000,
        "total_mismatches": 3,
        "mismatch_ratio": 0.0006,
        "risk_score_mismatches": 2,
        "expires_at_mismatches": 1,
        "category_mismatches": 0,
        "last_check_at": "2026-11-22T03:20:11.123456Z",
        "slo_status": "acceptable",
    },
    "backfill_slo": {
        "d": DAY,
        "backfill_count": 2,
        "avg_duration_seconds": 200.5,
        "p50_duration_seconds": 200.5,
        "p95_duration_seconds": None,
        "p99_duration_seconds": 311.0,
        "total_emails_processed": 3000,
        "failed_count": 0,
        "slo_status": "no_data",
        "success_rate_pct": 100.0,
    },
}


@dataclasses.dataclass
class Server:
    engine: Engine
    url: str
    http: httpx.AsyncClient

    async def put(self, mart: str, document: dict[str, Any]) -> httpx.Response:
        path = f"/analytics_applylens_{mart}/_doc/{document.get('d')}?refresh=true"
        return await self.http.put(path, json=document)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("elasticsearch")
    port = ports.choose(folder / "ports.json")["elasticsearch"]
    children = Children()
    await children.open()
    started = engine(children, folder / "data", port, folder / "log")
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        try:
            await started.start()
            await load_template(url, ROOT)
            made = Server(started, url, http)
            for mart, document in DOCUMENTS.items():
                answer = await made.put(mart, document)
                assert answer.status_code == 201, answer.text
            yield made
        finally:
            await children.close()


def template() -> dict[str, Any]:
    return json.loads((ROOT / "es/index-templates/analytics_applylens.json").read_text())


async def test_the_server_keeps_the_template_whole(server: Server):
    answer = await server.http.get("/_index_template/analytics_applylens")
    (kept,) = answer.json()["index_templates"]
    body = kept["index_template"]
    assert body["_meta"]["version"] == template()["_meta"]["version"]
    assert body["index_patterns"] == ["analytics_applylens_*"]
    assert body["template"]["mappings"] == template()["template"]["mappings"]


@pytest.mark.parametrize("mart", [mart.index for mart in Pipeline().marts])
async def test_a_marts_index_would_get_the_strict_mapping(mart: str, server: Server):
    answer = await server.http.post(f"/_index_template/_simulate_index/analytics_applylens_{mart}")
    made = answer.json()["template"]
    assert made["mappings"] == template()["template"]["mappings"]
    assert made["settings"]["index"]["number_of_shards"] == "1"
    assert made["settings"]["index"]["auto_expand_replicas"] == "0-1"


async def test_locks_are_outside_the_pattern(server: Server):
    await server.http.put("/altui_locks")
    mapping = (await server.http.get("/altui_locks/_mapping")).json()
    assert mapping["altui_locks"]["mappings"].get("dynamic") != "strict"
    await server.http.delete("/altui_locks")


async def test_one_node_is_green(server: Server):
    answer = await server.http.get("/_cat/indices/analytics_applylens_*?format=json")
    assert {one["health"] for one in answer.json()} == {"green"}
    assert len(answer.json()) == len(DOCUMENTS)


@pytest.mark.parametrize("mart", DOCUMENTS)
async def test_a_document_of_each_mart_comes_back_as_it_was(mart: str, server: Server):
    answer = await server.http.get(f"/analytics_applylens_{mart}/_doc/{DAY}")
    assert answer.json()["_source"] == DOCUMENTS[mart]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"not_a_column": 1}, "strict_dynamic_mapping_exception"),
        ({"emails": "many"}, "document_parsing_exception"),
        ({"d": "yesterday"}, "document_parsing_exception"),
    ],
)
async def test_what_the_mapping_does_not_know_is_refused(
    changed: dict[str, Any], words: str, server: Server
):
    answer = await server.put("risk_daily", {**DOCUMENTS["risk_daily"], **changed})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == words
    kept = await server.http.get(f"/analytics_applylens_risk_daily/_doc/{DAY}")
    assert kept.json()["_source"] == DOCUMENTS["risk_daily"]


async def test_every_panels_figures_come_from_its_own_index_alone(server: Server):
    """What Lens would ask for each figure, over all indices of the data view."""
    listed = tomllib.loads((ROOT / "kibana/analytics-overview.toml").read_text())["panels"]
    every = {**DOCUMENTS["risk_daily"], **DOCUMENTS["parity_drift"], **DOCUMENTS["backfill_slo"]}
    for panel in listed:
        operations = {
            figure["field"]: figure.get("operation", "sum").replace("average", "avg")
            for figure in panel["figures"]
        }
        operations |= {
            figure["share_of"]: "sum" for figure in panel["figures"] if "share_of" in figure
        }
        body = {
            "size": 0,
            "query": {"exists": {"field": panel["of"]}},
            "aggs": {name: {operation: {"field": name}} for name, operation in operations.items()},
        }
        answer = await server.http.post("/analytics_applylens_*/_search", json=body)
        assert answer.json()["hits"]["total"]["value"] == 1, panel["key"]
        for name in operations:
            assert answer.json()["aggregations"][name]["value"] == every[name], name


async def test_kibana_lists_the_fields_of_the_mapping_and_falls_with_the_server(
    server: Server, tmp_path: Path
):
    world = make_world(tmp_path)
    (world.project_dir / "kibana").mkdir()
    content = (ROOT / "kibana" / "analytics-overview.ndjson").read_bytes()
    (world.project_dir / "kibana" / "analytics-overview.ndjson").write_bytes(content)
    kibana = create(dataclasses.replace(world, elasticsearch_url=server.url))
    await kibana.seed()
    headers = {"authorization": f"ApiKey {world.kibana_key}"}
    transport = httpx.ASGITransport(kibana.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://kibana.test", headers=headers
    ) as client:
        answer = await client.get("/api/data_views/data_view/analytics-applylens")
        fields = answer.json()["data_view"]["fields"]
        mapped = template()["template"]["mappings"]["properties"]
        own = {name: one["esTypes"] for name, one in fields.items() if not name.startswith("_")}
        assert own == {name: [one["type"]] for name, one in mapped.items()}

        await server.engine.stop()
        answer = await client.get("/api/status")
        assert answer.status_code == 503
        assert answer.json()["status"]["overall"]["level"] == "unavailable"
        assert (await client.get("/api/data_views")).status_code == 503
        await server.engine.start()
        assert (await client.get("/api/status")).status_code == 200
    await kibana.close()
