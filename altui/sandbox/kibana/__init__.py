"""Kibana, simulated: status, data views, saved objects and spaces; no browser interface.

Its state follows the sandbox's Elasticsearch, as the real one's does: while that does not answer,
every call but `/api/status` is a 503.
"""

from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from altui.sandbox.kibana.data_views import DataViews
from altui.sandbox.kibana.elasticsearch import Elasticsearch
from altui.sandbox.kibana.gate import Gate, Handler
from altui.sandbox.kibana.importing import Choice, bring_in, read
from altui.sandbox.kibana.objects import DEFAULT, Objects
from altui.sandbox.kibana.refusal import RefusedError
from altui.sandbox.kibana.saved_objects import SavedObjects
from altui.sandbox.kibana.spaces import Spaces
from altui.sandbox.world import World

DASHBOARD = "kibana/analytics-overview.ndjson"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create(world: World, transport: httpx.AsyncBaseTransport | None = None) -> "Kibana":
    """The simulator; `transport` stands in for the way to Elasticsearch in tests."""
    return Kibana(world, transport)


class Kibana:
    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None) -> None:
        self.world = world
        self.objects = Objects(world.dir / "kibana" / "objects.json", world.clock)
        self.elasticsearch = Elasticsearch(world.elasticsearch_url, transport)
        self.app = _app(Gate(world.kibana_key, self.elasticsearch), self)

    async def seed(self) -> None:
        """Imports the project's dashboard and data view.

        Raises RuntimeError when an object of the file cannot be imported.
        """
        if not self.objects.new:
            return
        incoming = read((self.world.project_dir / DASHBOARD).read_bytes())
        answer = bring_in(self.objects, DEFAULT, incoming, Choice())
        if not answer["success"]:
            raise RuntimeError(f"{DASHBOARD} cannot be imported: {answer['errors']}")

    def next_event(self) -> datetime | None:
        return None

    async def run_due(self) -> None:
        """Nothing happens in Kibana by itself."""

    async def close(self) -> None:
        await self.elasticsearch.close()


async def _nowhere(request: Request) -> Response:
    raise RefusedError(404, "Not Found")


def _app(gate: Gate, kibana: Kibana) -> Starlette:
    objects = SavedObjects(kibana.objects)
    views = DataViews(kibana.objects, kibana.elasticsearch)
    spaces = Spaces(kibana.objects)
    one, saved = "/api/saved_objects/{type}/{id}", "/api/saved_objects"
    view, space = "/api/data_views/data_view", "/api/spaces/space"
    plain: tuple[tuple[str, str, Handler], ...] = (
        ("POST", f"{saved}/_import", objects.bring_in),
        ("POST", f"{saved}/_resolve_import_errors", objects.resolve_errors),
        ("POST", f"{saved}/_export", objects.export),
        ("POST", f"{saved}/_bulk_get", objects.bulk_get),
        ("GET", f"{saved}/_find", objects.find),
        ("GET", f"{saved}/resolve/{{type}}/{{id}}", objects.resolve),
        ("GET", one, objects.get),
        ("DELETE", one, objects.delete),
    )
    versioned: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/api/data_views", views.list),
        ("POST", view, views.create),
        ("GET", f"{view}/{{view}}", views.get),
        ("DELETE", f"{view}/{{view}}", views.delete),
        ("GET", space, spaces.list),
        ("POST", space, spaces.create),
        ("GET", f"{space}/{{id}}", spaces.get),
        ("DELETE", f"{space}/{{id}}", spaces.delete),
    )
    routes = [
        Route("/api/status", gate.status),
        *(Route(path, gate.guarded(do), methods=[method]) for method, path, do in plain),
        *(
            Route(path, gate.guarded(do, versioned=True), methods=[method])
            for method, path, do in versioned
        ),
        Route("/{path:path}", gate.guarded(_nowhere), methods=_METHODS),
    ]
    return Starlette(routes=[Mount("/s/{space}", routes=routes), *routes])
