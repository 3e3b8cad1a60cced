"""The newest document of an index, as one field a line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from altui.config import ElasticsearchSettings, Secret
from altui.config.masking import learn
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Pipeline
from altui.core.model.reading import Sample
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.elasticsearch_sample import FEW, LONGEST, MOST
from altui.services.errors import ServiceError
from tests.answering import Scripted
from tests.hostile import POISONS

PIPELINE = Pipeline(marts=(Mart("mrt_a", "a", day="day", table="emails"),))
Ask = Callable[[Any], Any]


def found(source: Any, **more: Any) -> dict[str, Any]:
    hit = {"_index": "pre_a-000002", "_id": "2026-11-22", "_source": source, **more}
    return {
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"hits": [hit]},
    }


@pytest.fixture
def asked(server: Scripted) -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def ask(server: Scripted, asked: list[tuple[str, str, bytes]]) -> Ask:
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}

    async def sample(answer: Any, status: int = 200, index: str = "a") -> Sample:
        server.script = lambda *given: (asked.append(given), (status, answer))[1]
        settings = ElasticsearchSettings(Secret(server.url), "pre")
        return await ElasticsearchReader(settings, PIPELINE, 5.0).sample(index)

    return sample


async def test_a_document(ask: Ask, asked: list[tuple[str, str, bytes]]) -> None:
    source = {
        "d": "2026-11-22",
        "emails": 150,
        "avg_risk": 41.25,
        "slo_status": None,
        "n": "7",
        "top_domains": ["a.test", "b.test"],
        "of": {"deep": {"er": True}, "empty": {}},
    }
    seen = await ask(found(source))
    assert (seen.index, seen.id, seen.more) == ("pre_a-000002", "2026-11-22", 0)
    assert dict(seen.fields) == {
        "d": '"2026-11-22"',
        "emails": "150",
        "avg_risk": "41.25",
        "slo_status": "null",
        "n": '"7"',
        "top_domains": '["a.test", "b.test"]',
        "of.deep.er": "true",
        "of.empty": "{}",
    }
    ((method, path, body),) = asked
    assert (method, path.split("?")[0]) == ("POST", "/pre_a/_search")
    said = json.loads(body)
    assert said["size"] == 1
    assert said["sort"] == [{"day": {"order": "desc", "unmapped_type": "date"}}]


@pytest.mark.parametrize("source", [None, {}])
async def test_a_document_of_which_nothing_is_kept(ask: Ask, source: Any) -> None:
    seen = await ask(found(source))
    assert (seen.index, seen.fields) == ("pre_a-000002", ())


async def test_an_index_without_a_document(ask: Ask) -> None:
    assert await ask({**found({}), "hits": {"hits": []}}) == Sample()


@pytest.mark.parametrize("name", POISONS)
async def test_hostile_text_is_cleaned_and_bounded(ask: Ask, name: str) -> None:
    poison = POISONS[name]
    source = {
        poison: 1,
        "value": poison,
        "list": [poison] * 30,
        "inner": {poison: {poison: poison}},
    }
    seen = await ask(found(source, _id=poison, _index=poison))
    for text in (seen.index, seen.id, *(part for field in seen.fields for part in field)):
        assert text.isprintable(), text
        assert len(text) <= 255, len(text)


async def test_a_document_of_any_size_is_bounded(ask: Ask) -> None:
    source = {f"f{n}": n for n in range(MOST + 7)} | {"f0": [*range(FEW + 3)], "f1": "x" * 5000}
    seen = await ask(found(source))
    assert (len(seen.fields), seen.more) == (MOST, 7)
    fields = dict(seen.fields)
    assert fields["f0"].endswith("19, 3 more]")
    assert len(fields["f1"]) == LONGEST and fields["f1"].endswith("…")


async def test_a_secret_of_ours_is_masked(ask: Ask) -> None:
    learn("c4n4ry-T0ken.With/Marks+9", secret=True)
    source = {"note": "x" * 190 + "c4n4ry-T0ken.With/Marks+9", "c4n4ry-T0ken.With/Marks+9": 1}
    seen = await ask(found(source))
    assert "c4n4ry" not in repr(seen)


async def test_a_part_of_the_shards_is_no_answer(ask: Ask) -> None:
    half = {**found({}), "_shards": {"total": 2, "failed": 1}}
    with pytest.raises(ServiceError, match="1 of 2 shards failed") as raised:
        await ask(half)
    assert raised.value.trouble is Trouble.refused


async def test_an_index_that_is_not_there(ask: Ask) -> None:
    error = {"type": "index_not_found_exception", "reason": "no such index [pre_a]"}
    with pytest.raises(ServiceError, match=r"no such index \[pre_a\]") as raised:
        await ask({"error": error, "status": 404}, status=404)
    assert raised.value.trouble is Trouble.missing
    assert raised.value.where == "POST /pre_a/_search"


async def test_only_indices_of_the_pipeline_are_asked(ask: Ask, asked: list[Any]) -> None:
    with pytest.raises(ServiceError, match="no mart") as raised:
        await ask(found({}), index="a,.security*")
    assert raised.value.trouble is Trouble.missing
    assert asked == []
