"""Google's client with every call bounded: its own defaults wait ten minutes and longer."""

import time
import warnings
from collections.abc import Sequence
from typing import Any

from altui.config import BigQuerySettings
from altui.core.queries.query import Query
from altui.services.addresses import is_loopback
from altui.services.bigquery_errors import NO_SUCH_SHAPE
from altui.services.bodies import bound
from altui.services.errors import misconfigured
from altui.services.lean import lean_imports

SCOPES = ("https://www.googleapis.com/auth/bigquery",)
ACCOUNT = "the account for BigQuery"


class Calls:
    """The calls of one reading, which share `seconds` between them."""

    def __init__(self, client: Any, seconds: float) -> None:
        self._client = client
        self._until = time.monotonic() + seconds

    def table(self, name: str) -> Any:
        """tables.get: free. Raises NotFound."""
        left = self._left()
        return self._client.get_table(name, retry=_retry(left), timeout=left)

    def datasets(self, most: int) -> list[str]:
        """datasets.list: free."""
        left = self._left()
        listed = self._client.list_datasets(max_results=most, retry=_retry(left), timeout=left)
        return [one.dataset_id for one in listed]

    def tables_of(self, dataset: str, most: int) -> list[str]:
        """tables.list: free."""
        left = self._left()
        listed = self._client.list_tables(
            f"{self._client.project}.{dataset}",
            max_results=most,
            retry=_retry(left),
            timeout=left,
        )
        return [one.table_id for one in listed]

    def dataset(self, name: str) -> Any:
        """datasets.get: free. Raises NotFound."""
        left = self._left()
        return self._client.get_dataset(name, retry=_retry(left), timeout=left)

    def permitted(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        """Which of the permissions this account has on a table: free. None where there is none."""
        left = self._left()
        answer = self._client.test_iam_permissions(
            name, permissions, retry=_retry(left), timeout=left
        )
        return frozenset(answer.get("permissions") or ())

    def estimate(self, query: Query) -> int:
        """Bytes that the query will process, by a dry run: free.

        Raises ValueError where it would do anything but read: its text holds expressions of the
        configuration.
        """
        job = self._run(query, dry_run=True)
        if job.statement_type not in (None, "SELECT"):
            raise ValueError(f"a query that only reads was refused: it is {job.statement_type}")
        if job.total_bytes_processed is None:
            raise KeyError("totalBytesProcessed")  # whatever answered, it has estimated nothing
        return int(job.total_bytes_processed)

    def begin(self, query: Query, most_bytes: int, purpose: str = "counts") -> Any:
        """The query's job, which runs from now on and bills, whether or not anybody waits for it.

        BigQuery refuses the query when it would bill more than `most_bytes`, and ends it by
        itself when the deadline has passed.
        """
        return self._run(
            query,
            maximum_bytes_billed=most_bytes,
            job_timeout_ms=int(self._left() * 1000),
            labels={"altui": purpose},
        )

    def rows(self, job: Any) -> tuple[Sequence[Any], int | None]:
        """A job's rows, and the bytes billed: None when the answer came from the cache."""
        left = self._left()
        rows = list(job.result(retry=_retry(left), timeout=left, job_retry=None))
        return rows, None if job.cache_hit else int(job.total_bytes_billed or 0)

    def _run(self, query: Query, **options: Any) -> Any:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        left = self._left()
        parameters = [
            ScalarQueryParameter(name, "DATE", value) for name, value in query.params.items()
        ]
        config = QueryJobConfig(query_parameters=parameters, **options)
        return self._client.query(
            query.text, job_config=config, retry=_retry(left), timeout=left, job_retry=None
        )

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time left for another call")
        return left


def connect(settings: BigQuerySettings) -> Any:
    """A client for the project: the emulator's, the key file's, or the environment's account.

    Asks nothing of BigQuery. Raises ServiceError where there is no account to ask as.
    """
    with lean_imports():
        from google.cloud import bigquery

    options: dict[str, Any] = {}
    if settings.emulator_host:
        from google.auth.credentials import AnonymousCredentials

        credentials: Any = AnonymousCredentials()
        options["api_endpoint"] = settings.emulator_host
    else:
        credentials = _account(settings.credentials)
    client: Any = bigquery.Client(
        project=settings.project, credentials=credentials, client_options=options or None
    )
    if settings.emulator_host and is_loopback(settings.emulator_host):
        # a proxy from the environment cannot reach this machine's own ports
        client._http.trust_env = False
    bound(client._http)
    return client


def _account(path: str) -> Any:
    from google.auth import exceptions as auth

    try:
        return _credentials(path)
    except (auth.DefaultCredentialsError, OSError, *NO_SUCH_SHAPE) as error:
        # without the cause: it may hold the file
        raise misconfigured(f"GOOGLE_APPLICATION_CREDENTIALS: {_wrong(error)}", ACCOUNT) from None


def _wrong(error: Exception) -> str:
    """What is wrong with it; the words of what decodes a file may quote the key, and are left."""
    from google.auth.exceptions import DefaultCredentialsError

    if isinstance(error, OSError):
        return f"the key file cannot be read: {error.strerror}"
    if isinstance(error, DefaultCredentialsError):
        return f"no credentials: {error.args[0]}"
    return "the file is no key: JSON as Google Cloud gives it for a service account"


def _credentials(path: str) -> Any:
    """The key file's account, of whatever type; without a file the environment's."""
    import google.auth

    load: Any = google.auth
    if not path:
        return load.default(scopes=SCOPES)[0]
    with warnings.catch_warnings():
        # it warns of files from strangers; this one is the user's own, of any type
        warnings.simplefilter("ignore", DeprecationWarning)
        return load.load_credentials_from_file(path, scopes=SCOPES)[0]


def _retry(seconds: float) -> Any:
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(min(seconds, 5.0))
