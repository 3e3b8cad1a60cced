"""PagerDuty's Events API v2, simulated: what is sent becomes incidents that can be looked at.

`GET /_sandbox/incidents` is no part of PagerDuty: it lists them.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from altui.sandbox.pagerduty.desk import Desk
from altui.sandbox.pagerduty.events import change_faults, faults
from altui.sandbox.world import World

LIMIT_BYTES = 512 * 1024

Json = dict[str, Any]


def create(world: World) -> "PagerDuty":
    return PagerDuty(world)


class PagerDuty:
    def __init__(self, world: World) -> None:
        self._desk = Desk(
            world.dir / "pagerduty" / "incidents.json", world.clock, world.pagerduty_key
        )
        self.app = Starlette(
            routes=[
                Route("/v2/enqueue", self._enqueue, methods=["POST"]),
                Route("/v2/change/enqueue", self._change, methods=["POST"]),
                Route("/_sandbox/incidents", self._incidents),
            ]
        )

    async def seed(self) -> None:
        """No history: nobody was paged before the sandbox began."""

    def next_event(self) -> datetime | None:
        return None

    async def run_due(self) -> None:
        """Nothing happens by itself: alerts of the sandbox do not escalate."""

    async def close(self) -> None:
        """Every event is on disk when it is answered."""

    async def _enqueue(self, request: Request) -> Response:
        event = await self._admitted(request, faults)
        if isinstance(event, Response):
            return event
        accepted = {"status": "success", "message": "Event processed"}
        return JSONResponse({**accepted, "dedup_key": self._desk.take(event)}, 202)

    async def _change(self, request: Request) -> Response:
        event = await self._admitted(request, change_faults)
        if isinstance(event, Response):
            return event
        self._desk.take_change(event)
        return JSONResponse({"status": "success", "message": "Change event processed"}, 202)

    async def _incidents(self, request: Request) -> Response:
        return JSONResponse(self._desk.shown())

    async def _admitted(
        self, request: Request, wrong: Callable[[Json], list[str]]
    ) -> Json | Response:
        """The event, or the answer that refuses it."""
        raw = await request.body()
        if len(raw) > LIMIT_BYTES:
            return _invalid("Event object is too large", ["Event exceeds the limit of 512 KB"])
        try:
            read: object = json.loads(raw)
        except ValueError:
            return _invalid("Event object format is unrecognized", ["JSON parse error"])
        if not isinstance(read, dict):
            return _invalid("Event object format is unrecognized", ["Event is not an object"])
        event = cast(Json, read)
        if found := wrong(event):
            return _invalid("Event object is invalid", found)
        if self._desk.busy(event["routing_key"]):
            words = "Requests for this service are arriving too quickly. Please retry later."
            return JSONResponse({"status": "throttle exceeded", "message": words}, 429)
        return event


def _invalid(message: str, errors: list[str]) -> Response:
    return JSONResponse({"status": "invalid event", "message": message, "errors": errors}, 400)
