"""The sandbox's own small API, and the client that `down`, `status`, `writer` and `clock` use."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from altui.sandbox.engines import EngineError
from altui.sandbox.faults import Fault, Faults
from altui.sandbox.timeline import ClockError

FILE = "control.json"
Handler = Callable[[Request], Awaitable[Response]]


class NotRunningError(Exception):
    """No sandbox runs in that directory."""


class Hands:
    """What the API may do; the supervisor gives it these."""

    def __init__(
        self,
        *,
        status: Callable[[], Awaitable[dict[str, Any]]],
        move: Callable[[datetime], Awaitable[None]],
        punctual: Callable[[bool], None],
        writer: Callable[[bool], None],
        engine: Callable[[str, str], Awaitable[None]],
        shut_down: Callable[[], None],
        faults: Faults,
    ) -> None:
        self.status = status
        self.move = move
        self.punctual = punctual
        self.writer = writer
        self.engine = engine
        self.shut_down = shut_down
        self.faults = faults


Verb = Callable[[Hands, dict[str, Any]], Awaitable[Any]]


def app(hands: Hands, token: str) -> Starlette:
    """Routes of the control API; each asks for the token of control.json."""

    def guarded(verb: Verb) -> Handler:
        async def handle(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {token}":
                return JSONResponse({"error": "the token is in control.json"}, 401)
            body = cast(dict[str, Any], json.loads(await request.body() or b"{}"))
            try:
                return JSONResponse(await verb(hands, body))
            except (ClockError, EngineError, ValueError, KeyError) as error:
                return JSONResponse({"error": str(error)}, 400)

        return handle

    routes = [Route(path, guarded(verb), methods=[how]) for (how, path), verb in VERBS.items()]
    return Starlette(routes=routes)


async def _status(hands: Hands, body: dict[str, Any]) -> Any:
    return await hands.status()


async def _clock(hands: Hands, body: dict[str, Any]) -> Any:
    if "punctual" in body:
        hands.punctual(bool(body["punctual"]))
    if "to" in body:
        await hands.move(datetime.fromisoformat(body["to"]))
    return await hands.status()


async def _writer(hands: Hands, body: dict[str, Any]) -> Any:
    hands.writer(bool(body["paused"]))
    return await hands.status()


async def _engine(hands: Hands, body: dict[str, Any]) -> Any:
    await hands.engine(body["name"], body["do"])
    return await hands.status()


async def _faults(hands: Hands, body: dict[str, Any]) -> Any:
    return hands.faults.listed()


async def _fault(hands: Hands, body: dict[str, Any]) -> Any:
    return {"id": hands.faults.add(msgspec.convert(body, Fault))}


async def _unfault(hands: Hands, body: dict[str, Any]) -> Any:
    hands.faults.remove(body.get("id"))
    return hands.faults.listed()


async def _shut_down(hands: Hands, body: dict[str, Any]) -> Any:
    hands.shut_down()
    return {}


VERBS: dict[tuple[str, str], Verb] = {
    ("GET", "/status"): _status,
    ("POST", "/clock"): _clock,
    ("POST", "/writer"): _writer,
    ("POST", "/engine"): _engine,
    ("GET", "/faults"): _faults,
    ("POST", "/faults"): _fault,
    ("DELETE", "/faults"): _unfault,
    ("POST", "/shutdown"): _shut_down,
}


def publish(directory: Path, port: int) -> str:
    """Writes where the API is and returns the token it asks for."""
    token = secrets.token_urlsafe(16)
    path = directory / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "token": token}))
    return token


def call(
    directory: Path, method: str, path: str, body: dict[str, Any] | None = None, *, within: float
) -> dict[str, Any]:
    """Asks the sandbox of `directory`. Raises NotRunningError, or ValueError with its refusal."""
    import httpx

    try:
        known = json.loads((directory / FILE).read_text())
        answer = httpx.request(
            method,
            known["url"] + path,
            json=body,
            headers={"authorization": f"Bearer {known['token']}"},
            timeout=within,
        )
    except (FileNotFoundError, httpx.ConnectError) as error:
        raise NotRunningError(
            f"no sandbox runs in {directory}; start one: altui sandbox up"
        ) from error
    data = cast(dict[str, Any], answer.json())
    if answer.is_error:
        raise ValueError(data.get("error", answer.text))
    return data
