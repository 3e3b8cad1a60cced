"""Counts and measures of the marts' indices in one `_msearch`."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from altui.core.model.pipeline import Mart
from altui.core.queries.query import Query


def counts(marts: Sequence[Mart], prefix: str, start: date) -> Query:
    """The NDJSON body of `POST /_msearch`: a header and a search for each mart, in their order.

    Each answer holds the exact number of documents, the newest one's day (milliseconds, in
    `fields`) and `window.days`: a bucket a UTC day from `start` on, with `n`, the sum of the
    mart's own count, and `m0`, `m1` ..., its measures in their order. A day is one document, so
    that a measure's average is the value stored; null where no document has it.
    """
    lines: list[str] = []
    for mart in marts:
        lines.append(json.dumps({"index": f"{prefix}_{mart.index}"}))
        lines.append(json.dumps(_search(mart, start)))
    text = "\n".join(lines) + "\n"
    return Query(text, repeat=f"POST /_msearch\n{text}")


def newest(mart: Mart, prefix: str) -> Query:
    """The body of `POST /INDEX/_search`: the mart's newest document, whole."""
    body = {"size": 1, "track_total_hits": False, "sort": _newest_first(mart)}
    text = json.dumps(body, indent=2)
    return Query(text, repeat=f"POST /{prefix}_{mart.index}/_search\n{text}")


def _newest_first(mart: Mart) -> list[dict[str, Any]]:
    return [{mart.day: {"order": "desc", "unmapped_type": "date"}}]


def _search(mart: Mart, start: date) -> dict[str, Any]:
    days: dict[str, Any] = {
        "date_histogram": {
            "field": mart.day,
            "calendar_interval": "day",
            "time_zone": "UTC",
            "min_doc_count": 1,
        }
    }
    figures: dict[str, Any] = {"n": {"sum": {"field": mart.count}}} if mart.count else {}
    for place, measure in enumerate(mart.measures):
        figures[f"m{place}"] = {"avg": {"field": measure.name}}
    if figures:
        days["aggs"] = figures
    return {
        "size": 1,
        "track_total_hits": True,
        # the newest document, not `max`: look-alikes answer null for the max of a date
        "sort": _newest_first(mart),
        "docvalue_fields": [{"field": mart.day, "format": "epoch_millis"}],
        "_source": False,
        "aggs": {
            "window": {
                "filter": {"range": {mart.day: {"gte": start.isoformat()}}},
                "aggs": {"days": days},
            },
        },
    }
