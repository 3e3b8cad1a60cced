"""What there is to choose from, asked while altui is being set up."""

import time
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import quote

from msgspec import Struct

from altui.core.queries.query import Query
from altui.services.bigquery import BigQueryReader
from altui.services.bigquery_client import Calls
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.errors import deadline
from altui.services.fivetran import VERSION_2, FivetranReader
from altui.services.github import GitHubReader
from altui.services.http import Answer, decoded
from altui.services.kibana import KibanaReader
from altui.services.postgres import PostgresReader
from altui.services.text import clean

MOST = 500
"""Things of one kind that are listed."""
MOST_DATASETS = 40
"""Datasets whose tables are listed."""


class Choice(Struct, frozen=True):
    """One thing that can be chosen."""

    id: str
    words: str = ""
    """What else a person knows it by."""


class SourceTable(Struct, frozen=True):
    """A table of PostgreSQL."""

    name: str
    """Schema and table."""
    columns: frozenset[str]
    times: tuple[str, ...]
    """Columns that hold dates or timestamps, in the table's order."""


class Dataset(Struct, frozen=True):
    name: str
    tables: frozenset[str]


class PostgresDiscovery(PostgresReader):
    async def source_tables(self) -> tuple[SourceTable, ...]:
        """Tables and views this account may read. Raises ServiceError."""
        text = (
            "SELECT table_schema, table_name, column_name, data_type\n"
            "FROM information_schema.columns\n"
            "WHERE table_schema NOT IN ('information_schema', 'pg_catalog')\n"
            "ORDER BY table_schema, table_name, ordinal_position LIMIT 20000"
        )
        async with self._session() as session:
            rows = await session.rows(Query(text))
        columns: dict[str, list[tuple[str, str]]] = {}
        for schema, table, column, kind in rows:
            columns.setdefault(f"{schema}.{table}", []).append((column, kind))
        return tuple(
            SourceTable(
                name=name,
                columns=frozenset(column for column, _ in own),
                times=tuple(column for column, kind in own if kind.startswith(("time", "date"))),
            )
            for name, own in columns.items()
        )


class FivetranDiscovery(FivetranReader):
    async def connections(self) -> tuple[Choice, ...]:
        """The connections the key can see. Raises ServiceError."""
        async with deadline(self._seconds, "fivetran connections"):
            answer = await self._http.get("/v1/connections", {"limit": MOST}, VERSION_2)
        return tuple(
            Choice(
                clean(one.id, 100), clean(f"{one.service or ''} into {one.schema or 'no schema'}")
            )
            for one in decoded(answer, _Connections).data.items
        )


class BigQueryDiscovery(BigQueryReader):
    async def datasets(self, first: Sequence[str]) -> tuple[Dataset, ...]:
        """The project's datasets with their tables, those in `first` before the others.

        Of a large project only as many as time allows. Raises ServiceError.
        """
        return await self._ask(
            "datasets.list",
            self._seconds,
            lambda calls: _datasets(calls, first, time.monotonic() + 0.6 * self._seconds),
        )


class GitHubDiscovery(GitHubReader):
    async def workflows(self) -> tuple[Choice, ...]:
        """The repository's workflows by file name. Raises ServiceError."""
        owner, _, name = self._settings.repository.partition("/")
        path = f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/actions/workflows"
        async with deadline(self._seconds, "github workflows"):
            answer = await self._http.get(path, {"per_page": 100})
        return tuple(
            Choice(clean(one.path.rpartition("/")[2], 200), clean(one.name, 100))
            for one in decoded(answer, _Workflows).workflows
        )


class ElasticsearchDiscovery(ElasticsearchReader):
    async def names(self) -> tuple[str, ...]:
        """Indices this account can see, hidden ones left out. Raises ServiceError."""
        rows = await self._ask(
            "GET /_cat/indices",
            lambda client: cast(
                list[dict[str, Any]], client.cat.indices(format="json", h="index").body
            ),
        )
        found = (clean(row.get("index"), 255) for row in rows)
        return tuple(sorted(name for name in found if name and not name.startswith(".")))


class KibanaDiscovery(KibanaReader):
    async def dashboards(self) -> tuple[Choice, ...]:
        """The space's dashboards. Raises ServiceError."""
        wanted = {"type": ["dashboard"], "excludeExportDetails": True}
        path = f"{self._space}/api/saved_objects/_export"
        async with deadline(self._seconds, "kibana dashboards"):
            # 400 when there is none to export
            answer = await self._http.ask("POST", path, json=wanted, answers=frozenset({400}))
        if answer.status == 400:
            return ()
        lines = (line for line in answer.body.splitlines() if line.strip())
        found = [decoded(Answer(answer.status, {}, line, answer.where), _Saved) for line in lines]
        return tuple(Choice(clean(one.id, 200), clean(one.attributes.title, 120)) for one in found)


class _Connection(Struct):
    id: str
    service: str | None = None
    schema: str | None = None


class _Connections(Struct):
    class Data(Struct):
        items: list[_Connection]

    data: Data


class _Workflow(Struct):
    path: str
    name: str | None = None


class _Workflows(Struct):
    workflows: list[_Workflow]


class _Saved(Struct):
    class Attributes(Struct):
        title: str | None = None

    id: str
    attributes: Attributes


def _datasets(calls: Calls, first: Sequence[str], until: float) -> tuple[Dataset, ...]:
    names = [clean(name, 1024) for name in calls.datasets(MOST)]
    names.sort(key=lambda name: (name not in first, name))
    found: list[Dataset] = []
    for name in names[:MOST_DATASETS]:
        if time.monotonic() > until:
            break  # what was seen so far is enough to choose from
        tables = calls.tables_of(name, MOST)
        found.append(Dataset(name, frozenset(clean(table, 1024) for table in tables)))
    return tuple(found)
