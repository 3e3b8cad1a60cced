"""Services whose true answers are bent, one value at a time or all at once.

A sample answer of the real shape is walked as JSON: every value in it, inner objects and lists
too, is replaced in turn by each value of BENT.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.answering import Scripted
from tests.hostile import EVERYTHING

Place = tuple[str, tuple[Any, ...]]
"""(path of the question, keys and indices down to the value)."""

BENT: dict[str, Any] = {
    "null": None,
    "hostile text": EVERYTHING,
    "no text": "",
    "a list": [],
    "an object": {},
    "true": True,
    "minus": -7,
    "huge": 10**30,
    "huge below zero": -(10**30),
    "NaN": float("nan"),
    "a word for infinity": "-Infinity",
    "more digits than Python reads": "9" * 5000,
    "the first moment": "0001-01-01T00:00:00+14:00",
    "the last moment": "9999-12-31T23:59:59.999999-14:00",
    "far future": "2999-01-01T00:00:00Z",
    "no zone": "2026-11-23T03:05:00",
}
BODIES: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"<html>\x1b[2J[@click=app.quit]Sign in[/]</html>",
    "cut": b'{"data": {"id": "war',
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "invalid UTF-8": b'{"message": "\xff\xfe", "data": "\xc3\x28"}',
    "lone surrogate": b'{"message": "\\ud800", "name": "\\udfff"}',
    "deep": b"[" * 100_000,
    "deep in a field that nobody reads": b'{"x": ' + b"[" * 100_000,
    "many digits": b'{"id": ' + b"9" * 5000 + b"}",
    "nothing but newlines": b"\n\n\n",
    "NUL": b"\x00" * 64,
}


class Bent:
    """A service's honest answers by path, with something bent about them."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.place: Place | None = None
        self.by: Any = None
        self.body: bytes | None = None
        self.status = 200

    def places(self) -> Iterator[Place]:
        """Every value of every answer that was asked for so far."""
        for path in dict.fromkeys(self.asked):
            if path in self.answers:
                for keys in _walked(self.answers[path]):
                    yield path, keys

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.body is not None:
            return self.status, self.body
        if path not in self.answers:
            return 404, b'{"message": "Not Found"}'
        honest = self.answers[path]
        if self.place is None or self.place[0] != path:
            return self.status, _written(honest)
        value = copy.deepcopy(honest)
        return self.status, _written(_put(value, self.place[1], self.by), like=honest)

    def transport(self) -> httpx.AsyncBaseTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            status, body = self.answer(request.url.path)
            return httpx.Response(status, content=body)

        return httpx.MockTransport(answer)

    def serve(self, server: Scripted, named: Any = None) -> None:
        """Answers on a real socket; `named` tells apart questions that have the same path."""

        def script(method: str, path: str, body: bytes) -> tuple[int, Any]:
            plain = urlsplit(path).path
            return self.answer(named(method, plain, body) if named else plain)

        server.script = script


class Lines(list[Any]):
    """An answer of one JSON object a line."""


def _written(answer: Any, like: Any = None) -> bytes:
    if isinstance(answer, Lines) or (isinstance(like, Lines) and isinstance(answer, list)):
        return b"\n".join(json.dumps(line).encode() for line in answer)
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def _walked(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walked(inner, (*above, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walked(inner, (*above, place))


def _put(value: Any, keys: tuple[Any, ...], new: Any) -> Any:
    if not keys:
        return new
    place = value
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = new
    return value
