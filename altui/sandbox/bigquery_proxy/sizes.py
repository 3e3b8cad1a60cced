"""Rows and logical bytes of tables, measured on the engine and kept until the next write.

Bytes follow BigQuery's price list: INT64, FLOAT64, DATE, DATETIME, TIME and TIMESTAMP 8, BOOL 1,
NUMERIC and INTERVAL 16, BIGNUMERIC 32, STRING 2 + its UTF-8 bytes, BYTES 2 + its length, NULL 0, an
array the sum of its elements. STRUCT, JSON and GEOGRAPHY are taken as the length of their JSON
text. A query's bytes are those of the columns whose names occur in it; neither partitions nor a
view's unused columns are pruned, so an estimate is an upper bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from altui.sandbox.bigquery_proxy.engine import API, Engine, Json
from altui.sandbox.bigquery_proxy.statements import Statement, TableName, understand

MEGABYTE = 1024 * 1024
FLOOR = 10 * MEGABYTE
"""The least that BigQuery bills for a table a query reads, and for INFORMATION_SCHEMA."""

_FIXED = {
    "INTEGER": 8, "INT64": 8, "FLOAT": 8, "FLOAT64": 8, "BOOLEAN": 1, "BOOL": 1,
    "DATE": 8, "DATETIME": 8, "TIME": 8, "TIMESTAMP": 8,
    "NUMERIC": 16, "INTERVAL": 16, "BIGNUMERIC": 32,
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """A table as measured; a view has its text instead of columns."""

    rows: int = 0
    columns: Mapping[str, int] = field(default_factory=dict[str, int])
    """Logical bytes by column, names in lower case."""
    view: str | None = None

    @property
    def bytes(self) -> int:
        return sum(self.columns.values())


@dataclass(frozen=True)
class Scan:
    """What a query reads."""

    tables: Mapping[TableName, int]
    catalog: bool = False

    @property
    def processed(self) -> int:
        return sum(self.tables.values()) + (FLOOR if self.catalog else 0)

    @property
    def billed(self) -> int:
        """Whole megabytes, at least ten for each table that is read."""
        whole = (-(-size // MEGABYTE) * MEGABYTE for size in self.tables.values() if size)
        return sum(max(FLOOR, size) for size in whole) + (FLOOR if self.catalog else 0)


class Sizes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[TableName, Size | None] = {}
        self._writes = 0

    def forget(self, name: TableName) -> None:
        self._writes += 1
        self._known.pop(name, None)

    def forget_dataset(self, project: str, dataset: str) -> None:
        self._writes += 1
        for name in [n for n in self._known if n[:2] == (project, dataset)]:
            del self._known[name]

    async def of(self, name: TableName) -> Size | None:
        """Rows and bytes; None when the engine has no such table."""
        if name in self._known:
            return self._known[name]
        before = self._writes
        size = await self._measured(name)
        if self._writes == before:  # else it may have been measured before that write
            self._known[name] = size
        return size

    async def scan(self, statement: Statement) -> Scan:
        """The bytes of each table the statement reads, through views."""
        tables: dict[TableName, int] = {}
        catalog = statement.catalog
        pending = [(name, statement) for name in statement.reads]
        seen: set[TableName] = set()
        while pending:
            name, reader = pending.pop()
            size = await self.of(name)
            if size is None or name in seen:
                continue
            if size.view is None:
                read = (
                    width
                    for column, width in size.columns.items()
                    if reader.star or column in reader.words
                )
                tables[name] = max(tables.get(name, 0), sum(read))
                continue
            seen.add(name)
            inner = understand(size.view, name.project, name.dataset)
            catalog = catalog or inner.catalog
            pending += [(source, inner) for source in inner.reads]
        return Scan(tables, catalog)

    async def _measured(self, name: TableName) -> Size | None:
        path = f"{API}/projects/{name.project}/datasets/{name.dataset}/tables/{name.table}"
        status, table = await self._engine.call("GET", path)
        if status != 200:
            return None
        if table.get("type") != "TABLE":
            return Size(view=await self._view(name))
        fields: list[Json] = table.get("schema", {}).get("fields", [])
        sums = ["COUNT(*)", *(_bytes_of(column) for column in fields)]
        row = await self._row(f"SELECT {', '.join(sums)} FROM {_quoted(name)}", name.project)
        if row is None:  # a type the engine cannot measure: the count alone
            row = await self._row(f"SELECT COUNT(*) FROM {_quoted(name)}", name.project) or ["0"]
            return Size(int(row[0]), {f["name"].lower(): 8 * int(row[0]) for f in fields})
        widths = (int(value or 0) for value in row[1:])
        return Size(
            int(row[0]), dict(zip((f["name"].lower() for f in fields), widths, strict=True))
        )

    async def _view(self, name: TableName) -> str:
        catalog = f"`{name.project}`.`{name.dataset}`.INFORMATION_SCHEMA.VIEWS"
        row = await self._row(
            f"SELECT view_definition FROM {catalog} WHERE table_name = '{name.table}'",
            name.project,
        )
        return str(row[0]) if row and row[0] else ""

    async def _row(self, sql: str, project: str) -> list[Any] | None:
        """First row of a query, which leaves no trace in the engine's list of jobs."""
        status, answer = await self._engine.call(
            "POST", f"{API}/projects/{project}/queries", {"query": sql, "useLegacySql": False}
        )
        job = answer.get("jobReference", {}).get("jobId")
        if job:
            await self._engine.call("DELETE", f"{API}/projects/{project}/jobs/{job}/delete")
        if status != 200 or answer.get("errors") or not answer.get("rows"):
            return None
        return [cell["v"] for cell in answer["rows"][0]["f"]]


def _quoted(name: TableName) -> str:
    return "`" + "`.`".join(name) + "`"


def _bytes_of(column: Json) -> str:
    """The expression that sums a column's logical bytes."""
    name, kind = f"`{column['name']}`", str(column["type"]).upper()
    fixed = _FIXED.get(kind)
    if column.get("mode") == "REPEATED":
        if fixed:
            return f"SUM({fixed} * ARRAY_LENGTH({name}))"
        if kind == "STRING":
            text = f"BYTE_LENGTH(ARRAY_TO_STRING({name}, ''))"
            return f"SUM(2 * ARRAY_LENGTH({name}) + {text})"
        return f"SUM(BYTE_LENGTH(TO_JSON_STRING({name})))"
    if fixed:
        return f"{fixed} * COUNT({name})"
    if kind == "STRING":
        return f"SUM(2 + BYTE_LENGTH(CAST({name} AS STRING)))"
    if kind == "BYTES":
        return f"SUM(2 + BYTE_LENGTH({name}))"
    return f"SUM(IF({name} IS NULL, 0, BYTE_LENGTH(TO_JSON_STRING({name}))))"
