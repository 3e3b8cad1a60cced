"""Documents and measures a day, from the answers of one `_msearch`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from altui.core.model.days import day_of
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart
from altui.core.model.reading import Counts, Series
from altui.core.queries import elasticsearch as queries
from altui.services.errors import ServiceError, trouble_of_status

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Answer = Mapping[str, Any]
Words = Callable[[Any], str]
"""The server's own words out of an error's body."""


def read_counts(
    client: "Elasticsearch", marts: Sequence[Mart], prefix: str, start: date, words_of: Words
) -> Counts:
    """Exact documents per mart and UTC day from `start` on. Raises ServiceError."""
    query = queries.counts(marts, prefix, start)
    asked = _asked(client, marts, prefix, start)
    unmeasured: dict[str, str] = {}
    for place, (mart, answer) in enumerate(asked):
        if mart.measures and answer.get("status") == 400:
            # a field that cannot be averaged costs the mart its measures, not its counts
            words = words_of(answer["error"])
            unmeasured |= {f"index.{mart.name}.{one.name}": words for one in mart.measures}
            asked[place] = _asked(client, [replace(mart, measures=())], prefix, start)[0]
    series: dict[str, Series] = {}
    missing: dict[str, str] = {}
    for mart, answer in asked:
        key, where = f"index.{mart.name}", f"POST /_msearch, {prefix}_{mart.index}"
        if words := _not_found(answer, where, words_of):
            missing[key] = words
        else:
            series[key] = _series(mart, answer, where)
    return Counts(start, series, query.repeat, missing=missing, unmeasured=unmeasured)


def _asked(
    client: "Elasticsearch", marts: Sequence[Mart], prefix: str, start: date
) -> list[tuple[Mart, Answer]]:
    lines = queries.counts(marts, prefix, start).text.splitlines()
    answers = client.msearch(searches=[json.loads(line) for line in lines])["responses"]
    return [*zip(marts, cast(list[Answer], answers), strict=True)]


def _not_found(answer: Answer, where: str, words_of: Words) -> str:
    """Elasticsearch's words when the index does not exist; raises on any other error."""
    if "error" not in answer:
        return ""
    said = answer.get("status")
    status, words = said if isinstance(said, int) else 500, words_of(answer["error"])
    if status == 404:
        return words
    raise ServiceError(trouble_of_status(status), f"{status} {words}", where)


def _series(mart: Mart, answer: Answer, where: str) -> Series:
    shards = answer["_shards"]
    if answer.get("timed_out") or shards.get("failed"):
        # HTTP 200 with a part of the documents: not a count
        words = f"{shards.get('failed', 0)} of {shards.get('total')} shards failed"
        raise ServiceError(Trouble.refused, words, where)
    found = cast(Sequence[dict[str, Any]], answer["aggregations"]["window"]["days"]["buckets"])
    buckets = {day_of(_moment(bucket["key"]) or EPOCH): bucket for bucket in found}
    documents = {day: int(bucket["doc_count"]) for day, bucket in buckets.items()}
    return Series(
        rows=int(answer["hits"]["total"]["value"]),
        latest=_newest(mart, answer["hits"]["hits"]),
        by_day={
            day: int(bucket["n"]["value"]) if mart.count else documents[day]
            for day, bucket in buckets.items()
        },
        measures={
            measure.name: {day: _value(bucket[f"m{place}"]) for day, bucket in buckets.items()}
            for place, measure in enumerate(mart.measures)
        },
        duplicates={day: count for day, count in documents.items() if count > 1},
    )


def _value(aggregate: Answer) -> float | None:
    value = aggregate.get("value")
    return None if value is None else 1.0 * value


def _newest(mart: Mart, hits: Sequence[dict[str, Any]]) -> datetime | None:
    """Day of the first document, which is the newest; None without documents or without days."""
    values = hits[0].get("fields", {}).get(mart.day) if hits else None
    return _moment(float(values[0])) if values else None


def _moment(millis: float | None) -> datetime | None:
    # not fromtimestamp: it depends on the platform before 1970
    return None if millis is None else EPOCH + timedelta(milliseconds=millis)
