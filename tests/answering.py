"""Servers and transports that answer by a script."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Script = Callable[[str, str, bytes], tuple[int, Any]]
"""(method, path with query, body) → (status, JSON or bytes)."""


class Scripted(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Script = lambda method, path, body: (500, {})
        self.headers_sent: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def hang(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """A script that never answers before the test is over."""
        self.released.wait()
        return 500, {}


class _Handler(BaseHTTPRequestHandler):
    server: Scripted
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path))
        status, content = self.server.script(self.command, self.path, body)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = "text/html" if data.startswith(b"<") else "application/json"
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            **self.server.headers_sent,
            "Content-Length": str(len(data)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_HEAD = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Answers:
    """An httpx transport's script by path: a response, a list of them, or an exception."""

    def __init__(self) -> None:
        self.by_path: dict[str, Any] = {}
        self.asked: list[httpx.Request] = []

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.by_path.get(request.url.path, httpx.Response(404, json={"message": "no"}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        # a response is read once; the script may be asked again
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
