"""Reading a mart's rows from BigQuery, page by page over REST."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from altui.config import BigQuerySettings
from altui.core.model.pipeline import Mart
from altui.core.queries import marts as queries
from altui.services.bigquery_client import Calls, connect
from altui.services.bigquery_errors import translated
from altui.services.errors import off

FLOOR = 10 * 1024**2
"""Bytes that BigQuery bills at least for a table."""


class MartRows:
    """Blocking; Google's library is loaded by the first call."""

    def __init__(self, settings: BigQuerySettings, seconds: float = 60.0) -> None:
        """`seconds` bounds the reading of one mart with all its pages."""
        self._settings = settings
        self._seconds = seconds
        self._client: Any = None

    def read(self, mart: Mart, start: date, end: date) -> Sequence[Mapping[str, Any]]:
        """Rows of the days from `start` to `end`, columns as Python values. Raises ServiceError.

        The query carries maximum_bytes_billed: twice its dry-run estimate, at least the floor.
        """
        where = f"{self._settings.marts}.{mart.name}"
        if not self._settings.project:
            raise off("BQ_PROJECT not set: name the Google Cloud project that holds it", where)
        query = queries.rows(self._settings.project, self._settings.marts, mart, start, end)
        with translated(where):
            self._client = self._client or connect(self._settings)
            calls = Calls(self._client, self._seconds)
            most = max(2 * calls.estimate(query), FLOOR)
            rows, _ = calls.rows(calls.begin(query, most, purpose="export"))
            return [dict(row.items()) for row in rows]
