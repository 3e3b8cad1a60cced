"""What readers find in Kibana, and what Kibana says when it is ill."""

import json
from typing import Any

import httpx
import pytest

from altui.config import KibanaSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Dashboard
from altui.core.model.reading import DataView
from altui.services.errors import ServiceError
from altui.services.kibana import KibanaReader
from tests.answering import Answers

EXPORT = "/s/ops/api/saved_objects/_export"
VIEWS = "/s/ops/api/data_views"


def status(level: str, code: int = 200, **more: Any) -> httpx.Response:
    body = {"status": {"overall": {"level": level, "summary": "All\x07 fine"}}, **more}
    return httpx.Response(code, json=body)


def reference(name: str, kind: str = "index-pattern") -> dict[str, str]:
    return {"id": name, "type": kind, "name": "n"}


def ndjson(*objects: Any) -> httpx.Response:
    return httpx.Response(200, text="\n".join(json.dumps(one) for one in objects))


PANELS = [
    {"embeddableConfig": {"attributes": {"references": [reference("view-2")]}}},
    {"embeddableConfig": {"attributes": {}}},
    {"embeddableConfig": None},
    {},
]
DASHBOARD: dict[str, Any] = {
    "id": "analytics-overview",
    "type": "dashboard",
    "attributes": {
        "title": "Analytics Overview",
        "timeFrom": "now-90d",
        "timeTo": "now",
        "timeRestore": True,
        "panelsJSON": json.dumps(PANELS),
    },
    "references": [reference("view-1"), reference("lens-1", "lens")],
}
LENS = {"id": "lens-1", "type": "lens", "attributes": {}, "references": [reference("view-3")]}


def reader(answers: Answers, url: str = "http://kb.test") -> KibanaReader:
    settings = KibanaSettings(url, Secret("k3y"), "ops")
    return KibanaReader(settings, Dashboard(), 5.0, answers.transport)


@pytest.fixture
def kibana(answers: Answers) -> Answers:
    answers.by_path = {
        "/api/status": status("available", version={"number": "8.19.3"}),
        VIEWS: httpx.Response(
            200,
            json={
                "data_view": [
                    {"id": "view-1", "title": "analytics_applylens_*", "timeFieldName": "d"},
                    {"id": "view-9", "title": "logs-*"},
                ]
            },
        ),
        EXPORT: ndjson(DASHBOARD, LENS, {"id": "view-1", "type": "index-pattern"}),
    }
    return answers


async def test_status_views_and_dashboard(kibana: Answers) -> None:
    seen = await reader(kibana).status()
    assert (seen.level, seen.summary, seen.version) == ("available", "All fine", "8.19.3")
    assert seen.data_views == (
        DataView("view-1", "analytics_applylens_*", "d"),
        DataView("view-9", "logs-*", None),
    )
    assert seen.dashboard == "Analytics Overview"
    assert (seen.time_from, seen.time_to, seen.time_restore) == ("now-90d", "now", True)
    assert seen.references == ("view-1", "view-2", "view-3")


async def test_what_is_sent(kibana: Answers) -> None:
    await reader(kibana).status()
    export = kibana.asked[-1]
    assert export.headers["authorization"] == "ApiKey k3y"
    assert export.headers["kbn-xsrf"]
    assert json.loads(export.content)["objects"] == [
        {"type": "dashboard", "id": "analytics-overview"}
    ]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"statusCode": 404, "message": "Not Found"}),
        httpx.Response(
            400,
            json={
                "statusCode": 400,
                "error": "Bad Request",
                "message": "Error fetching objects to export",
                "attributes": {
                    "objects": [
                        {
                            "id": "analytics-overview",
                            "type": "dashboard",
                            "error": {"statusCode": 404, "message": "not found"},
                        }
                    ]
                },
            },
        ),
        httpx.Response(200, text=""),
        ndjson({"exportedCount": 0, "missingRefCount": 0, "missingReferences": []}),
    ],
)
async def test_no_dashboard(kibana: Answers, answer: httpx.Response) -> None:
    kibana.by_path[EXPORT] = answer
    seen = await reader(kibana).status()
    assert (seen.dashboard, seen.references, seen.time_restore) == (None, (), False)
    assert len(seen.data_views) == 2


@pytest.mark.parametrize("code", [200, 503])
async def test_an_ill_kibana_says_so_and_is_asked_nothing_more(kibana: Answers, code: int) -> None:
    kibana.by_path["/api/status"] = status("unavailable", code)
    seen = await reader(kibana).status()
    assert (seen.level, seen.version, seen.data_views) == ("unavailable", None, ())
    assert len(kibana.asked) == 1


async def test_without_credentials_only_the_level_shows(kibana: Answers) -> None:
    kibana.by_path["/api/status"] = httpx.Response(
        200, json={"status": {"overall": {"level": "available"}}}
    )
    kibana.by_path[VIEWS] = httpx.Response(401, json={"message": "missing authentication"})
    with pytest.raises(ServiceError) as raised:
        await reader(kibana).status()
    assert raised.value.trouble is Trouble.denied


@pytest.mark.parametrize(
    ("path", "answer", "trouble"),
    [
        ("/api/status", httpx.Response(503, text="<html>gateway"), Trouble.refused),
        ("/api/status", httpx.Response(200, text="<html>sign in"), Trouble.nonsense),
        ("/api/status", httpx.ConnectError("refused"), Trouble.unreachable),
        (VIEWS, httpx.Response(403, json={"message": "no"}), Trouble.denied),
        (VIEWS, httpx.Response(200, json={"data_view": [{"title": "x"}]}), Trouble.nonsense),
        (EXPORT, httpx.Response(400, json={"message": "other"}), Trouble.refused),
        (EXPORT, httpx.Response(200, text="{half"), Trouble.nonsense),
        (EXPORT, ndjson(DASHBOARD | {"attributes": {"panelsJSON": "{"}}), Trouble.nonsense),
    ],
)
async def test_other_answers(kibana: Answers, path: str, answer: Any, trouble: Trouble) -> None:
    kibana.by_path[path] = answer
    with pytest.raises(ServiceError) as raised:
        await reader(kibana).status()
    assert raised.value.trouble is trouble


async def test_off_without_url(answers: Answers) -> None:
    with pytest.raises(ServiceError, match="KIBANA_URL") as raised:
        await reader(answers, "").status()
    assert raised.value.trouble is Trouble.off
