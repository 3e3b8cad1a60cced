"""Counts of the source tables, in PostgreSQL's words.

The session must be in UTC, so that a timestamp without time zone means what it says.
"""

from collections.abc import Sequence
from datetime import date

from altui.core.model.pipeline import Table
from altui.core.queries.query import Query


def quoted(name: str) -> str:
    """`public.emails` as `"public"."emails"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def existing(tables: Sequence[Table]) -> Query:
    """Rows `(name, exists)`; reads the catalogue only."""
    parts = [
        f"SELECT {_literal(table.name)} AS series, "
        f"to_regclass({_literal(quoted(table.source))}) IS NOT NULL AS there"
        for table in tables
    ]
    text = "\nUNION ALL ".join(parts)
    return Query(text, repeat=text)


def counts(tables: Sequence[Table], start: date) -> Query:
    """Rows `(series, day, n, changed, latest)`.

    One row a UTC day from `start` on; older rows and rows without a day are folded into the row
    whose day is NULL, so that the sum of `n` is the exact total. `changed` is the newest write of
    that day, `latest` its newest value of the day column.
    """
    text, repeat = (
        "\nUNION ALL\n".join(_part(table, first) for table in tables)
        for first in ("$1", f"DATE '{start.isoformat()}'")
    )
    return Query(text, {"start": start}, repeat)


def _part(table: Table, first: str) -> str:
    day, created = quoted(table.day), quoted(table.created)
    if table.updated is not None:
        created = f"greatest({created}, {quoted(table.updated)})"
    return (
        f"SELECT {_literal(table.name)} AS series, CASE WHEN d >= {first} THEN d END AS day,\n"
        f"  count(*) AS n, max(changed) AS changed, max(moment) AS latest\n"
        f"FROM (SELECT ({day} AT TIME ZONE 'UTC')::date AS d,\n"
        f"             {created} AS changed, {day} AS moment\n"
        f"      FROM {quoted(table.source)}) AS rows_of_day\n"
        f"GROUP BY 2"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
