"""`/api/saved_objects`: import, export, find, and single objects."""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from altui.sandbox.kibana.exporting import ExportRequest, FindRequest, Named, find, lines
from altui.sandbox.kibana.gate import body_of, query_of, space_of
from altui.sandbox.kibana.importing import Choice, bring_in, read, resolve
from altui.sandbox.kibana.objects import Objects, SavedObject
from altui.sandbox.kibana.refusal import RefusedError


class ImportQuery(Struct, frozen=True, rename="camel"):
    overwrite: bool = False
    create_new_copies: bool = False
    compatibility_mode: bool = False


class ResolveQuery(Struct, frozen=True, rename="camel"):
    create_new_copies: bool = False
    compatibility_mode: bool = False


class _DeleteQuery(Struct, frozen=True):
    force: bool = False


class SavedObjects:
    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def bring_in(self, request: Request) -> Response:
        query = query_of(request, ImportQuery)
        if query.create_new_copies and query.overwrite:
            raise RefusedError(
                400, "[request query]: cannot use [overwrite] with [createNewCopies]"
            )
        _refuse_both(query)
        incoming = await _uploaded(await _form(request))
        choice = Choice(overwrite=query.overwrite, create_new_copy=query.create_new_copies)
        return JSONResponse(bring_in(self._objects, space_of(request), incoming, choice))

    async def resolve_errors(self, request: Request) -> Response:
        query = query_of(request, ResolveQuery)
        _refuse_both(query)
        form = await _form(request)
        incoming = await _uploaded(form)
        retries = _retries(form)
        copies = query.create_new_copies
        return JSONResponse(resolve(self._objects, space_of(request), incoming, retries, copies))

    async def export(self, request: Request) -> Response:
        wanted = await body_of(request, ExportRequest)
        found = lines(self._objects, space_of(request), wanted)
        return Response(
            b"\n".join(msgspec.json.encode(line) for line in found),
            media_type="application/ndjson",
            headers={"content-disposition": 'attachment; filename="export.ndjson"'},
        )

    async def find(self, request: Request) -> Response:
        if "type" not in request.query_params:
            words = "expected at least one defined value but got [undefined]"
            raise RefusedError(400, f"[request query.type]: {words}")
        query = query_of(request, FindRequest)
        return JSONResponse(find(self._objects, space_of(request), query))

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._one(request).shown())

    async def resolve(self, request: Request) -> Response:
        shown = self._one(request).shown()
        return JSONResponse({"saved_object": shown, "outcome": "exactMatch"})

    async def bulk_get(self, request: Request) -> Response:
        wanted = await body_of(request, list[Named])
        return JSONResponse(
            {"saved_objects": [self._or_error(space_of(request), one) for one in wanted]}
        )

    async def delete(self, request: Request) -> Response:
        query_of(request, _DeleteQuery)
        path = request.path_params
        self._objects.delete(space_of(request), path["type"], path["id"])
        return JSONResponse({})

    def _one(self, request: Request) -> SavedObject:
        path = request.path_params
        return self._objects.get(space_of(request), path["type"], path["id"])

    def _or_error(self, space: str, wanted: Named) -> dict[str, Any]:
        try:
            return self._objects.get(space, wanted.type, wanted.id).shown()
        except RefusedError as refusal:
            return {"id": wanted.id, "type": wanted.type, "error": refusal.body()}


def _refuse_both(query: ImportQuery | ResolveQuery) -> None:
    if query.create_new_copies and query.compatibility_mode:
        words = "cannot use [createNewCopies] with [compatibilityMode]"
        raise RefusedError(400, f"[request query]: {words}")


async def _form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RefusedError(415, "Unsupported Media Type")
    try:
        return await request.form()
    except HTTPException as error:
        raise RefusedError(400, f"Invalid multipart payload format: {error.detail}") from None


async def _uploaded(form: FormData) -> list[SavedObject]:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        words = "expected value of type [Stream] but got [undefined]"
        raise RefusedError(400, f"[request body.file]: {words}")
    dot, extension = (file.filename or "").rpartition(".")[1:]
    if extension.lower() != "ndjson":
        raise RefusedError(400, f"Invalid file extension {dot}{extension}")
    return read(await file.read())


def _retries(form: FormData) -> tuple[Choice, ...]:
    text = form.get("retries")
    if not isinstance(text, str):
        words = "expected value of type [array] but got [undefined]"
        raise RefusedError(400, f"[request body.retries]: {words}")
    try:
        return msgspec.json.decode(text, type=tuple[Choice, ...])
    except msgspec.DecodeError as error:
        raise RefusedError(400, f"[request body.retries]: {error}") from None
