"""An answer that refuses, in the shape all of Kibana's errors have."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response


class RefusedError(Exception):
    """A request cannot be served; `words` are what the caller is told."""

    def __init__(self, status: int, words: str, **more: Any) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.more = more

    def body(self) -> dict[str, Any]:
        """Status, its phrase and the words; `attributes` where Kibana has more to say."""
        phrase = HTTPStatus(self.status).phrase
        return {"statusCode": self.status, "error": phrase, "message": self.words, **self.more}

    def answer(self) -> Response:
        return JSONResponse(self.body(), self.status)


def not_found(kind: str, identity: str) -> RefusedError:
    return RefusedError(404, f"Saved object [{kind}/{identity}] not found")


def unsupported(kind: str) -> RefusedError:
    return RefusedError(400, f"Unsupported saved object type: '{kind}': Bad Request")
