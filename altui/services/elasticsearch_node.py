"""A node of Elasticsearch's client that takes no more of an answer than it can hold or wait for.

Importing this module loads the client.
"""

from typing import Any, NamedTuple

from elastic_transport import (
    ConnectionError,
    NodeConfig,
    SerializationError,
    Urllib3HttpNode,
)
from urllib3.exceptions import ReadTimeoutError

from altui.services.bodies import MOST, UnfitBodyError, read, timed


class BoundedNode(Urllib3HttpNode):
    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self.pool: Any = _Pool(timed(self.pool))

    def perform_request(self, *given: Any, **named: Any) -> Any:
        """Raises SerializationError, which is not tried again, for a body that is not taken."""
        try:
            return super().perform_request(*given, **named)
        except ConnectionError as error:
            if isinstance(error.__cause__, UnfitBodyError):
                raise SerializationError(str(error.__cause__)) from error
            raise


class _Answer(NamedTuple):
    status: int
    headers: Any
    data: bytes


class _Pool:
    """The node's pool of connections, but that bodies are read here and not by urllib3."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def urlopen(self, method: str, url: str, **named: Any) -> _Answer:
        response = self._pool.urlopen(method, url, preload_content=False, **named)
        try:
            return _Answer(response.status, response.headers, read(response, MOST))
        except UnfitBodyError:
            response.close()  # what is still to come is not wanted
            raise
        except TimeoutError as error:
            response.close()
            raise ReadTimeoutError(self._pool, url, str(error)) from error
        finally:
            response.release_conn()

    def close(self) -> None:
        self._pool.close()
