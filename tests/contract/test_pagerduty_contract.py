"""The PagerDuty simulator against the contract and against PagerDuty's own client."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from jsonschema import Draft202012Validator
from pagerduty import EventsApiV2Client, HttpError

from altui.sandbox.pagerduty import LIMIT_BYTES, create
from altui.sandbox.pagerduty.desk import PER_MINUTE
from altui.sandbox.world import World
from tests.github_lab import FixedClock, make_world

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "pagerduty.events_v2.schema.json"
NEVER = {
    (name, "5XX"): "the simulator does not fail by itself; a fault in front of it answers so"
    for name in ("enqueue", "change.enqueue")
}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def contract() -> Json:
    if not CONTRACT.exists():
        pytest.skip("the contracts folder ../shared/contracts is not here")
    return json.loads(CONTRACT.read_text())


def check(contract: Json, schema: Json, body: object) -> None:
    errors = Draft202012Validator({**schema, "$defs": contract["$defs"]}).iter_errors(body)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


class Lab:
    def __init__(self, world: World) -> None:
        self.world = world
        self.app = create(world).app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://pagerduty.test"
        )

    def event(self, action: str = "trigger", dedup_key: str | None = "d", **more: Any) -> Json:
        body: Json = {"routing_key": self.world.pagerduty_key, "event_action": action}
        if dedup_key is not None:
            body["dedup_key"] = dedup_key
        if action == "trigger":
            body["payload"] = {"summary": "late", "source": "altui", "severity": "error"}
        return {**body, **more}

    async def send(self, action: str = "trigger", **more: Any) -> httpx.Response:
        return await self.client.post("/v2/enqueue", json=self.event(action, **more))

    async def change(self, **more: Any) -> httpx.Response:
        key = self.world.pagerduty_key
        body = {"routing_key": key, "payload": {"summary": "deployed"}, **more}
        return await self.client.post("/v2/change/enqueue", json=body)

    async def shown(self) -> Json:
        return (await self.client.get("/_sandbox/incidents")).json()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(make_world(tmp_path))


async def _too_many(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    for _ in range(PER_MINUTE):
        assert (await send()).status_code == 202
    return await send()


Case = Callable[[Lab], Awaitable[httpx.Response]]
CASES: dict[tuple[str, str], Case] = {
    ("enqueue", "202"): lambda lab: lab.send(),
    ("enqueue", "400"): lambda lab: lab.send(payload={}),
    ("enqueue", "429"): lambda lab: _too_many(lab.send),
    ("change.enqueue", "202"): lambda lab: lab.change(),
    ("change.enqueue", "400"): lambda lab: lab.change(payload={}),
    ("change.enqueue", "429"): lambda lab: _too_many(lab.change),
}


def test_every_endpoint_and_status_of_the_contract_is_tried(contract: Json):
    wanted = {
        (name, status)
        for name, endpoint in contract["endpoints"].items()
        for status in endpoint["responses"]
    }
    assert wanted <= set(CASES) | set(NEVER)
    assert set(CASES) <= wanted


@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_the_answer_is_the_contracts(case: tuple[str, str], contract: Json, lab: Lab):
    name, status = case
    answer = await CASES[case](lab)
    assert answer.status_code == int(status)
    check(contract, contract["endpoints"][name]["responses"][status], answer.json())


# What is valid: the simulator and the contract agree on every event.

LONG = "x" * 1025
PAYLOAD = {"summary": "late", "source": "altui", "severity": "error"}
EVENTS: dict[str, Json] = {
    "whole": {
        "payload": {
            **PAYLOAD,
            "component": "dbt",
            "group": "analytics",
            "class": "late",
            "custom_details": {"tags": ["analytics"]},
        },
        "links": [{"href": "https://example.org", "text": "run"}],
        "images": [{"src": "https://example.org/a.png"}],
        "client": "altui",
    },
    "no dedup_key": {"dedup_key": None},
    "acknowledge": {"event_action": "acknowledge", "payload": None},
    "longest summary": {"payload": {**PAYLOAD, "summary": LONG[1:]}},
    "short routing key": {"routing_key": "short"},
    "no routing key": {"routing_key": None},
    "no action": {"event_action": None},
    "another action": {"event_action": "close"},
    "no payload": {"payload": None},
    "no summary": {"payload": {"source": "altui", "severity": "error"}},
    "no source": {"payload": {"summary": "late", "severity": "error"}},
    "no severity": {"payload": {"summary": "late", "source": "altui"}},
    "another severity": {"payload": {**PAYLOAD, "severity": "fatal"}},
    "too long a summary": {"payload": {**PAYLOAD, "summary": LONG}},
    "a number as group": {"payload": {**PAYLOAD, "group": 7}},
    "words as details": {"payload": {**PAYLOAD, "custom_details": "words"}},
    "too long a dedup_key": {"dedup_key": LONG[:256]},
    "acknowledge what": {"event_action": "acknowledge", "dedup_key": None},
    "resolve what": {"event_action": "resolve", "dedup_key": None},
    "a link without address": {"links": [{"text": "run"}]},
    "links that are no list": {"links": "https://example.org"},
    "an image without TLS": {"images": [{"src": "http://example.org/a.png"}]},
}


@pytest.mark.parametrize("case", EVENTS)
async def test_an_event_is_accepted_exactly_when_the_contract_allows_it(
    case: str, contract: Json, lab: Lab
):
    merged = {**lab.event(), **EVENTS[case]}
    event = {name: value for name, value in merged.items() if value is not None}
    schema = {**contract["endpoints"]["enqueue"]["request"], "$defs": contract["$defs"]}
    valid = Draft202012Validator(schema).is_valid(event)
    answer = await lab.client.post("/v2/enqueue", json=event)
    assert answer.status_code == (202 if valid else 400), answer.text
    if not valid:
        check(contract, {"$ref": "#/$defs/Error"}, answer.json())
        assert answer.json()["status"] == "invalid event"
        assert answer.json()["errors"]


async def test_every_fault_of_an_event_is_named(lab: Lab):
    answer = await lab.client.post("/v2/enqueue", json={"routing_key": "e+23", "payload": {}})
    assert answer.json()["errors"] == [
        "Length of 'routing_key' is incorrect (should be 32 characters)",
        "'routing_key' cannot contain non-alphanumeric characters.",
        "'event_action' is missing or blank",
        "'payload' is missing or blank",
    ]


@pytest.mark.parametrize("content", [b"{nonsense", b"[]", b""])
async def test_what_is_no_event_at_all_is_a_400(content: bytes, contract: Json, lab: Lab):
    answer = await lab.client.post("/v2/enqueue", content=content)
    assert answer.status_code == 400
    check(contract, {"$ref": "#/$defs/Error"}, answer.json())


async def test_a_body_may_have_512_kb(lab: Lab):
    event = lab.event()
    room = LIMIT_BYTES - len(json.dumps({**event, "client": ""}))
    for size, status in ((room, 202), (room + 1, 400)):
        body = json.dumps({**event, "client": "x" * size})
        answer = await lab.client.post("/v2/enqueue", content=body)
        assert answer.status_code == status


# What becomes of events.


async def test_triggers_with_one_key_are_one_incident_until_it_is_resolved(lab: Lab):
    for action, status in (
        ("trigger", "triggered"),
        ("trigger", "triggered"),
        ("acknowledge", "acknowledged"),
        ("trigger", "acknowledged"),
        ("resolve", "resolved"),
    ):
        assert (await lab.send(action)).json()["dedup_key"] == "d"
        assert [one["status"] for one in (await lab.shown())["incidents"]] == [status]
    await lab.send()
    incidents = (await lab.shown())["incidents"]
    assert [(one["number"], one["status"]) for one in incidents] == [
        (1, "resolved"),
        (2, "triggered"),
    ]
    assert [one["event_action"] for one in incidents[0]["events"]] == [
        "trigger",
        "trigger",
        "acknowledge",
        "trigger",
        "resolve",
    ]
    assert lab.world.pagerduty_key not in json.dumps(await lab.shown())


async def test_without_a_dedup_key_each_trigger_is_its_own_incident(lab: Lab):
    keys = {(await lab.send(dedup_key=None)).json()["dedup_key"] for _ in range(2)}
    incidents = (await lab.shown())["incidents"]
    assert len(keys) == 2
    assert {one["dedup_key"] for one in incidents} == keys


@pytest.mark.parametrize("action", ["trigger", "acknowledge", "resolve"])
async def test_another_routing_key_is_accepted_and_has_no_effect(action: str, lab: Lab):
    await lab.send()
    assert (await lab.send(action, routing_key="f" * 32)).status_code == 202
    shown = await lab.shown()
    assert [(one["status"], len(one["events"])) for one in shown["incidents"]] == [("triggered", 1)]
    assert [one["why"] for one in shown["dropped"]] == ["no integration has this routing key"]


async def test_a_follow_up_without_an_alert_is_accepted_and_dropped(lab: Lab):
    assert (await lab.send("resolve", dedup_key="unknown")).status_code == 202
    shown = await lab.shown()
    assert shown["incidents"] == []
    assert [one["why"] for one in shown["dropped"]] == ["no open alert has this dedup_key"]


async def test_a_key_may_send_again_when_its_minute_is_over(lab: Lab):
    assert (await _too_many(lab.send)).status_code == 429
    assert (await lab.send(routing_key="f" * 32)).status_code == 202, "another key's own share"
    clock = lab.world.clock
    assert isinstance(clock, FixedClock)
    clock.moment += timedelta(seconds=60)
    assert (await lab.send()).status_code == 202
    clock.moment -= timedelta(days=1)
    assert (await _too_many(lab.send)).status_code == 429, "a clock set back starts anew"


async def test_changes_are_kept_apart_and_state_survives_a_restart(lab: Lab):
    await lab.send()
    await lab.change()
    again = Lab(lab.world)
    assert await again.shown() == await lab.shown()
    shown = await again.shown()
    assert [one["payload"]["summary"] for one in shown["changes"]] == ["deployed"]
    await again.send("resolve")
    assert [one["status"] for one in (await again.shown())["incidents"]] == ["resolved"]


# PagerDuty's own client.


class Plain(httpx2.HTTPTransport):
    """The client insists on https; the simulator has no certificate."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(scheme="http")
        return super().handle_request(request)


def the_client(key: str, address: str) -> EventsApiV2Client:
    return EventsApiV2Client(key, base_url=address, transport=Plain())


@pytest.fixture
async def address(lab: Lab) -> AsyncIterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(lab.app, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_pagerdutys_client_pages_and_resolves(lab: Lab, address: str):
    def talk() -> str:
        client = the_client(lab.world.pagerduty_key, address)
        key = client.trigger("late", "altui", severity="warning", dedup_key="from-the-client")
        client.acknowledge(key)
        client.resolve(key)
        client.send_change_event(payload={"summary": "deployed", "source": "altui"})
        return key

    key = await asyncio.to_thread(talk)
    shown = await lab.shown()
    assert key == "from-the-client"
    assert [(one["dedup_key"], one["status"]) for one in shown["incidents"]] == [(key, "resolved")]
    assert len(shown["incidents"][0]["events"]) == 3
    assert len(shown["changes"]) == 1


async def test_pagerdutys_client_understands_a_refusal(lab: Lab, address: str):
    def talk() -> None:
        the_client("short", address).trigger("late", "altui")

    with pytest.raises(HttpError) as refused:
        await asyncio.to_thread(talk)
    assert refused.value.response.status_code == 400
