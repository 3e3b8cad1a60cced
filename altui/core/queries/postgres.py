"""Counts of the source tables, in PostgreSQL's words.

The session must be in UTC, so that a timestamp without time zone means what it says.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from altui.core.model.pipeline import Table
from altui.core.queries.query import Query

ONE_DAY = timedelta(days=1)


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


def counts(
    tables: Sequence[Table],
    start: date,
    gaps_from: date | None = None,
    older_than: datetime | None = None,
) -> Query:
    """Rows `(series, day, n, changed, latest, gap, older)`.

    One row a UTC day from `start` on; older rows and rows without a day are folded into the row
    whose day is NULL, so that the sum of `n` is the exact total. `changed` is the newest write of
    that day, `latest` its newest value of the day column, `gap` the longest pause in seconds
    between two rows of the table since `gaps_from`, `older` counts the rows that were written
    before `older_than`, whatever was changed in them since.
    """
    text, repeat = (
        "\nUNION ALL\n".join(_part(table, first, gap, older_than) for table in tables)
        for first, gap in (
            ("$1", "$2" if gaps_from else None),
            (_date(start), _date(gaps_from) if gaps_from else None),
        )
    )
    return Query(text, {"start": start} | ({"gaps_from": gaps_from} if gaps_from else {}), repeat)


def touched(tables: Sequence[Table], before: date, since: Mapping[str, datetime]) -> Query:
    """Rows `(series, day)`: days before `before` with a row that was written after `since`."""
    parts: list[str] = []
    for table in tables:
        moment = _moment(since[table.name])
        written = [quoted(table.created), *([quoted(table.updated)] if table.updated else [])]
        day = quoted(table.day)
        parts.append(
            f"SELECT DISTINCT {_literal(table.name)} AS series, ({day} AT TIME ZONE 'UTC')::date\n"
            f"FROM {quoted(table.source)}\n"
            f"WHERE ({' OR '.join(f'{column} > {moment}' for column in written)})"
            f" AND {day} < {_date(before)}"
        )
    text = "\nUNION ALL\n".join(parts)
    return Query(text, repeat=text)


def recounts(
    tables: Sequence[Table],
    first: date,
    more: Mapping[str, Sequence[date]],
    older_than: datetime | None = None,
) -> Query:
    """Rows as of `counts`, of the days from `first` on and of each table's `more` days only.

    Bounds stand on the day column itself: where it has an index, nothing else is read.
    """
    parts: list[str] = []
    for table in tables:
        day = quoted(table.day)
        spans = [f"{day} >= {_date(first)}"]
        spans += [
            f"({day} >= {_date(one)} AND {day} < {_date(one + ONE_DAY)})"
            for one in more.get(table.name, ())
        ]
        parts.append(_part(table, _date(date.min), None, older_than, " OR ".join(spans)))
    text = "\nUNION ALL\n".join(parts)
    return Query(text, repeat=text)


def _part(
    table: Table, first: str, gaps_from: str | None, older_than: datetime | None, where: str = ""
) -> str:
    day, created = quoted(table.day), quoted(table.created)
    changed = f"greatest({created}, {quoted(table.updated)})" if table.updated else created
    older = (
        f"count(*) FILTER (WHERE created < {_moment(older_than)})" if older_than else "NULL::int8"
    )
    gap = f"({_gap(table, gaps_from)})" if gaps_from else "NULL::float8"
    return (
        f"SELECT {_literal(table.name)} AS series, CASE WHEN d >= {first} THEN d END AS day,\n"
        f"  count(*) AS n, max(changed) AS changed, max(moment) AS latest,\n"
        f"  {gap} AS gap, {older} AS older\n"
        f"FROM (SELECT ({day} AT TIME ZONE 'UTC')::date AS d,\n"
        f"             {created} AS created, {changed} AS changed, {day} AS moment\n"
        f"      FROM {quoted(table.source)}"
        + (f"\n      WHERE {where}" if where else "")
        + ") AS rows_of_day\nGROUP BY 2"
    )


def _gap(table: Table, first: str) -> str:
    """Asked once a table, whatever the number of its days: it refers to nothing outside."""
    day = quoted(table.day)
    return (
        "SELECT extract(epoch FROM max(pause))::float8 FROM (SELECT\n"
        f"     {day} AT TIME ZONE 'UTC' - lag({day} AT TIME ZONE 'UTC') OVER (ORDER BY {day})"
        f" AS pause\n     FROM {quoted(table.source)} WHERE {day} >= {first}) AS pauses"
    )


def _date(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _moment(at: datetime) -> str:
    return f"TIMESTAMPTZ '{at.isoformat()}'"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
