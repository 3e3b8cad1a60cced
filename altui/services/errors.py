"""One error for six services: what the trouble is, in the service's own words."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from altui.core.model.observed import ProbeError, Trouble
from altui.services.text import spoken


class ServiceError(Exception):
    """A service gave no answer, or not the one that was asked for."""

    def __init__(
        self, trouble: Trouble, words: object, where: str, retry_after: float | None = None
    ) -> None:
        """`words` and `where`, what was asked, are cleaned here, and say no secret.

        `retry_after` are the seconds for which the service wants to be left alone.
        """
        self.error = ProbeError(trouble, spoken(words), spoken(where))
        self.retry_after = retry_after
        self.costly = False
        """Whether something was begun that may be billed although it gave no answer."""
        super().__init__(f"{self.error.where}: {self.error.words}")

    @property
    def trouble(self) -> Trouble:
        return self.error.trouble

    @property
    def words(self) -> str:
        return self.error.words

    @property
    def where(self) -> str:
        return self.error.where


def off(words: str, where: str) -> ServiceError:
    """A setting without which the service is not asked."""
    return ServiceError(Trouble.off, words, where)


def misconfigured(words: str, where: str) -> ServiceError:
    """A setting that is there and cannot be used; `words` name it, never its value."""
    return ServiceError(Trouble.misconfigured, words, where)


TOO_MANY = 429
UNSAID_REST = 60.0
"""Seconds of rest after a 429 that names none; GitHub's advice for its secondary limits."""


def rest_of(status: int, asked: float | None) -> float | None:
    """Seconds for which a service with this answer is left alone; `asked` is its Retry-After."""
    if status == TOO_MANY:
        return UNSAID_REST if asked is None else asked
    return asked if status == 503 else None


def trouble_of_status(status: int) -> Trouble:
    """What an HTTP status that is no success says.

    429 is about our pace and says nothing about the pipeline: it counts as not seen.
    """
    if status in {401, 403, 407}:
        return Trouble.denied
    if status in {404, 410}:
        return Trouble.missing
    if status in {408, 429}:
        return Trouble.unreachable
    return Trouble.refused


@asynccontextmanager
async def deadline(seconds: float, where: str) -> AsyncGenerator[None]:
    """Whatever is inside ends after `seconds`, as unreachable."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        words = f"no answer within {seconds:g} s"
        raise ServiceError(Trouble.unreachable, words, where) from error
