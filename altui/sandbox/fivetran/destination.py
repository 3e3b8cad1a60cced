"""Writing BigQuery for a sync, with Google's client: load jobs, MERGE, new columns.

Rows travel as one load job of JSON lines: 60,000 rows in about a second on the emulator, where rows
by INSERT take minutes. The upload is always the resumable one, because the emulator refuses the
content type that Google's client gives a multipart upload.
"""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from typing import IO, ParamSpec, TypeVar

import requests.exceptions
from google.api_core.exceptions import Conflict, GoogleAPIError, NotFound, RetryError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from altui.sandbox.fivetran.copier import CopyError
from altui.sandbox.fivetran.state import CHANGED, DELETED, SYNCED, SYSTEM, Column

CALL_SECONDS = 30.0
"""One request about metadata. The emulator serves one request at a time: others may be in front."""
JOB_SECONDS = 120.0
RETRY = DEFAULT_RETRY.with_timeout(20.0)
PROBLEMS = (GoogleAPIError, GoogleAuthError, FutureTimeout, requests.exceptions.RequestException)

_ADDRESS = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) https?://\S+: ")

P = ParamSpec("P")
T = TypeVar("T")


def _told(call: Callable[P, T]) -> Callable[P, T]:
    """Whatever Google's client raises becomes a CopyError."""

    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except PROBLEMS as problem:
            raise CopyError("destination", words_of(problem)) from problem

    return guarded


def words_of(problem: Exception) -> str:
    """What BigQuery said, in one line, without the client's own trimmings."""
    if isinstance(problem, FutureTimeout):
        return f"Read timed out: the job has not finished within {JOB_SECONDS:g} s"
    retried = isinstance(problem, RetryError)  # its message leaves the last failure out
    said = str(problem) if retried else getattr(problem, "message", None) or str(problem)
    said = said.split("\n\nLocation:")[0]
    return " ".join(_ADDRESS.sub("", said).split())


class Destination:
    def __init__(self, url: str, project: str) -> None:
        self._project = project
        self._client = bigquery.Client(
            project,
            credentials=AnonymousCredentials(),  # pyright: ignore[reportNoUntypedCall]
            client_options={"api_endpoint": url},
        )

    def close(self) -> None:
        self._client.close()

    @_told
    def reach(self) -> None:
        """Ask the project for its datasets."""
        list(self._client.list_datasets(max_results=1, retry=RETRY, timeout=CALL_SECONDS))

    @_told
    def ensure_dataset(self, dataset: str) -> bool:
        """Make the dataset; False when it is there already."""
        name = bigquery.DatasetReference(self._project, dataset)
        try:
            self._client.get_dataset(name, retry=RETRY, timeout=CALL_SECONDS)
        except NotFound:
            try:
                self._client.create_dataset(name, retry=RETRY, timeout=CALL_SECONDS)
            except Conflict:
                return False
            return True
        return False

    @_told
    def columns(self, dataset: str, table: str) -> dict[str, str] | None:
        """The table's columns and types; None when there is no such table."""
        try:
            found = self._client.get_table(
                f"{self._project}.{dataset}.{table}", retry=RETRY, timeout=CALL_SECONDS
            )
        except NotFound:
            return None
        return {field.name: _standard(field.field_type) for field in _fields(found)}

    @_told
    def drop(self, dataset: str, table: str) -> None:
        self._client.delete_table(
            f"{self._project}.{dataset}.{table}",
            retry=RETRY,
            timeout=CALL_SECONDS,
            not_found_ok=True,
        )

    @_told
    def create(self, dataset: str, table: str, columns: Sequence[Column]) -> None:
        self._client.create_table(
            bigquery.Table(f"{self._project}.{dataset}.{table}", schema=_schema(columns)),
            exists_ok=True,
            retry=RETRY,
            timeout=CALL_SECONDS,
        )

    @_told
    def add(self, dataset: str, table: str, columns: Sequence[Column]) -> None:
        """Add columns, null in the rows that are there."""
        name = f"{self._project}.{dataset}.{table}"
        added = ", ".join(f"ADD COLUMN IF NOT EXISTS `{c.name}` {c.type}" for c in columns)
        self._run(f"ALTER TABLE `{name}` {added}")
        # The emulator's tables.get does not know what DDL has added; BigQuery's does.
        found = self._client.get_table(name, retry=RETRY, timeout=CALL_SECONDS)
        fields = _fields(found)
        known = {field.name for field in fields}
        missing = [column for column in columns if column.name not in known]
        if missing:
            found.schema = [*fields, *_schema(missing)]
            self._client.update_table(found, ["schema"], retry=RETRY, timeout=CALL_SECONDS)

    @_told
    def load(self, dataset: str, table: str, columns: Sequence[Column], rows: IO[bytes]) -> None:
        """Append JSON lines to the table, which is made when absent."""
        if not rows.seek(0, os.SEEK_END):
            self.create(dataset, table, columns)  # an upload of nothing is refused
            return
        job = self._client.load_table_from_file(
            rows,
            f"{self._project}.{dataset}.{table}",
            rewind=True,
            num_retries=0,  # an upload that was cut may have been loaded
            timeout=JOB_SECONDS,
            job_config=bigquery.LoadJobConfig(
                schema=_schema(columns),
                source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
                write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            ),
        )
        job.result(retry=RETRY, timeout=JOB_SECONDS)

    @_told
    def merge(
        self,
        dataset: str,
        table: str,
        *,
        staging: str,
        columns: Sequence[Column],
        gone: Sequence[str],
        synced: str,
    ) -> int:
        """Merge staged rows; returns the rows written.

        `staging` is dataset.table; `gone` names columns that the source has no longer, null from
        now on in rows that change; keys that were not staged are marked deleted.
        """
        written = [column.name for column in (*columns, *SYSTEM)]
        on = " AND ".join(f"t.`{c.name}` = s.`{c.name}`" for c in columns if c.key)
        sets = [f"`{name}` = s.`{name}`" for name in written] + [f"`{n}` = NULL" for n in gone]
        names = ", ".join(f"`{name}`" for name in written)
        values = ", ".join(f"s.`{name}`" for name in written)
        return self._run(
            f"MERGE `{self._project}.{dataset}.{table}` AS t"
            f" USING `{self._project}.{staging}` AS s ON {on}"
            f" WHEN MATCHED AND s.{CHANGED} THEN UPDATE SET {', '.join(sets)}"
            f" WHEN NOT MATCHED BY TARGET AND s.{CHANGED} THEN INSERT ({names}) VALUES ({values})"
            f" WHEN NOT MATCHED BY SOURCE AND NOT t.{DELETED} THEN"
            f" UPDATE SET {DELETED} = TRUE, {SYNCED} = TIMESTAMP '{synced}'"
        )

    def _run(self, statement: str) -> int:
        job = self._client.query(statement, retry=RETRY, job_retry=None, timeout=CALL_SECONDS)
        job.result(retry=RETRY, job_retry=None, timeout=JOB_SECONDS)
        return job.num_dml_affected_rows or 0


def _schema(columns: Sequence[Column]) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(column.name, column.type) for column in columns]


def _fields(table: bigquery.Table) -> list[bigquery.SchemaField]:
    return list(table.schema)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _standard(kind: str) -> str:
    """Metadata answers with the legacy names of some types."""
    return {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(kind, kind)
