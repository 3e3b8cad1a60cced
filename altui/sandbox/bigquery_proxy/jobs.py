"""The jobs methods: each query is understood, weighed, perhaps held, then run by the engine."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from altui.sandbox.bigquery_proxy.engine import (
    API,
    OWN,
    Engine,
    Json,
    decoded,
    error,
    kept,
    reply,
)
from altui.sandbox.bigquery_proxy.facts import Facts, JobFacts
from altui.sandbox.bigquery_proxy.held import STOPPED, Hold, OwnJob
from altui.sandbox.bigquery_proxy.sizes import Scan, Sizes
from altui.sandbox.bigquery_proxy.statements import Statement, TableName, understand
from altui.sandbox.world import Clock

Wrote = Callable[[Statement, bool], None]
"""Told what a finished statement touched, and whether it succeeded."""

_HTTP = {
    "accessDenied": 403,
    "duplicate": 409,
    "notFound": 404,
    "quotaExceeded": 403,
    "rateLimitExceeded": 403,
    "responseTooLarge": 403,
    "bytesBilledLimitExceeded": 500,
    "backendError": 500,
    "internalError": 500,
    "stopped": 499,
}
"""Status of getQueryResults for a failed job by its reason; any other is 400."""

_Top = dict[str, msgspec.Raw]
"""An answer whose values nobody here reads: rows stay as the engine wrote them."""

_ANY_TYPE = b"content-type: */*", b"content-type: application/octet-stream"

_QUERY_KEYS = (
    "query", "useLegacySql", "queryParameters", "parameterMode", "defaultDataset",
    "maximumBytesBilled", "createSession", "connectionProperties", "useQueryCache",
)  # fmt: skip


@dataclass(frozen=True)
class _Order:
    """A query as asked for by jobs.insert or jobs.query."""

    project: str
    query: Json
    dry: bool
    statement: Statement
    scan: Scan

    def refusal(self) -> Json | None:
        limit = self.query.get("maximumBytesBilled")
        if self.dry or limit is None or self.scan.billed <= int(limit):
            return None
        message = (
            f"Query exceeded limit for bytes billed: {int(limit)}. "
            f"{self.scan.billed} or higher required."
        )
        return {"reason": "bytesBilledLimitExceeded", "message": message}


class Jobs:
    def __init__(self, engine: Engine, sizes: Sizes, clock: Clock, wrote: Wrote) -> None:
        self._engine = engine
        self._sizes = sizes
        self._facts = JobFacts(clock)
        self._wrote = wrote
        self._own: dict[tuple[str, str], OwnJob] = {}
        self.holds: list[Hold] = []

    # -- what the sandbox does -------------------------------------------------------------------

    def hold(self, seconds: float | None, match: str) -> None:
        """From now on queries matching `match` stay RUNNING, each for `seconds` real seconds."""
        self.holds.append(Hold(re.compile(match, re.IGNORECASE | re.DOTALL), seconds))

    def release(self) -> None:
        """Hold no query any more and let the held ones run."""
        self.holds.clear()
        for own in self._own.values():
            own.released.set()

    async def close(self) -> None:
        tasks = [own.task for own in self._own.values() if own.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- what the API is asked -------------------------------------------------------------------

    async def insert(self, request: Request) -> Response:
        project = request.path_params["project"]
        raw = await request.body()
        body = decoded(raw)
        configuration: Json = (body or {}).get("configuration") or {}
        created = self._facts.now()
        if body is None or "query" not in configuration:
            return await self._insert_other(request, raw, created)
        order = await self._order(
            project, configuration["query"], dry=configuration.get("dryRun", False)
        )
        job_id: str = body.setdefault("jobReference", {}).setdefault("jobId", f"job_{uuid4()}")
        known = self._facts.get(project, job_id)
        if known and not known.dry and not order.dry:
            return error(409, "duplicate", f"Already Exists: Job {project}:US.{job_id}")
        facts = Facts(created, scan=order.scan, dry=order.dry)
        self._facts.put(project, job_id, facts)
        own = self._keep(order, job_id, configuration, facts)
        if own:
            return reply(own.resource())
        try:
            status, answer = await self._engine.ask(request, msgspec.json.encode(body))
        except httpx.TransportError:
            self._facts.drop(project, job_id)
            raise
        if status >= 400:  # there is no such job, and its id is free again
            self._facts.drop(project, job_id)
            return Response(answer, status, media_type="application/json")
        job = decoded(answer) or {}
        facts.ended = self._facts.now()
        facts.error = _failure(job)
        self._settle(order, facts.error)
        return reply(self._facts.dress(project, job))

    async def query(self, request: Request) -> Response:
        project = request.path_params["project"]
        body = decoded(await request.body()) or {}
        created = self._facts.now()
        order = await self._order(project, body, dry=body.get("dryRun", False))
        refusal = order.refusal()
        if refusal:
            return _failed(refusal)
        facts = Facts(created, scan=order.scan, dry=order.dry)
        if not order.dry and self._hold_for(order):
            job_id = f"job_{uuid4()}"
            self._facts.put(project, job_id, facts)
            wanted: Json = {key: body[key] for key in _QUERY_KEYS if key in body}
            own = self._keep(order, job_id, {"query": wanted}, facts)
            if own:
                wait = float(body.get("timeoutMs", 10_000)) / 1000
                return await self._results_of(request, own, wait, "bigquery#queryResponse")
        status, answer = await self._engine.ask(request, msgspec.json.encode(body))
        if status >= 400:
            return Response(answer, status, media_type="application/json")
        top = msgspec.json.decode(answer, type=_Top)
        facts.ended = self._facts.now()
        failure = _first_error(top)
        self._settle(order, failure)
        if failure:  # the engine says 200; BigQuery refuses a query that fails
            return _failed(failure)
        reference = msgspec.json.decode(top["jobReference"], type=Json)
        if "jobId" in reference:
            self._facts.put(project, reference["jobId"], facts)
        return reply(top | facts.times() | facts.bytes() | _located(reference))

    async def upload(self, request: Request) -> Response:
        """A load job with its data, at once or in chunks: the last answer is the job."""
        created = self._facts.now()
        body = None
        if request.query_params.get("uploadType") == "multipart":
            # Google's client sends its rows as */*, which the engine does not take.
            body = (await request.body()).replace(*_ANY_TYPE, 1)
        answer = await self._engine.exchange(request, body)
        job = decoded(answer.content) or {}
        if job.get("kind") == "bigquery#job":
            return self._loaded(request, job, created)
        headers = kept(answer.headers, OWN)
        return Response(answer.content, answer.status_code, headers=headers)

    async def get(self, request: Request) -> Response:
        project, job_id = request.path_params["project"], request.path_params["job"]
        own = self._own.get((project, job_id))
        if own:
            return reply(self._facts.dress(project, own.resource()))
        status, answer = await self._engine.ask(request)
        job = decoded(answer) or {}
        return reply(self._facts.dress(project, job) if status == 200 else job, status)

    async def results(self, request: Request) -> Response:
        project, job_id = request.path_params["project"], request.path_params["job"]
        own = self._own.get((project, job_id))
        if own:
            wait = float(request.query_params.get("timeoutMs", 10_000)) / 1000
            return await self._results_of(request, own, wait, "bigquery#getQueryResultsResponse")
        status, answer = await self._engine.ask(request)
        facts = self._facts.get(project, job_id)
        if facts and facts.error:  # the engine no longer knows why it failed
            return _failed(facts.error)
        if status >= 400 or facts is None:
            return Response(answer, status, media_type="application/json")
        top = msgspec.json.decode(answer, type=_Top)
        processed = facts.bytes().get("totalBytesProcessed", "0")
        return reply(top | {"totalBytesProcessed": processed})

    async def cancel(self, request: Request) -> Response:
        project, job_id = request.path_params["project"], request.path_params["job"]
        own = self._own.get((project, job_id))
        if own is None:
            status, answer = await self._engine.ask(request)
            body = decoded(answer) or {}
            if status == 200:
                self._facts.dress(project, body["job"])
            return reply(body, status)
        if not own.done.is_set() and not own.on_engine:
            own.finish(self._facts.now(), STOPPED)
            if own.task:
                own.task.cancel()
        job = self._facts.dress(project, own.resource())
        return reply({"kind": "bigquery#jobCancelResponse", "job": job})

    async def list(self, request: Request) -> Response:
        project = request.path_params["project"]
        status, answer = await self._engine.ask(request)
        body = decoded(answer) or {}
        if status != 200:
            return reply(body, status)
        asked = request.query_params
        own = [own.resource() for own in self._own.values() if own.project == project]
        wanted = {state.upper() for state in asked.getlist("stateFilter")}
        own = [job for job in own if not wanted or job["status"]["state"] in wanted]
        jobs = [self._facts.dress(project, job) for job in own + body.get("jobs", [])]
        first, last = (asked.get(key) for key in ("minCreationTime", "maxCreationTime"))
        jobs = [job for job in jobs if _within(job, first, last)]
        for job in jobs:
            job["state"] = job["status"]["state"]
            known = self._facts.get(project, job["jobReference"]["jobId"])
            if known and known.error:
                job["errorResult"] = job["status"]["errorResult"] = known.error
        return reply(body | {"jobs": jobs})

    # -- how ------------------------------------------------------------------------------------

    async def _order(self, project: str, query: Json, *, dry: bool) -> _Order:
        default: Json = query.get("defaultDataset") or {}
        statement = understand(
            query.get("query", ""),
            default.get("projectId") or project,
            default.get("datasetId", ""),
        )
        target = _table(query.get("destinationTable"), project)
        if target:
            statement = replace(statement, writes=statement.writes | {target})
        scan = await self._sizes.scan(statement)
        return _Order(project, query, dry, statement, scan)

    def _hold_for(self, order: _Order) -> Hold | None:
        sql = order.query.get("query", "")
        return next((hold for hold in self.holds if hold.match.search(sql)), None)

    def _keep(self, order: _Order, job_id: str, configuration: Json, facts: Facts) -> OwnJob | None:
        """The proxy's own job when the query is refused or held."""
        refusal, hold = order.refusal(), self._hold_for(order)
        if order.dry or not (refusal or hold):
            return None
        own = OwnJob(order.project, job_id, configuration, facts)
        self._own[order.project, job_id] = own
        if refusal:
            own.finish(self._facts.now(), refusal)
        elif hold:

            def finished(own: OwnJob, job: Json, failure: Json | None) -> None:
                problem = failure or _failure(job)
                self._settle(order, problem)
                own.finish(self._facts.now(), problem)
                if problem is None:  # from here on the engine answers for it
                    del self._own[own.project, own.id]

            own.task = asyncio.create_task(own.run(hold, self._engine, finished))
        return own

    async def _results_of(self, request: Request, own: OwnJob, wait: float, kind: str) -> Response:
        try:
            async with asyncio.timeout(wait):
                await own.done.wait()
        except TimeoutError:
            body = {"kind": kind, "jobReference": own.reference(), "jobComplete": False}
            return reply(body)
        if own.facts.error:
            return _failed(own.facts.error)
        path = f"{API}/projects/{own.project}/queries/{own.id}"
        query = request.url.query if request.method == "GET" else ""
        status, answer = await self._engine.call("GET", f"{path}?{query}")
        return reply(answer | {"kind": kind} | own.facts.bytes(), status)

    async def _insert_other(self, request: Request, raw: bytes, created: int) -> Response:
        status, answer = await self._engine.ask(request, raw)
        job = decoded(answer) or {}
        return self._loaded(request, job, created) if status == 200 else reply(job, status)

    def _loaded(self, request: Request, job: Json, created: int) -> Response:
        """Take note of a load, copy or extract job that has just ended."""
        project = request.path_params["project"]
        failure = _failure(job)
        facts = Facts(created, self._facts.now(), error=failure)
        self._facts.put(project, job["jobReference"]["jobId"], facts)
        configuration: Json = job.get("configuration", {})
        work: Json = configuration.get("load") or configuration.get("copy") or {}
        target = _table(work.get("destinationTable"), project)
        if target:
            self._wrote(Statement(writes=frozenset({target})), failure is None)
        return reply(self._facts.dress(project, job))

    def _settle(self, order: _Order, failure: Json | None) -> None:
        if not order.dry:
            self._wrote(order.statement, failure is None)


def _table(reference: Json | None, project: str) -> TableName | None:
    if not reference or reference.get("datasetId", "").startswith("_"):
        return None  # nothing, or the engine's anonymous results
    table = reference["tableId"].split("$")[0]
    return TableName(reference.get("projectId", project), reference["datasetId"], table)


def _failure(job: Json) -> Json | None:
    return job.get("status", {}).get("errorResult")


def _first_error(top: _Top) -> Json | None:
    errors: list[Json] = msgspec.json.decode(top["errors"]) if "errors" in top else []
    return errors[0] if errors else None


def _failed(problem: Json) -> Response:
    return error(_HTTP.get(problem["reason"], 400), problem["reason"], problem["message"])


def _located(reference: Json) -> Json:
    return {"jobReference": {**reference, "location": "US"}}


def _within(job: Json, first: str | None, last: str | None) -> bool:
    created = int(job["statistics"].get("creationTime", 0))
    return int(first or 0) <= created and (last is None or created <= int(last))
