"""What every call passes: version, token, rate limit, ETag, and errors in GitHub's shape.

Facts from GitHub's "REST API rate limits", "API versions" and "Best practices": 5,000 calls an hour
with a token, 60 without; an authorised 304 and `/rate_limit` cost nothing; an unknown version is
a 400.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from altui.sandbox.github.engine import RefusedError
from altui.sandbox.github.render import Urls

VERSIONS = ("2026-03-10", "2022-11-28")
ENTERPRISE_VERSIONS = ("2022-11-28",)
ENTERPRISE_RELEASE = "3.19.0"
_DOCUMENTATION = "https://docs.github.com/rest"
_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Call:
    """One call that may pass: the request and what its caller speaks."""

    request: Request
    version: str
    enterprise: bool
    """Asked below /api/v3: answers as GitHub Enterprise Server 3.19."""
    urls: Urls
    caller: str
    """Whose hour it counts in: the token's owner, or nobody."""

    @property
    def path(self) -> dict[str, Any]:
        return self.request.path_params

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)


@dataclass
class Rate:
    """Calls counted in fixed hours that begin with the first call."""

    limit: int
    used: int = 0
    reset: datetime | None = None

    def look(self, now: datetime) -> None:
        """Begin a new hour when the old one is over, or when the clock was set far back."""
        if self.reset is None or not now < self.reset <= now + _WINDOW:
            self.used, self.reset = 0, now + _WINDOW

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def body(self) -> dict[str, int]:
        reset = int(self.reset.timestamp()) if self.reset else 0
        shown = min(self.used, self.limit)
        return {
            "limit": self.limit,
            "used": shown,
            "remaining": self.remaining,
            "reset": reset,
        }


@dataclass
class Gate:
    """Decides whether a call passes, counts it, and finishes its answer."""

    token: str
    repository: str
    url: str
    now: Callable[[], datetime]
    rates: dict[str, Rate] = field(
        default_factory=lambda: {"token": Rate(limit=5000), "nobody": Rate(limit=60)}
    )

    def admit(self, request: Request) -> Call:
        """The call, or RefusedError: 400 for the version, 401 for the token, 403 for the rate."""
        prefix = request.scope.get("root_path", "")
        enterprise = prefix.endswith("/api/v3")
        known = ENTERPRISE_VERSIONS if enterprise else VERSIONS
        version = request.headers.get("x-github-api-version", "2022-11-28")
        if version not in known:
            raise RefusedError(400, f"API version {version!r} is not supported: {', '.join(known)}")
        urls = Urls(
            api=f"{self.url}/api/v3" if enterprise else self.url,
            html=self.url,
            repository=self.repository,
        )
        call = Call(request, version, enterprise, urls, self._caller(request))
        rate = self.rate(call)
        if rate.remaining == 0 and not _free(request):
            raise RefusedError(403, "API rate limit exceeded for this token.")
        return call

    def finish(self, call: Call, answer: Response) -> Response:
        """The answer with ETag and counted call; 304 in its place where the caller has it."""
        if call.request.method == "GET" and answer.status_code == 200:
            etag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
            headers = {
                "etag": etag,
                "cache-control": "private, max-age=60, s-maxage=60",
                "vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            }
            known = call.request.headers.get("if-none-match", "")
            if etag in [each.strip() for each in known.split(",")]:
                return self._signed(call, Response(status_code=304, headers=headers))
            answer.headers.update(headers)
        if not _free(call.request):
            self.rate(call).used += 1
        return self._signed(call, answer)

    def refused(self, request: Request, refusal: RefusedError) -> Response:
        body = {
            "message": refusal.message,
            "documentation_url": _DOCUMENTATION,
            "status": str(refusal.status),
        }
        answer = JSONResponse(body, refusal.status)
        if "rate limit" in refusal.message:
            rate = self.rates["token" if "authorization" in request.headers else "nobody"]
            rate.look(self.now())
            wait = max(rate.body["reset"] - int(self.now().timestamp()), 1)
            answer.headers.update({"retry-after": str(wait), **_rate_headers(rate)})
        return answer

    def rate(self, call: Call) -> Rate:
        rate = self.rates[call.caller]
        rate.look(self.now())
        return rate

    def _caller(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            if "/repos/" in request.url.path:
                raise RefusedError(401, "Requires authentication")
            return "nobody"
        if scheme.lower() not in ("bearer", "token") or token.strip() != self.token:
            raise RefusedError(401, "Bad credentials")
        return "token"

    def _signed(self, call: Call, answer: Response) -> Response:
        answer.headers["x-github-api-version-selected"] = call.version
        answer.headers["x-github-media-type"] = "github.v3; format=json"
        if call.enterprise:
            answer.headers["x-github-enterprise-version"] = ENTERPRISE_RELEASE
        answer.headers.update(_rate_headers(self.rate(call)))
        return answer


def _free(request: Request) -> bool:
    return request.url.path.endswith("/rate_limit")


def _rate_headers(rate: Rate) -> dict[str, str]:
    return {
        **{f"x-ratelimit-{name}": str(value) for name, value in rate.body.items()},
        "x-ratelimit-resource": "core",
    }


async def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; RefusedError with GitHub's 400 for anything else."""
    raw = await request.body()
    try:
        body: object = json.loads(raw) if raw else {}
    except ValueError:
        raise RefusedError(400, "Problems parsing JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "Body should be a JSON object")
    return cast(dict[str, Any], body)
