"""The dashboard and the template as files: whole, in step with each other and with their source."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from altui.core.model.pipeline import Pipeline

ROOT = Path(__file__).parents[2]
FILE = ROOT / "kibana" / "analytics-overview.ndjson"
TEMPLATE = ROOT / "es" / "index-templates" / "analytics_applylens.json"
PIPELINE = Pipeline()

Json = dict[str, Any]


@pytest.fixture(scope="module")
def lines() -> list[Json]:
    return [json.loads(line) for line in FILE.read_text().splitlines()]


@pytest.fixture(scope="module")
def view(lines: list[Json]) -> Json:
    return next(line for line in lines if line.get("type") == "index-pattern")


@pytest.fixture(scope="module")
def dashboard(lines: list[Json]) -> Json:
    return next(line for line in lines if line.get("type") == "dashboard")


@pytest.fixture(scope="module")
def panels(dashboard: Json) -> list[Json]:
    return json.loads(dashboard["attributes"]["panelsJSON"])


@pytest.fixture(scope="module")
def mapped() -> Json:
    return json.loads(TEMPLATE.read_text())["template"]["mappings"]["properties"]


def lens(panel: Json) -> Json:
    return panel["embeddableConfig"]["attributes"]


def layers(panel: Json) -> Json:
    return lens(panel)["state"]["datasourceStates"]["formBased"]["layers"]


def columns(panel: Json) -> list[Json]:
    return [column for layer in layers(panel).values() for column in layer["columns"].values()]


def fields(panel: Json) -> set[str]:
    """Every field a panel asks for: in columns, formulas and its filter."""
    found = {column["sourceField"] for column in columns(panel) if "sourceField" in column}
    for column in columns(panel):
        found |= set(re.findall(r"\((\w+)\)", column.get("params", {}).get("formula", "")))
    return found | set(re.findall(r"(\w+):", lens(panel)["state"]["query"]["query"]))


def test_the_file_is_what_its_source_makes():
    spec = importlib.util.spec_from_file_location("kibana_build", ROOT / "kibana" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert FILE.read_text() == build.text(), "run: python kibana/build.py"


def test_the_last_line_counts_the_objects(lines: list[Json]):
    *objects, details = lines
    assert [(one["type"], one["id"]) for one in objects] == [
        ("index-pattern", "analytics-applylens"),
        ("dashboard", PIPELINE.dashboard.id),
    ]
    assert details["exportedCount"] == len(objects)
    assert details["missingRefCount"] == 0


def test_the_formats_are_those_of_kibana_8_8_and_later(view: Json, dashboard: Json):
    assert view["coreMigrationVersion"] == dashboard["coreMigrationVersion"] == "8.8.0"
    assert view["typeMigrationVersion"] == "8.0.0"
    assert dashboard["typeMigrationVersion"] == "10.2.0"


def test_the_data_view_is_the_pipelines(view: Json):
    assert view["attributes"]["title"] == PIPELINE.dashboard.data_view
    assert view["attributes"]["timeFieldName"] == PIPELINE.dashboard.time_field


def test_json_inside_strings_can_be_read(view: Json, dashboard: Json):
    kept = dashboard["attributes"]
    assert json.loads(kept["panelsJSON"])
    assert json.loads(kept["optionsJSON"])["hidePanelTitles"] is False
    search = json.loads(kept["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert search == {"query": {"query": "", "language": "kuery"}, "filter": []}
    for name in ("fieldAttrs", "fieldFormatMap", "fields", "runtimeFieldMap", "sourceFilters"):
        json.loads(view["attributes"][name])


def test_the_last_90_days_are_shown_whoever_opens_it(dashboard: Json):
    kept = dashboard["attributes"]
    assert kept["timeRestore"] is True
    assert (kept["timeFrom"], kept["timeTo"]) == ("now-90d", "now")


def test_every_layer_of_every_panel_has_its_reference_and_none_is_left_over(
    view: Json, dashboard: Json, panels: list[Json]
):
    wanted = {
        f"{panel['panelIndex']}:indexpattern-datasource-layer-{layer}"
        for panel in panels
        for layer in layers(panel)
    }
    names = [reference["name"] for reference in dashboard["references"]]
    assert sorted(names) == sorted(wanted)
    assert {(one["type"], one["id"]) for one in dashboard["references"]} == {
        ("index-pattern", view["id"])
    }


def test_each_panels_own_references_are_the_dashboards(dashboard: Json, panels: list[Json]):
    inside = [
        {**reference, "name": f"{panel['panelIndex']}:{reference['name']}"}
        for panel in panels
        for reference in lens(panel)["references"]
    ]
    assert inside == dashboard["references"]


def test_columns_refer_to_columns_that_exist(panels: list[Json]):
    for panel in panels:
        for layer in layers(panel).values():
            have = layer["columns"]
            assert layer["columnOrder"] == list(have)
            for column in have.values():
                assert set(column.get("references", [])) <= set(have)
                arguments = column.get("params", {}).get("tinymathAst", {}).get("args", [])
                assert set(arguments) <= set(have)


def test_what_is_drawn_is_what_was_asked_for(panels: list[Json]):
    for panel in panels:
        shown = lens(panel)["state"]["visualization"]
        drawn = shown.get("layers", [shown])
        assert {layer["layerId"] for layer in drawn} == set(layers(panel))
        for layer in drawn:
            names = [*layer.get("accessors", []), layer.get("metricAccessor")]
            names += [layer.get("xAccessor")]
            have = layers(panel)[layer["layerId"]]["columns"]
            assert {name for name in names if name} <= set(have)


def test_every_field_is_in_the_mapping_and_fits_its_use(panels: list[Json], mapped: Json):
    used = set().union(*(fields(panel) for panel in panels))
    assert used <= set(mapped)
    assert {"avg_risk", "emails", "high_risk_count", "critical_risk_count"} <= used
    assert {"emails_scored", "mismatch_ratio", "p95_duration_seconds"} <= used
    for panel in panels:
        for column in columns(panel):
            if "sourceField" in column:
                kind = mapped[column["sourceField"]]["type"]
                expected = {"date"} if column["dataType"] == "date" else {"long", "double"}
                assert kind in expected


def test_every_panel_asks_one_index_only(panels: list[Json]):
    """The filter's field is one that no other mart has, so no other index's documents count."""
    own = {
        "emails": {"emails", "emails_scored", "avg_risk", "d"},
        "total_checked": {"total_checked", "mismatch_ratio", "d"},
        "backfill_count": {"backfill_count", "p95_duration_seconds", "d"},
    }
    for panel in panels:
        query = lens(panel)["state"]["query"]
        assert query["language"] == "kuery"
        picked = re.fullmatch(r"(\w+): \*", query["query"])
        assert picked, panel["title"]
        risk = {name for name in fields(panel) if name.endswith("_count")} - {"backfill_count"}
        assert fields(panel) - risk <= own[picked[1]]


def test_a_bucket_is_one_day_and_a_missing_day_stays_a_gap(panels: list[Json]):
    for panel in panels:
        for column in columns(panel):
            if column["operationType"] == "date_histogram":
                assert column["params"]["interval"] == "1d"
            if column["operationType"] in ("sum", "average", "max"):
                assert column["params"]["emptyAsNull"] is True
        shown = lens(panel)["state"]["visualization"]
        if "layers" in shown:
            assert shown["fittingFunction"] == "None"


def test_the_panels_lie_beside_each_other(panels: list[Json]):
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        assert grid["x"] + grid["w"] <= 48
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells


def test_the_seven_days_end_yesterday(panels: list[Json]):
    panel = next(one for one in panels if "7" in one["title"])
    assert panel["embeddableConfig"]["timeRange"] == {"from": "now-7d/d", "to": "now-1d/d"}


def test_the_template_is_strict_and_covers_the_marts_indices_only(mapped: Json):
    body = json.loads(TEMPLATE.read_text())
    pattern = re.compile(body["index_patterns"][0].replace("*", ".*"))
    for mart in PIPELINE.marts:
        assert pattern.fullmatch(f"analytics_applylens_{mart.index}")
        assert mapped[mart.day]["type"] == "date"
        for measure in mart.measures:
            assert mapped[measure.name]["type"] in ("long", "double")
    assert not pattern.fullmatch("altui_locks")
    assert body["template"]["mappings"]["dynamic"] == "strict"
    assert body["_meta"]["version"] == body["version"]
    # auto_expand_replicas overrides number_of_replicas; a server that does not know it must not
    # wait for a second node
    assert body["template"]["settings"]["index"] == {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "auto_expand_replicas": "0-1",
    }


def test_the_template_says_everything_once():
    def once(pairs: list[tuple[str, Any]]) -> Json:
        assert len(pairs) == len(dict(pairs)), [name for name, _ in pairs]
        return dict(pairs)

    json.loads(TEMPLATE.read_text(), object_pairs_hook=once)


def test_the_template_maps_every_column_of_every_mart_and_nothing_else(mapped: Json):
    described = yaml.safe_load((ROOT / "analytics/dbt/models/marts/marts.yml").read_text())
    marts = {model["name"]: model["columns"] for model in described["models"]}
    assert {mart.name for mart in PIPELINE.marts} == set(marts)
    columns = {column["name"] for each in marts.values() for column in each}
    assert columns == set(mapped)
