"""The BigQuery proxy's answers against Google's own description: every method and status.

The engine behind it is scripted with answers recorded from the emulator, so that what the proxy
adds, changes and answers by itself is what is looked at.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from altui.sandbox.bigquery_proxy import BigQueryProxy
from altui.sandbox.world import Clock

FILE = Path(__file__).parents[2].parent / "shared" / "contracts" / "bigquery.v2.schema.json"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="the contracts folder ../shared/contracts is not here"
)
CONTRACT: dict[str, Any] = json.loads(FILE.read_text()) if FILE.is_file() else {"methods": {}}

# What the emulator adds of its own and the proxy passes on; everything else must be described.
EMULATORS = {
    "JobStatistics2": {"totalRows"},
    "JobList": {"totalItems"},
    "QueryResponse": {"ddlOperationPerformed"},
    "GetQueryResultsResponse": set[str](),
}
PROJECT = "/bigquery/v2/projects/p"
SQL = {"query": "SELECT i FROM d.t", "useLegacySql": False}
HELD = {**SQL, "query": "SELECT 'held' FROM d.t"}
LIMITED = {**SQL, "maximumBytesBilled": "1"}
WRONG = {**SQL, "query": "SELECT nope FROM d.t"}


def closed(schema: Any, name: str = "") -> Any:
    """The schema with every described object closed: a property nobody described is an error."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: closed(value) for key, value in schema.items()}
    if "properties" in changed and "additionalProperties" not in changed:
        changed["properties"] |= {extra: {} for extra in EMULATORS.get(name, ())}
        changed["additionalProperties"] = False
    return changed


DEFINITIONS = {name: closed(one, name) for name, one in CONTRACT.get("$defs", {}).items()}
ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "errors"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string", "minLength": 1},
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "required": ["reason", "message", "domain"]},
                },
            },
        }
    },
}


def validate(method: str, answer: httpx.Response) -> None:
    """A success against the method's description, anything else against the error body."""
    schema: dict[str, Any] = ERROR
    if answer.status_code == 200:
        name = CONTRACT["methods"][method]["response"]
        schema = {"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS}
    else:
        assert answer.json()["error"]["code"] == answer.status_code
    errors = Draft202012Validator(schema).iter_errors(answer.json())
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


# The engine, in the emulator's words.


def refusal(status: int, reason: str) -> httpx.Response:
    problem = {"domain": "global", "reason": reason, "message": "said the engine"}
    error = {"code": status, "message": "said the engine", "errors": [problem], "status": "X"}
    return httpx.Response(status, json={"error": error})


def job(job_id: str, query: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "kind": "bigquery#job",
        "id": f"p:{job_id}",
        "jobReference": {"projectId": "p", "jobId": job_id, "location": "US"},
        "configuration": {"query": query},
        "status": {"state": "DONE"},
        "statistics": {
            "query": {
                "totalBytesProcessed": "0",
                "totalRows": "2",
                "cacheHit": False,
                "statementType": "SELECT",
            },
            "creationTime": "1795439385330",
            "startTime": "1795439385330",
            "endTime": "1795439385337",
        },
        "etag": '"3e0d"',
    }
    if "nope" in query["query"]:
        failure = {"reason": "invalidQuery", "message": "no nope", "location": "query"}
        resource["status"] |= {"errorResult": failure, "errors": [failure]}
    return resource


FIELDS = [
    {"name": "i", "type": "INTEGER", "mode": "NULLABLE"},
    {"name": "s", "type": "STRING", "mode": "REPEATED"},
]
REFERENCE = {"projectId": "p", "datasetId": "d", "tableId": "t"}
TABLE = {
    "kind": "bigquery#table",
    "id": "p:d.t",
    "tableReference": REFERENCE,
    "type": "TABLE",
    "creationTime": "1795439385240",
    "lastModifiedTime": "1795439385240",
    "numRows": "0",
    "numBytes": "0",
    "etag": '"20a6"',
    "schema": {"fields": FIELDS},
}


def results(query: dict[str, Any], kind: str) -> dict[str, Any]:
    measured = "COUNT(*)" in query.get("query", "")
    rows = [["3", "24", "7"]] if measured else [["1"], ["2"]]
    body: dict[str, Any] = {
        "kind": kind,
        "jobReference": {"projectId": "p", "jobId": "bqemu_1"},
        "jobComplete": True,
        "totalBytesProcessed": "0",
        "schema": {"fields": FIELDS[:1]},
        "rows": [{"f": [{"v": value} for value in row]} for row in rows],
        "totalRows": str(len(rows)),
    }
    if "nope" in query.get("query", ""):
        body["errors"] = [{"reason": "invalidQuery", "message": "no nope"}]
    return body


class Body(httpx.AsyncByteStream):
    """An answer's bytes, in two pieces."""

    def __init__(self, answer: httpx.Response) -> None:
        self._content = answer.content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content[:7]
        yield self._content[7:]


class Emulator:
    """Jobs it was given, and one table d.t."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.ran: list[str] = []
        self.gone = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self._answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=Body(answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.gone:
            raise httpx.ConnectError("refused")
        rest = request.url.path.removeprefix(PROJECT).strip("/").split("/")
        body = json.loads(request.content) if request.content else {}
        match request.method, *rest:
            case "POST", "queries":
                return httpx.Response(200, json=results(body, "bigquery#queryResponse"))
            case "GET", "queries", job_id if job_id in self.jobs:
                return httpx.Response(200, json=results({}, "bigquery#getQueryResultsResponse"))
            case "POST", "jobs":
                return self._insert(body)
            case "GET", "jobs":
                listed = [
                    {key: value for key, value in one.items() if key != "etag"}
                    for one in self.jobs.values()
                ]
                return httpx.Response(200, json={"jobs": listed, "totalItems": len(listed)})
            case "GET", "jobs", job_id if job_id in self.jobs:
                return httpx.Response(200, json=self.jobs[job_id])
            case "POST", "jobs", job_id, "cancel" if job_id in self.jobs:
                cancelled = {"kind": "bigquery#jobCancelResponse", "job": self.jobs[job_id]}
                return httpx.Response(200, json=cancelled)
            case "DELETE", "jobs", _, "delete":
                return httpx.Response(200, json={})
            case "GET", *where:
                return self._metadata(where)
            case _:
                return refusal(404, "notFound")

    def _insert(self, body: dict[str, Any]) -> httpx.Response:
        configuration = body["configuration"]
        job_id = body["jobReference"]["jobId"]
        if "query" not in configuration:
            loaded = job(job_id, {"query": ""}) | {"configuration": configuration}
            loaded["statistics"] = {}
            return httpx.Response(200, json=loaded)
        if "no syntax" in configuration["query"]["query"]:
            return refusal(400, "invalidQuery")
        self.ran.append(job_id)
        self.jobs[job_id] = job(job_id, configuration["query"])
        return httpx.Response(200, json=self.jobs[job_id])

    def _metadata(self, where: list[str]) -> httpx.Response:
        match where:
            case ["datasets", "d", "tables", "t"]:
                return httpx.Response(200, json=TABLE)
            case ["datasets", "d", "tables", "v"]:
                return httpx.Response(200, json=TABLE | {"type": "VIEW"})
            case ["datasets", "d", "tables", "t", "data"]:
                rows = {"kind": "bigquery#tableDataList", "totalRows": "0", "rows": []}
                return httpx.Response(200, json=rows)
            case ["datasets", "d", "tables"]:
                keys = ("kind", "id", "tableReference", "type", "creationTime")
                listed = {"tables": [{key: TABLE[key] for key in keys}], "totalItems": 1}
                return httpx.Response(200, json=listed)
            case ["datasets", "d"]:
                return httpx.Response(200, json={"kind": "bigquery#dataset", "id": "p:d"})
            case ["datasets"]:
                return httpx.Response(200, json={"kind": "bigquery#datasetList", "datasets": []})
            case ["bigquery", "v2", "projects"]:
                return httpx.Response(200, json={"kind": "bigquery#projectList", "projects": []})
            case _:
                return refusal(404, "notFound")


class Desk:
    """The proxy in front of the scripted engine, and a client of it."""

    def __init__(self, folder: Path) -> None:
        self.engine = Emulator()
        self.clock = Clock(folder / "clock.json")
        world: Any = SimpleNamespace(
            dir=folder, clock=self.clock, bigquery_engine_url="http://engine"
        )
        self.proxy = BigQueryProxy(world, httpx.MockTransport(self.engine))
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.proxy.app), base_url="http://proxy"
        )

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(PROJECT + path, params=query)

    async def post(self, path: str, body: object = None) -> httpx.Response:
        return await self.client.post(PROJECT + path, json=body)

    async def insert(
        self, query: dict[str, Any], job_id: str = "j1", **more: Any
    ) -> httpx.Response:
        configuration = {"query": query, **more}
        return await self.post(
            "/jobs", {"configuration": configuration, "jobReference": {"jobId": job_id}}
        )

    async def held(self) -> None:
        self.proxy.hold(match="held")
        await self.insert(HELD)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.client.aclose()
    await desk.proxy.close()


# Every method and status, and how to get it.

Case = Callable[[Desk], Awaitable[httpx.Response]]


async def after_insert(desk: Desk, query: dict[str, Any]) -> Desk:
    await desk.insert(query)
    return desk


async def after_hold(desk: Desk, *, cancelled: bool = False) -> Desk:
    await desk.held()
    if cancelled:
        await desk.post("/jobs/j1/cancel")
    return desk


async def a_load(d: Desk) -> httpx.Response:
    load = {"destinationTable": REFERENCE, "sourceUris": ["file:///x"]}
    return await d.post("/jobs", {"configuration": {"load": load}, "jobReference": {"jobId": "l"}})


async def twice(d: Desk) -> httpx.Response:
    await d.insert(SQL)
    return await d.insert(SQL)


def without_engine(case: Case) -> Case:
    async def run(desk: Desk) -> httpx.Response:
        desk.engine.gone = True
        return await case(desk)

    return run


def then(before: Callable[[Desk], Awaitable[Desk]], case: Case) -> Case:
    async def run(desk: Desk) -> httpx.Response:
        return await case(await before(desk))

    return run


def inserted(query: dict[str, Any], case: Case) -> Case:
    return then(lambda d: after_insert(d, query), case)


def got(path: str, **query: str) -> Case:
    return lambda d: d.get(path, **query)


JOB, RESULTS = got("/jobs/j1"), got("/queries/j1", timeoutMs="0")
CASES: dict[tuple[str, int, str], Case] = {
    ("projects.list", 200, "passed on"): lambda d: d.client.get("/bigquery/v2/projects"),
    ("projects.list", 503, "engine gone"): without_engine(
        lambda d: d.client.get("/bigquery/v2/projects")
    ),
    ("datasets.list", 200, "passed on"): got("/datasets"),
    ("datasets.get", 200, "passed on"): got("/datasets/d"),
    ("datasets.get", 404, "none such"): got("/datasets/none"),
    ("tables.list", 200, "dated"): got("/datasets/d/tables"),
    ("tables.list", 404, "none such"): got("/datasets/none/tables"),
    ("tables.get", 200, "measured"): got("/datasets/d/tables/t"),
    ("tables.get", 200, "a view"): got("/datasets/d/tables/v"),
    ("tables.get", 404, "none such"): got("/datasets/d/tables/none"),
    ("tables.get", 503, "engine gone"): without_engine(got("/datasets/d/tables/t")),
    ("tabledata.list", 200, "passed on"): got("/datasets/d/tables/t/data"),
    ("jobs.insert", 200, "query"): lambda d: d.insert(SQL),
    ("jobs.insert", 200, "dry run"): lambda d: d.insert(SQL, dryRun=True),
    ("jobs.insert", 200, "failed"): lambda d: d.insert(WRONG),
    ("jobs.insert", 200, "over the limit"): lambda d: d.insert(LIMITED),
    ("jobs.insert", 200, "held"): then(after_hold, lambda d: d.insert(HELD, "j2")),
    ("jobs.insert", 200, "load"): a_load,
    ("jobs.insert", 400, "refused"): lambda d: d.insert({"query": "no syntax"}),
    ("jobs.insert", 409, "duplicate"): twice,
    ("jobs.insert", 503, "engine gone"): without_engine(lambda d: d.insert({"query": "SELECT 1"})),
    ("jobs.get", 200, "done"): inserted(SQL, JOB),
    ("jobs.get", 200, "failed"): inserted(WRONG, JOB),
    ("jobs.get", 200, "over the limit"): inserted(LIMITED, JOB),
    ("jobs.get", 200, "held"): then(after_hold, JOB),
    ("jobs.get", 200, "cancelled"): then(lambda d: after_hold(d, cancelled=True), JOB),
    ("jobs.get", 404, "none such"): JOB,
    ("jobs.getQueryResults", 200, "done"): inserted(SQL, RESULTS),
    ("jobs.getQueryResults", 200, "held"): then(after_hold, RESULTS),
    ("jobs.getQueryResults", 400, "failed"): inserted(WRONG, RESULTS),
    ("jobs.getQueryResults", 404, "none such"): RESULTS,
    ("jobs.getQueryResults", 499, "cancelled"): then(
        lambda d: after_hold(d, cancelled=True), RESULTS
    ),
    ("jobs.getQueryResults", 500, "over the limit"): inserted(LIMITED, RESULTS),
    ("jobs.cancel", 200, "done"): inserted(SQL, lambda d: d.post("/jobs/j1/cancel")),
    ("jobs.cancel", 200, "held"): then(after_hold, lambda d: d.post("/jobs/j1/cancel")),
    ("jobs.cancel", 404, "none such"): lambda d: d.post("/jobs/j1/cancel"),
    ("jobs.list", 200, "done, held"): inserted(SQL, then(after_hold, got("/jobs"))),
    ("jobs.list", 200, "failed"): inserted(WRONG, got("/jobs")),
    ("jobs.list", 503, "engine gone"): without_engine(got("/jobs")),
    ("jobs.query", 200, "done"): lambda d: d.post("/queries", SQL),
    ("jobs.query", 200, "dry run"): lambda d: d.post("/queries", SQL | {"dryRun": True}),
    ("jobs.query", 200, "held"): then(
        after_hold, lambda d: d.post("/queries", HELD | {"timeoutMs": 0})
    ),
    ("jobs.query", 400, "failed"): lambda d: d.post("/queries", WRONG),
    ("jobs.query", 500, "over the limit"): lambda d: d.post("/queries", LIMITED),
    ("jobs.query", 503, "engine gone"): without_engine(
        lambda d: d.post("/queries", {"query": "SELECT 1"})
    ),
}


def test_every_method_of_the_contract_is_asked():
    assert {method for method, _, _ in CASES} == set(CONTRACT["methods"])
    answered = {method for method, status, _ in CASES if status == 200}
    assert answered == set(CONTRACT["methods"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case)))
async def test_answer(desk: Desk, case: tuple[str, int, str]):
    method, status, _ = case
    answer = await CASES[case](desk)
    assert answer.status_code == status, answer.text
    validate(method, answer)


def test_a_closed_schema_refuses_what_nobody_described():
    answer = httpx.Response(200, json={"kind": "bigquery#table", "numRows": "1", "rows": 1})
    with pytest.raises(AssertionError, match="rows"):
        validate("tables.get", answer)
    with pytest.raises(AssertionError, match="numRows"):
        validate("tables.get", httpx.Response(200, json={"numRows": "many"}))


# What the figures are.


async def test_tables_get_has_the_rows_and_bytes_measured(desk: Desk):
    table = (await desk.get("/datasets/d/tables/t")).json()
    assert (table["numRows"], table["numBytes"]) == ("3", "31")


async def test_bytes_are_those_of_the_columns_read(desk: Desk):
    statistics = (await desk.insert(SQL)).json()["statistics"]
    assert statistics["totalBytesProcessed"] == "24"
    assert statistics["query"]["totalBytesBilled"] == str(10 * 1024**2)
    dry = (await desk.insert(SQL, "j2", dryRun=True)).json()["statistics"]
    assert dry["totalBytesProcessed"] == "24"
    assert dry["query"]["totalBytesBilled"] == "0"


async def test_refused_and_cancelled_jobs_never_reach_the_engine(desk: Desk):
    await desk.insert(LIMITED, "dear")
    await after_hold(desk, cancelled=True)
    await desk.post("/jobs/j1/cancel")
    desk.proxy.release()
    assert desk.engine.ran == []
    refused = (await desk.get("/jobs/dear")).json()["status"]
    assert refused["errorResult"]["reason"] == "bytesBilledLimitExceeded"


async def test_a_released_job_runs_once_and_is_done(desk: Desk):
    await desk.held()
    desk.proxy.release()
    done = (await desk.get("/queries/j1", timeoutMs="5000")).json()
    assert (done["jobComplete"], desk.engine.ran) == (True, ["j1"])
    assert (await desk.get("/jobs/j1")).json()["status"] == {"state": "DONE"}


@pytest.mark.parametrize("sql", ["SELECT no syntax", "SELECT 1"])
async def test_the_id_of_a_job_that_never_was_is_free(desk: Desk, sql: str):
    desk.engine.gone = sql == "SELECT 1"
    assert (await desk.insert({"query": sql})).status_code in {400, 503}
    desk.engine.gone = False
    assert (await desk.insert(SQL)).status_code == 200


async def test_a_dry_run_does_not_take_the_id(desk: Desk):
    await desk.insert(SQL, dryRun=True)
    assert (await desk.insert(SQL)).status_code == 200


async def test_a_released_job_that_finds_no_engine_fails(desk: Desk):
    await desk.held()
    desk.engine.gone = True
    desk.proxy.release()
    answer = await desk.get("/queries/j1", timeoutMs="5000")
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (
        500,
        "backendError",
    )


# Times follow the sandbox's clock, which here is forty days ahead.


async def test_times_are_the_sandbox_clocks(desk: Desk):
    ahead = datetime.now(UTC) + timedelta(days=40)
    desk.clock.set(ahead)
    await desk.insert({"query": "INSERT INTO d.t VALUES (1)"})
    statistics = (await desk.get("/jobs/j1")).json()["statistics"]
    table = (await desk.get("/datasets/d/tables/t")).json()
    times = [statistics[key] for key in ("creationTime", "startTime", "endTime")]
    for time in map(int, [*times, table["lastModifiedTime"]]):
        assert 0 <= time - ahead.timestamp() * 1000 + 1 < 60_000
    day = 86_400_000
    for start, found in ((int(times[0]) - day, 1), (int(times[0]) + day, 0)):
        listed = (await desk.get("/jobs", minCreationTime=str(start))).json()
        assert len(listed["jobs"]) == found


async def test_times_of_tables_survive_a_restart_and_a_moved_clock(desk: Desk, tmp_path: Path):
    path = "/datasets/d/tables/t"
    await desk.insert({"query": "TRUNCATE TABLE d.t"})
    before = (await desk.get(path)).json()
    desk.clock.set(datetime.now(UTC) + timedelta(days=3))
    again = Desk(tmp_path)
    after = (await again.get(path)).json()
    await again.proxy.close()
    assert after["lastModifiedTime"] == before["lastModifiedTime"]


async def test_permissions_survive_a_restart(desk: Desk, tmp_path: Path):
    asked = {"permissions": ["bigquery.tables.get", "bigquery.jobs.create"]}
    assert (await desk.post(":testIamPermissions", asked)).json() == asked
    desk.proxy.grant(["bigquery.jobs.create"])
    again = Desk(tmp_path)
    answer = (await again.post(":testIamPermissions", asked)).json()
    await again.proxy.close()
    assert answer == {"permissions": ["bigquery.jobs.create"]}
