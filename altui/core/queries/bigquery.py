"""Counts of raw tables, staging, marts and ops tables in one BigQuery statement."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from altui.core.model.pipeline import Pipeline
from altui.core.queries.query import Query

DELETED = "_fivetran_deleted"
SYNCED = "_fivetran_synced"


class Relation(Struct, frozen=True):
    """A table of the warehouse that takes part in the counts."""

    key: str
    """Key of its series: `raw.emails`, `staging.emails`, `mart.mrt_risk_daily`, `ops.NAME`."""
    dataset: str
    table: str
    day: str
    count: str | None = None
    """Column that holds the day's count; None: rows are counted."""

    @property
    def name(self) -> str:
        return f"{self.dataset}.{self.table}"

    @property
    def raw(self) -> bool:
        """Whether Fivetran writes it. Staging may carry Fivetran's columns on: they say nothing."""
        return self.key.startswith("raw.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns without which it cannot be counted."""
        return (self.day, self.count) if self.count else (self.day,)


def relations(pipeline: Pipeline, raw: str, staging: str, marts: str) -> tuple[Relation, ...]:
    """Everything to count, by the names of the three datasets."""
    return (
        *(Relation(f"raw.{t.name}", raw, t.raw, t.day) for t in pipeline.tables),
        *(Relation(f"staging.{t.name}", staging, t.staging, t.day) for t in pipeline.tables),
        *(Relation(f"mart.{m.name}", marts, m.name, m.day, m.count) for m in pipeline.marts),
        *(Relation(f"ops.{m.ops}", raw, m.ops, m.ops_day) for m in pipeline.marts if m.ops),
    )


def counts(project: str, parts: Sequence[tuple[Relation, Mapping[str, str]]], start: date) -> Query:
    """Rows `(series, day, n, n_rows, changed, latest)`; `parts` are relations with their columns.

    `day` is NULL for days before `start` and rows without a day. `n` counts live rows, or sums
    the mart's own count; `n_rows` counts physical rows; `changed` is the newest sync, over
    soft-deleted rows too, `latest` the newest day value of live rows.
    """
    text, repeat = (
        "\nUNION ALL\n".join(
            _part(project, relation, columns, first) for relation, columns in parts
        )
        for first in ("@start", f"DATE '{start.isoformat()}'")
    )
    return Query(text, {"start": start}, repeat)


def _part(project: str, relation: Relation, columns: Mapping[str, str], first: str) -> str:
    column = _quoted(relation.day)
    day = _day(column, columns.get(relation.day, "TIMESTAMP"))
    live = f"NOT {_quoted(DELETED)}" if relation.raw and DELETED in columns else "TRUE"
    synced = _quoted(SYNCED) if relation.raw and SYNCED in columns else "CAST(NULL AS TIMESTAMP)"
    counted = f"{_quoted(relation.count)} AS counted, " if relation.count else ""
    n = "IFNULL(SUM(counted), 0)" if relation.count else "COUNTIF(live)"
    return (
        f"SELECT {_literal(relation.key)} AS series, day, {n} AS n, COUNT(*) AS n_rows,\n"
        f"  MAX(synced) AS changed, CAST(MAX(IF(live, moment, NULL)) AS TIMESTAMP) AS latest\n"
        f"FROM (SELECT IF({day} >= {first}, {day}, NULL) AS day,\n"
        f"             {counted}{column} AS moment, {live} AS live, {synced} AS synced\n"
        f"      FROM {_quoted(f'{project}.{relation.name}')})\n"
        f"GROUP BY day"
    )


def _day(column: str, kind: str) -> str:
    if kind == "DATE":
        return column
    # a session may have another default time zone: the day is UTC's in any case
    return f"DATE({column}, 'UTC')" if kind == "TIMESTAMP" else f"DATE({column})"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
