"""The one door for faults that a service itself would show: answers changed, delayed or cut."""

import asyncio
import re
import socket
import struct
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class Fault:
    """What one service shall answer instead, for requests that match."""

    service: str
    path: str = ".*"
    """Regular expression, searched in the path."""
    method: str = ""
    """Empty: any."""
    status: int = 0
    """Zero: the real answer, perhaps delayed."""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0
    reset: bool = False
    """Cut the connection without an answer."""
    times: int = 0
    """How often; zero: until removed."""
    id: int = 0


class Faults:
    """The faults in force. One object for all services of a sandbox."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next = 1

    def add(self, fault: Fault) -> int:
        """Puts a fault in force; returns its id. Raises ValueError when the path is no pattern."""
        try:
            re.compile(fault.path)
        except re.error as error:
            raise ValueError(f"path {fault.path!r}: {error}") from error
        fault.id, self._next = self._next, self._next + 1
        self._faults.append(fault)
        return fault.id

    def remove(self, identity: int | None = None) -> None:
        """One fault, or all."""
        self._faults = [item for item in self._faults if identity not in (None, item.id)]

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def match(self, service: str, method: str, path: str) -> Fault | None:
        """The first fault for this request; counts it as used."""
        for fault in self._faults:
            if (
                fault.service == service
                and fault.method in ("", method)
                and re.search(fault.path, path)
            ):
                if fault.times:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault
        return None


class FaultDoor:
    """ASGI middleware: every request of a service passes here first."""

    def __init__(self, app: ASGIApp, service: str, faults: Faults) -> None:
        self._app = app
        self._service = service
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._faults.match(self._service, scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.reset:
            await _cut(receive, send)
        elif fault.status:
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _cut(receive: Receive, send: Send) -> None:
    """Resets the TCP connection: the caller gets no answer at all.

    ASGI has no word for it; uvicorn's `send` is a method of the object that holds the transport.
    """
    transport = cast(asyncio.Transport, cast(Any, send).__self__.transport)
    connection: socket.socket = transport.get_extra_info("socket")
    at_once = struct.pack("ii", 1, 0)  # close by RST, not by FIN
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
