"""A mart's own rows, by day."""

from datetime import date

from altui.core.model.pipeline import Mart
from altui.core.queries.query import Query


def rows(project: str, dataset: str, mart: Mart, start: date, end: date) -> Query:
    """Every column of the mart's days from `start` to `end`, both included, in order.

    The day column is compared as it is, so that BigQuery reads those partitions only.
    """
    day = _quoted(mart.day)
    select = f"SELECT * FROM {_quoted(f'{project}.{dataset}.{mart.name}')}"
    text, repeat = (
        f"{select} WHERE {day} BETWEEN {first} AND {last} ORDER BY {day}"
        for first, last in (
            ("@start", "@end"),
            (f"DATE '{start.isoformat()}'", f"DATE '{end.isoformat()}'"),
        )
    )
    return Query(text, {"start": start, "end": end}, repeat)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
