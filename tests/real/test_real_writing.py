"""What a real server does with what the writing adapter sends, and says against it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from altui.config import Settings
from altui.services.elasticsearch_writer import Document, ElasticsearchWriter
from altui.services.permit import permit
from tests.real.conftest import Real

RISK = "analytics_applylens_risk_daily"


@pytest.fixture
def writer(real: Real) -> Iterator[ElasticsearchWriter]:
    made = ElasticsearchWriter(permit(Settings()), real.settings)
    yield made
    made.close()


def document(day: str, **fields: Any) -> Document:
    return Document(day, json.dumps({"d": day, **fields}).encode())


async def kept(real: Real) -> dict[str, Any]:
    hits = (await real.ask(f"/{RISK}/_search?size=100"))["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


async def test_documents_are_indexed_under_the_template_and_replaced_by_id(
    real: Real, writer: ElasticsearchWriter
):
    days = ("2026-11-20", "2026-11-21", "2026-11-22")
    assert writer.index(RISK, [document(day, emails=1, avg_risk=2.5) for day in days]) == []
    assert writer.index(RISK, [document("2026-11-21", emails=7)]) == []
    writer.refresh([RISK])
    assert await kept(real) == {
        "2026-11-20": {"d": "2026-11-20", "emails": 1, "avg_risk": 2.5},
        "2026-11-21": {"d": "2026-11-21", "emails": 7},
        "2026-11-22": {"d": "2026-11-22", "emails": 1, "avg_risk": 2.5},
    }
    made = await real.ask(f"/{RISK}/_mapping")
    assert made[RISK]["mappings"]["dynamic"] == "strict"


async def test_refused_documents_are_named_with_field_and_reason_and_the_others_go_in(
    real: Real, writer: ElasticsearchWriter
):
    sent = [
        document("2026-11-20", surprise=1),
        document("2026-11-21", emails="many"),
        document("2026-11-22", emails=3),
    ]
    unknown, text, good = sent
    refused = writer.index(RISK, sent)
    assert [(one.id, one.kind) for one in refused] == [
        (unknown.id, "strict_dynamic_mapping_exception"),
        (text.id, "document_parsing_exception"),
    ]
    assert "[surprise]" in refused[0].words
    assert "[emails] of type [long]" in refused[1].words
    assert refused[1].words.endswith('For input string: "many"')
    writer.refresh([RISK])
    assert await kept(real) == {good.id: json.loads(good.body)}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("read_only_allow_delete", "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage"),
        ("write", "FORBIDDEN/8/index write"),
        ("read_only", "FORBIDDEN/5/index read-only"),
    ],
)
async def test_a_blocked_index_says_so_and_takes_documents_again_after(
    block: str, words: str, real: Real, writer: ElasticsearchWriter
):
    old, new = document("2026-11-22", emails=1), document("2026-11-22", emails=2)
    assert writer.index(RISK, [old]) == []
    settings = f"/{RISK}/_settings"
    await real.ask(settings, {f"index.blocks.{block}": True}, "PUT")
    try:
        (refused,) = writer.index(RISK, [new])
        assert (refused.id, refused.kind) == (new.id, "cluster_block_exception")
        assert RISK in refused.words and words in refused.words
        assert (await real.ask(f"/{RISK}/_doc/{old.id}"))["_source"] == json.loads(old.body)
    finally:
        await real.ask(settings, {f"index.blocks.{block}": None}, "PUT")
    assert writer.index(RISK, [new]) == []
    assert (await real.ask(f"/{RISK}/_doc/{new.id}"))["_source"] == json.loads(new.body)


async def test_a_closed_index_takes_nothing_and_says_so(real: Real, writer: ElasticsearchWriter):
    assert writer.index(RISK, [document("2026-11-21")]) == []
    await real.ask(f"/{RISK}/_close", method="POST")
    (refused,) = writer.index(RISK, [document("2026-11-22")])
    assert (refused.id, refused.kind) == ("2026-11-22", "index_closed_exception")
