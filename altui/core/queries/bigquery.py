"""Counts and measures of raw tables, staging, marts and ops tables in one BigQuery statement."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from altui.core.model.pipeline import Measure, Pipeline, Table
from altui.core.queries.query import Query

DELETED = "_fivetran_deleted"
SYNCED = "_fivetran_synced"
_NOTHING = "CAST(NULL AS TIMESTAMP)"
DAY = "altui_day"
"""Name of the day beside a table's own columns."""
NUMBERS = frozenset(
    {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL"}
)
"""Types of a mart's columns that can be measures."""


class Relation(Struct, frozen=True):
    """A table of the warehouse that takes part in the counts."""

    key: str
    """Key of its series: `raw.emails`, `staging.emails`, `mart.mrt_risk_daily`, `ops.NAME`."""
    dataset: str
    table: str
    day: str
    count: str | None = None
    """Column that holds the day's count; None: rows are counted."""
    measures: tuple[Measure, ...] = ()
    """What is read a day beside the count: staging's aggregates, a mart's columns as stored."""

    @property
    def name(self) -> str:
        return f"{self.dataset}.{self.table}"

    @property
    def raw(self) -> bool:
        """Whether Fivetran writes it. Staging may carry Fivetran's columns on: they say nothing."""
        return self.key.startswith("raw.")

    @property
    def stored(self) -> bool:
        """Whether its measures are columns."""
        return self.key.startswith("mart.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns without which it cannot be counted."""
        return (self.day, self.count) if self.count else (self.day,)

    def without(self, names: set[str]) -> "Relation":
        """The same without some of its measures."""
        return replace(self, measures=tuple(m for m in self.measures if m.name not in names))


def relations(pipeline: Pipeline, raw: str, staging: str, marts: str) -> tuple[Relation, ...]:
    """Everything to count, by the names of the three datasets."""
    return (
        *(Relation(f"raw.{t.name}", raw, t.raw, t.day) for t in pipeline.tables),
        *(
            Relation(
                f"staging.{t.name}",
                staging,
                t.staging,
                t.day,
                measures=tuple(_aggregates(pipeline, t)),
            )
            for t in pipeline.tables
        ),
        *(
            Relation(
                f"mart.{m.name}",
                marts,
                m.name,
                m.day,
                m.count,
                tuple(Measure(one.name, f"MAX({_quoted(one.name)})") for one in m.measures),
            )
            for m in pipeline.marts
        ),
        *(Relation(f"ops.{m.ops}", raw, m.ops, m.ops_day) for m in pipeline.marts if m.ops),
    )


def counts(project: str, parts: Sequence[tuple[Relation, Mapping[str, str]]], start: date) -> Query:
    """Rows `(series, day, n, n_rows, changed, latest, m0, m1 ...)`.

    `parts` are relations with their columns. `day` is NULL for days before `start` and rows
    without a day. `n` counts live rows, or sums the mart's own count; `n_rows` counts physical
    rows; `changed` is the newest sync, over soft-deleted rows too, `latest` the newest day value
    of live rows. `m0 ...` are the relation's measures in their order, NULL beyond the last.
    """
    width = max((len(relation.measures) for relation, _ in parts), default=0)
    text, repeat = (
        "\nUNION ALL\n".join(
            _part(project, relation, columns, first, width) for relation, columns in parts
        )
        for first in ("@start", f"DATE '{start.isoformat()}'")
    )
    return Query(text, {"start": start}, repeat)


def measured(project: str, relation: Relation, measure: Measure) -> Query:
    """One measure alone, to learn by a dry run whether it can be asked at all."""
    text = f"SELECT {_figure(measure)} FROM {_quoted(f'{project}.{relation.name}')}"
    return Query(text, repeat=text)


def _aggregates(pipeline: Pipeline, table: Table) -> Iterator[Measure]:
    """Measures of the marts over a table, each once."""
    named: set[str] = set()
    for mart in pipeline.marts:
        for measure in mart.measures if mart.table == table.name else ():
            if measure.name not in named:
                named.add(measure.name)
                yield measure


def _part(
    project: str, relation: Relation, columns: Mapping[str, str], first: str, width: int
) -> str:
    column = _quoted(relation.day)
    kind = columns.get(relation.day, "TIMESTAMP")
    day = _day(column, kind)
    live = f"NOT {_quoted(DELETED)}" if relation.raw and DELETED in columns else ""
    synced = f"MAX({_quoted(SYNCED)})" if relation.raw and SYNCED in columns else _NOTHING
    counted = f"COUNTIF({live})" if live else "COUNT(*)"
    n = f"IFNULL(SUM({_quoted(relation.count)}), 0)" if relation.count else counted
    newest = f"MAX(IF({live}, {column}, NULL))" if live else f"MAX({column})"
    latest = newest if kind == "TIMESTAMP" else f"CAST({newest} AS TIMESTAMP)"
    figures = [_figure(measure) for measure in relation.measures]
    figures += ["NULL"] * (width - len(figures))
    # the day as a joined value: an expression with a parameter cannot be grouped by everywhere
    return (
        f"SELECT {_literal(relation.key)} AS series, {DAY} AS day, {n} AS n, COUNT(*) AS n_rows,\n"
        f"  {synced} AS changed, {latest} AS latest"
        + "".join(f",\n  {figure} AS m{place}" for place, figure in enumerate(figures))
        + f"\nFROM {_quoted(f'{project}.{relation.name}')},\n"
        f"  UNNEST([IF({day} >= {first}, {day}, NULL)]) AS {DAY}\n"
        f"GROUP BY {DAY}"
    )


def _figure(measure: Measure) -> str:
    return f"CAST(({measure.sql}) AS FLOAT64)"


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
