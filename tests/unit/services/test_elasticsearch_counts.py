"""Measures a day out of an `_msearch`'s answers, and what one bad field costs."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from elasticsearch import Elasticsearch

from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Measure
from altui.core.model.reading import Counts
from altui.services.elasticsearch_counts import read_counts
from altui.services.errors import ServiceError

START = date(2026, 11, 20)
MARTS = (
    Mart("mrt_a", "a", count="emails", measures=(Measure("avg", "1"), Measure("top", "2"))),
    Mart("mrt_b", "b"),
)


def millis(day: int) -> int:
    return int(datetime(2026, 11, day, tzinfo=UTC).timestamp() * 1000)


def found(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": 200,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"total": {"value": 9}, "hits": []},
        "aggregations": {"window": {"days": {"buckets": [*buckets]}}},
    }


def day(number: int, avg: Any, top: Any = 1.0, documents: int = 1) -> dict[str, Any]:
    figures = {"n": {"value": 150.0}, "m0": {"value": avg}, "m1": {"value": top}}
    return {"key": millis(number), "doc_count": documents, **figures}


def refusal(status: int, reason: str) -> dict[str, Any]:
    return {"status": status, "error": {"type": "illegal_argument_exception", "reason": reason}}


class Client:
    """Answers searches one by one by their index and whether they ask for measures."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[int] = []

    def msearch(self, searches: Sequence[Any]) -> dict[str, Any]:
        self.asked.append(len(searches) // 2)
        return {
            "responses": [
                self._answers[head["index"] + ("_measured" if '"m0"' in json.dumps(body) else "")]
                for head, body in zip(searches[::2], searches[1::2], strict=True)
            ]
        }


def read(client: Client) -> Counts:
    return read_counts(
        cast(Elasticsearch, client), MARTS, "pre", START, lambda cause: cause["reason"]
    )


def test_measures_are_what_each_day_holds_and_null_where_no_document_has_the_field():
    client = Client(
        pre_a_measured=found(day(21, 41.25), day(22, None)),
        pre_b=found({"key": millis(22), "doc_count": 1}),
    )
    seen = read(client)
    series = seen.series["index.mrt_a"]
    assert series.measures["avg"] == {date(2026, 11, 21): 41.25, date(2026, 11, 22): None}
    assert series.by_day == {date(2026, 11, 21): 150, date(2026, 11, 22): 150}
    assert series.duplicates == {}
    assert seen.series["index.mrt_b"].measures == {}
    assert client.asked == [2], "one question for all"


def test_several_documents_of_a_day_are_told():
    client = Client(
        pre_a_measured=found(day(21, 41.0), day(22, 41.0, documents=2)),
        pre_b=found({"key": millis(22), "doc_count": 3}),
    )
    seen = read(client)
    assert seen.series["index.mrt_a"].duplicates == {date(2026, 11, 22): 2}
    assert seen.series["index.mrt_b"].duplicates == {date(2026, 11, 22): 3}


def test_a_field_that_cannot_be_averaged_costs_that_mart_its_measures_only():
    plain = {"key": millis(22), "doc_count": 1, "n": {"value": 150.0}}
    client = Client(
        pre_a_measured=refusal(400, "Field [top] of type [keyword] is not supported"),
        pre_a=found(plain),
        pre_b=found(plain),
    )
    seen = read(client)
    words = "Field [top] of type [keyword] is not supported"
    assert seen.unmeasured == {"index.mrt_a.avg": words, "index.mrt_a.top": words}
    assert seen.series["index.mrt_a"].by_day == {date(2026, 11, 22): 150}
    assert client.asked == [2, 1]


def test_a_refusal_that_has_another_cause_is_told_as_it_is():
    client = Client(
        pre_a_measured=refusal(400, "no mapping for [d]"),
        pre_a=refusal(400, "no mapping for [d]"),
        pre_b=found(),
    )
    with pytest.raises(ServiceError, match=r"400 no mapping for \[d\]") as raised:
        read(client)
    assert raised.value.trouble is Trouble.refused


@pytest.mark.parametrize("nonsense", ["41", {"x": 1}, [41]])
def test_a_value_that_is_no_number_is_an_answer_of_another_shape(nonsense: Any):
    client = Client(pre_a_measured=found(day(21, nonsense)), pre_b=found())
    with pytest.raises(TypeError):  # which the reader's translation calls nonsense
        read(client)
