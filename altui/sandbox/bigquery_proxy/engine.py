"""The emulator behind the proxy: one pool of kept-alive connections."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

Json = dict[str, Any]

API = "/bigquery/v2"

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
OWN = _HOP | {"date", "server"}
"""Headers that the server in front of the client writes itself."""


class Engine:
    """Forwards requests as they came, the Host header included.

    The emulator builds the address of a resumable upload from the Host header: with the proxy's
    name in it the next chunk comes back through the proxy.
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = httpx.URL(url)
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    def _pool(self) -> httpx.AsyncClient:
        if self._client is None:  # made inside the loop that uses it
            self._client = httpx.AsyncClient(
                transport=self._transport,
                # Callers bring their own deadlines; a query may run as long as they wait.
                timeout=httpx.Timeout(None, connect=5),
                # Below the 5 s after which the emulator closes an idle connection.
                limits=httpx.Limits(max_keepalive_connections=20, keepalive_expiry=3),
                trust_env=False,
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def stream(self, request: Request) -> Response:
        """The engine's answer to this request, both bodies passed on as they come."""
        answer = await self._send(request, self._body_of(request), stream=True)
        return StreamingResponse(
            _raw(answer), answer.status_code, headers=kept(answer.headers, OWN)
        )

    async def exchange(self, request: Request, body: bytes | None = None) -> httpx.Response:
        """The engine's whole answer; `body` replaces the request's own."""
        content = self._body_of(request) if body is None else body
        return await self._send(request, content, stream=False)

    async def ask(self, request: Request, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of the engine's whole answer."""
        answer = await self.exchange(request, body)
        return answer.status_code, answer.content

    async def call(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """A request of the proxy's own."""
        answer = await self._pool().request(method, self._url.join(path), json=body)
        return answer.status_code, answer.json() if answer.content else {}

    def _body_of(self, request: Request) -> AsyncIterator[bytes] | None:
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        return request.stream() if has_body else None

    async def _send(
        self, request: Request, content: AsyncIterator[bytes] | bytes | None, *, stream: bool
    ) -> httpx.Response:
        headers = kept(request.headers, _HOP)
        if isinstance(content, bytes):
            headers["content-length"] = str(len(content))
        if not stream:
            headers["accept-encoding"] = "identity"
        query = request.url.query
        target = self._url.copy_with(
            raw_path=request.scope["raw_path"] + (b"?" + query.encode() if query else b"")
        )
        pool = self._pool()
        outgoing = pool.build_request(request.method, target, headers=headers, content=content)
        return await pool.send(outgoing, stream=stream)


def kept(headers: Any, without: set[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in without}


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def reply(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def error(status: int, reason: str, message: str) -> Response:
    """BigQuery's error body, in the shape Google's clients read `reason` from."""
    return reply(
        {
            "error": {
                "code": status,
                "message": message,
                "errors": [{"domain": "global", "reason": reason, "message": message}],
            }
        },
        status,
    )


def decoded(body: bytes) -> Json | None:
    """The body as a JSON object; None where it is something else."""
    try:
        return msgspec.json.decode(body, type=Json)
    except msgspec.DecodeError:
        return None


def job_failure(status: int, body: Json) -> Json:
    """An HTTP error of the engine as the ErrorProto of a job."""
    problem: Json = body.get("error") or {}
    errors: list[Json] = problem.get("errors") or []
    first: Json = errors[0] if errors else {}
    message = problem.get("message") or f"the engine answered {status}"
    return {"reason": first.get("reason") or "backendError", "message": message}
