"""Reading Elasticsearch: the cluster, the pipeline's indices, and what is in them."""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

from altui.config import ElasticsearchSettings, public_url
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Allocation, Cluster, Counts, Index
from altui.services.elasticsearch_counts import read_counts
from altui.services.errors import ServiceError, deadline, off, rest_of, trouble_of_status
from altui.services.http import retry_after
from altui.services.lean import lean_imports
from altui.services.text import clean
from altui.services.threads import Threads

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")

NOT_OFFERED = "not offered"
"""Word for what a server (serverless, look-alikes) does not have."""
ABSENT = {400, 404, 405, 410}
"""Serverless answers 410 api_not_available_exception, look-alikes 400 "no handler found"."""
ANY = "*"


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
        """Health, indices, blocks and template. Raises ServiceError."""
        return await self._ask("elasticsearch cluster", self._read_cluster)

    async def counts(self, start: date) -> Counts:
        """Exact documents per mart and UTC day from `start` on. Raises ServiceError."""
        marts, prefix = self._pipeline.marts, self._settings.index_prefix
        return await self._ask(
            "POST /_msearch", lambda client: read_counts(client, marts, prefix, start, _words_of)
        )

    async def allocation(self, index: str) -> Allocation:
        """Why a shard of the index is unassigned; `*`: any shard. Raises ServiceError."""
        where = f"GET /_cluster/allocation/explain, {index}"
        return await self._ask(where, lambda client: self._read_allocation(client, index, where))

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
        pattern = f"{self._settings.index_prefix}_*"
        health = _offered(lambda: client.cluster.health().body)
        listed = cast(
            list[dict[str, str | None]],
            client.cat.indices(
                index=pattern,
                format="json",
                bytes="b",
                h="health,status,index,docs.count,store.size",
            ).body,
        )
        settings = client.indices.get_settings(
            index=pattern,
            name="index.blocks.*",
            flat_settings=True,
            expand_wildcards="all",  # a closed index may be blocked too
        ).body
        template = client.indices.exists_index_template(name=self._pipeline.template)
        indices = (_index(row, settings) for row in listed)
        return Cluster(
            name=clean(health.get("cluster_name"), 100),
            status=clean(health.get("status"), 40) or NOT_OFFERED,
            nodes=_whole(health.get("number_of_nodes")),
            indices={index.name: index for index in indices},
            template=bool(template),
            unassigned=_whole(health.get("unassigned_shards")),
        )

    def _read_allocation(self, client: "Elasticsearch", index: str, where: str) -> Allocation:
        from elasticsearch import ApiError

        # without a body Elasticsearch explains the first unassigned shard it finds
        shard = {} if index == ANY else _unassigned(client, index)
        if shard is None:
            return Allocation(index, 0, True, "", "")
        # not the client's own method: it sends a POST, and looking is done by GET
        headers = {"accept": "application/json", "content-type": "application/json"}
        try:
            said = client.perform_request(
                "GET", "/_cluster/allocation/explain", headers=headers, body=shard or None
            ).body
        except ApiError as error:
            if error.status_code == 400 and "unassigned" in _reason(error):
                return Allocation(index, 0, True, "", "")  # healed meanwhile
            if error.status_code in ABSENT:
                raise off(f"{NOT_OFFERED} here: allocation explain", where) from error
            raise
        return _allocation(cast(dict[str, Any], said), index)


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
        words = f"{error.status_code} {_reason(error)}"
        rest = rest_of(error.status_code, retry_after(error.meta.headers, datetime.now(UTC)))
        raise ServiceError(trouble_of_status(error.status_code), words, where, rest) from error
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


def _reason(error: Any) -> str:
    """The server's own words; a HEAD or a proxy gives only text."""
    body = error.body
    cause: Any = cast(dict[str, Any], body).get("error") if isinstance(body, dict) else body
    return _words_of(cause or error.message)


def _words_of(cause: Any) -> str:
    """`type: reason` of the root cause: above it stands only that shards failed."""
    if not isinstance(cause, dict):
        return clean(cause)
    said = cast(dict[str, Any], cause)
    inner = cast(list[dict[str, Any]], said.get("root_cause") or [])
    roots = [*inner, said]
    kind = roots[0].get("type") or said.get("type") or "error"
    reason = next((root["reason"] for root in roots if root.get("reason")), "no reason given")
    return clean(f"{kind}: {reason}")


def _offered(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, empty where the server says that it has no such thing."""
    from elasticsearch import ApiError

    try:
        return ask()
    except ApiError as error:
        if error.status_code in ABSENT:
            return {}
        raise


def _unassigned(client: "Elasticsearch", index: str) -> dict[str, Any] | None:
    """An unassigned shard of the index, a primary before a replica; None when there is none."""
    listed = cast(
        list[dict[str, str | None]],
        client.cat.shards(index=index, format="json", h="index,shard,prirep,state").body,
    )
    loose = [row for row in listed if row.get("state") == "UNASSIGNED"]
    for row in sorted(loose, key=lambda row: row.get("prirep") != "p"):
        primary = row.get("prirep") == "p"
        return {"index": row["index"], "shard": _whole(row.get("shard")), "primary": primary}
    return None


def _allocation(said: Mapping[str, Any], index: str) -> Allocation:
    """Its explanation, with what the first deciders that say no say."""
    info = cast(dict[str, Any], said.get("unassigned_info") or {})
    nodes = cast(list[dict[str, Any]], said.get("node_allocation_decisions") or [])
    deciders = [decider for node in nodes for decider in node.get("deciders") or ()]
    refusals = dict.fromkeys(
        clean(decider.get("explanation"), 200)
        for decider in deciders
        if decider.get("decision") == "NO"
    )
    parts = [clean(info.get("details"), 200), *list(refusals)[:2]]
    explanation = clean(said.get("allocate_explanation") or said.get("can_allocate"), 200)
    return Allocation(
        index=clean(said.get("index") or index, 255),
        shard=_whole(said.get("shard")),
        primary=said.get("primary") is not False,
        reason=clean(info.get("reason"), 60),
        explanation=clean("; ".join(filter(None, [explanation, *parts]))),
    )


def _index(row: Mapping[str, str | None], settings: Mapping[str, Any]) -> Index:
    name = row.get("index") or ""
    own = cast(dict[str, Any], settings.get(name) or {})
    flags = cast(dict[str, Any], own.get("settings") or {})
    return Index(
        name=clean(name, 255),
        health=clean(row.get("health"), 20),
        status=clean(row.get("status"), 20),
        docs=_whole(row.get("docs.count")),
        bytes=_whole(row.get("store.size")),
        blocks=tuple(
            sorted(
                clean(flag.removeprefix("index.blocks."), 60)
                for flag, value in flags.items()
                if flag.startswith("index.blocks.") and str(value).lower() == "true"
            )
        ),
    )


def _whole(value: Any) -> int:
    """A number, or 0 for what is not there: `_cat` answers text or null."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
