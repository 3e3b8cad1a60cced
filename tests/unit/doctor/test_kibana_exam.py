"""Kibana with and without its key: status, space, data view, dashboard."""

import json
from typing import Any

import httpx
import pytest

from altui.core.model.health import State
from altui.doctor.kibana import exam
from tests.answering import Answers
from tests.unit.doctor.conftest import MakeContext, nonsense_passes, results_of, states

ENV = {"KIBANA_URL": "http://kibana.test", "KIBANA_API_KEY": "key"}
VIEW = {"id": "v", "title": "analytics_applylens_*", "timeFieldName": "d"}


def status(request: httpx.Request) -> httpx.Response:
    level: dict[str, Any] = {"status": {"overall": {"level": "available"}}}
    if "authorization" in request.headers:
        level["version"] = {"number": "8.15.3"}
    return httpx.Response(200, json=level)


def export(*objects: Any) -> httpx.Response:
    return httpx.Response(200, text="\n".join(json.dumps(each) for each in objects))


def denied(_: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"statusCode": 401, "message": "Unauthorized"})


@pytest.fixture
def kibana(answers: Answers) -> Answers:
    answers.by_path = {
        "/api/status": status,
        "/api/spaces/space/default": httpx.Response(200, json={"id": "default"}),
        "/api/data_views": httpx.Response(200, json={"data_view": [VIEW]}),
        "/api/saved_objects/_export": export(
            {"id": "analytics-overview", "type": "dashboard", "attributes": {"title": "Overview"}}
        ),
    }
    return answers


async def test_in_order(context: MakeContext, kibana: Answers):
    seen = await results_of(exam, context(ENV))
    assert states(seen) == dict.fromkeys(("status", "key", "data_view", "dashboard"), "ok")
    assert seen["key"].said == "accepted, Kibana 8.15.3, space default"
    open_to_all, *_ = kibana.asked
    assert "authorization" not in open_to_all.headers, "the first look shows no key"


async def test_not_set(context: MakeContext, kibana: Answers):
    assert states(await results_of(exam, context({}))) == {"status": "off"}
    half = await results_of(exam, context({"KIBANA_API_KEY": "key"}))
    assert states(half) == {"status": "broken"}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("wrong", "KIBANA_API_KEY (now from the environment) is not accepted"),
        ("", "KIBANA_API_KEY is not set"),
    ],
)
async def test_a_refused_key(context: MakeContext, kibana: Answers, key: str, words: str):
    kibana.by_path["/api/spaces/space/default"] = denied
    seen = await results_of(exam, context({**ENV, "KIBANA_API_KEY": key}))
    assert states(seen) == {"status": "ok", "key": "denied"}
    assert seen["key"].said == "401 Unauthorized"
    assert seen["key"].fix.startswith(words)


async def test_a_status_that_is_not_open_to_all(context: MakeContext, kibana: Answers):
    def closed(request: httpx.Request) -> httpx.Response:
        return status(request) if "authorization" in request.headers else denied(request)

    kibana.by_path["/api/status"] = closed
    assert states(await results_of(exam, context(ENV)))["status"] == "ok"


async def test_a_kibana_that_cannot_serve(context: MakeContext, kibana: Answers):
    said = {"level": "unavailable", "summary": "1 service(s) unavailable: elasticsearch"}
    kibana.by_path["/api/status"] = httpx.Response(503, json={"status": {"overall": said}})
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"status": "broken", "key": "ok"}
    assert "503 unavailable" in seen["status"].said


async def test_a_space_that_is_not_there(context: MakeContext, kibana: Answers):
    seen = await results_of(exam, context({**ENV, "KIBANA_SPACE": "ops"}))
    assert states(seen) == {"status": "ok", "space": "broken"}
    assert "KIBANA_SPACE (now from the environment)" in seen["space"].fix


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ([], "no analytics_applylens_*; there is none at all"),
        (
            [{"id": "o", "title": "logs-*", "timeFieldName": "@timestamp"}],
            "no analytics_applylens_*; there is logs-*",
        ),
        ([{**VIEW, "timeFieldName": None}], "analytics_applylens_* has time field none"),
    ],
)
async def test_a_data_view_that_readers_need(
    context: MakeContext, kibana: Answers, views: Any, words: str
):
    kibana.by_path["/api/data_views"] = httpx.Response(200, json={"data_view": views})
    seen = (await results_of(exam, context(ENV)))["data_view"]
    assert (seen.state, seen.said) == (State.broken, words)
    assert "time field d" in seen.fix


async def test_a_dashboard_that_is_not_there(context: MakeContext, kibana: Answers):
    kibana.by_path["/api/saved_objects/_export"] = export()
    seen = (await results_of(exam, context(ENV)))["dashboard"]
    assert seen.state is State.broken
    assert "kibana/analytics-overview.ndjson" in seen.fix


async def test_silence(context: MakeContext, kibana: Answers):
    kibana.by_path["/api/status"] = httpx.ConnectError("Connection refused")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"status": "unknown"}
    assert "KIBANA_URL" in seen["status"].fix


async def test_nonsense_is_never_ok_and_whatever_is_not_ok_says_what_to_do(
    context: MakeContext, kibana: Answers
):
    assert await nonsense_passes(exam, context(ENV), kibana) == []


@pytest.mark.parametrize("body", [{}, {"status": {}}, {"status": {"overall": {}}}])
async def test_a_status_without_a_level_is_none(context: MakeContext, kibana: Answers, body: Any):
    kibana.by_path["/api/status"] = httpx.Response(200, json=body)
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"status": "unknown"}
    assert seen["status"].said == "the answer lacks status.overall.level"


@pytest.mark.parametrize("body", [{}, {"id": "other"}])
async def test_a_space_that_is_another_or_none_accepts_no_key(
    context: MakeContext, kibana: Answers, body: Any
):
    kibana.by_path["/api/spaces/space/default"] = httpx.Response(200, json=body)
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"status": "ok", "key": "unknown"}
    assert "proxy or a captive portal" in seen["key"].fix


async def test_what_the_key_may_not_read_is_denied_not_missing(
    context: MakeContext, kibana: Answers
):
    refusal = httpx.Response(403, json={"statusCode": 403, "message": "Forbidden"})
    kibana.by_path["/api/data_views"] = refusal
    kibana.by_path["/api/saved_objects/_export"] = refusal
    seen = await results_of(exam, context(ENV))
    assert (seen["data_view"].state, seen["dashboard"].state) == (State.denied, State.denied)
    assert seen["data_view"].said == "403 Forbidden"
    assert "Read on Dashboard and Data Views" in seen["dashboard"].fix


async def test_https_at_a_port_that_speaks_http(context: MakeContext, kibana: Answers):
    words = "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"

    def plain(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(words)

    kibana.by_path["/api/status"] = plain
    seen = await results_of(exam, context({**ENV, "KIBANA_URL": "https://kibana.test"}))
    assert words in seen["status"].said
    assert "try http://" in seen["status"].fix and "KIBANA_URL" in seen["status"].fix
