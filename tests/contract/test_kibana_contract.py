"""The Kibana simulator's answers against the contract: every endpoint and status, and refusals.

No public client talks to it here: kibana-py needs a newer Elasticsearch client than this project's.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator

from altui.sandbox.world import World
from tests.kibana_lab import EXPORT, OBJECTS, ROOT, VIEWS, Json, Lab, board, make_kibana_world, view

CONTRACT = ROOT.parent / "shared" / "contracts" / "kibana.subset.schema.json"
NEVER = {("data_views.delete", 204): "Kibana answers 200 or 204 by its version; this one is a 200"}


@pytest.fixture(scope="module")
def contract() -> Json:
    if not CONTRACT.exists():
        pytest.skip("the contracts folder ../shared/contracts is not here")
    return json.loads(CONTRACT.read_text())


def check(contract: Json, schema: Json | str, body: object) -> None:
    """A schema, or the name of one of the contract's."""
    wanted = {"$ref": f"#/$defs/{schema}"} if isinstance(schema, str) else schema
    errors = Draft202012Validator({**wanted, "$defs": contract["$defs"]}).iter_errors(body)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_kibana_world(tmp_path)


@pytest.fixture
async def lab(world: World) -> AsyncIterator[Lab]:
    made = Lab(world)
    await made.kibana.seed()
    yield made
    await made.kibana.close()


# Every endpoint brought to every status of the contract.


async def _down(lab: Lab) -> httpx.Response:
    lab.elasticsearch.down = httpx.ConnectError("refused")
    return await lab.client.get("/api/status")


async def _twice(lab: Lab) -> httpx.Response:
    body = {"data_view": {"title": "logs-*"}}
    await lab.client.post("/api/data_views/data_view", json=body)
    return await lab.client.post("/api/data_views/data_view", json=body)


async def _retry(lab: Lab) -> httpx.Response:
    retries = [{"type": "dashboard", "id": "analytics-overview", "overwrite": True}]
    return await lab.upload("_resolve_import_errors", EXPORT, retries=json.dumps(retries))


Case = Callable[[Lab], Awaitable[httpx.Response]]
CASES: dict[tuple[str, int], Case] = {
    ("status", 200): lambda lab: lab.client.get("/api/status"),
    ("status", 503): _down,
    ("data_views.list", 200): lambda lab: lab.client.get("/api/data_views"),
    ("data_views.get", 200): lambda lab: lab.client.get(f"{VIEWS}/analytics-applylens"),
    ("data_views.get", 404): lambda lab: lab.client.get(f"{VIEWS}/nothing"),
    ("data_views.create", 200): lambda lab: lab.client.post(
        VIEWS, json={"data_view": {"title": "logs-*", "timeFieldName": "d"}}
    ),
    ("data_views.create", 400): _twice,
    ("data_views.delete", 200): lambda lab: lab.client.delete(f"{VIEWS}/analytics-applylens"),
    ("saved_objects.export", 200): lambda lab: lab.client.post(
        f"{OBJECTS}/_export", json={"type": "dashboard", "includeReferencesDeep": True}
    ),
    ("saved_objects.import", 200): lambda lab: lab.bring_in(EXPORT, "?overwrite=true"),
    ("saved_objects.import", 400): lambda lab: lab.bring_in(b"{nonsense"),
    ("saved_objects.import", 415): lambda lab: lab.client.post(f"{OBJECTS}/_import"),
    ("saved_objects.resolve_import_errors", 200): _retry,
    ("saved_objects.find", 200): lambda lab: lab.client.get(f"{OBJECTS}/_find?type=dashboard"),
    ("saved_objects.resolve", 200): lambda lab: lab.client.get(
        f"{OBJECTS}/resolve/dashboard/analytics-overview"
    ),
    ("spaces.list", 200): lambda lab: lab.client.get("/api/spaces/space"),
}


def test_every_endpoint_and_status_of_the_contract_is_tried(contract: Json):
    wanted = {
        (name, int(status))
        for name, endpoint in contract["endpoints"].items()
        for status in [*endpoint.get("status", [200]), *endpoint.get("errors", {})]
    }
    assert wanted == set(CASES) | set(NEVER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
async def test_the_answer_is_the_contracts(case: tuple[str, int], contract: Json, lab: Lab):
    name, status = case
    answer = await CASES[case](lab)
    assert answer.status_code == status, answer.text
    endpoint = contract["endpoints"][name]
    if name == "saved_objects.export":
        *objects, details = [json.loads(line) for line in answer.text.splitlines()]
        for one in objects:
            check(contract, "SavedObject", one)
        check(contract, "ExportDetails", details)
    elif str(status) in endpoint.get("errors", {}):
        check(contract, "BoomError", answer.json())
        assert answer.json()["statusCode"] == status
    elif "response" in endpoint:
        check(contract, endpoint["response"], answer.json())
        if name == "saved_objects.find":
            check(contract, "SavedObject", answer.json()["saved_objects"][0])


REFUSED: dict[str, tuple[int, Case]] = {
    "no multipart": (
        415,
        lambda lab: lab.client.post(
            f"{OBJECTS}/_import", content=EXPORT, headers={"content-type": "application/ndjson"}
        ),
    ),
    "no file in it": (
        400,
        lambda lab: lab.client.post(f"{OBJECTS}/_import", files={"other": ("a", b"")}),
    ),
    "another extension": (400, lambda lab: lab.bring_in(EXPORT, name="a.json")),
    "copies and overwrite": (
        400,
        lambda lab: lab.bring_in(EXPORT, "?createNewCopies=true&overwrite=true"),
    ),
    "copies and compatibility": (
        400,
        lambda lab: lab.bring_in(EXPORT, "?createNewCopies=true&compatibilityMode=true"),
    ),
    "unknown parameter": (400, lambda lab: lab.bring_in(EXPORT, "?force=true")),
    "no boolean": (400, lambda lab: lab.bring_in(EXPORT, "?overwrite=maybe")),
    "the same object twice": (400, lambda lab: lab.bring_in([view(), view()])),
    "no saved object": (400, lambda lab: lab.bring_in([{"type": "dashboard"}])),
    "a newer export": (
        422,
        lambda lab: lab.bring_in([board(typeMigrationVersion="10.3.0")]),
    ),
    "retries missing": (400, lambda lab: lab.upload("_resolve_import_errors", EXPORT)),
    "a retry twice": (
        400,
        lambda lab: lab.upload(
            "_resolve_import_errors",
            EXPORT,
            retries=json.dumps([{"type": "dashboard", "id": "a"}] * 2),
        ),
    ),
    "export of nothing": (400, lambda lab: lab.client.post(f"{OBJECTS}/_export", json={})),
    "export of both": (
        400,
        lambda lab: lab.client.post(
            f"{OBJECTS}/_export", json={"type": "dashboard", "objects": []}
        ),
    ),
    "export of what is not there": (
        400,
        lambda lab: lab.client.post(
            f"{OBJECTS}/_export", json={"objects": [{"type": "dashboard", "id": "x"}]}
        ),
    ),
    "export of another type": (
        400,
        lambda lab: lab.client.post(f"{OBJECTS}/_export", json={"type": "canvas-element"}),
    ),
    "find without a type": (400, lambda lab: lab.client.get(f"{OBJECTS}/_find")),
    "get of another type": (400, lambda lab: lab.client.get(f"{OBJECTS}/canvas-element/x")),
    "delete of nothing": (404, lambda lab: lab.client.delete(f"{OBJECTS}/dashboard/x")),
    "resolve of nothing": (404, lambda lab: lab.client.get(f"{OBJECTS}/resolve/dashboard/x")),
    "a body that is no JSON": (
        400,
        lambda lab: lab.client.post(
            VIEWS, content=b"{", headers={"content-type": "application/json"}
        ),
    ),
    "a body of another type": (415, lambda lab: lab.client.post(VIEWS, content=b"{}")),
    "a data view without a title": (
        400,
        lambda lab: lab.client.post(VIEWS, json={"data_view": {}}),
    ),
    "an id that is taken": (
        409,
        lambda lab: lab.client.post(
            VIEWS, json={"data_view": {"title": "x", "id": "analytics-applylens"}}
        ),
    ),
    "another API version": (
        400,
        lambda lab: lab.client.get(
            "/api/data_views", headers={"elastic-api-version": "1999-01-01"}
        ),
    ),
    "another browser": (
        400,
        lambda lab: lab.client.get("/api/data_views", headers={"kbn-version": "7.0.0"}),
    ),
    "no such page": (404, lambda lab: lab.client.get("/api/nothing")),
    "the default space": (400, lambda lab: lab.client.delete("/api/spaces/space/default")),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_kibana_refuses(case: str, contract: Json, lab: Lab):
    status, ask = REFUSED[case]
    answer = await ask(lab)
    assert answer.status_code == status, answer.text
    check(contract, "BoomError", answer.json())
    assert answer.json()["statusCode"] == status
    assert answer.headers["kbn-name"]


# Who asks.


@pytest.mark.parametrize("key", [None, "ApiKey wrong", "Bearer sandbox-kibana-key"])
async def test_another_key_is_a_401_but_the_level_is_open_to_all(
    key: str | None, lab: Lab, contract: Json
):
    async with lab.new_client({"authorization": key} if key else {}) as client:
        answer = await client.get("/api/data_views")
        assert answer.status_code == 401
        check(contract, "BoomError", answer.json())
        answer = await client.get("/api/status")
        assert (answer.status_code, answer.json()) == (
            200,
            {"status": {"overall": {"level": "available"}}},
        )


async def test_whatever_is_no_get_needs_kbn_xsrf(lab: Lab):
    async with lab.new_client({"authorization": f"ApiKey {lab.world.kibana_key}"}) as client:
        assert (await client.get("/api/data_views")).status_code == 200
        answer = await client.post(f"{OBJECTS}/_export", json={"type": "dashboard"})
        assert answer.status_code == 400
        assert answer.json()["message"] == "Request must contain a kbn-xsrf header."
        answer = await client.delete(f"{OBJECTS}/dashboard/analytics-overview")
        assert answer.status_code == 400
    assert lab.kibana.objects.has("default", "dashboard", "analytics-overview")


# Elasticsearch behind it.


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (httpx.ConnectError("refused"), "connect ECONNREFUSED es.test:9200"),
        (httpx.ReadTimeout("slow"), "Request timed out"),
        (httpx.ReadError("reset"), "socket hang up"),
    ],
)
async def test_without_elasticsearch_everything_but_the_status_is_503(
    fault: Exception, words: str, lab: Lab, contract: Json
):
    lab.elasticsearch.down = fault
    answer = await lab.client.get("/api/status")
    body = answer.json()["status"]
    assert answer.status_code == 503
    assert body["overall"]["level"] == "unavailable"
    assert body["core"]["elasticsearch"]["summary"].endswith(words)
    async with lab.new_client({}) as nobody:
        answer = await nobody.get("/api/status")
        assert answer.status_code == 503
        assert answer.json() == {"status": {"overall": {"level": "unavailable"}}}
    for path in ("/api/data_views", "/api/spaces/space", f"{OBJECTS}/_find?type=dashboard"):
        answer = await lab.client.get(path)
        assert answer.status_code == 503
        check(contract, "BoomError", answer.json())
        assert answer.json()["message"] == words
    lab.elasticsearch.down = None
    assert (await lab.client.get("/api/status")).status_code == 200


async def test_an_elasticsearch_that_refuses_is_quoted(lab: Lab):
    error = {"type": "security_exception", "reason": "missing authentication credentials"}
    lab.elasticsearch.refuses = httpx.Response(401, json={"error": error})
    body = (await lab.client.get("/api/status")).json()
    assert body["status"]["core"]["elasticsearch"]["summary"] == (
        "Unable to retrieve version information from Elasticsearch nodes. "
        "security_exception: missing authentication credentials"
    )


# An import's answer, with each of the errors an object can have.


async def _ambiguous(lab: Lab) -> httpx.Response:
    await lab.bring_in([board("x", originId="first"), board("y", originId="first")])
    return await lab.bring_in([board("first")])


def _odd() -> Json:
    wrong = board("b")
    wrong["attributes"]["panelsJSON"] = []
    return wrong


IMPORTS: dict[str, Case] = {
    "conflict": lambda lab: lab.bring_in(EXPORT),
    "ambiguous_conflict": _ambiguous,
    "missing_references": lambda lab: lab.bring_in([board("b", "nowhere")]),
    "unsupported_type": lambda lab: lab.bring_in([{**view(), "type": "canvas-workpad"}]),
    "unknown": lambda lab: lab.bring_in([_odd()]),
}


def test_every_error_of_an_import_is_tried(contract: Json):
    causes = contract["$defs"]["ImportErrorCause"]["oneOf"]
    assert {cause["properties"]["type"]["const"] for cause in causes} == set(IMPORTS)


@pytest.mark.parametrize("kind", IMPORTS)
async def test_an_import_with_errors_is_a_200_of_the_contracts_shape(
    kind: str, contract: Json, lab: Lab
):
    answer = await IMPORTS[kind](lab)
    assert answer.status_code == 200
    check(contract, "ImportResponse", answer.json())
    assert answer.json()["success"] is False
    assert {one["error"]["type"] for one in answer.json()["errors"]} == {kind}
