"""The GitHub simulator's answers against GitHub's own descriptions: every endpoint and status."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.github_lab import NOON, REPO, Lab, make_world

CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts"
VERSIONS = {
    "2022-11-28": ("github.actions.2022-11-28.openapi.json", ""),
    "2026-03-10": ("github.actions.2026-03-10.openapi.json", ""),
    "ghes-3.19": ("github.actions.ghes-3.19.openapi.json", "/api/v3"),
}
NEVER = {
    ("get", "/rate_limit", "404"): "only where a server has rate limits switched off",
    ("get", "/versions", "404"): "the list of versions is always there",
}
RUN = f"{REPO}/actions/runs"
WORKFLOW = f"{REPO}/actions/workflows/analytics-sync.yml"

pytestmark = pytest.mark.skipif(
    not CONTRACTS.is_dir(), reason="the contracts folder ../shared/contracts is not here"
)


def contract(version: str) -> dict[str, Any]:
    return json.loads((CONTRACTS / VERSIONS[version][0]).read_text())


def listed() -> list[tuple[str, str, str, str]]:
    """Every (version, method, path, status) that the contracts describe."""
    if not CONTRACTS.is_dir():
        return []
    return [
        (version, method, path, status)
        for version in VERSIONS
        for path, operations in contract(version)["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put"}
        for status in operation["responses"]
        if (method, path, status) not in NEVER
    ]


# Checking an answer.

formats = FormatChecker(["date"])


@formats.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@formats.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


def modern(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: modern(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def validate(version: str, schema: dict[str, Any], body: object) -> None:
    whole = {**modern(schema), "components": modern(contract(version)["components"])}
    errors = Draft202012Validator(whole, format_checker=formats).iter_errors(body)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def response_of(version: str, method: str, path: str, status: str) -> dict[str, Any]:
    described = contract(version)
    response = described["paths"][path][method]["responses"][status]
    if "$ref" in response:
        response = described["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
    return response


# How each endpoint is brought to each status.


class Caller:
    """Calls as one version's client would."""

    def __init__(self, lab: Lab, version: str) -> None:
        self.lab = lab
        self.prefix = VERSIONS[version][1]
        self.version = "2022-11-28" if version.startswith("ghes") else version

    async def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"x-github-api-version": self.version, **more.pop("headers", {})}
        return await self.lab.client.request(method, self.prefix + path, headers=headers, **more)


Case = Callable[[Caller], Awaitable[httpx.Response]]


def again(path: str) -> Case:
    """The second of two equal questions, asked with the first one's ETag."""

    async def ask(call: Caller) -> httpx.Response:
        first = await call("GET", path)
        return await call("GET", path, headers={"if-none-match": first.headers["etag"]})

    return ask


def plain(method: str, path: str) -> Case:
    """A call that names a finished run {run}, its first job {job} or its attempt 1."""

    async def ask(call: Caller) -> httpx.Response:
        run = await call.lab.finished()
        return await call(method, path.format(run=run.id, job=run.last.jobs[0].id))

    return ask


def unfinished(method: str, path: str) -> Case:
    async def ask(call: Caller) -> httpx.Response:
        run = await call.lab.running()
        return await call(method, path.format(run=run.id, job=run.last.jobs[0].id))

    return ask


def after_failure(method: str, path: str) -> Case:
    async def ask(call: Caller) -> httpx.Response:
        run = await call.lab.failed()
        return await call(method, path.format(run=run.id, job=run.last.jobs[0].id))

    return ask


def dispatch(**body: object) -> Case:
    async def ask(call: Caller) -> httpx.Response:
        return await call("POST", f"{WORKFLOW}/dispatches", json={"ref": "main", **body})

    return ask


def dispatch_ok(details: bool) -> Case:
    async def ask(call: Caller) -> httpx.Response:
        more = {"return_run_details": True} if details else {}
        return await dispatch(**more)(call)

    return ask


ACTIONS = "/repos/{owner}/{repo}/actions"
CASES: dict[tuple[str, str, str], Case] = {
    ("get", "/meta", "200"): plain("GET", "/meta"),
    ("get", "/meta", "304"): again("/meta"),
    ("get", "/rate_limit", "200"): plain("GET", "/rate_limit"),
    ("get", "/rate_limit", "304"): again("/rate_limit"),
    ("get", "/versions", "200"): plain("GET", "/versions"),
    ("get", f"{ACTIONS}/workflows", "200"): plain("GET", f"{REPO}/actions/workflows"),
    ("get", f"{ACTIONS}/workflows/{{workflow_id}}", "200"): plain("GET", WORKFLOW),
    ("get", f"{ACTIONS}/workflows/{{workflow_id}}/runs", "200"): plain("GET", f"{WORKFLOW}/runs"),
    ("put", f"{ACTIONS}/workflows/{{workflow_id}}/enable", "204"): plain(
        "PUT", f"{WORKFLOW}/enable"
    ),
    ("put", f"{ACTIONS}/workflows/{{workflow_id}}/disable", "204"): plain(
        "PUT", f"{WORKFLOW}/disable"
    ),
    ("post", f"{ACTIONS}/workflows/{{workflow_id}}/dispatches", "204"): dispatch_ok(details=False),
    ("post", f"{ACTIONS}/workflows/{{workflow_id}}/dispatches", "200"): dispatch_ok(details=True),
    ("get", f"{ACTIONS}/runs", "200"): plain("GET", RUN),
    ("get", f"{ACTIONS}/runs/{{run_id}}", "200"): plain("GET", f"{RUN}/{{run}}"),
    ("get", f"{ACTIONS}/runs/{{run_id}}/jobs", "200"): plain("GET", f"{RUN}/{{run}}/jobs"),
    ("get", f"{ACTIONS}/runs/{{run_id}}/logs", "302"): plain("GET", f"{RUN}/{{run}}/logs"),
    ("post", f"{ACTIONS}/runs/{{run_id}}/rerun", "201"): plain("POST", f"{RUN}/{{run}}/rerun"),
    ("post", f"{ACTIONS}/runs/{{run_id}}/rerun-failed-jobs", "201"): after_failure(
        "POST", f"{RUN}/{{run}}/rerun-failed-jobs"
    ),
    ("get", f"{ACTIONS}/jobs/{{job_id}}", "200"): plain("GET", f"{REPO}/actions/jobs/{{job}}"),
    ("get", f"{ACTIONS}/jobs/{{job_id}}/logs", "302"): plain(
        "GET", f"{REPO}/actions/jobs/{{job}}/logs"
    ),
    ("post", f"{ACTIONS}/jobs/{{job_id}}/rerun", "201"): plain(
        "POST", f"{REPO}/actions/jobs/{{job}}/rerun"
    ),
    ("post", f"{ACTIONS}/jobs/{{job_id}}/rerun", "403"): unfinished(
        "POST", f"{REPO}/actions/jobs/{{job}}/rerun"
    ),
}
ATTEMPT = f"{ACTIONS}/runs/{{run_id}}/attempts/{{attempt_number}}"
CASES |= {
    ("get", ATTEMPT, "200"): plain("GET", f"{RUN}/{{run}}/attempts/1"),
    ("get", f"{ATTEMPT}/jobs", "200"): plain("GET", f"{RUN}/{{run}}/attempts/1/jobs"),
    ("get", f"{ATTEMPT}/jobs", "404"): plain("GET", f"{RUN}/{{run}}/attempts/7/jobs"),
    ("get", f"{ATTEMPT}/logs", "302"): plain("GET", f"{RUN}/{{run}}/attempts/1/logs"),
}
for verb in ("cancel", "force-cancel"):
    CASES |= {
        ("post", f"{ACTIONS}/runs/{{run_id}}/{verb}", "202"): unfinished(
            "POST", f"{RUN}/{{run}}/{verb}"
        ),
        ("post", f"{ACTIONS}/runs/{{run_id}}/{verb}", "409"): plain(
            "POST", f"{RUN}/{{run}}/{verb}"
        ),
    }
REFUSALS: dict[str, tuple[int, Case]] = {
    "a foreign repository": (404, plain("GET", "/repos/someone/else/actions/runs")),
    "an unknown path": (404, plain("GET", f"{REPO}/nothing")),
    "a method that is not there": (404, plain("DELETE", RUN)),
    "an unknown run": (404, plain("GET", f"{RUN}/1")),
    "an unknown job": (404, plain("GET", f"{REPO}/actions/jobs/1")),
    "an unknown workflow": (404, plain("GET", f"{REPO}/actions/workflows/other.yml")),
    "logs of an unfinished run": (404, unfinished("GET", f"{RUN}/{{run}}/logs")),
    "logs of an unfinished job": (404, unfinished("GET", f"{REPO}/actions/jobs/{{job}}/logs")),
    "re-run of an unfinished run": (403, unfinished("POST", f"{RUN}/{{run}}/rerun")),
    "re-run of failures where none is": (403, plain("POST", f"{RUN}/{{run}}/rerun-failed-jobs")),
    "an unknown branch": (422, dispatch(ref="nowhere")),
    "an unknown input": (422, dispatch(inputs={"first": "2026-11-01"})),
    "inputs that are no object": (422, dispatch(inputs=["2026-11-01"])),
    "too many inputs": (422, dispatch(inputs={f"i{n}": "" for n in range(26)})),
    "an unknown key": (422, dispatch(branch="main")),
    "a date nobody understands": (422, plain("GET", f"{RUN}?created=yesterday")),
}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = Lab(make_world(tmp_path, NOON))
    await lab.github.seed()
    yield lab
    await lab.close()


@pytest.mark.parametrize(("version", "method", "path", "status"), listed())
async def test_each_endpoint_answers_each_status_as_described(
    lab: Lab, version: str, method: str, path: str, status: str
):
    answer = await CASES[method, path, status](Caller(lab, version))
    assert answer.status_code == int(status), answer.text
    content = response_of(version, method, path, status).get("content", {})
    if "application/json" in content:
        validate(version, content["application/json"]["schema"], answer.json())
    elif status in {"204", "304"}:
        assert answer.content == b""
    for name in ("limit", "remaining", "reset"):
        assert re.fullmatch(r"\d+", answer.headers[f"x-ratelimit-{name}"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("what", REFUSALS)
async def test_refusals_are_githubs_basic_error(lab: Lab, version: str, what: str):
    status, case = REFUSALS[what]
    answer = await case(Caller(lab, version))
    assert answer.status_code == status, answer.text
    validate(version, {"$ref": "#/components/schemas/basic-error"}, answer.json())


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_seeded_run_and_job_is_as_described(lab: Lab, version: str):
    call = Caller(lab, version)
    runs = (await call("GET", f"{RUN}?per_page=100")).json()["workflow_runs"]
    assert len(runs) == 30
    for run in runs:
        validate(version, {"$ref": "#/components/schemas/workflow-run"}, run)
        jobs = (await call("GET", f"{RUN}/{run['id']}/jobs")).json()["jobs"]
        for job in jobs:
            validate(version, {"$ref": "#/components/schemas/job"}, job)


def test_the_validator_can_fail():
    schema = {"$ref": "#/components/schemas/workflow"}
    with pytest.raises(AssertionError, match="node_id"):
        validate("2022-11-28", schema, {"id": 1})
