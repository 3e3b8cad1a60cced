"""The index template on a real server: taken, applied, strict."""

import json

import pytest

from altui.core.model.pipeline import Pipeline
from tests.real.conftest import OURS, ROOT, Real
from tests.sandbox.test_index_template import DOCUMENTS

TEMPLATE = json.loads((ROOT / "es/index-templates/analytics_applylens.json").read_text())
PREFIX = OURS.removesuffix("*")


@pytest.mark.parametrize("mart", [mart.index for mart in Pipeline().marts])
async def test_an_index_of_each_mart_would_be_made_by_it(mart: str, real: Real):
    said = await real.ask(f"/_index_template/_simulate_index/{PREFIX}{mart}", method="POST")
    assert said["overlapping"] == []
    assert said["template"]["mappings"] == TEMPLATE["template"]["mappings"]
    assert said["template"]["settings"]["index"]["auto_expand_replicas"] == "0-1"


async def test_a_document_of_each_mart_goes_in_and_one_node_is_green(real: Real):
    used = {name for document in DOCUMENTS.values() for name in document}
    assert used == TEMPLATE["template"]["mappings"]["properties"].keys(), "each field is tried"
    for mart, document in DOCUMENTS.items():
        await real.fill(PREFIX + mart, [document])
        kept = await real.ask(f"/{PREFIX}{mart}/_doc/{document['d']}")
        assert kept["_source"] == document
    health = await real.ask(
        f"/_cluster/health/{OURS}?wait_for_status=green&timeout=10s&level=indices"
    )
    assert {name: one["status"] for name, one in health["indices"].items()} == {
        PREFIX + mart: "green" for mart in DOCUMENTS
    }


@pytest.mark.parametrize("mart", DOCUMENTS)
async def test_an_unknown_field_is_refused(mart: str, real: Real):
    path = f"/{PREFIX}{mart}/_doc/1?refresh=true"
    answer = await real.http.put(path, json={**DOCUMENTS[mart], "not_a_column": 1})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "strict_dynamic_mapping_exception"
    assert "[not_a_column]" in error["reason"]
    assert (await real.ask(f"/{PREFIX}{mart}/_count"))["count"] == 0
