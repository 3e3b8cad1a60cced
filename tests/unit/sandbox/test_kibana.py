"""The Kibana simulator's behaviour: data views, imports and their conflicts, spaces, searches."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from altui.config import KibanaSettings, Secret
from altui.core.model.pipeline import Dashboard
from altui.sandbox.world import World
from altui.services.kibana import KibanaReader
from tests.kibana_lab import EXPORT, OBJECTS, VIEWS, Lab, board, make_kibana_world, view


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_kibana_world(tmp_path)


@pytest.fixture
async def lab(world: World) -> AsyncIterator[Lab]:
    made = Lab(world)
    await made.kibana.seed()
    yield made
    await made.kibana.close()


# Data views.


async def test_a_data_view_has_its_indices_fields(lab: Lab):
    body = (await lab.client.get(f"{VIEWS}/analytics-applylens")).json()["data_view"]
    assert body["timeFieldName"] == "d"
    assert set(body["fields"]) == {"_id", "avg_risk", "d", "emails", "top_domains"}
    assert {name: one["type"] for name, one in body["fields"].items() if name != "_id"} == {
        "avg_risk": "number",
        "d": "date",
        "emails": "number",
        "top_domains": "string",
    }
    assert "/analytics_applylens_*/_field_caps" in lab.elasticsearch.asked


async def test_without_matching_indices_there_are_no_fields(lab: Lab):
    body = {"data_view": {"title": "none-*", "id": "none"}}
    answer = await lab.client.post(VIEWS, json=body)
    assert answer.json()["data_view"]["fields"] == {}


async def test_override_replaces_the_data_view_of_that_name(lab: Lab):
    first = await lab.client.post(VIEWS, json={"data_view": {"title": "logs-*"}})
    body = {"data_view": {"title": "logs-*", "timeFieldName": "d"}, "override": True}
    second = await lab.client.post(VIEWS, json=body)
    assert second.status_code == 200
    views = (await lab.client.get("/api/data_views")).json()["data_view"]
    found = [one for one in views if one["title"] == "logs-*"]
    assert [one["id"] for one in found] == [second.json()["data_view"]["id"]]
    assert first.json()["data_view"]["id"] != found[0]["id"]
    assert found[0]["timeFieldName"] == "d"


async def test_a_deleted_data_view_is_gone_and_the_dashboard_says_so(lab: Lab):
    await lab.client.delete(f"{VIEWS}/analytics-applylens")
    assert (await lab.client.get(f"{VIEWS}/analytics-applylens")).status_code == 404
    body = {
        "objects": [{"type": "dashboard", "id": "analytics-overview"}],
        "includeReferencesDeep": True,
    }
    answer = await lab.client.post(f"{OBJECTS}/_export", json=body)
    details = json.loads(answer.text.splitlines()[-1])
    assert details["exportedCount"] == 1
    assert details["missingReferences"] == [{"type": "index-pattern", "id": "analytics-applylens"}]


# Import.


async def test_the_seed_is_the_projects_dashboard_once(lab: Lab, world: World):
    found = (await lab.client.get(f"{OBJECTS}/_find?type=dashboard&type=index-pattern")).json()
    assert {one["id"] for one in found["saved_objects"]} == {
        "analytics-overview",
        "analytics-applylens",
    }
    await lab.client.delete(f"{OBJECTS}/dashboard/analytics-overview")
    again = Lab(world)
    await again.kibana.seed()
    answer = await again.client.get(f"{OBJECTS}/dashboard/analytics-overview")
    assert answer.status_code == 404, "a second start keeps what was changed"
    await again.kibana.close()


async def test_a_seed_that_cannot_be_imported_says_so(world: World):
    path = world.project_dir / "kibana" / "analytics-overview.ndjson"
    path.write_text(json.dumps(board("analytics-overview", "nowhere")))
    lab = Lab(world)
    with pytest.raises(RuntimeError, match="missing_references"):
        await lab.kibana.seed()
    await lab.kibana.close()


async def test_what_was_exported_can_be_imported_again(lab: Lab):
    body = {"type": ["dashboard"], "includeReferencesDeep": True}
    exported = (await lab.client.post(f"{OBJECTS}/_export", json=body)).content
    kinds = [json.loads(line).get("type") for line in exported.splitlines()]
    assert kinds == ["index-pattern", "dashboard", None], "what is referred to comes first"
    await lab.client.delete(f"{OBJECTS}/dashboard/analytics-overview")
    await lab.client.delete(f"{OBJECTS}/index-pattern/analytics-applylens")
    answer = (await lab.bring_in(exported)).json()
    assert (answer["success"], answer["successCount"]) == (True, 2)
    again = (await lab.client.post(f"{OBJECTS}/_export", json=body)).content
    lines = zip(exported.splitlines()[:-1], again.splitlines()[:-1], strict=True)
    for before, after in lines:
        assert json.loads(before)["attributes"] == json.loads(after)["attributes"]
        assert json.loads(before)["references"] == json.loads(after)["references"]


async def test_a_conflict_is_a_200_without_success_and_the_rest_goes_in(lab: Lab):
    answer = await lab.bring_in([*map(json.loads, EXPORT.splitlines()), board("other")])
    body = answer.json()
    assert answer.status_code == 200
    assert (body["success"], body["successCount"]) == (False, 1)
    assert [one["error"] for one in body["errors"]] == [{"type": "conflict"}] * 2
    assert [one["id"] for one in body["successResults"]] == ["other"]
    assert (await lab.client.get(f"{OBJECTS}/dashboard/other")).status_code == 200


async def test_overwrite_replaces_and_says_so(lab: Lab):
    changed = board("analytics-overview", "analytics-applylens")
    before = (await lab.client.get(f"{OBJECTS}/dashboard/analytics-overview")).json()
    body = (await lab.bring_in([changed], "?overwrite=true")).json()
    assert body["successResults"][0]["overwrite"] is True
    after = (await lab.client.get(f"{OBJECTS}/dashboard/analytics-overview")).json()
    assert after["attributes"]["title"] == "Board analytics-overview"
    assert after["version"] != before["version"]
    assert after["created_at"] == before["created_at"]


async def test_missing_references_and_foreign_types_are_named(lab: Lab):
    odd = {"type": "canvas-workpad", "id": "w", "attributes": {}}
    body = (await lab.bring_in([board("b", "nowhere"), odd])).json()
    assert [one["error"] for one in body["errors"]] == [
        {
            "type": "missing_references",
            "references": [{"type": "index-pattern", "id": "nowhere"}],
        },
        {"type": "unsupported_type"},
    ]
    assert (await lab.client.get(f"{OBJECTS}/dashboard/b")).status_code == 404


async def test_attributes_of_another_shape_are_an_unknown_error(lab: Lab):
    wrong = board("b")
    wrong["attributes"]["panelsJSON"] = []
    body = (await lab.bring_in([wrong])).json()
    assert body["errors"][0]["error"]["type"] == "unknown"
    assert "panelsJSON" in body["errors"][0]["error"]["message"]


async def test_copies_get_new_ids_and_refer_to_each_other(lab: Lab):
    body = (await lab.bring_in(EXPORT, "?createNewCopies=true")).json()
    ids = {one["type"]: one["destinationId"] for one in body["successResults"]}
    copy = (await lab.client.get(f"{OBJECTS}/dashboard/{ids['dashboard']}")).json()
    assert {one["id"] for one in copy["references"]} == {ids["index-pattern"]}
    assert ids["dashboard"] != "analytics-overview"


async def test_another_space_gets_ids_of_its_own_and_remembers_where_from(lab: Lab):
    await lab.client.post("/api/spaces/space", json={"id": "team", "name": "Team"})
    body = (await lab.bring_in(EXPORT, space="/s/team")).json()
    assert body["success"] is True
    ids = {one["type"]: one["destinationId"] for one in body["successResults"]}
    copy = (await lab.client.get(f"/s/team{OBJECTS}/dashboard/{ids['dashboard']}")).json()
    assert copy["originId"] == "analytics-overview"
    assert copy["namespaces"] == ["team"]
    assert {one["id"] for one in copy["references"]} == {ids["index-pattern"]}
    assert (await lab.client.get(f"{OBJECTS}/dashboard/{ids['dashboard']}")).status_code == 404
    body = (await lab.bring_in(EXPORT, space="/s/team")).json()
    errors = {one["type"]: one["error"] for one in body["errors"]}
    assert errors["dashboard"] == {"type": "conflict", "destinationId": ids["dashboard"]}
    body = (await lab.bring_in(EXPORT, "?overwrite=true", space="/s/team")).json()
    assert {one["destinationId"] for one in body["successResults"]} == set(ids.values())


async def test_two_that_came_from_one_are_ambiguous_until_one_is_chosen(lab: Lab):
    pair = [board("x", originId="first"), board("y", originId="first")]
    assert (await lab.bring_in(pair)).json()["success"] is True
    body = (await lab.bring_in([board("first")], "?overwrite=true")).json()
    error = body["errors"][0]["error"]
    assert error["type"] == "ambiguous_conflict"
    assert {one["id"] for one in error["destinations"]} == {"x", "y"}
    choice = {"type": "dashboard", "id": "first", "overwrite": True, "destinationId": "y"}
    body = (
        await lab.upload("_resolve_import_errors", [board("first")], retries=json.dumps([choice]))
    ).json()
    assert body["successResults"][0]["destinationId"] == "y"


async def test_a_retry_can_lead_references_elsewhere(lab: Lab):
    retry = {
        "type": "dashboard",
        "id": "b",
        "replaceReferences": [
            {"type": "index-pattern", "from": "nowhere", "to": "analytics-applylens"}
        ],
    }
    body = (
        await lab.upload(
            "_resolve_import_errors",
            [board("b", "nowhere"), board("not-asked-for")],
            retries=json.dumps([retry]),
        )
    ).json()
    assert (body["success"], body["successCount"]) == (True, 1)
    made = (await lab.client.get(f"{OBJECTS}/dashboard/b")).json()
    assert [one["id"] for one in made["references"]] == ["analytics-applylens"]


# Find, get, spaces.


async def test_find_pages_searches_sorts_and_follows_references(lab: Lab):
    await lab.bring_in([board(f"n{n}") for n in range(5)])
    ask = f"{OBJECTS}/_find?type=dashboard&per_page=2&sort_field=title"
    pages = [(await lab.client.get(f"{ask}&page={n}")).json() for n in (1, 2, 3, 4)]
    assert [len(page["saved_objects"]) for page in pages] == [2, 2, 2, 0]
    assert {page["total"] for page in pages} == {6}
    titles = [one["attributes"]["title"] for page in pages for one in page["saved_objects"]]
    assert titles == sorted(titles)
    ask = f"{OBJECTS}/_find?type=dashboard&search=apply*&search_fields=title"
    found = (await lab.client.get(ask)).json()["saved_objects"]
    assert [one["id"] for one in found] == ["analytics-overview"]
    refers = json.dumps({"type": "index-pattern", "id": "analytics-applylens"})
    params = {"type": "dashboard", "has_reference": refers, "fields": "title"}
    found = (await lab.client.get(f"{OBJECTS}/_find", params=params)).json()["saved_objects"]
    assert [list(one["attributes"]) for one in found] == [["title"]]
    assert (await lab.client.get(f"{OBJECTS}/_find?type=canvas-element")).json()["total"] == 0


async def test_bulk_get_names_what_is_missing(lab: Lab):
    wanted = [
        {"type": "dashboard", "id": "analytics-overview"},
        {"type": "dashboard", "id": "x"},
        {"type": "canvas-element", "id": "y"},
    ]
    answer = await lab.client.post(f"{OBJECTS}/_bulk_get", json=wanted)
    found = answer.json()["saved_objects"]
    assert [one.get("error", {}).get("statusCode") for one in found] == [None, 404, 400]


async def test_a_space_that_is_deleted_takes_its_objects_along(lab: Lab):
    created = await lab.client.post("/api/spaces/space", json={"id": "team", "name": "Team"})
    assert created.status_code == 200
    twice = await lab.client.post("/api/spaces/space", json={"id": "team", "name": "Team"})
    assert twice.status_code == 409
    await lab.bring_in([view()], space="/s/team")
    assert (await lab.client.delete("/api/spaces/space/team")).status_code == 204
    found = (await lab.client.get(f"/s/team{OBJECTS}/_find?type=index-pattern")).json()
    assert found["total"] == 0


async def test_state_survives_a_restart(lab: Lab, world: World):
    await lab.bring_in([board("kept")])
    again = Lab(world)
    assert (await again.client.get(f"{OBJECTS}/dashboard/kept")).status_code == 200
    await again.kibana.close()


# The console's own reader.


def reader(lab: Lab) -> KibanaReader:
    settings = KibanaSettings(url="http://kibana.test", api_key=Secret(lab.world.kibana_key))
    return KibanaReader(
        settings, Dashboard(), transport=lambda: httpx.ASGITransport(lab.kibana.app)
    )


async def test_the_console_reads_the_seeded_dashboard_whole(lab: Lab):
    seen = await reader(lab).status()
    assert (seen.level, seen.version) == ("available", "8.15.3")
    assert [(one.title, one.time_field) for one in seen.data_views] == [
        ("analytics_applylens_*", "d")
    ]
    assert seen.dashboard == "ApplyLens analytics overview"
    assert seen.references == ("analytics-applylens",)
    assert (seen.time_from, seen.time_to, seen.time_restore) == ("now-90d", "now", True)


async def test_the_console_sees_a_dashboard_that_is_gone_and_an_elasticsearch_that_is(lab: Lab):
    await lab.client.delete(f"{OBJECTS}/dashboard/analytics-overview")
    assert (await reader(lab).status()).dashboard is None
    lab.elasticsearch.down = httpx.ConnectError("refused")
    seen = await reader(lab).status()
    assert seen.level == "unavailable"
    assert "elasticsearch" in seen.summary
