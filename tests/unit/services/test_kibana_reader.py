"""What readers find in Kibana, and what Kibana says when it is ill."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from altui.config import KibanaSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Dashboard
from altui.core.model.reading import DataView, Preferences
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


def exported(*config: Any) -> Callable[[httpx.Request], httpx.Response]:
    """Kibana's export: the dashboard with what it refers to, or the advanced settings."""

    def answer(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content).get("type") == ["config"]:
            return ndjson(*config)
        return ndjson(DASHBOARD, LENS, {"id": "view-1", "type": "index-pattern"})

    return answer


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
        f"{VIEWS}/data_view/view-1": httpx.Response(
            200,
            json={
                "data_view": {"fields": {"d": {"type": "date"}, "other": {"type": "number"}}},
            },
        ),
        EXPORT: exported({"id": "8.19.3", "type": "config", "attributes": {}}),
    }
    return answers


async def test_status_views_and_dashboard(kibana: Answers) -> None:
    seen = await reader(kibana).status()
    assert (seen.level, seen.summary, seen.version) == ("available", "All fine", "8.19.3")
    assert seen.data_views == (
        DataView("view-1", "analytics_applylens_*", "d", {"d": "date"}),
        DataView("view-9", "logs-*", None),
    )
    assert seen.dashboard == "Analytics Overview"
    assert (seen.time_from, seen.time_to, seen.time_restore) == ("now-90d", "now", True)
    assert set(seen.references) == {"view-1", "view-2", "view-3"}


async def test_what_is_sent(kibana: Answers) -> None:
    await reader(kibana).status()
    export, settings = [one for one in kibana.asked if one.url.path == EXPORT]
    assert json.loads(settings.content) == {"type": ["config"], "excludeExportDetails": True}
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
        (VIEWS, httpx.Response(500, json={"message": "no"}), Trouble.refused),
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


FORBIDDEN = httpx.Response(403, json={"message": "Unable to export"})


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (VIEWS, {"data views"}),
        (EXPORT, {"dashboard", "settings"}),
        (f"{VIEWS}/data_view/view-1", {"fields"}),
    ],
)
async def test_a_part_that_this_key_may_not_read_leaves_the_rest(
    kibana: Answers, path: str, parts: set[str]
) -> None:
    kibana.by_path[path] = FORBIDDEN
    seen = await reader(kibana).status()
    assert set(seen.unseen) == parts
    assert set(seen.unseen.values()) == {"403 Unable to export"}
    assert (seen.dashboard is None) is ("dashboard" in parts)
    assert (seen.data_views == ()) is ("data views" in parts)
    assert (seen.preferences is None) is ("settings" in parts)


def tuned(identity: str = "8.19.3", **attributes: Any) -> dict[str, Any]:
    return {"id": identity, "type": "config", "attributes": attributes}


ZONE, SPAN, WEEK = "dateFormat:tz", "timepicker:timeDefaults", "dateFormat:dow"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ((), Preferences("Browser", "Sunday", "now-15m", "now")),
        ((tuned(),), Preferences()),
        ((tuned(**{ZONE: "Asia/Tokyo", WEEK: "Monday"}),), Preferences("Asia/Tokyo", "Monday")),
        (
            (tuned(**{SPAN: '{"from": "now-7d", "to": "now/d"}'}),),
            Preferences(time_from="now-7d", time_to="now/d"),
        ),
        ((tuned(**{SPAN: "nonsense"}),), Preferences(time_from=None, time_to=None)),
        ((tuned(**{SPAN: 3, ZONE: None}),), Preferences(time_from=None, time_to=None)),
        ((tuned("8.9.0", **{ZONE: "UTC"}), tuned(**{ZONE: "CET"})), Preferences("CET")),
        ((tuned("8.9.0", **{ZONE: "UTC"}), tuned("8.10.1", **{ZONE: "CET"})), Preferences("CET")),
    ],
)
async def test_the_settings_that_decide_what_a_reader_sees(
    kibana: Answers, config: Any, expected: Preferences
) -> None:
    kibana.by_path[EXPORT] = exported(*config)
    assert (await reader(kibana).status()).preferences == expected


async def test_settings_that_this_kibana_does_not_export_are_not_known(kibana: Answers) -> None:
    told = exported()

    def answer(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content).get("type") == ["config"]:
            words = "Trying to export non-exportable type(s): config"
            return httpx.Response(400, json={"message": words})
        return told(request)

    kibana.by_path[EXPORT] = answer
    seen = await reader(kibana).status()
    assert seen.preferences is None
    assert seen.unseen == {"settings": "400 Trying to export non-exportable type(s): config"}
    assert seen.dashboard == "Analytics Overview"


async def test_a_data_view_in_another_space_is_found_there(kibana: Answers) -> None:
    lists = kibana.by_path[VIEWS]
    kibana.by_path[VIEWS] = httpx.Response(200, json={"data_view": []})
    kibana.by_path["/api/spaces/space"] = httpx.Response(
        200, json=[{"id": "ops"}, {"id": "default"}, {"id": "risk", "name": "Risk"}]
    )
    kibana.by_path["/api/data_views"] = httpx.Response(200, json={"data_view": []})
    kibana.by_path["/s/risk/api/data_views"] = lists
    assert (await reader(kibana).status()).elsewhere == {"data view": "risk"}
    kibana.by_path["/api/spaces/space"] = FORBIDDEN
    assert (await reader(kibana).status()).elsewhere == {}


async def test_hundreds_of_data_views_and_a_large_dashboard_are_read_in_time(
    kibana: Answers,
) -> None:
    many = [{"id": f"v{n}", "title": f"t{n}-*", "novelty": {}} for n in range(800)]
    kibana.by_path[VIEWS] = httpx.Response(200, json={"data_view": many})
    refers = [{**reference(f"v{n}"), "name": f"{n}:x"} for n in range(800)]
    panels = [{"panelIndex": str(n), "title": "x" * 6500} for n in range(800)]
    large = {
        **DASHBOARD,
        "attributes": {"title": "Large", "panelsJSON": json.dumps(panels)},
        "references": refers,
    }
    assert len(json.dumps(large)) > 5_000_000
    kibana.by_path[EXPORT] = ndjson(large)
    for n in range(800):
        kibana.by_path[f"{VIEWS}/data_view/v{n}"] = httpx.Response(200, json={"data_view": {}})
    seen = await reader(kibana).status()
    assert (len(seen.data_views), len(seen.references)) == (800, 800)
    assert len([one for one in kibana.asked if "/data_view/" in one.url.path]) <= 10
