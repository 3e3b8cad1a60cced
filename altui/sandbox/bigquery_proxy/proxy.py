"""The proxy as a simulator: its routes, its controls, and what it keeps."""

import json
from collections.abc import Iterable
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from altui.sandbox.bigquery_proxy.engine import API, Engine, Json, decoded, error, reply
from altui.sandbox.bigquery_proxy.jobs import Jobs
from altui.sandbox.bigquery_proxy.ledger import Ledger, Times, shifted
from altui.sandbox.bigquery_proxy.sizes import Sizes
from altui.sandbox.bigquery_proxy.statements import Statement, TableName
from altui.sandbox.world import World

_DATASETS = API + "/projects/{project}/datasets"
_TABLES = _DATASETS + "/{dataset}/tables"
_TABLE = _TABLES + "/{table}"
_JOBS = API + "/projects/{project}/jobs"
_EVERY = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class BigQueryProxy:
    """Simulator: everything is passed on but what the emulator cannot answer rightly."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._clock = world.clock
        self._engine = Engine(world.bigquery_engine_url, transport)
        self._sizes = Sizes(self._engine)
        self._ledger = Ledger(world.dir / "bigquery_proxy" / "tables.json")
        self._permissions = Permissions(world)
        self._jobs = Jobs(self._engine, self._sizes, world.clock, self._wrote)
        self.app = Starlette(
            routes=self._routes(),
            exception_handlers={httpx.TransportError: _engine_is_gone},
        )

    # -- Simulator -------------------------------------------------------------------------------

    async def seed(self) -> None:
        """Nothing: the warehouse's history is written through the proxy."""

    def next_event(self) -> datetime | None:
        return None

    async def run_due(self) -> None:
        """Nothing happens by itself."""

    async def close(self) -> None:
        await self._jobs.close()
        await self._engine.close()

    # -- controls --------------------------------------------------------------------------------

    def hold(self, seconds: float | None = None, match: str = "") -> None:
        """Keep query jobs whose text matches RUNNING for so many real seconds (None: until
        `release`), readable and cancellable; the engine sees them afterwards."""
        self._jobs.hold(seconds, match)

    def release(self) -> None:
        self._jobs.release()

    def grant(self, permissions: Iterable[str] | None) -> None:
        """What testIamPermissions grants from now on; None: everything."""
        self._permissions.grant(permissions)

    # -- routes ----------------------------------------------------------------------------------

    def _routes(self) -> list[Route]:
        return [
            Route("/_sandbox/hold", self._on_hold, methods=["POST"]),
            Route("/_sandbox/release", self._on_release, methods=["POST"]),
            Route("/_sandbox/permissions", self._on_permissions, methods=["POST"]),
            Route("/{resource:path}:testIamPermissions", self._test_iam, methods=["POST"]),
            Route(API + "/projects/{project}/queries", self._jobs.query, methods=["POST"]),
            Route(API + "/projects/{project}/queries/{job}", self._jobs.results, methods=["GET"]),
            Route(_JOBS, self._jobs.list, methods=["GET"]),
            Route(_JOBS, self._jobs.insert, methods=["POST"]),
            Route(_JOBS + "/{job}", self._jobs.get, methods=["GET"]),
            Route(_JOBS + "/{job}/cancel", self._jobs.cancel, methods=["POST"]),
            Route("/upload" + _JOBS, self._jobs.upload, methods=["POST", "PUT"]),
            Route(_DATASETS + "/{dataset}", self._drop_dataset, methods=["DELETE"]),
            Route(_TABLES, self._tables, methods=["GET"]),
            Route(_TABLES, self._create_table, methods=["POST"]),
            Route(_TABLE, self._table, methods=["GET"]),
            Route(_TABLE, self._change_table, methods=["PUT", "PATCH", "DELETE"]),
            Route(_TABLE + "/insertAll", self._change_table, methods=["POST"]),
            Route("/{path:path}", self._engine.stream, methods=_EVERY),
        ]

    async def _on_hold(self, request: Request) -> Response:
        asked: Json = decoded(await request.body()) or {}
        self.hold(asked.get("seconds"), asked.get("match", ""))
        return reply({})

    async def _on_release(self, _request: Request) -> Response:
        self.release()
        return reply({})

    async def _on_permissions(self, request: Request) -> Response:
        self.grant((decoded(await request.body()) or {}).get("granted"))
        return reply({})

    async def _test_iam(self, request: Request) -> Response:
        asked: list[str] = (decoded(await request.body()) or {}).get("permissions", [])
        granted = self._permissions.among(asked)
        return reply({"permissions": granted} if granted else {})

    # -- tables ----------------------------------------------------------------------------------

    def _wrote(self, statement: Statement, succeeded: bool) -> None:
        now = self._clock.now()
        for name in statement.writes | statement.drops:
            self._sizes.forget(name)
        if not succeeded:  # a script may have done half: measured anew, not called written
            return
        for name in statement.drops:
            self._ledger.gone(name)
        for name in statement.writes:
            self._ledger.written(name, now)

    async def _table(self, request: Request) -> Response:
        status, answer = await self._engine.ask(request)
        table = decoded(answer) or {}
        name = _name(request)
        if status != 200 or name.dataset.startswith("_"):
            return reply(table, status)
        times = self._times_of(name, table)
        table |= {"creationTime": str(times.created), "lastModifiedTime": str(times.modified)}
        size = await self._sizes.of(name)
        if size and size.view is not None:
            table["view"] = {"query": size.view, "useLegacySql": False}
        elif size:
            width = str(size.bytes)
            table |= {"numRows": str(size.rows), "numBytes": width}
            table |= {"numActiveLogicalBytes": width, "numTotalLogicalBytes": width}
        return reply(table)

    async def _tables(self, request: Request) -> Response:
        status, answer = await self._engine.ask(request)
        body = decoded(answer) or {}
        for table in body.get("tables", []):
            reference: Json = table["tableReference"]
            name = TableName(reference["projectId"], reference["datasetId"], reference["tableId"])
            table["creationTime"] = str(self._times_of(name, table).created)
        return reply(body, status)

    def _times_of(self, name: TableName, table: Json) -> Times:
        """The ledger's times; a table it has never seen gets the engine's, kept from now on."""
        known = self._ledger.get(name)
        if known is None:
            created = shifted(table["creationTime"], self._clock)
            modified = shifted(table.get("lastModifiedTime", table["creationTime"]), self._clock)
            known = Times(created, modified)
            if "lastModifiedTime" in table:
                self._ledger.put(name, known)
        return known

    async def _create_table(self, request: Request) -> Response:
        raw = await request.body()
        status, answer = await self._engine.ask(request, raw)
        table = decoded(answer) or {}
        reference: Json = table.get("tableReference", {})
        if status == 200 and reference:
            name = TableName(reference["projectId"], reference["datasetId"], reference["tableId"])
            self._wrote(Statement(writes=frozenset({name})), True)
        return reply(table, status)

    async def _change_table(self, request: Request) -> Response:
        status, answer = await self._engine.ask(request)
        if status < 300:
            touched = frozenset({_name(request)})
            gone = request.method == "DELETE"
            self._wrote(Statement(drops=touched) if gone else Statement(writes=touched), True)
        return Response(answer, status, media_type="application/json")

    async def _drop_dataset(self, request: Request) -> Response:
        status, answer = await self._engine.ask(request)
        if status < 300:
            where = request.path_params["project"], request.path_params["dataset"]
            self._sizes.forget_dataset(*where)
            self._ledger.dataset_gone(*where)
        return Response(answer, status, media_type="application/json")


class Permissions:
    """What testIamPermissions grants; survives a restart."""

    def __init__(self, world: World) -> None:
        self._path = world.dir / "bigquery_proxy" / "permissions.json"
        self._granted: set[str] | None = None
        if self._path.exists():
            granted: list[str] | None = json.loads(self._path.read_text())
            self._granted = None if granted is None else set(granted)

    def grant(self, permissions: Iterable[str] | None) -> None:
        self._granted = None if permissions is None else set(permissions)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(None if self._granted is None else sorted(self._granted)))
        new.replace(self._path)

    def among(self, asked: list[str]) -> list[str]:
        return [name for name in asked if self._granted is None or name in self._granted]


def _name(request: Request) -> TableName:
    path = request.path_params
    return TableName(path["project"], path["dataset"], path["table"].split("$")[0])


async def _engine_is_gone(_request: Request, problem: Exception) -> Response:
    return error(503, "backendError", f"The engine does not answer: {type(problem).__name__}")
