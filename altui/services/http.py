"""JSON over HTTP for Fivetran, GitHub and Kibana: bounded in time, tries and size."""

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec

from altui.config import public_url
from altui.core.model.observed import Trouble
from altui.services.addresses import is_address, is_loopback, through
from altui.services.bodies import Body, Inflater, UnfitBodyError
from altui.services.errors import (
    TOO_MANY,
    ServiceError,
    deadline,
    misconfigured,
    rest_of,
    trouble_of_status,
)
from altui.services.headers import retry_after, sendable
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
MOST_REDIRECTS = 10
SOCKS = "SOCKS proxies are not supported: set HTTPS_PROXY or NO_PROXY"
PROXY = "the environment's proxy is no URL: set HTTPS_PROXY or NO_PROXY"
UNSENDABLE = "its key or token cannot be sent: it holds a line break, or letters beyond ASCII"
"""Without the value: it is a secret."""


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
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "altui",
            **headers,
        }
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
        request = self._request(where, method, path, headers or {}, params=params, json=json)
        try:
            async with deadline(self.seconds, where), self._client(where) as client:
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
        request = self._request(where, "GET", path, {})
        try:
            async with deadline(self.seconds, where), self._client(where) as client:
                answer = await client.send(request, auth=self._auth, stream=True)
                if answer.has_redirect_location:
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
        response = await self._landed(client, request, where)
        try:
            body = Body(response.headers.get("content-encoding"), LONGEST_ANSWER)
            async for chunk in _raw(response):
                body.add(chunk)
            whole = body.whole()
        except UnfitBodyError as error:
            raise ServiceError(Trouble.nonsense, error, where) from error
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, whole, where)

    async def _landed(
        self, client: "httpx.AsyncClient", request: "httpx.Request", where: str
    ) -> "httpx.Response":
        """The answer behind all redirects; their bodies are not read."""
        auth = self._auth
        for _ in range(MOST_REDIRECTS):
            response = await client.send(request, stream=True, auth=auth)
            if response.next_request is None:
                return response
            await response.aclose()
            # httpx has dropped from it what is meant for the first host alone
            request, auth = response.next_request, None
        raise ServiceError(Trouble.nonsense, f"{MOST_REDIRECTS} redirects in a row", where)

    def _request(
        self, where: str, method: str, path: str, more: Mapping[str, str], **rest: Any
    ) -> "httpx.Request":
        """Raises ServiceError for what cannot be sent: `misconfigured` where it is our own."""
        import httpx

        if not is_address(self.base):
            raise misconfigured(f"{self.shown}: not a URL that can be asked", where)
        if not all(map(sendable, self._headers.values())):
            raise misconfigured(UNSENDABLE, where)
        try:
            return httpx.Request(
                method, self.base + path, headers={**self._headers, **more}, **rest
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            words = f"{self.shown}: it leads to what cannot be asked"
            raise ServiceError(Trouble.nonsense, words, where) from error

    def _client(self, where: str) -> "httpx.AsyncClient":
        import httpx

        try:
            return httpx.AsyncClient(
                # a proxy from the environment cannot reach this machine's own ports
                trust_env=not is_loopback(self.base),
                verify=_tls(),
                timeout=httpx.Timeout(self.seconds, connect=min(CONNECT, self.seconds)),
                transport=self._transport() if self._transport else None,
            )
        except ImportError as error:
            raise misconfigured(SOCKS, where) from error
        except OSError as error:  # of the TLS context
            words = f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {error.strerror}"
            raise misconfigured(words, where) from error
        except (httpx.InvalidURL, ValueError) as error:
            raise misconfigured(PROXY, where) from error


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


def _raw(answer: "httpx.Response") -> AsyncIterator[bytes]:
    """The body as it comes: httpx would inflate it without a bound."""
    return cast("httpx.AsyncByteStream", answer.stream).__aiter__()


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
        error, httpx.TimeoutException | httpx.UnsupportedProtocol | httpx.LocalProtocolError
    )


def _elsewhere(request: "httpx.Request", answer: "httpx.Response") -> "httpx.Request":
    """The question that a redirect asks for, without what is meant for the first host alone."""
    import httpx

    target = request.url.join(answer.headers["location"])
    if target.scheme not in {"https", request.url.scheme}:
        words = f"redirected from {request.url.scheme} to {target.scheme}"
        raise ServiceError(Trouble.nonsense, words, f"GET {request.url.path}")
    # as it is: its end is found by its length
    headers = {"User-Agent": "altui", "Accept-Encoding": "identity"}
    return httpx.Request("GET", target, headers=headers)


def _length(answer: "httpx.Response") -> int:
    """What the answer says its length is; 0 for a compressed or an unsaid one."""
    said = answer.headers.get("content-length", "")
    plain = answer.status_code == 200 and "content-encoding" not in answer.headers
    return int(said) if plain and said.isascii() and said.isdigit() else 0


async def _last_bytes(answer: "httpx.Response", most: int, where: str) -> bytes:
    """Reads to the end and keeps the last bytes. Raises ServiceError for what is no success."""
    kept = bytearray()
    try:
        inflater = Inflater(answer.headers.get("content-encoding"))
        async for chunk in _raw(answer):
            for piece in inflater.pieces(chunk):
                kept += piece
                if len(kept) > 2 * most:
                    del kept[:-most]
        kept += inflater.rest()
    except UnfitBodyError as error:
        raise ServiceError(Trouble.nonsense, error, where) from error
    finally:
        await answer.aclose()
    if answer.status_code not in {200, 206}:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        raise refused(Answer(answer.status_code, headers, bytes(kept[:most]), where))
    return bytes(kept[-most:])


def _unheard(error: Exception, where: str, base: str) -> ServiceError:
    import httpx

    said = clean(error) or type(error).__name__
    if isinstance(error, httpx.LocalProtocolError):
        return misconfigured(UNSENDABLE, where)  # its words quote the header
    redirected = isinstance(error, httpx.RemoteProtocolError) and "location header" in said
    if redirected or isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        # our own address was looked at before
        words = f"{base}: redirected to what is no URL: {said}"
        return ServiceError(Trouble.nonsense, words, where)
    if isinstance(error, httpx.DecodingError | httpx.TooManyRedirects):
        return ServiceError(Trouble.nonsense, f"{base}: {said}", where)
    return ServiceError(Trouble.unreachable, f"{base}{through(base)}: {said}", where)


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
