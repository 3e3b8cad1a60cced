"""Which fields a dashboard reads, what it refers to, and what it filters, by export."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from altui.core.model.reading import Filter, Missing, Use
from altui.services.kibana_objects import Board, SavedObject, board

ROOT = Path(__file__).parents[3]
Json = dict[str, Any]


def refers(name: str, identity: str = "v", kind: str = "index-pattern") -> Json:
    return {"name": name, "id": identity, "type": kind}


def read(*objects: Json, **attributes: Any) -> Board:
    """The dashboard `b` with its references, and other objects of the export."""
    references = attributes.pop("references", [])
    panels = attributes.pop("panels", [])
    dashboard: Json = {
        "id": "b",
        "type": "dashboard",
        "attributes": {"title": "Board", "panelsJSON": json.dumps(panels), **attributes},
        "references": references,
    }
    lines = [msgspec.convert(one, SavedObject, strict=False) for one in (dashboard, *objects)]
    found = board(lines, "b")
    assert found is not None
    return found


def lens(columns: Json, layer: str = "l1", **state: Any) -> Json:
    layers = {layer: {"columns": columns}}
    return {"state": {"datasourceStates": {"formBased": {"layers": layers}}, **state}}


def column(field: str, **more: Any) -> Json:
    return {"sourceField": field, **more}


LAYER = "indexpattern-datasource-layer-l1"


def test_the_projects_own_dashboard() -> None:
    text = (ROOT / "kibana" / "analytics-overview.ndjson").read_bytes()
    lines = [msgspec.json.decode(line, type=SavedObject) for line in text.splitlines()]
    found = board(lines, "analytics-overview")
    assert found is not None
    template = json.loads((ROOT / "es/index-templates/analytics_applylens.json").read_text())
    fields = {use.field for use in found.uses}
    assert {"d", "emails", "avg_risk", "mismatch_ratio", "p95_duration_seconds"} <= fields
    assert fields <= set(template["template"]["mappings"]["properties"])
    assert {use.view for use in found.uses} == set(found.views) == {"analytics-applylens"}
    assert "Volume: emails a day" in {use.where for use in found.uses}
    assert (found.missing, found.filters) == ((), ())


def test_the_reference_dashboard_of_another_kibana(request: pytest.FixtureRequest) -> None:
    path = ROOT / ".." / "shared" / "contracts" / "kibana.dashboard_lens.reference.ndjson"
    if not path.exists():
        pytest.skip("the contract's reference dashboard is not beside this checkout")
    lines = [msgspec.json.decode(line, type=SavedObject) for line in path.read_bytes().splitlines()]
    one = next(line for line in lines if line.type == "dashboard")
    found = board(lines, str(one.id))
    assert found is not None
    assert {"@timestamp", "title", "artist"} <= {use.field for use in found.uses}
    assert len(set(found.views)) == 1


def test_lens_by_value_reads_its_columns_filters_and_queries() -> None:
    attributes = lens(
        {
            "1": column("emails"),
            "2": column("___records___"),
            "3": column("slo_status", params={"secondaryFields": ["top_domains"]}),
            "4": column("avg_risk", filter={"query": 'category: "a:b" and max_risk > 3'}),
            "5": {"operationType": "formula"},
            "6": column("x", params={"orderAgg": {"sourceField": "ordered"}}),
        },
        query={"query": "emails_scored: * and not low_risk_*: 1", "language": "kuery"},
        filters=[
            {"meta": {"key": "min_risk", "index": "v"}},
            {"meta": {"key": "off", "disabled": True}},
            {"meta": {"key": "query", "type": "custom"}},
        ],
    )
    panel = {"panelIndex": "p", "title": "Risk", "embeddableConfig": {"attributes": attributes}}
    found = read(panels=[panel], references=[refers(f"p:{LAYER}")])
    assert {use.field for use in found.uses} == {
        *("emails", "slo_status", "top_domains", "avg_risk", "category", "max_risk", "x"),
        *("ordered", "emails_scored", "min_risk"),
    }
    assert {(use.where, use.view) for use in found.uses if use.field != "category"} == {
        ("Risk", "v")
    }


def test_lens_by_reference_and_the_older_name_of_its_source() -> None:
    layers = {"l1": {"columns": {"1": column("emails")}}}
    saved = {
        "id": "s",
        "type": "lens",
        "attributes": {
            "title": "Saved",
            "state": {"datasourceStates": {"indexpattern": {"layers": layers}}},
        },
        "references": [refers(LAYER, "w")],
    }
    panel = {"panelIndex": "p", "panelRefName": "panel_p"}
    found = read(saved, panels=[panel], references=[refers("p:panel_p", "s", "lens")])
    assert found.uses == (Use("Saved", "emails", "w"),)
    assert found.views == ("w",)


def test_the_dashboards_references_win_over_those_kept_in_a_panel() -> None:
    """An import under new ids leads only the dashboard's own references."""
    attributes = {**lens({"1": column("emails")}), "references": [refers(LAYER, "stale")]}
    panel = {"panelIndex": "p", "embeddableConfig": {"attributes": attributes}}
    found = read(panels=[panel], references=[refers(f"p:{LAYER}", "new")])
    assert found.views == ("new",)
    assert found.uses == (Use("panel 1", "emails", "new"),)


def test_esql_and_data_views_of_the_panel_itself_are_not_judged() -> None:
    attributes = lens({"1": column("emails")}, adHocDataViews={"own": {}})
    attributes["state"]["datasourceStates"]["formBased"]["layers"]["l1"]["indexPatternId"] = "own"
    attributes["state"]["datasourceStates"]["textBased"] = {"layers": {"t": {"columns": [{}]}}}
    panel = {"embeddableConfig": {"attributes": attributes}}
    assert read(panels=[panel]).uses == ()


SOURCE = {"searchSourceJSON": json.dumps({"indexRefName": "i", "query": {"query": "emails > 3"}})}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {
                "visState": json.dumps(
                    {"type": "line", "aggs": [{"params": {"field": "avg_risk"}}, {"params": {}}]}
                ),
                "kibanaSavedObjectMeta": SOURCE,
            },
            {"avg_risk", "emails"},
        ),
        (
            {
                "visState": json.dumps(
                    {
                        "type": "metrics",
                        "params": {
                            "time_field": "d",
                            "series": [
                                {
                                    "terms_field": ["slo_status", None],
                                    "metrics": [
                                        {"id": "m1", "type": "sum", "field": "emails"},
                                        {"id": "m2", "type": "derivative", "field": "m1"},
                                    ],
                                }
                            ],
                        },
                    }
                )
            },
            {"d", "slo_status", "emails"},
        ),
        (
            {
                "visState": json.dumps(
                    {
                        "type": "input_control_vis",
                        "params": {"controls": [{"fieldName": "top_domains", "indexPattern": "v"}]},
                    }
                )
            },
            {"top_domains"},
        ),
        (
            {
                "columns": ["emails", "_source"],
                "sort": [["d", "desc"], "x", []],
                "tabs": [{"attributes": {"columns": ["avg_risk"]}}],
            },
            {"emails", "d", "avg_risk"},
        ),
    ],
)
def test_saved_visualisations_and_searches(attributes: Json, expected: set[str]) -> None:
    saved = {"id": "s", "type": "x", "attributes": attributes, "references": [refers("i")]}
    panel = {"panelIndex": "p", "panelRefName": "r", "title": "T"}
    found = read(saved, panels=[panel], references=[refers("p:r", "s", "x")])
    assert {use.field for use in found.uses} == expected
    assert {use.view for use in found.uses} == {"v"}


def test_a_visualisation_kept_in_the_panel() -> None:
    vis = {"type": "line", "params": {}, "data": {"aggs": [{"params": {"field": "emails"}}]}}
    panel = {"panelIndex": "p", "embeddableConfig": {"savedVis": vis}}
    found = read(
        panels=[panel], references=[refers("p:kibanaSavedObjectMeta.searchSourceJSON.index")]
    )
    assert found.uses == (Use("panel 1", "emails", "v"),)


def test_controls() -> None:
    kept = {
        "c1": {"explicitInput": {"fieldName": "slo_status", "title": "SLO"}},
        "c2": {"explicitInput": {"fieldName": "top_domains", "dataViewId": "w"}},
        "c3": {"explicitInput": None},
    }
    found = read(
        controlGroupInput={"panelsJSON": json.dumps(kept)},
        references=[refers("controlGroup_c1:optionsListDataView")],
    )
    assert found.uses == (
        Use("control SLO", "slo_status", "v"),
        Use("a control", "top_domains", "w"),
    )


def test_what_a_panel_draws_and_is_not_there() -> None:
    panels = [
        {"panelIndex": "p", "panelRefName": "r", "title": "Gone"},
        {"panelIndex": "q", "panelRefName": "nowhere"},
    ]
    details = {
        "exportedCount": 1,
        "missingRefCount": 3,
        "missingReferences": [
            {"type": "lens", "id": "s"},
            {"type": "tag", "id": "t"},
            {"type": "map", "id": "m"},
            {"type": "index-pattern", "id": "v"},
        ],
    }
    found = read(details, panels=panels, references=[refers("p:r", "s", "lens")])
    assert found.missing == (
        Missing("lens", "s", "Gone"),
        Missing("saved object", "q:nowhere", "panel 2"),
        Missing("map", "m", ""),
    )


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            {"meta": {"key": "d"}, "query": {"range": {"d": {"gte": "now-7d", "lt": "now/d"}}}},
            Filter("d: now-7d to now/d", "d", "now-7d", "now/d", end_is_in=False),
        ),
        (
            {"meta": {"negate": True, "alias": "old"}, "range": {"d": {"lte": "2026-01-01"}}},
            Filter("not old", "d", None, "2026-01-01", negated=True),
        ),
        (
            {"meta": {"key": "slo_status", "params": {"query": "healthy"}}},
            Filter("slo_status: healthy", end_is_in=False),
        ),
        ({"meta": None, "query": None}, Filter("a query: ?", end_is_in=False)),
    ],
)
def test_filters_saved_with_the_dashboard(one: Json, expected: Filter) -> None:
    source = {"query": {"query": ""}, "filter": [one, {"meta": {"disabled": True}}, None]}
    found = read(kibanaSavedObjectMeta={"searchSourceJSON": json.dumps(source)})
    assert found.filters == (expected,)


def test_a_query_saved_with_the_dashboard_filters_and_reads_a_field() -> None:
    source = {"query": {"query": "emails_total > 3", "language": "kuery"}}
    found = read(
        kibanaSavedObjectMeta={"searchSourceJSON": json.dumps(source)}, references=[refers("x")]
    )
    assert found.filters == (Filter("emails_total > 3"),)
    assert found.uses == (Use("the filters", "emails_total", "v"),)


@pytest.mark.parametrize(
    "panel",
    [
        None,
        {},
        {"panelIndex": 3, "embeddableConfig": []},
        {"embeddableConfig": {"attributes": {"state": {"datasourceStates": None, "filters": {}}}}},
        {"embeddableConfig": {"attributes": {"visState": "{half"}}},
        {"embeddableConfig": {"attributes": {"columns": [None, 3], "sort": "d", "tabs": [3]}}},
        {"embeddableConfig": {"attributes": {"references": [None, {"id": 3}, {}]}}},
        {"embeddableConfig": {"savedVis": {"params": {"controls": [None]}, "data": 3}}},
    ],
)
def test_shapes_that_are_not_understood_are_passed_over(panel: Any) -> None:
    assert read(panels=[panel], controlGroupInput=3, kibanaSavedObjectMeta=[]).uses == ()


def test_panels_that_are_no_json_are_named() -> None:
    dashboard = SavedObject("b", "dashboard", {"panelsJSON": "{"})
    with pytest.raises(ValueError, match="panelsJSON of dashboard b cannot be understood"):
        board([dashboard], "b")
    deep = SavedObject("b", "dashboard", {"panelsJSON": "[" * 100_000})
    with pytest.raises(ValueError, match="cannot be understood"):
        board([deep], "b")
