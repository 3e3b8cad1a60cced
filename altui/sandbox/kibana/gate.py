"""What every call to Kibana passes: credentials, kbn-xsrf, versions, and a working Elasticsearch.

Order and words as in Kibana: who calls is settled before the header that browsers need.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from altui.sandbox.kibana.elasticsearch import Elasticsearch, UnreachableError
from altui.sandbox.kibana.objects import DEFAULT
from altui.sandbox.kibana.refusal import RefusedError
from altui.sandbox.kibana.status import NAME, NUMBER, status

API_VERSION = "2023-10-31"
"""The only public version of the versioned routes (data views, spaces)."""

Handler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")
Query = TypeVar("Query", bound=msgspec.Struct)


class Gate:
    def __init__(self, key: str, elasticsearch: Elasticsearch) -> None:
        self._key = key
        self._elasticsearch = elasticsearch

    def guarded(self, handler: Handler, *, versioned: bool = False) -> Handler:
        async def endpoint(request: Request) -> Response:
            try:
                self._admit(request, versioned)
                await self._elasticsearch.reach()
                answer = await handler(request)
            except RefusedError as refusal:
                answer = refusal.answer()
            except UnreachableError as error:
                answer = RefusedError(503, str(error)).answer()
            answer.headers["kbn-name"] = NAME
            if versioned:
                answer.headers["elastic-api-version"] = API_VERSION
            return answer

        return endpoint

    async def status(self, request: Request) -> Response:
        """Open to all; who shows no key that works learns the level only."""
        known = request.headers.get("authorization") == f"ApiKey {self._key}"
        code, body = await status(self._elasticsearch, known=known)
        return JSONResponse(body, code, {"kbn-name": NAME})

    def _admit(self, request: Request, versioned: bool) -> None:
        shown = request.headers.get("authorization")
        if shown is None:
            raise RefusedError(401, "Unauthorized")
        if shown != f"ApiKey {self._key}":
            words = "unable to authenticate with provided credentials and anonymous access is not "
            raise RefusedError(401, f"security_exception: {words}allowed for this request")
        browser = request.headers.get("kbn-version")
        if browser is not None and browser != NUMBER:
            raise RefusedError(
                400,
                "Browser client is out of date, please refresh the page "
                f'("kbn-version" header was "{browser}" but should be "{NUMBER}")',
            )
        if request.method not in ("GET", "HEAD") and not (browser or "kbn-xsrf" in request.headers):
            raise RefusedError(400, "Request must contain a kbn-xsrf header.")
        asked = request.headers.get("elastic-api-version", API_VERSION)
        if versioned and asked != API_VERSION:
            raise RefusedError(
                400,
                f'No version "{asked}" available for [{request.method.lower()}] '
                f"[{request.url.path}]. Available versions are: [{API_VERSION}]",
            )


# What a request says, or a 400 in Kibana's words.


def space_of(request: Request) -> str:
    """The space of the path; Kibana does not check that it exists."""
    return request.path_params.get("space", DEFAULT)


async def body_of(request: Request, shape: type[T]) -> T:
    raw = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0]
    if raw and kind != "application/json":
        raise RefusedError(415, "Unsupported Media Type")
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        raise RefusedError(400, f"[request body]: {error}") from None
    except msgspec.DecodeError:
        raise RefusedError(400, "Invalid request payload JSON format") from None


def query_of(request: Request, shape: type[Query]) -> Query:
    """The query as `shape`, whose field names are the parameters'; tuples may be repeated."""
    known = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    values: dict[str, Any] = {}
    for name in request.query_params:
        if name not in known:
            raise RefusedError(400, f"[request query.{name}]: definition for this key is missing")
        every = request.query_params.getlist(name)
        many = isinstance(known[name].default, tuple) or known[name].required
        values[name] = every if many else every[-1]
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise RefusedError(400, f"[request query]: {error}") from None
