"""Fivetran's answers, the odd ones too, become a Connection or a clear error."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from altui.config import FivetranSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.reading import Note, SyncTable
from altui.services.errors import ServiceError
from altui.services.fivetran import MOST_PAGES, FivetranReader
from tests.answering import Answers

CONNECTION: dict[str, Any] = {
    "id": "warm_lantern",
    "service": "google_cloud_postgresql",
    "schema": "applylens",
    "paused": False,
    "created_at": "2025-01-01T00:00:00Z",
    "succeeded_at": "2026-11-23T03:05:00.123Z",
    "failed_at": None,
    "sync_frequency": 60,
    "schedule_type": "auto",
    "a_new_field": {"of": ["theirs"]},
    "status": {
        "setup_state": "connected",
        "sync_state": "levitating",
        "update_state": "on_schedule",
        "is_historical_sync": False,
        "rescheduled_for": None,
        "tasks": [{"code": "reconnect", "message": "Reconnect\x1b[2J now\u202e", "details": None}],
        "warnings": [],
    },
}
SCHEMAS: dict[str, Any] = {
    "schema_change_handling": "ALLOW_ALL",
    "schemas": {
        "public": {
            "enabled": True,
            "name_in_destination": "applylens",
            "tables": {
                "emails": {"enabled": True, "name_in_destination": "public_emails"},
                "secrets": {"enabled": False, "name_in_destination": "public_secrets"},
            },
        },
        "audit": {"enabled": False, "tables": {"log": {"enabled": True}}},
        "empty": {"enabled": True, "tables": None},
    },
}


def ok(data: Any) -> httpx.Response:
    return httpx.Response(200, json={"code": "Success", "data": data})


def reader(answers: Answers, connection: str = "warm_lantern") -> FivetranReader:
    settings = FivetranSettings("http://ft.test", Secret("key"), Secret("secret"), connection)
    return FivetranReader(settings, 5.0, answers.transport)


@pytest.fixture
def fivetran(answers: Answers) -> Answers:
    answers.by_path = {
        "/v1/connections/warm_lantern": ok(CONNECTION),
        "/v1/connections/warm_lantern/schemas": ok(SCHEMAS),
    }
    return answers


async def test_a_connection(fivetran: Answers) -> None:
    seen = await reader(fivetran).connection()
    assert (seen.id, seen.schema, seen.sync_frequency) == ("warm_lantern", "applylens", 60)
    assert seen.succeeded_at == datetime(2026, 11, 23, 3, 5, 0, 123000, UTC)
    assert seen.failed_at is None
    assert seen.sync_state == "levitating", "an unknown word shows as itself"
    assert seen.tasks == (Note("reconnect", "Reconnect now"),)


async def test_its_tables(fivetran: Answers) -> None:
    assert (await reader(fivetran).schemas()).tables == (
        SyncTable("public.emails", "public_emails", True),
        SyncTable("public.secrets", "public_secrets", False),
        SyncTable("audit.log", "", False),
    )


async def test_what_is_sent(fivetran: Answers) -> None:
    asking = reader(fivetran)
    await asking.connection()
    await asking.schemas()
    detail, schemas = fivetran.asked
    assert detail.headers["accept"] == "application/json;version=2"
    assert schemas.headers["accept"] == "application/json"
    assert detail.headers["authorization"].startswith("Basic ")


async def test_nulls_everywhere(fivetran: Answers) -> None:
    bare = dict.fromkeys(CONNECTION) | {"id": "warm_lantern"}
    fivetran.by_path["/v1/connections/warm_lantern"] = ok(bare)
    fivetran.by_path["/v1/connections/warm_lantern/schemas"] = ok({"schemas": None})
    seen = await reader(fivetran).connection()
    assert (seen.setup_state, seen.succeeded_at, seen.tasks) == ("", None, ())
    assert (await reader(fivetran).schemas()).tables == ()


async def test_a_connection_without_schemas_yet(fivetran: Answers) -> None:
    path = "/v1/connections/warm_lantern/schemas"
    fivetran.by_path[path] = httpx.Response(404, json={"code": "NotFound_SchemaConfig"})
    assert (await reader(fivetran).schemas()).tables == ()


async def test_the_only_connection_is_found_over_groups_and_pages(fivetran: Answers) -> None:
    def groups(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("cursor"):
            return ok({"items": [{"id": "g2"}]})
        return ok({"items": [{"id": "g1"}], "next_cursor": "more"})

    fivetran.by_path |= {
        "/v1/groups": groups,
        "/v1/groups/g1/connections": ok({"items": []}),
        "/v1/groups/g2/connections": ok({"items": [{"id": "warm_lantern"}]}),
    }
    asking = reader(fivetran, "")
    assert (await asking.connection()).id == "warm_lantern"
    before = len(fivetran.asked)
    await asking.connection()
    assert len(fivetran.asked) == before + 1, "it is looked for once"


async def test_a_connection_that_was_made_anew_is_found_again(fivetran: Answers) -> None:
    there = "/v1/groups/g/connections"
    fivetran.by_path |= {
        "/v1/groups": ok({"items": [{"id": "g"}]}),
        there: ok({"items": [{"id": "warm_lantern"}]}),
    }
    asking = reader(fivetran, "")
    assert (await asking.connection()).id == "warm_lantern"
    del fivetran.by_path["/v1/connections/warm_lantern"]
    fivetran.by_path |= {
        there: ok({"items": [{"id": "new_lantern"}]}),
        "/v1/connections/new_lantern": ok(CONNECTION | {"id": "new_lantern"}),
    }
    with pytest.raises(ServiceError) as raised:
        await asking.connection()
    assert raised.value.trouble is Trouble.missing
    assert (await asking.connection()).id == "new_lantern"


@pytest.mark.parametrize("cursor", ["the same", None])
async def test_a_list_without_end_is_left(fivetran: Answers, cursor: str | None) -> None:
    def groups(request: httpx.Request) -> httpx.Response:
        following = cursor or f"after {request.url.params.get('cursor')}"
        return ok({"items": [], "next_cursor": following})

    fivetran.by_path["/v1/groups"] = groups
    with pytest.raises(ServiceError, match="set FIVETRAN_CONNECTION") as raised:
        await reader(fivetran, "").connection()
    assert raised.value.trouble is Trouble.nonsense
    assert len(fivetran.asked) == (2 if cursor else MOST_PAGES)


@pytest.mark.parametrize(
    ("items", "trouble", "words"),
    [
        ([], Trouble.missing, "the key sees no connection"),
        (
            [{"id": "a"}, {"id": "b"}],
            Trouble.misconfigured,
            "2 connections: set FIVETRAN_CONNECTION to one of a, b",
        ),
    ],
)
async def test_none_or_several_connections(
    answers: Answers, items: list[Any], trouble: Trouble, words: str
) -> None:
    answers.by_path = {
        "/v1/groups": ok({"items": [{"id": "g"}]}),
        "/v1/groups/g/connections": ok({"items": items}),
    }
    with pytest.raises(ServiceError) as raised:
        await reader(answers, "").connection()
    assert (raised.value.trouble, raised.value.words) == (trouble, words)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(401, json={"code": "Unauthorized", "message": "no"}), Trouble.denied),
        (httpx.Response(404, json={"code": "NotFound_Integration"}), Trouble.missing),
        (httpx.Response(429, headers={"Retry-After": "900"}), Trouble.unreachable),
        (httpx.Response(500, text="<html>oops"), Trouble.refused),
        (httpx.Response(200, text="<html>sign in"), Trouble.nonsense),
        (httpx.Response(200, json={"code": "Success"}), Trouble.nonsense),
        (httpx.Response(200, json={"data": {"id": "x", "succeeded_at": "?"}}), Trouble.nonsense),
        (httpx.ConnectError("refused"), Trouble.unreachable),
    ],
)
async def test_other_answers(fivetran: Answers, answer: Any, trouble: Trouble) -> None:
    fivetran.by_path["/v1/connections/warm_lantern"] = answer
    with pytest.raises(ServiceError) as raised:
        await reader(fivetran).connection()
    assert raised.value.trouble is trouble
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (FivetranSettings(), "FIVETRAN_API_KEY"),
        (FivetranSettings(api_key=Secret("key")), "FIVETRAN_API_SECRET"),
    ],
)
async def test_off_without_key(settings: FivetranSettings, named: str) -> None:
    with pytest.raises(ServiceError, match=named) as raised:
        await FivetranReader(settings).connection()
    assert raised.value.trouble is Trouble.off
