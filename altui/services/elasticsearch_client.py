"""Elasticsearch's client, with answers that are read to a bound."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from altui.services.errors import misconfigured
from altui.services.lean import lean_imports

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


def connect(url: str, seconds: float, **options: Any) -> "Elasticsearch":
    """A client that has asked nothing yet; `seconds` bounds one request.

    Raises ServiceError for a URL that cannot be asked.
    """
    with lean_imports():
        from elasticsearch import Elasticsearch

        from altui.services.elasticsearch_node import BoundedNode
    try:
        return Elasticsearch(
            with_port(url), request_timeout=seconds, node_class=BoundedNode, **options
        )
    except ValueError:
        # the client's words may repeat the URL with the password
        words = "ES_URL is not a URL with scheme and host"
        raise misconfigured(words, "elasticsearch") from None


def with_port(url: str) -> str:
    """The URL with the port that its scheme stands for: Elasticsearch's client wants one named."""
    parts = urlsplit(url)
    if parts.port is not None or parts.scheme not in {"http", "https"}:
        return url
    port = 443 if parts.scheme == "https" else 80
    return urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))
