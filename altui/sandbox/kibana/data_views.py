"""`/api/data_views`: saved objects of type index-pattern, with the fields their indices have."""

import json
from typing import Any
from uuid import uuid4

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from altui.sandbox.kibana.elasticsearch import Elasticsearch
from altui.sandbox.kibana.gate import body_of, space_of
from altui.sandbox.kibana.objects import Objects, SavedObject
from altui.sandbox.kibana.refusal import RefusedError

Json = dict[str, Any]
KIND = "index-pattern"


class Spec(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    title: str
    id: str | None = None
    name: str | None = None
    time_field_name: str | None = None
    allow_no_index: bool = False
    source_filters: list[Json] = field(default_factory=list[Json])
    field_formats: Json = field(default_factory=dict[str, Any])
    field_attrs: Json = field(default_factory=dict[str, Any])
    runtime_field_map: Json = field(default_factory=dict[str, Any])


class Creation(Struct, frozen=True, forbid_unknown_fields=True):
    data_view: Spec
    override: bool = False


class DataViews:
    def __init__(self, objects: Objects, elasticsearch: Elasticsearch) -> None:
        self._objects = objects
        self._elasticsearch = elasticsearch

    async def list(self, request: Request) -> Response:
        views = [_listed(one) for one in self._objects.all(space_of(request), [KIND])]
        return JSONResponse({"data_view": views})

    async def get(self, request: Request) -> Response:
        identity: str = request.path_params["view"]
        return await self._whole(self._objects.get(space_of(request), KIND, identity))

    async def create(self, request: Request) -> Response:
        wanted = await body_of(request, Creation)
        space, view = space_of(request), wanted.data_view
        name = view.name or view.title
        identity = view.id or str(uuid4())
        for one in self._objects.all(space, [KIND]):
            if _name(one) == name:
                if not wanted.override:
                    raise RefusedError(400, f"Duplicate data view: {name}")
                self._objects.delete(space, KIND, one.id)
        if self._objects.taken(KIND, identity) and not wanted.override:
            raise RefusedError(409, f"Saved object [{KIND}/{identity}] conflict")
        made = SavedObject(identity, KIND, _attributes(view))
        self._objects.put(space, [made])
        return await self._whole(made)

    async def delete(self, request: Request) -> Response:
        self._objects.delete(space_of(request), KIND, request.path_params["view"])
        return Response(status_code=200)

    async def _whole(self, one: SavedObject) -> Response:
        kept = one.attributes
        body: Json = {
            **_listed(one),
            "version": one.version,
            "sourceFilters": _inner(kept, "sourceFilters", "[]"),
            "fields": await self._elasticsearch.fields(one.title),
            "fieldFormats": _inner(kept, "fieldFormatMap", "{}"),
            "runtimeFieldMap": _inner(kept, "runtimeFieldMap", "{}"),
            "fieldAttrs": _inner(kept, "fieldAttrs", "{}"),
            "allowNoIndex": bool(kept.get("allowNoIndex", False)),
        }
        return JSONResponse({"data_view": body})


def _name(one: SavedObject) -> str:
    return str(one.attributes.get("name") or one.title)


def _listed(one: SavedObject) -> Json:
    body: Json = {
        "id": one.id,
        "namespaces": one.namespaces,
        "title": one.title,
        "name": _name(one),
    }
    if time_field := one.attributes.get("timeFieldName"):
        body["timeFieldName"] = time_field
    return body


def _attributes(view: Spec) -> Json:
    """Kibana keeps what is not a word of its own as JSON in a string."""
    attributes: Json = {
        "title": view.title,
        "name": view.name or view.title,
        "fields": "[]",
        "sourceFilters": json.dumps(view.source_filters),
        "fieldFormatMap": json.dumps(view.field_formats),
        "fieldAttrs": json.dumps(view.field_attrs),
        "runtimeFieldMap": json.dumps(view.runtime_field_map),
        "allowNoIndex": view.allow_no_index,
    }
    if view.time_field_name:
        attributes["timeFieldName"] = view.time_field_name
    return attributes


def _inner(attributes: Json, name: str, empty: str) -> Any:
    return json.loads(attributes.get(name) or empty)
