"""`/api/spaces/space`."""

import re

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from altui.sandbox.kibana.gate import body_of
from altui.sandbox.kibana.objects import DEFAULT, Objects, Space
from altui.sandbox.kibana.refusal import RefusedError


class _Creation(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    id: str
    name: str
    description: str = ""
    color: str = "#6092c0"
    initials: str = ""
    disabled_features: list[str] = field(default_factory=list[str])
    solution: str = "classic"


class Spaces:
    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def list(self, request: Request) -> Response:
        return JSONResponse(msgspec.to_builtins(self._objects.spaces()))

    async def get(self, request: Request) -> Response:
        return JSONResponse(msgspec.to_builtins(self._one(request)))

    async def create(self, request: Request) -> Response:
        wanted = await body_of(request, _Creation)
        if not re.fullmatch(r"[a-z0-9_\-]+", wanted.id):
            words = "must be lower case, a-z, 0-9, '_', and '-' are allowed"
            raise RefusedError(400, f"[request body.id]: {words}")
        if any(each.id == wanted.id for each in self._objects.spaces()):
            raise RefusedError(409, f"A space with the identifier {wanted.id} already exists.")
        made = msgspec.convert(msgspec.to_builtins(wanted), Space)
        self._objects.add_space(made)
        return JSONResponse(msgspec.to_builtins(made))

    async def delete(self, request: Request) -> Response:
        identity = self._one(request).id
        if identity == DEFAULT:
            raise RefusedError(400, "The default space cannot be deleted because it is reserved.")
        self._objects.drop_space(identity)
        return Response(status_code=204)

    def _one(self, request: Request) -> Space:
        wanted: str = request.path_params["id"]
        for each in self._objects.spaces():
            if each.id == wanted:
                return each
        raise RefusedError(404, "Not Found")
