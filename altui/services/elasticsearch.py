"""Reading Elasticsearch: the cluster, the pipeline's indices, and what is in them."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar

from altui.config import ElasticsearchSettings, public_url
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Allocation, Cluster, Counts, Sample, Storage
from altui.services.elasticsearch_allocation import read_allocation
from altui.services.elasticsearch_client import connect
from altui.services.elasticsearch_cluster import (
    blocks,
    read_cluster,
    read_storage,
    reason,
    words_of,
)
from altui.services.elasticsearch_counts import read_counts
from altui.services.elasticsearch_sample import read_sample
from altui.services.errors import ServiceError, deadline, off, rest_of, trouble_of_status
from altui.services.headers import retry_after
from altui.services.lean import lean_imports
from altui.services.threads import Threads

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")
NO_SUCH_SHAPE = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What is raised over an answer that has another shape than expected."""


class ElasticsearchReader:
    def __init__(
        self, settings: ElasticsearchSettings, pipeline: Pipeline, seconds: float = 8.0
    ) -> None:
        """`seconds` bounds one reading with all its questions."""
        self._settings = settings
        self._pipeline = pipeline
        self._seconds = seconds
        self._client: Elasticsearch | None = None
        self._threads = Threads()

    async def cluster(self) -> Cluster:
        """Health, indices with blocks and mappings, template. Raises ServiceError."""
        return await self._ask("elasticsearch cluster", self._read_cluster)

    async def storage(self) -> Storage:
        """Disks against the watermarks in force. Raises ServiceError."""
        return await self._ask("GET /_nodes/stats/fs", read_storage)

    async def counts(self, start: date) -> Counts:
        """Exact documents per mart and UTC day from `start` on. Raises ServiceError."""
        marts, prefix = self._pipeline.marts, self._settings.index_prefix
        return await self._ask(
            "POST /_msearch", lambda client: read_counts(client, marts, prefix, start, words_of)
        )

    async def allocation(self, index: str) -> Allocation:
        """Why a shard of the index is unassigned; `*`: any shard. Raises ServiceError."""
        where = f"GET /_cluster/allocation/explain, {index}"
        return await self._ask(where, lambda client: read_allocation(client, index, where))

    async def sample(self, index: str) -> Sample:
        """The newest document of a mart's index, named without prefix. Raises ServiceError."""
        prefix = self._settings.index_prefix
        where = f"POST /{prefix}_{index}/_search"
        mart = next((one for one in self._pipeline.marts if one.index == index), None)
        if mart is None:
            raise ServiceError(Trouble.missing, "no mart has an index of that name", where)
        return await self._ask(where, lambda client: read_sample(client, mart, prefix, where))

    async def _ask(self, where: str, read: "Callable[[Elasticsearch], T]") -> T:
        if not self._settings.url:
            raise off("no ES_URL: indices are not read", where)

        def work() -> T:
            with translated(where, self._settings.url.reveal()):
                return read(self._connected())

        async with deadline(self._seconds, where):
            return await self._threads.run(where, work)

    def _connected(self) -> "Elasticsearch":
        if self._client is None:
            self._client = connect(
                self._settings.url.reveal(),
                self._seconds,
                max_retries=1,
                retry_on_timeout=False,
                retry_on_status=(),
            )
        return self._client

    def _read_cluster(self, client: "Elasticsearch") -> Cluster:
        return read_cluster(client, self._settings.index_prefix, self._pipeline)


@contextmanager
def translated(where: str, url: str) -> Generator[None]:
    """The client's exceptions as ServiceErrors."""
    with lean_imports():
        from elastic_transport import SerializationError, TransportError
        from elasticsearch import ApiError, UnsupportedProductError

    try:
        yield
    except UnsupportedProductError as error:
        words = "this is not Elasticsearch: the answer lacks the header X-Elastic-Product"
        raise ServiceError(Trouble.nonsense, words, where) from error
    except ApiError as error:
        words = f"{error.status_code} {reason(error)}"
        rest = rest_of(error.status_code, retry_after(error.meta.headers, datetime.now(UTC)))
        # a block answers 403 too, and has nothing to do with who asks
        trouble = Trouble.refused if blocks(error) else trouble_of_status(error.status_code)
        raise ServiceError(trouble, words, where, rest) from error
    except SerializationError as error:
        words = f"the answer cannot be understood: {error.message}"
        raise ServiceError(Trouble.nonsense, words, where) from error
    except TransportError as error:
        words = f"{_plain(error.message)} ({public_url(url)})"
        raise ServiceError(Trouble.unreachable, words, where) from error
    except NO_SUCH_SHAPE as error:
        words = f"the answer has another shape than expected: {type(error).__name__} {error}"
        raise ServiceError(Trouble.nonsense, words, where) from error


def _plain(message: str) -> str:
    """`Connection refused` out of `HTTPConnection(...): Failed ...: [Errno 111] Connection ...`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", message.rsplit(": ", 1)[-1]) or message
