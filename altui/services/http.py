"""JSON over HTTP for Fivetran, GitHub and Kibana: bounded in time, tries and size."""

import email.utils
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from altui.config import public_url
from altui.core.model.observed import Trouble
from altui.services.errors import TOO_MANY, ServiceError, deadline, rest_of, trouble_of_status
from altui.services.text import clean, spoken

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

CONNECT = 3.0
"""Seconds for one attempt to connect."""
ATTEMPTS = 3
LONGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; the longest answer asked for here has some 200 KB."""
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises, the last of them for brackets in brackets without end."""
WORTH_RETRYING = {429, 502, 503, 504}


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    where: str


class _BusyError(Exception):
    """An answer that asks to come back; `after` in seconds where it says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.after = retry_after(answer.headers, datetime.now(UTC))


class MakeTransport(Protocol):
    """Stands between a client and the network; tests give one of their own."""

    def __call__(self) -> "httpx.AsyncBaseTransport": ...


class Http:
    """Asks one service; nothing stays open between questions.

    `seconds` bounds a question with all its tries. Errors are ServiceErrors.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        seconds: float,
        auth: tuple[str, str] | None = None,
        transport: MakeTransport | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.shown = public_url(self.base)
        self.seconds = seconds
        self._headers = {"Accept": "application/json", "User-Agent": "altui", **headers}
        self._auth = auth
        self._transport = transport

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        answers: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer to a GET; statuses in `answers` are answers too, whatever they mean."""
        return await self.ask("GET", path, params=params, headers=headers, answers=answers)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        answers: frozenset[int] = frozenset(),
    ) -> Answer:
        """Sends a question that is safe to repeat, and repeats it where that may help."""
        import httpx

        where = f"{method} {path}"
        request = httpx.Request(
            method,
            self.base + path,
            params=params,
            headers={**self._headers, **(headers or {})},
            json=json,
        )
        try:
            async with deadline(self.seconds, where), self._client() as client:
                return await self._patiently(client, request, where, answers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unheard(error, where, self.shown) from error
        except _BusyError as busy:
            raise refused(busy.answer) from None

    async def tail(self, path: str, most: int) -> bytes:
        """The last `most` bytes, or fewer, of the file that a GET of `path` leads to.

        A redirect is followed without our credentials, never from https to http, and once. Raises
        ServiceError.
        """
        import httpx

        where = f"GET {path}"
        request = httpx.Request("GET", self.base + path, headers=self._headers)
        try:
            async with deadline(self.seconds, where), self._client() as client:
                answer = await client.send(request, auth=self._auth, stream=True)
                if answer.is_redirect:
                    await answer.aclose()
                    file = _elsewhere(request, answer)
                    answer = await client.send(file, stream=True)
                    if _length(answer) > most:
                        await answer.aclose()
                        file.headers["Range"] = f"bytes={_length(answer) - most}-"
                        answer = await client.send(file, stream=True)
                return await _last_bytes(answer, most, where)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unheard(error, where, self.shown) from error

    async def _patiently(
        self,
        client: "httpx.AsyncClient",
        request: "httpx.Request",
        where: str,
        answers: frozenset[int],
    ) -> Answer:
        until = time.monotonic() + self.seconds

        def worth_waiting(error: Exception) -> bool | float:
            return _wait(error, until)

        async for attempt in _stamina().retry_context(
            on=worth_waiting,
            attempts=ATTEMPTS,
            timeout=self.seconds,
            wait_initial=0.1,
            wait_max=2.0,
            wait_jitter=0.3,
        ):
            with attempt:
                answer = await self._once(client, request, where)
                if answer.status < 400 or answer.status in answers:
                    return answer
                if answer.status in WORTH_RETRYING:
                    raise _BusyError(answer)
                raise refused(answer)
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self, client: "httpx.AsyncClient", request: "httpx.Request", where: str
    ) -> Answer:
        response = await client.send(request, stream=True, auth=self._auth, follow_redirects=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    words = f"the answer is longer than {LONGEST_ANSWER // 1024**2} MB"
                    raise ServiceError(Trouble.nonsense, words, where)
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body), where)

    def _client(self) -> "httpx.AsyncClient":
        import httpx

        return httpx.AsyncClient(
            # a proxy from the environment cannot reach this machine's own ports
            trust_env=not is_loopback(self.base),
            verify=_tls(),
            timeout=httpx.Timeout(self.seconds, connect=min(CONNECT, self.seconds)),
            transport=self._transport() if self._transport else None,
        )


def decoded(answer: Answer, kind: type[T]) -> T:
    """The body as `kind`; unknown fields are ignored. Raises ServiceError (nonsense)."""
    try:
        return msgspec.json.decode(answer.body, type=kind, strict=False)
    except NOT_JSON as error:
        words = f"the answer cannot be understood: {error}; it begins {_start_of(answer)!r}"
        raise ServiceError(Trouble.nonsense, words, answer.where) from error


def refused(answer: Answer) -> ServiceError:
    """The error for a status that is no success, in the service's own words."""
    words = f"{answer.status} {_message(answer)}".strip()
    rest = rest_of(answer.status, retry_after(answer.headers, datetime.now(UTC)))
    return ServiceError(trouble_of_status(answer.status), words, answer.where, rest)


def utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC; one without a zone is UTC's already."""
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)  # hours from the year 1 or 9999: no matter which


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for: a number or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((utc(moment) or now) - now).total_seconds())


_NEXT = re.compile(r"""<([^>]*)>\s*;[^,<]*\brel="?next\b""")


def next_page(headers: Mapping[str, str]) -> str | None:
    """The query of the `Link` that leads to the next page (RFC 8288); None on the last one.

    Only the query: whatever host the link names, the next question goes where the first one went.
    """
    found = _NEXT.search(headers.get("link", ""))
    return urlsplit(found[1]).query if found else None


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _wait(error: Exception, until: float) -> bool | float:
    """Whether to try again, and when: a wait that ends after the deadline is not begun."""
    import httpx

    if isinstance(error, _BusyError):
        if error.after is None:
            # too many questions are not mended by another one
            return error.answer.status != TOO_MANY
        return error.after if time.monotonic() + error.after < until else False
    # a timeout has used the time that another try would need
    return isinstance(error, httpx.TransportError) and not isinstance(
        error, httpx.TimeoutException | httpx.UnsupportedProtocol
    )


def _elsewhere(request: "httpx.Request", answer: "httpx.Response") -> "httpx.Request":
    """The question that a redirect asks for, without what is meant for the first host alone."""
    import httpx

    target = request.url.join(answer.headers["location"])
    if target.scheme not in {"https", request.url.scheme}:
        words = f"redirected from {request.url.scheme} to {target.scheme}"
        raise ServiceError(Trouble.nonsense, words, f"GET {request.url.path}")
    return httpx.Request("GET", target, headers={"User-Agent": "altui"})


def _length(answer: "httpx.Response") -> int:
    """What the answer says its length is; 0 for a compressed or an unsaid one."""
    said = answer.headers.get("content-length", "")
    plain = answer.status_code == 200 and "content-encoding" not in answer.headers
    return int(said) if plain and said.isascii() and said.isdigit() else 0


async def _last_bytes(answer: "httpx.Response", most: int, where: str) -> bytes:
    """Reads to the end and keeps the last bytes. Raises ServiceError for what is no success."""
    kept = bytearray()
    try:
        async for chunk in answer.aiter_bytes():
            kept += chunk
            if len(kept) > 2 * most:
                del kept[:-most]
    finally:
        await answer.aclose()
    if answer.status_code not in {200, 206}:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        raise refused(Answer(answer.status_code, headers, bytes(kept[:most]), where))
    return bytes(kept[-most:])


def _unheard(error: Exception, where: str, base: str) -> ServiceError:
    import httpx

    said = clean(error) or type(error).__name__
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ServiceError(Trouble.off, f"{base}: not a URL that can be asked: {said}", where)
    if isinstance(error, httpx.DecodingError | httpx.TooManyRedirects):
        return ServiceError(Trouble.nonsense, f"{base}: {said}", where)
    return ServiceError(Trouble.unreachable, f"{base}{_through(base)}: {said}", where)


def _through(base: str) -> str:
    """The environment's proxy that stood between, by its address: it may be what is down."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(base)
    proxy = getproxies().get(parts.scheme)
    if not proxy or is_loopback(base) or proxy_bypass(parts.hostname or ""):
        return ""
    return f" through the proxy {proxy.rsplit('@', 1)[-1]}"  # it may hold a password


class _Words(msgspec.Struct):
    """Where the three services put the words of an error."""

    message: str | None = None
    error: Any = None
    code: Any = None


def _message(answer: Answer) -> str:
    try:
        words = msgspec.json.decode(answer.body, type=_Words)
    except NOT_JSON:
        return _start_of(answer)
    said = words.message or (words.error if isinstance(words.error, str) else "")
    code = words.code if isinstance(words.code, str) else ""
    return " ".join(part for part in (code, said) if part)


def _start_of(answer: Answer) -> str:
    return spoken(answer.body[:1280].decode("utf-8", "replace"), 80)


@cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


@cache
def _stamina() -> Any:
    import stamina
    from stamina import instrumentation

    # its default hooks write to stdout or stderr, which belong to the answer
    instrumentation.set_on_retry_hooks([])
    return stamina
