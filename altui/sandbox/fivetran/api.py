"""The routes of Fivetran's REST API, v1."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from altui.sandbox.fivetran import render, state
from altui.sandbox.fivetran.copier import Check, CopyError
from altui.sandbox.fivetran.gate import Gate, RefusedError, answer, body_of, refusal
from altui.sandbox.fivetran.render import GROUP, Json
from altui.sandbox.fivetran.source import shown_config
from altui.sandbox.fivetran.syncing import BusyError, Syncer
from altui.sandbox.world import World

_CONNECTION = "/v1/connections/{connection}"
_MOST, _USUAL = 1000, 100
_HOUR = r"^([01]\d|2[0-3]):00$"
_SYNC_STARTED = "Sync has been successfully triggered for connection with id '{}'"
_RESYNC_STARTED = "Re-sync has been triggered successfully"


class SyncAsked(Struct):
    force: bool = False


class ResyncAsked(Struct):
    scope: dict[str, list[str]] | None = None


class TestAsked(Struct):
    trust_certificates: bool = False
    trust_fingerprints: bool = False


class ReloadAsked(Struct):
    exclude_mode: Literal["PRESERVE", "INCLUDE", "EXCLUDE"] = "PRESERVE"


class RescheduleAsked(Struct):
    minutes: float


class Change(Struct, omit_defaults=True):
    """The settings of a PATCH that do something here; others are accepted and ignored."""

    paused: bool | UnsetType = UNSET
    pause_after_trial: bool | UnsetType = UNSET
    sync_frequency: Literal[1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440] | UnsetType = UNSET
    schedule_type: Literal["auto", "manual"] | UnsetType = UNSET
    daily_sync_time: Annotated[str, Meta(pattern=_HOUR)] | UnsetType = UNSET
    data_delay_sensitivity: (
        Literal["LOW", "NORMAL", "HIGH", "CUSTOM", "SYNC_FREQUENCY"] | UnsetType
    ) = UNSET
    data_delay_threshold: int | UnsetType = UNSET
    config: dict[str, str | int | bool] | UnsetType = UNSET
    is_historical_sync: bool | UnsetType = UNSET
    run_setup_tests: bool = True


class Api:
    def __init__(self, world: World, syncer: Syncer, gate: Gate) -> None:
        self._world, self._syncer, self._gate = world, syncer, gate
        self._destination_status = "CONNECTED"
        self.app = Starlette(
            routes=self._routes(),
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self._admit)],
            exception_handlers=_HANDLERS,
        )

    def _routes(self) -> list[Route]:
        get, post, patch = ["GET"], ["POST"], ["PATCH"]
        tables = _CONNECTION + "/schemas"
        return [
            Route("/v1/account/info", self._account, methods=get),
            Route("/v1/groups", self._groups, methods=get),
            Route("/v1/groups/{group}", self._group, methods=get),
            Route("/v1/groups/{group}/connections", self._connections, methods=get),
            Route("/v1/connections", self._connections, methods=get),
            Route(_CONNECTION, self._connection, methods=get),
            Route(_CONNECTION, self._change, methods=patch),
            Route(_CONNECTION + "/state", self._state, methods=get),
            Route(_CONNECTION + "/sync", self._sync, methods=post),
            Route(_CONNECTION + "/resync", self._resync, methods=post),
            Route(_CONNECTION + "/test", self._test, methods=post),
            Route(tables, self._schemas, methods=get),
            Route(tables + "/reload", self._reload, methods=post),
            Route(tables + "/tables/resync", self._resync_tables, methods=post),
            Route(tables + "/{schema}/tables/{table}/columns", self._columns, methods=get),
            Route("/v1/destinations", self._destinations, methods=get),
            Route("/v1/destinations/{destination}", self._destination, methods=get),
            Route("/v1/destinations/{destination}/test", self._destination_test, methods=post),
            Route("/_sandbox/idle", self._idle, methods=get),
            Route("/_sandbox/reschedule", self._reschedule, methods=post),
        ]

    async def _admit(self, request: Request, go_on: RequestResponseEndpoint) -> Response:
        if request.url.path.startswith("/v1/"):
            try:
                self._gate.admit(request)
            except RefusedError as problem:
                return refusal(problem)
        return await go_on(request)

    # -- account, groups, destinations -----------------------------------------------------------

    async def _account(self, _request: Request) -> Response:
        return _success(render.account())

    async def _groups(self, request: Request) -> Response:
        return _page(request, [render.group(self._syncer.connection)])

    async def _group(self, request: Request) -> Response:
        _expect(request, "group", GROUP)
        return _success(render.group(self._syncer.connection))

    async def _destinations(self, request: Request) -> Response:
        return _page(request, [render.destination(self._destination_status, self._world)])

    async def _destination(self, request: Request) -> Response:
        _expect(request, "destination", GROUP)
        return _success(render.destination(self._destination_status, self._world))

    async def _destination_test(self, request: Request) -> Response:
        _expect(request, "destination", GROUP)
        await body_of(request, TestAsked)
        self._gate.tests.take(self._world.clock.now())
        checks = await self._syncer.test_destination()
        broken = any(check.words for check in checks)
        self._destination_status = "BROKEN" if broken else "CONNECTED"
        body = render.destination(self._destination_status, self._world)
        return _success({**body, "setup_tests": render.setup_tests(checks)})

    # -- the connection --------------------------------------------------------------------------

    async def _connections(self, request: Request) -> Response:
        if "group" in request.path_params:
            _expect(request, "group", GROUP)
        query = request.query_params
        _expect_id("group", query.get("group_id", GROUP), GROUP)
        wanted = query.get("schema", self._world.dataset) == self._world.dataset
        return _page(request, [self._body()] if wanted else [])

    async def _connection(self, request: Request) -> Response:
        self._known(request)
        return _success(self._body())

    async def _change(self, request: Request) -> Response:
        self._known(request)
        change = await body_of(request, Change, required=True)
        if change.run_setup_tests:
            self._gate.tests.take(self._world.clock.now())
        self._syncer.change(_changed(self._syncer.connection, change))
        checks = await self._syncer.test() if change.run_setup_tests else None
        return _success(self._body(checks), "Connection has been updated")

    async def _state(self, request: Request) -> Response:
        self._known(request)
        return _success(render.sync_progress(self._syncer.connection))

    async def _sync(self, request: Request) -> Response:
        identifier = self._known(request)
        asked = await body_of(request, SyncAsked)
        self._syncer.sync(force=asked.force)
        return answer(200, "Success", _SYNC_STARTED.format(identifier))

    async def _resync(self, request: Request) -> Response:
        self._known(request)
        asked = await body_of(request, ResyncAsked)
        return await self._start_resync(asked.scope)

    async def _resync_tables(self, request: Request) -> Response:
        self._known(request)
        return await self._start_resync(await body_of(request, dict[str, list[str]], required=True))

    async def _start_resync(self, scope: dict[str, list[str]] | None) -> Response:
        try:
            await self._syncer.resync(scope)
        except KeyError as unknown:
            raise RefusedError(404, "NotFound_Table", f"Cannot find table {unknown}") from None
        except BusyError:
            message = "The current sync cannot be stopped, try again later"
            raise RefusedError(409, "Conflict", message) from None
        return answer(200, "Success", _RESYNC_STARTED)

    async def _test(self, request: Request) -> Response:
        self._known(request)
        await body_of(request, TestAsked, required=True)
        self._gate.tests.take(self._world.clock.now())
        checks = await self._syncer.test()
        return _success(self._body(checks), "Setup tests have been completed")

    # -- schemas ---------------------------------------------------------------------------------

    async def _schemas(self, request: Request) -> Response:
        identifier = self._known(request)
        if not self._syncer.connection.tables:
            message = f"Connection with id '{identifier}' doesn't have schema config"
            raise RefusedError(404, "NotFound_SchemaConfig", message)
        return _success(render.schemas(self._world, self._syncer.connection))

    async def _reload(self, request: Request) -> Response:
        self._known(request)
        await body_of(request, ReloadAsked)
        await self._syncer.reload_schemas()
        return _success(render.schemas(self._world, self._syncer.connection))

    async def _columns(self, request: Request) -> Response:
        self._known(request)
        schema, name = request.path_params["schema"], request.path_params["table"]
        table = self._syncer.connection.table(schema, name)
        if table is None:
            raise RefusedError(404, "NotFound_Table", f"Cannot find table '{schema}.{name}'")
        return _success(render.columns(table))

    # -- the sandbox's own -----------------------------------------------------------------------

    async def _idle(self, _request: Request) -> Response:
        """Answers when no sync runs any more."""
        await self._syncer.idle()
        return Response(status_code=204)

    async def _reschedule(self, request: Request) -> Response:
        asked = await body_of(request, RescheduleAsked, required=True)
        until = self._world.clock.now() + timedelta(minutes=asked.minutes)
        self._syncer.reschedule(until)
        return answer(200, "Success")

    # -- parts -----------------------------------------------------------------------------------

    def _known(self, request: Request) -> str:
        return _expect(request, "connection", self._world.fivetran_connection)

    def _body(self, checks: list[Check] | None = None) -> Json:
        connection = self._syncer.connection
        config = shown_config(self._world.postgres_fivetran_dsn, connection.config)
        return render.connection_body(self._world, connection, config, checks)


def _changed(connection: state.Connection, change: Change) -> state.Connection:
    given: dict[str, Any] = {
        name: value
        for name, value in asdict(change).items()
        if value is not UNSET and name not in ("config", "is_historical_sync", "run_setup_tests")
    }
    if change.config is not UNSET:
        told = {name: str(value) for name, value in change.config.items()}
        given["config"] = {**connection.config, **told}
    changed = replace(connection, **given)
    if change.is_historical_sync is True:
        return state.to_reload(changed, None)
    return changed


def _expect(request: Request, kind: str, identifier: str) -> str:
    """The identifier in the path. Raises RefusedError, 404, for any but the one that exists."""
    return _expect_id(kind, request.path_params[kind], identifier)


def _expect_id(kind: str, asked: str, identifier: str) -> str:
    if asked != identifier:
        message = f"Cannot find {kind} with id '{asked}'"
        raise RefusedError(404, f"NotFound_{kind.title()}", message)
    return asked


def _success(data: object, message: str | None = None) -> Response:
    return answer(200, "Success", message, data)


def _page(request: Request, items: list[Json]) -> Response:
    return _success(
        page(items, request.query_params.get("limit"), request.query_params.get("cursor"))
    )


def page(items: list[Json], limit: str | None, cursor: str | None) -> Json:
    """One page of `items`; the cursor is opaque to the caller. Raises RefusedError, 400."""
    try:
        most = _USUAL if limit is None else int(limit)
        start = 0 if cursor is None else int(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error):
        raise RefusedError(400, "InvalidInput", "Invalid limit or cursor") from None
    if not 1 <= most <= _MOST or start < 0:
        raise RefusedError(400, "InvalidInput", f"Limit must be between 1 and {_MOST}")
    data: Json = {"items": items[start : start + most]}
    if start + most < len(items):
        data["next_cursor"] = base64.urlsafe_b64encode(str(start + most).encode()).decode()
    return data


async def _refused(_request: Request, problem: RefusedError) -> Response:
    return refusal(problem)


async def _copy_failed(_request: Request, problem: CopyError) -> Response:
    return answer(400, "SchemaReloadFailed", str(problem))


async def _http(_request: Request, problem: HTTPException) -> Response:
    """What the router refuses: paths and methods that are not there."""
    code = {404: "NotFound", 405: "MethodNotAllowed"}.get(problem.status_code, "Error")
    response = answer(problem.status_code, code, problem.detail)
    response.headers.update(problem.headers or {})
    return response


_HANDLERS: dict[Any, Any] = {
    RefusedError: _refused,
    CopyError: _copy_failed,
    HTTPException: _http,
}
