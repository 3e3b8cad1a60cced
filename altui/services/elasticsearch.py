"""Reading Elasticsearch: the cluster, the pipeline's indices, and what is in them."""

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

from altui.config import ElasticsearchSettings, public_url
from altui.core.model.days import day_of
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Pipeline
from altui.core.model.reading import Allocation, Cluster, Counts, Series, Storage
from altui.core.queries import elasticsearch as queries
from altui.services.elasticsearch_allocation import read_allocation
from altui.services.elasticsearch_cluster import (
    EPOCH,
    blocks,
    read_cluster,
    read_storage,
    reason,
    whole,
    words_of,
)
from altui.services.errors import ServiceError, deadline, off, rest_of, trouble_of_status
from altui.services.http import retry_after
from altui.services.lean import lean_imports
from altui.services.threads import Threads

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")


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
        return await self._ask("POST /_msearch", lambda client: self._read_counts(client, start))

    async def allocation(self, index: str) -> Allocation:
        """Why a shard of the index is unassigned; `*`: any shard. Raises ServiceError."""
        where = f"GET /_cluster/allocation/explain, {index}"
        return await self._ask(where, lambda client: read_allocation(client, index, where))

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
            from elasticsearch import Elasticsearch

            self._client = Elasticsearch(
                with_port(self._settings.url.reveal()),
                request_timeout=self._seconds,
                max_retries=1,
                retry_on_timeout=False,
                retry_on_status=(),
            )
        return self._client

    def _read_cluster(self, client: "Elasticsearch") -> Cluster:
        return read_cluster(client, self._settings.index_prefix, self._pipeline)

    def _read_counts(self, client: "Elasticsearch", start: date) -> Counts:
        marts = self._pipeline.marts
        query = queries.counts(marts, self._settings.index_prefix, start)
        searches = [json.loads(line) for line in query.text.splitlines()]
        answers = cast(list[dict[str, Any]], client.msearch(searches=searches)["responses"])
        series: dict[str, Series] = {}
        missing: dict[str, str] = {}
        for mart, answer in zip(marts, answers, strict=True):
            key = f"index.{mart.name}"
            where = f"POST /_msearch, {self._settings.index_prefix}_{mart.index}"
            if words := _not_found(answer, where):
                missing[key] = words
            else:
                series[key] = _series(mart, answer, where)
        return Counts(start, series, query.repeat, missing=missing)


def with_port(url: str) -> str:
    """The URL with the port that its scheme stands for: Elasticsearch's client wants one named."""
    parts = urlsplit(url)
    if parts.port is not None or parts.scheme not in {"http", "https"}:
        return url
    port = 443 if parts.scheme == "https" else 80
    return urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))


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
    except (KeyError, TypeError, AttributeError) as error:
        words = f"the answer has another shape than expected: {type(error).__name__} {error}"
        raise ServiceError(Trouble.nonsense, words, where) from error
    except ValueError as error:
        # the client refuses the URL; its words may repeat it with the password
        words = "ES_URL is not a URL with scheme and host"
        raise ServiceError(Trouble.off, words, where) from error


def _plain(message: str) -> str:
    """`Connection refused` out of `HTTPConnection(...): Failed ...: [Errno 111] Connection ...`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", message.rsplit(": ", 1)[-1]) or message


def _not_found(answer: Mapping[str, Any], where: str) -> str:
    """Elasticsearch's words when the index does not exist; raises on any other error."""
    if "error" not in answer:
        return ""
    status = whole(answer.get("status")) or 500
    words = words_of(answer["error"])
    if status == 404:
        return words
    raise ServiceError(trouble_of_status(status), f"{status} {words}", where)


def _series(mart: Mart, answer: Mapping[str, Any], where: str) -> Series:
    shards = answer["_shards"]
    if answer.get("timed_out") or shards.get("failed"):
        # HTTP 200 with a part of the documents: not a count
        words = f"{shards.get('failed', 0)} of {shards.get('total')} shards failed"
        raise ServiceError(Trouble.refused, words, where)
    buckets = cast(Sequence[dict[str, Any]], answer["aggregations"]["window"]["days"]["buckets"])
    return Series(
        rows=int(answer["hits"]["total"]["value"]),
        latest=_newest(mart, answer["hits"]["hits"]),
        by_day={
            day_of(_moment(bucket["key"]) or EPOCH): (
                int(bucket["n"]["value"]) if mart.count else int(bucket["doc_count"])
            )
            for bucket in buckets
        },
    )


def _newest(mart: Mart, hits: Sequence[dict[str, Any]]) -> datetime | None:
    """Day of the first document, which is the newest; None without documents or without days."""
    values = hits[0].get("fields", {}).get(mart.day) if hits else None
    return _moment(float(values[0])) if values else None


def _moment(millis: float | None) -> datetime | None:
    # not fromtimestamp: it depends on the platform before 1970
    return None if millis is None else EPOCH + timedelta(milliseconds=millis)
