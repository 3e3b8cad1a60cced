"""Fivetran's key, connection and tables, each refusal with its fix."""

from typing import Any

import httpx
import pytest

from altui.core.model.health import State
from altui.doctor.fivetran import exam
from tests.answering import Answers
from tests.unit.doctor.conftest import MakeContext, nonsense_passes, results_of, states

ENV = {
    "FIVETRAN_URL": "http://fivetran.test",
    "FIVETRAN_API_KEY": "key",
    "FIVETRAN_API_SECRET": "secret",
    "FIVETRAN_CONNECTION": "warm_lantern",
}
CONNECTION = "/v1/connections/warm_lantern"


def data(**content: Any) -> httpx.Response:
    return httpx.Response(200, json={"code": "Success", "data": content})


def refusal(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message})


def tables(**enabled: bool) -> httpx.Response:
    known = {
        name: {"enabled": on, "name_in_destination": name, "supports_columns_config": True}
        for name, on in enabled.items()
    }
    return data(schemas={"public": {"enabled": True, "tables": known}})


@pytest.fixture
def fivetran(answers: Answers) -> Answers:
    status = {"setup_state": "connected", "sync_state": "scheduled", "tasks": []}
    answers.by_path = {
        "/v1/groups": data(items=[{"id": "g"}]),
        CONNECTION: data(id="warm_lantern", schema="applylens", status=status),
        f"{CONNECTION}/schemas": tables(emails=True, applications=True),
    }
    return answers


async def test_in_order(context: MakeContext, fivetran: Answers):
    fivetran.by_path["/v1/groups"].headers["date"] = "Mon, 23 Nov 2026 12:00:00 GMT"
    made = context(ENV)
    seen = await results_of(exam, made)
    assert states(seen) == {"key": "ok", "connection": "ok", "tables": "ok", "role": "unknown"}
    assert seen["connection"].said == "warm_lantern into applylens: connected, scheduled"
    assert not seen["role"].bad, "what only a write would tell wakes nobody"
    assert "Fivetran" in made.skews


@pytest.mark.parametrize("missing", ["FIVETRAN_API_KEY", "FIVETRAN_API_SECRET"])
async def test_half_a_key_is_broken_and_none_is_off(
    context: MakeContext, fivetran: Answers, missing: str
):
    half = await results_of(exam, context({**ENV, missing: ""}))
    assert states(half) == {"key": "broken"}
    assert half["key"].said.startswith(f"{missing} is not set")
    none = await results_of(exam, context({"FIVETRAN_URL": ENV["FIVETRAN_URL"]}))
    assert states(none) == {"key": "off"}
    assert fivetran.asked == [], "without a key there is nothing to ask"


async def test_a_refused_key(context: MakeContext, fivetran: Answers):
    fivetran.by_path["/v1/groups"] = refusal(401, "AuthFailed", "Invalid authorization credentials")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"key": "denied"}
    assert seen["key"].said == "401 AuthFailed Invalid authorization credentials"
    assert seen["key"].tried == "GET /v1/groups"
    assert "set FIVETRAN_API_KEY and FIVETRAN_API_SECRET (now from the environment)" in (
        seen["key"].fix
    )


async def test_a_key_that_sees_nothing(context: MakeContext, fivetran: Answers):
    fivetran.by_path["/v1/groups"] = data(items=[])
    assert states(await results_of(exam, context(ENV))) == {"key": "denied"}


async def test_silence(context: MakeContext, fivetran: Answers):
    fivetran.by_path["/v1/groups"] = httpx.ConnectError("Name or service not known")
    seen = (await results_of(exam, context(ENV)))["key"]
    assert (seen.state, seen.said) == (
        State.unknown,
        "http://fivetran.test: Name or service not known",
    )
    assert "FIVETRAN_URL (now from the environment)" in seen.fix


async def test_a_connection_that_is_not_there(context: MakeContext, fivetran: Answers):
    fivetran.by_path[CONNECTION] = refusal(404, "NotFound_Connection", "no such connection")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"key": "ok", "connection": "broken"}
    assert "FIVETRAN_CONNECTION" in seen["connection"].fix


async def test_several_connections_and_none_chosen(context: MakeContext, fivetran: Answers):
    fivetran.by_path["/v1/groups/g/connections"] = data(items=[{"id": "one"}, {"id": "two"}])
    seen = await results_of(exam, context({**ENV, "FIVETRAN_CONNECTION": ""}))
    assert seen["connection"].state is State.broken
    assert "one, two" in seen["connection"].said
    assert seen["connection"].fix.startswith("set FIVETRAN_CONNECTION to the one")


async def test_an_unfinished_setup_speaks_in_its_tasks_words(
    context: MakeContext, fivetran: Answers
):
    task = {"code": "reconnect", "message": "Reconnect\x1b[31m your database"}
    status = {"setup_state": "broken", "sync_state": "paused", "tasks": [task]}
    fivetran.by_path[CONNECTION] = data(id="warm_lantern", schema="x", status=status)
    seen = (await results_of(exam, context(ENV)))["connection"]
    assert (seen.state, seen.said) == (State.broken, "Reconnect your database")
    assert "https://fivetran.com/dashboard/connections/warm_lantern/setup" in seen.fix


async def test_each_table_of_the_pipeline_is_copied(context: MakeContext, fivetran: Answers):
    fivetran.by_path[f"{CONNECTION}/schemas"] = tables(emails=False)
    seen = (await results_of(exam, context(ENV)))["tables"]
    assert seen.state is State.broken
    assert seen.said == "public.applications not in its schema; public.emails not enabled"


async def test_a_wrong_media_type_is_said(context: MakeContext, fivetran: Answers):
    fivetran.by_path[CONNECTION] = refusal(406, "NotAcceptable", "Cannot answer as x")
    seen = (await results_of(exam, context(ENV)))["connection"]
    assert (seen.state, seen.said) == (State.broken, "406 NotAcceptable Cannot answer as x")


async def test_nonsense_is_never_ok_and_whatever_is_not_ok_says_what_to_do(
    context: MakeContext, fivetran: Answers
):
    assert await nonsense_passes(exam, context(ENV), fivetran) == []


@pytest.mark.parametrize("content", [{"id": "warm_lantern"}, {"id": "other", "status": {}}])
async def test_a_connection_without_a_state_is_not_in_order(
    context: MakeContext, fivetran: Answers, content: Any
):
    fivetran.by_path[CONNECTION] = data(**content)
    seen = (await results_of(exam, context(ENV)))["connection"]
    assert (seen.state, seen.bad) == (State.unknown, True)
    assert "the answer lacks" in seen.said
