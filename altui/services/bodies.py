"""Answers read to a bound: a few bytes may stand for gigabytes, and may take days to come."""

import socket
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from altui.services.text import clean

MOST = 32 * 1024**2
"""Bytes of one answer to a vendor's client, inflated; a thousand times what is expected."""
PIECE = 64 * 1024
"""Bytes that are inflated at a time."""


class UnfitBodyError(Exception):
    """The body is longer than its bound, or coded otherwise than was asked for."""


class Inflater:
    """Undoes at most one gzip, piece by piece; nothing is held that was not asked for."""

    def __init__(self, coding: str | None) -> None:
        """`coding` is the Content-Encoding. Raises UnfitBodyError where it is not gzip once."""
        name = (coding or "").strip().lower()
        if name not in {"", "identity", "gzip", "x-gzip"}:
            raise UnfitBodyError(f"the answer is coded as {clean(name, 40)}, not as gzip once")
        self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in name else None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What the chunk stands for, no piece longer than PIECE or the chunk."""
        if self._gzip is None:
            yield chunk
            return
        while chunk and not self._gzip.eof:
            try:
                yield self._gzip.decompress(chunk, PIECE)
            except zlib.error as error:
                raise UnfitBodyError(f"the answer is no gzip: {error}") from error
            chunk = self._gzip.unconsumed_tail

    def rest(self) -> bytes:
        """What is left at the end: less than a piece."""
        return self._gzip.flush() if self._gzip else b""


class Body:
    """What has come of a body, never longer than `most` bytes."""

    def __init__(self, coding: str | None, most: int) -> None:
        """Raises UnfitBodyError, as `add` and `whole` do."""
        self._inflater = Inflater(coding)
        self._most = most
        self._come = bytearray()

    def add(self, chunk: bytes) -> None:
        for piece in self._inflater.pieces(chunk):
            self._take(piece)

    def whole(self) -> bytes:
        self._take(self._inflater.rest())
        return bytes(self._come)

    def _take(self, piece: bytes) -> None:
        self._come += piece
        if len(self._come) > self._most:
            size = f"{self._most // 1024**2} MB" if self._most >= 1024**2 else f"{self._most} bytes"
            raise UnfitBodyError(f"the answer is longer than {size}")


class _Timed:
    """What makes a connection of urllib3 one whose answers are in time as a whole.

    A client's timeout bounds every single wait for bytes, so a peer that dribbles is waited for
    without end. Here it bounds the head of an answer, and the body to where `read` has read it.
    """

    sock: Any
    timeout: float | None

    def getresponse(self) -> Any:
        if self.timeout is None:
            raise ValueError("a request without a timeout")
        until = time.monotonic() + self.timeout
        inherited: Any = super()
        with _cut(partial(self.sock.shutdown, socket.SHUT_RD), until):
            response = inherited.getresponse()
        response.until = until
        return response


def timed(pool: Any) -> Any:
    """The same pool of urllib3, whose answers come within a request's timeout or not at all."""
    kind = pool.ConnectionCls
    if not issubclass(kind, _Timed):
        pool.ConnectionCls = type("Timed", (_Timed, kind), {})
    return pool


@contextmanager
def _cut(shut: Callable[[], None], until: float) -> Generator[None]:
    """Shuts the wire at that moment, which ends a wait for it, and raises TimeoutError."""
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError, RuntimeError, ValueError):  # it has ended meanwhile
            shut()

    timer = threading.Timer(max(until - time.monotonic(), 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise TimeoutError("the answer did not end in time")


def read(response: Any, most: int) -> bytes:
    """The body of an answer from a `timed` pool that was not read yet.

    Raises UnfitBodyError, and TimeoutError for one that still comes when its time is over.
    """
    body = Body(response.headers.get("content-encoding"), most)
    with _cut(response.shutdown, response.until):
        for chunk in response.stream(PIECE, decode_content=False):
            body.add(chunk)
    return body.whole()


def bound(session: Any, most: int = MOST) -> None:
    """Every answer that this client of requests gets is read to a bound, and in time.

    Reading raises requests' ContentDecodingError for one that is longer, or coded oddly, and its
    ReadTimeout for one that does not end.
    """
    from io import BytesIO

    from requests.adapters import HTTPAdapter
    from requests.exceptions import ContentDecodingError, ReadTimeout

    class Bounded(HTTPAdapter):
        def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
            return timed(super().get_connection_with_tls_context(*given, **named))

        def build_response(self, req: Any, resp: Any) -> Any:
            answer: Any = super().build_response(req, resp)
            answer.raw = _Bounded(resp)
            return answer

    class _Bounded:
        """urllib3's response, whose body is what `read` makes of it."""

        def __init__(self, response: Any) -> None:
            self._response = response

        def __getattr__(self, name: str) -> Any:
            return getattr(self._response, name)

        def stream(self, amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
            try:
                body = BytesIO(read(self._response, most))
            except UnfitBodyError as error:
                self._response.close()
                raise ContentDecodingError(str(error)) from error
            except TimeoutError as error:
                self._response.close()
                raise ReadTimeout(str(error)) from error
            while piece := body.read(amount):
                yield piece

    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded())
