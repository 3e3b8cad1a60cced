"""A Kibana simulator of its own for a test: the project's dashboard, a fake Elasticsearch."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import httpx

from altui.sandbox.kibana import Kibana, create
from altui.sandbox.world import World
from tests.github_lab import make_world

ROOT = Path(__file__).parents[1]
EXPORT = (ROOT / "kibana" / "analytics-overview.ndjson").read_bytes()
VIEWS = "/api/data_views/data_view"
OBJECTS = "/api/saved_objects"

Json = dict[str, Any]


class FakeElasticsearch(httpx.AsyncBaseTransport):
    """Knows four fields of the pipeline's indices; may be down, or refuse."""

    def __init__(self) -> None:
        self.down: Exception | None = None
        self.refuses: httpx.Response | None = None
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.down is not None:
            raise self.down
        if self.refuses is not None:
            return self.refuses
        if request.url.path == "/_nodes":
            return httpx.Response(200, json={"nodes": {"a": {"version": "8.15.3"}}})
        if not request.url.path.startswith("/analytics_applylens_"):
            return httpx.Response(200, json={"indices": [], "fields": {}})
        kinds = {"d": "date", "emails": "long", "avg_risk": "double", "top_domains": "keyword"}
        fields: Json = {
            name: {kind: {"type": kind, "searchable": True, "aggregatable": True}}
            for name, kind in kinds.items()
        }
        fields["_id"] = {"_id": {"type": "_id", "searchable": True, "metadata_field": True}}
        fields["_tier"] = {"keyword": {"type": "keyword", "metadata_field": True}}
        return httpx.Response(200, json={"indices": ["x"], "fields": fields})


class Lab:
    """A seeded simulator and a client that carries the key and kbn-xsrf."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.elasticsearch = FakeElasticsearch()
        self.kibana: Kibana = create(world, self.elasticsearch)
        self.client = self.new_client(
            {"authorization": f"ApiKey {world.kibana_key}", "kbn-xsrf": "test"}
        )

    def new_client(self, headers: dict[str, str]) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.kibana.app)
        return httpx.AsyncClient(
            transport=transport, base_url="http://kibana.test", headers=headers
        )

    async def bring_in(
        self, content: bytes | list[Json], query: str = "", space: str = "", name: str = "a.ndjson"
    ) -> httpx.Response:
        return await self.upload("_import", content, query, space, name)

    async def upload(
        self,
        verb: str,
        content: bytes | list[Json],
        query: str = "",
        space: str = "",
        name: str = "a.ndjson",
        **fields: str,
    ) -> httpx.Response:
        if isinstance(content, list):
            content = b"\n".join(json.dumps(one).encode() for one in content)
        return await self.client.post(
            f"{space}/api/saved_objects/{verb}{query}", files={"file": (name, content)}, data=fields
        )


def make_kibana_world(folder: Path) -> World:
    """A world whose project holds the real dashboard."""
    made = make_world(folder)
    (made.project_dir / "kibana").mkdir(parents=True)
    (made.project_dir / "kibana" / "analytics-overview.ndjson").write_bytes(EXPORT)
    return dataclasses.replace(made, elasticsearch_url="http://es.test:9200")


def view(identity: str = "v1", title: str = "logs-*", **more: Any) -> Json:
    attributes = {"title": title}
    return {"type": "index-pattern", "id": identity, "attributes": attributes, **more}


def board(identity: str = "b1", *refers: str, **more: Any) -> Json:
    return {
        "type": "dashboard",
        "id": identity,
        "attributes": {"title": f"Board {identity}", "panelsJSON": "[]"},
        "references": [{"type": "index-pattern", "id": one, "name": "p"} for one in refers],
        **more,
    }
