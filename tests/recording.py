"""Recorders in front of every service of a sandbox: what is asked passes through and is kept."""

import http.client
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit, urlunsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"}
HTTP = {
    "FIVETRAN_URL": "fivetran",
    "GITHUB_API_URL": "github",
    "BIGQUERY_EMULATOR_HOST": "bigquery",
    "ES_URL": "elasticsearch",
    "KIBANA_URL": "kibana",
    "PAGERDUTY_URL": "pagerduty",
}


@dataclass(frozen=True)
class Asked:
    """One request over HTTP, or one call over gRPC."""

    service: str
    method: str
    path: str
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.service}: {self.method} {self.path} {self.body[:300]!r}"


@dataclass
class Session:
    """One connection to PostgreSQL: its greeting, and its statements in their order."""

    greeting: dict[str, str]
    statements: list[str] = field(default_factory=list[str])
    port: int = 0
    """The recorder's own port towards the server."""


class Recorders:
    """What was asked so far, of all services."""

    def __init__(self) -> None:
        self.http: list[Asked] = []
        self.postgres: list[Session] = []
        self.on_statement: Callable[[Session, str], None] = lambda session, statement: None
        """Called before a statement is passed on; the server has not seen it yet."""

    def clear(self) -> None:
        self.http.clear()
        self.postgres.clear()

    def services(self) -> set[str]:
        return {one.service for one in self.http} | ({"postgres"} if self.postgres else set())


@contextmanager
def recorded(env: dict[str, str]) -> Iterator[tuple[Recorders, dict[str, str]]]:
    """The recorders, and the environment that leads through them."""
    recorders, through = Recorders(), dict(env)
    with ExitStack() as stack:
        for name, service in HTTP.items():
            parts = urlsplit(env[name])
            port = stack.enter_context(_http(recorders, service, parts.netloc.rpartition("@")[2]))
            login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
            through[name] = urlunsplit(parts._replace(netloc=f"{login}127.0.0.1:{port}"))
        grpc_port = stack.enter_context(_grpc(recorders, env["BIGQUERY_STORAGE_EMULATOR_HOST"]))
        through["BIGQUERY_STORAGE_EMULATOR_HOST"] = f"127.0.0.1:{grpc_port}"
        dsn = urlsplit(env["POSTGRES_DSN"])
        port = stack.enter_context(_postgres(recorders, (dsn.hostname or "", dsn.port or 5432)))
        login = dsn.netloc.rpartition("@")[0]
        through["POSTGRES_DSN"] = urlunsplit(dsn._replace(netloc=f"{login}@127.0.0.1:{port}"))
        yield recorders, through


@contextmanager
def _serving(server: socketserver.BaseServer, port: int) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _http(recorders: Recorders, service: str, upstream: str) -> Any:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self._body()
            recorders.http.append(Asked(service, self.command, self.path, body))
            connection = http.client.HTTPConnection(upstream, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            headers["Content-Length"] = str(len(body))
            try:
                connection.request(self.command, self.path, body, headers)
                said = connection.getresponse()
                content = said.read()
            except OSError:
                self.close_connection = True
                return
            finally:
                connection.close()
            self.send_response_only(said.status, said.reason)
            for name, value in said.getheaders():
                if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                    self.send_header(name, value)
            length = said.getheader("content-length") if self.command == "HEAD" else len(content)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(content)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return _serving(server, server.server_address[1])


@contextmanager
def _grpc(recorders: Recorders, upstream: str) -> Iterator[int]:
    """Calls of any kind, passed on as the bytes that they are."""
    import grpc

    def same(raw: bytes) -> bytes:
        return raw

    channel = grpc.insecure_channel(upstream)

    class Through(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            method = handler_call_details.method

            def handle(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
                def noted() -> Iterator[bytes]:
                    for raw in requests:
                        recorders.http.append(Asked("bigquery", "gRPC", method, raw))
                        yield raw

                try:
                    yield from channel.stream_stream(method, same, same)(
                        noted(), metadata=handler_call_details.invocation_metadata, timeout=30
                    )
                except grpc.RpcError as error:
                    context.abort(error.code(), error.details())

            return grpc.stream_stream_rpc_method_handler(handle, same, same)

    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=(Through(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()
        channel.close()


SSL, GSS, CANCEL = 80877103, 80877104, 80877102


class _Relay(socketserver.StreamRequestHandler):
    """PostgreSQL's protocol passed through, its statements kept."""

    server: "_Postgres"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with socket.create_connection(self.server.upstream) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = self._greeted(upstream)
            if session is None:
                return
            session.port = upstream.getsockname()[1]
            self.server.recorders.postgres.append(session)
            back = threading.Thread(target=self._answers, args=(upstream,), daemon=True)
            back.start()
            with suppress(OSError):
                self._questions(upstream, session)  # a client that was killed resets
            with suppress(OSError):
                # closing is not enough while the other thread waits for an answer
                upstream.shutdown(socket.SHUT_RDWR)
            back.join(30)

    def _greeted(self, upstream: socket.socket) -> Session | None:
        """Passes the start-up on; None for a cancel request, which only ends our own query."""
        while True:
            head = self.rfile.read(8)
            if len(head) < 8:
                return None
            length, code = struct.unpack("!II", head)
            rest = self.rfile.read(length - 8)
            if code in (SSL, GSS):
                self.wfile.write(b"N")  # in clear, to be read here
                continue
            upstream.sendall(head + rest)
            if code == CANCEL:
                return None
            words = [word.decode() for word in rest.split(b"\0")]
            return Session(dict(zip(words[::2], words[1::2], strict=False)))

    def _questions(self, upstream: socket.socket, session: Session) -> None:
        while len(head := self.rfile.read(5)) == 5:
            kind, (length,) = head[:1], struct.unpack("!I", head[1:])
            body = self.rfile.read(length - 4)
            if statement := _statement(kind, body):
                session.statements.append(statement)
                self.server.recorders.on_statement(session, statement)
            upstream.sendall(head + body)

    def _answers(self, upstream: socket.socket) -> None:
        try:
            while data := upstream.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass


class _Postgres(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, recorders: Recorders, upstream: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.recorders = recorders
        self.upstream = upstream


def _postgres(recorders: Recorders, upstream: tuple[str, int]) -> Any:
    server = _Postgres(recorders, upstream)
    return _serving(server, server.server_address[1])


def _statement(kind: bytes, body: bytes) -> str:
    """The text of a Query or a Parse message; of others that change something, their name."""
    if kind == b"Q":
        return body.rstrip(b"\0").decode()
    if kind == b"P":
        return body.split(b"\0")[1].decode()
    return "a function call of the old protocol" if kind == b"F" else ""
