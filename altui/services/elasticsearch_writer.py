"""Writing to Elasticsearch: documents by id, with the result of every one."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgspec

from altui.config import ElasticsearchSettings
from altui.services.elasticsearch import translated
from altui.services.elasticsearch_client import connect
from altui.services.errors import off
from altui.services.permit import Permit, require
from altui.services.text import clean, spoken

BUSY = "es_rejected_execution_exception"
"""The server's queue is full: the same document may be accepted a moment later."""


class Document(NamedTuple):
    id: str
    body: bytes
    """The source as JSON on one line."""


class Refused(NamedTuple):
    """A document that was not indexed, in the server's words."""

    id: str
    kind: str
    """Such as `document_parsing_exception`."""
    words: str


class ElasticsearchWriter:
    """Blocking; the vendor's library is loaded when it is built."""

    def __init__(
        self, permit: Permit, settings: ElasticsearchSettings, seconds: float = 30.0
    ) -> None:
        """`seconds` bounds one request. Raises PermitError, and ServiceError for a bad ES_URL."""
        require(permit)
        if not settings.url:
            raise off("ES_URL not set: name the server that holds the indices", "elasticsearch")
        self._url = settings.url.reveal()
        with translated("elasticsearch", self._url):
            self._client = connect(self._url, seconds, max_retries=0)

    def index(self, index: str, documents: Sequence[Document]) -> list[Refused]:
        """Index the documents, replacing those with the same id; the ones that were refused.

        Each document's own result is read. Repeating is safe, so a request without an answer and
        documents a busy server turned away are tried again a few times, with jitter. Raises
        ServiceError when a request got no answer or was refused as a whole.
        """
        pending, refused, busy = list(documents), list[Refused](), list[Refused]()
        with translated(f"POST /{index}/_bulk", self._url), suppress(_BusyError):
            for attempt in _attempts():
                with attempt:
                    results = [_result(item) for item in self._bulk(index, pending)]
                    refused += [result for result in results if result and result.kind != BUSY]
                    pending, busy = _still_busy(pending, results)
                    if pending:
                        raise _BusyError
        return refused + busy

    def check(self) -> None:
        """Raises ServiceError when nobody answers or the credentials are wrong."""
        with translated("GET /_cluster/health", self._url):
            from elasticsearch import AuthorizationException

            # an account that may write need not be allowed to ask for this
            with suppress(AuthorizationException):
                for attempt in _attempts():
                    with attempt:
                        self._client.cluster.health()  # some distributions refuse GET /

    def refresh(self, indices: Sequence[str]) -> None:
        """Make what was indexed visible to searches. Raises ServiceError."""
        if indices:
            with translated("POST /_refresh", self._url):
                for attempt in _attempts():
                    with attempt:
                        self._client.indices.refresh(index=list(indices))

    def close(self) -> None:
        self._client.close()

    def _bulk(self, index: str, documents: Sequence[Document]) -> list[dict[str, Any]]:
        lines: list[bytes] = []
        for document in documents:
            lines += (msgspec.json.encode({"index": {"_id": document.id}}), document.body)
        answer = self._client.bulk(index=index, operations=cast(Any, lines))
        items = cast(list[dict[str, Any]], answer["items"])
        if len(items) != len(documents):
            raise KeyError(f"{len(items)} results for {len(documents)} documents")
        return [item["index"] for item in items]


class _BusyError(Exception):
    """The server was too busy to take some documents; they may be sent again."""


def _attempts() -> Any:
    import stamina
    from elastic_transport import ConnectionError, ConnectionTimeout
    from elasticsearch import ApiError
    from stamina import instrumentation

    # its default hooks write to stdout or stderr, which belong to the caller
    instrumentation.set_on_retry_hooks([])

    def passes(error: Exception) -> bool:
        if isinstance(error, ApiError):
            return error.status_code in {429, 502, 503, 504}
        return isinstance(error, (_BusyError, ConnectionError, ConnectionTimeout))

    return stamina.retry_context(
        on=passes, attempts=4, timeout=45, wait_initial=0.1, wait_max=5, wait_jitter=0.5
    )


def _result(item: dict[str, Any]) -> Refused | None:
    """What was said against the document; None when it was indexed."""
    if "error" not in item:
        return None
    said: Any = item["error"]
    if not isinstance(said, dict):
        return Refused(clean(item.get("_id")), f"status {item.get('status')}", spoken(said))
    error = cast(dict[str, Any], said)
    cause = cast(dict[str, Any], error.get("caused_by") or {})
    words = f"{error.get('reason', '')}"
    if cause.get("reason"):
        words = f"{words}: {cause['reason']}"
    return Refused(clean(item.get("_id")), clean(error.get("type"), 80), spoken(words))


def _still_busy(
    documents: Sequence[Document], results: Sequence[Refused | None]
) -> tuple[list[Document], list[Refused]]:
    """The documents worth another try, and what was said about them."""
    busy = [
        (document, result)
        for document, result in zip(documents, results, strict=True)
        if result and result.kind == BUSY
    ]
    return [document for document, _ in busy], [result for _, result in busy]
