"""Mappings, template, aliases and disks of a real server, against what the server says itself."""

import json
from datetime import date

from altui.core.model.pipeline import Pipeline
from altui.core.rules.templates import conflicts, strays, template_differences
from altui.services.elasticsearch import ElasticsearchReader
from tests.real.conftest import ROOT, Real

RISK, PARITY, SLO = (f"analytics_applylens_{mart.index}" for mart in Pipeline().marts)
TEMPLATE = "/_index_template/analytics_applylens"
DAY = date(2026, 11, 22).isoformat()


def reader(real: Real) -> ElasticsearchReader:
    return ElasticsearchReader(real.settings, Pipeline(), 8.0)


async def test_an_index_under_the_template_is_mapped_as_it_ships(real: Real):
    await real.fill(RISK, [{"d": DAY, "emails": 3}])
    seen = await reader(real).cluster()
    own = seen.indices[RISK]
    properties = (await real.ask(f"/{RISK}/_mapping"))[RISK]["mappings"]["properties"]
    assert own.fields == {name: said["type"] for name, said in properties.items()}
    assert own.dynamic == "strict"
    assert seen.served and seen.shipped
    assert template_differences(seen.served, seen.shipped) == ()
    assert (conflicts(own, seen.shipped), strays(own, seen.shipped)) == ((), ())


async def test_an_index_that_guessed_its_types(real: Real):
    await real.ask(TEMPLATE, method="DELETE")
    await real.fill(SLO, [{"d": DAY, "slo_status": "healthy", "p95_duration_seconds": 1.5}])
    seen = await reader(real).cluster()
    assert seen.template is False
    assert seen.shipped
    found = conflicts(seen.indices[SLO], seen.shipped)
    assert [one.words for one in found] == ["slo_status is text, should be keyword"]
    akin = strays(seen.indices[SLO], seen.shipped)
    assert [one.words for one in akin] == ["p95_duration_seconds is float, should be double"]


async def test_a_template_that_differs(real: Real):
    body = json.loads((ROOT / "es/index-templates/analytics_applylens.json").read_text())
    body["priority"] = 100
    body["template"]["mappings"]["properties"]["emails"] = {"type": "keyword"}
    await real.ask(TEMPLATE, body, "PUT")
    seen = await reader(real).cluster()
    assert seen.served and seen.shipped
    found = template_differences(seen.served, seen.shipped)
    assert {one.what: one.found for one in found} == {"priority": "100", "emails": "keyword"}


async def test_an_index_behind_an_alias_shows_under_its_own_name(real: Real):
    await real.fill("analytics_applylens_one", [{"d": DAY}])
    actions = [{"add": {"index": "analytics_applylens_one", "alias": PARITY}}]
    await real.ask("/_aliases", {"actions": actions})
    seen = await reader(real).cluster()
    assert seen.indices["analytics_applylens_one"].aliases == (PARITY,)


async def test_disks_as_the_server_says(real: Real):
    seen = await reader(real).storage()
    (disk,) = seen.disks
    nodes = (await real.ask("/_nodes/stats/fs"))["nodes"]
    (node,) = nodes.values()
    assert (disk.node, disk.total) == (node["name"], node["fs"]["total"]["total_in_bytes"])
    assert disk.low and disk.high and disk.flood
    assert disk.low >= disk.high >= disk.flood
    assert seen.watched is False, "this server runs with its watermarks off"
