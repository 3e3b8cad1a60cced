"""What every call passes: credentials, the hour's allowance, media types; and Fivetran's errors.

Facts from Fivetran's REST API documentation: Basic authentication with key and secret, 20,000
calls an hour for an account, 250 setup tests a minute, 429 with Retry-After, {code, message}.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

VERSIONS = ("1", "2")
T = TypeVar("T")


class RefusedError(Exception):
    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


@dataclass
class Allowance:
    """So many calls in each stretch of time, which begins with its first call."""

    limit: int
    length: timedelta
    used: int = 0
    until: datetime | None = None

    def take(self, now: datetime) -> None:
        """Raises RefusedError, 429, when nothing is left."""
        # a clock that was set far back ends the stretch as well
        if self.until is None or not self.until - self.length <= now < self.until:
            self.used, self.until = 0, now + self.length
        if self.used >= self.limit:
            wait = ceil((self.until - now).total_seconds())
            raise RefusedError(
                429,
                "RateLimitExceeded",
                f"Rate limit of {self.limit} requests exceeded, try again in {wait} seconds",
                {"Retry-After": str(wait)},
            )
        self.used += 1


@dataclass
class Gate:
    key: str
    secret: str
    now: Callable[[], datetime]
    calls: Allowance = field(default_factory=lambda: Allowance(20_000, timedelta(hours=1)))
    tests: Allowance = field(default_factory=lambda: Allowance(250, timedelta(minutes=1)))

    def admit(self, request: Request) -> None:
        """Raises RefusedError: 401 for credentials, 429 for the rate, 406 for the media type."""
        if not self._known(request.headers.get("authorization", "")):
            raise RefusedError(401, "AuthFailed", "Invalid authorization credentials")
        self.calls.take(self.now())
        accept = request.headers.get("accept", "*/*")
        if not any(_served(part) for part in accept.split(",")):
            raise RefusedError(406, "NotAcceptable", f"Cannot answer as {accept}")

    def _known(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        wanted = f"{self.key}:{self.secret}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, wanted)


async def body_of(request: Request, kind: type[T], *, required: bool = False) -> T:
    """The request's JSON; an absent body is an empty object unless it is required.

    Raises RefusedError: 415 for another content type, 400 for what cannot be understood.
    """
    raw = await request.body()
    if not raw:
        if required:
            raise RefusedError(400, "InvalidInput", "Request body is required")
        raw = b"{}"
    elif request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RefusedError(415, "UnsupportedMediaType", "Content-Type must be application/json")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as problem:
        raise RefusedError(400, "InvalidInput", str(problem)) from problem


def answer(status: int, code: str, message: str | None = None, data: object = None) -> Response:
    """Fivetran's envelope around every answer."""
    body: dict[str, object] = {"code": code}
    if message is not None:
        body["message"] = message
    if data is not None:
        body["data"] = data
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def refusal(problem: RefusedError) -> Response:
    response = answer(problem.status, problem.code, problem.message)
    response.headers.update(problem.headers or {})
    return response


def _served(part: str) -> bool:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    if kind not in ("application/json", "application/*", "*/*"):
        return False
    versions = [p.partition("=")[2] for p in parameters if p.startswith("version=")]
    return all(version in VERSIONS for version in versions)
