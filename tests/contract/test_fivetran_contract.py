"""The Fivetran simulator's answers against Fivetran's own description, status by status."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from altui.sandbox.fivetran.copier import CopyError
from altui.sandbox.fivetran.render import GROUP
from tests.fivetran_lab import CONNECTION, DESTINATION, Lab

CONTRACT = Path(__file__).parents[2].parent / "shared" / "contracts" / "fivetran.openapi.json"
pytestmark = pytest.mark.skipif(
    not CONTRACT.is_file(), reason="the contracts folder ../shared/contracts is not here"
)

NEVER = {
    ("get", "/v1/account/info", "404"): "the key's own account is always there",
    ("get", "/v1/groups", "404"): "a list is always there",
    ("get", "/v1/destinations", "404"): "a list is always there",
    ("get", "/v1/connections/{connectionId}/state", "400"): "PostgreSQL connections keep a state",
}
NOT_SIMULATED = "webhooks"
"""altui asks for none."""

IDS = {
    "{connectionId}": "warm_lantern",
    "{groupId}": GROUP,
    "{destinationId}": GROUP,
    "{schema}": "public",
    "{table}": "emails",
}
BODIES: dict[tuple[str, str], Any] = {
    ("patch", "/v1/connections/{connectionId}"): {"sync_frequency": 15},
    ("post", "/v1/connections/{connectionId}/resync"): {"scope": {"public": ["emails"]}},
    ("post", "/v1/connections/{connectionId}/schemas/tables/resync"): {"public": ["emails"]},
    ("post", "/v1/connections/{connectionId}/schemas/reload"): {"exclude_mode": "PRESERVE"},
    ("post", "/v1/connections/{connectionId}/sync"): {"force": True},
}

# The description, and checking an answer against it.

formats = FormatChecker([])


@formats.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def modern(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: modern(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def description() -> dict[str, Any]:
    return json.loads(CONTRACT.read_text())


def listed() -> list[tuple[str, str, str]]:
    """Every (method, path, status) that the contract describes."""
    if not CONTRACT.is_file():
        return []
    return [
        (method, path, status)
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "patch"} and NOT_SIMULATED not in path
        for status in operation["responses"]
        if (method, path, status) not in NEVER
    ]


def faults(method: str, path: str, status: str, body: object) -> list[str]:
    described = description()
    response = described["paths"][path][method]["responses"][status]
    schema = modern(response["content"]["application/json"]["schema"])
    whole = {**schema, "components": modern(described["components"])}
    errors = Draft202012Validator(whole, format_checker=formats).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]


def address(path: str) -> str:
    for name, value in IDS.items():
        path = path.replace(name, value)
    return path


# How each endpoint is brought to each status.


class Endpoint:
    def __init__(self, lab: Lab, method: str, path: str) -> None:
        self.lab, self.method, self.path = lab, method, path

    async def ask(self, path: str | None = None, **more: Any) -> httpx.Response:
        """The call as it succeeds, but for what is given."""
        if self.method != "get" and not {"json", "content"} & set(more):
            more["json"] = BODIES.get((self.method, self.path), {})
        return await self.lab.ask(self.method.upper(), path or address(self.path), **more)

    async def succeed(self) -> httpx.Response:
        return await self.ask()

    async def bad_request(self) -> httpx.Response:
        missing = self.path.endswith("/test")
        return await self.ask(content=b"") if missing else await self.ask(json={"scope": "public"})

    async def unauthorised(self) -> httpx.Response:
        return await self.ask(auth=("sandbox-key", "wrong"))

    async def not_found(self) -> httpx.Response:
        if self.path == "/v1/connections":
            return await self.ask(params={"group_id": "nowhere"})
        last = next(name for name in reversed(IDS) if name in self.path)
        return await self.ask(address(self.path.replace(last, "nowhere")))

    async def wrong_method(self) -> httpx.Response:
        return await self.lab.ask("DELETE", address(self.path))

    async def not_acceptable(self) -> httpx.Response:
        return await self.ask(headers={"accept": "application/json;version=3"})

    async def busy(self) -> httpx.Response:
        self.lab.copier.hold_until_released()
        await self.lab.ask("POST", f"{CONNECTION}/sync", json={})
        await self.lab.begun()
        return await self.ask()

    async def wrong_body(self) -> httpx.Response:
        return await self.ask(content=b"force=true", headers={"content-type": "text/plain"})

    async def too_many(self) -> httpx.Response:
        while (await self.lab.ask("GET", "/v1/account/info")).status_code == 200:
            pass
        return await self.ask()


CASES: dict[str, Callable[[Endpoint], Awaitable[httpx.Response]]] = {
    "200": Endpoint.succeed,
    "400": Endpoint.bad_request,
    "401": Endpoint.unauthorised,
    "404": Endpoint.not_found,
    "405": Endpoint.wrong_method,
    "406": Endpoint.not_acceptable,
    "409": Endpoint.busy,
    "415": Endpoint.wrong_body,
    "429": Endpoint.too_many,
}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path, calls=20)
    await made.fivetran.seed()
    yield made
    await made.close()


@pytest.mark.parametrize(("method", "path", "status"), listed())
async def test_the_answer_is_as_described(lab: Lab, method: str, path: str, status: str) -> None:
    answer = await CASES[status](Endpoint(lab, method, path))
    assert answer.status_code == int(status), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert faults(method, path, status, answer.json()) == []
    if status == "429":
        assert 0 < int(answer.headers["retry-after"]) <= 3600


@pytest.mark.parametrize("path", ["/v1/connections/{connectionId}"], ids=["connection"])
@pytest.mark.parametrize("side", ["source", "destination"])
async def test_a_failing_connection_is_as_described(lab: Lab, side: Any, path: str) -> None:
    lab.copier.refusal = CopyError(side, "FATAL: no")
    lab.clock.set(lab.clock.now() + timedelta(minutes=10))
    await lab.sync()
    answer = await lab.ask("GET", address(path))
    assert answer.json()["data"]["status"]["tasks"] != []
    assert faults("get", path, "200", answer.json()) == []
    tested = await lab.ask("POST", f"{CONNECTION}/test", json={})
    assert "FAILED" in {test["status"] for test in tested.json()["data"]["setup_tests"]}
    assert faults("post", f"{path}/test", "200", tested.json()) == []


async def test_a_failing_destination_test_is_as_described(lab: Lab) -> None:
    lab.copier.refusal = CopyError("destination", "403 Quota exceeded")
    answer = await lab.ask("POST", f"{DESTINATION}/test", json={})
    assert answer.json()["data"]["setup_status"] == "BROKEN"
    path = "/v1/destinations/{destinationId}"
    assert faults("post", f"{path}/test", "200", answer.json()) == []
    assert faults("get", path, "200", (await lab.ask("GET", DESTINATION)).json()) == []


async def test_a_connection_in_each_state_is_as_described(lab: Lab) -> None:
    path = "/v1/connections/{connectionId}"
    quiet = {"run_setup_tests": False}
    seen: set[str] = set()
    for change in ({"paused": True}, {"paused": False, "sync_frequency": 1440}):
        answer = await lab.ask("PATCH", CONNECTION, json={**change, **quiet})
        assert faults("patch", path, "200", answer.json()) == []
        seen.add(answer.json()["data"]["status"]["sync_state"])
    await lab.ask("POST", "/_sandbox/reschedule", json={"minutes": 30})
    answer = await lab.ask("GET", CONNECTION)
    assert faults("get", path, "200", answer.json()) == []
    seen.add(answer.json()["data"]["status"]["sync_state"])
    lab.copier.hold_until_stopped()
    await lab.ask("POST", f"{CONNECTION}/sync", json={})
    answer = await lab.ask("GET", CONNECTION)
    assert faults("get", path, "200", answer.json()) == []
    seen.add(answer.json()["data"]["status"]["sync_state"])
    assert seen == {"paused", "scheduled", "rescheduled", "syncing"}
    await lab.fivetran.close()


def test_the_check_can_fail() -> None:
    body = {"code": "Success", "data": {"id": "warm_lantern", "created_at": "yesterday"}}
    found = faults("get", "/v1/connections/{connectionId}", "200", body)
    assert any("'status' is a required property" in fault for fault in found)
    assert any("is not a 'date-time'" in fault for fault in found)
