"""What every exam starts from, and how a service's refusal becomes a result."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from altui.config import Settings, masked
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.model.observed import Trouble
from altui.core.rules.seeing import STATE_OF, is_of_environment
from altui.services.errors import ServiceError
from altui.services.http import MakeTransport

PATIENCE = 8.0
"""Seconds for one question to a service; more where everything together is given more."""


DEFAULT, ENVIRONMENT = "default", "environment"
"""How `origins` says that a setting is left alone, and what it puts before a variable."""


class Context(Struct):
    settings: Settings
    environ: Mapping[str, str]
    file: Path | None
    """The altui.toml in use."""
    origins: Mapping[str, str]
    """Where each setting comes from, in words, by `section.key`."""
    skews: dict[str, timedelta] = field(default_factory=dict[str, timedelta])
    """How far ahead of this host each service's clock is, where it said."""
    patience: float = PATIENCE
    """Seconds for one question."""
    transport: MakeTransport | None = None
    """Stands between the HTTP exams and the network; tests give one of their own."""

    def heard(self, service: str, date: str | None) -> None:
        """Notes a service's `Date` header."""
        if not date:
            return
        try:
            moment = parsedate_to_datetime(date)
        except (ValueError, OverflowError, TypeError):  # hours from the year 99999
            return
        if moment.tzinfo is not None:
            self.skews.setdefault(service, moment - datetime.now(UTC))

    def came_from(self, *settings: str) -> str:
        """` (now from ...)`: where wrong settings come from, as part of a sentence."""
        known: dict[str, None] = {}
        for name in settings:
            words = self.origins.get(name, DEFAULT)
            place, _, variable = words.partition(" ")
            if place == ENVIRONMENT and not variable.startswith("ALTUI_"):
                # the sentence names the service's own variable; only another name is news
                words = "the environment"
            if words != DEFAULT:
                known[words] = None
        return f" (now from {', '.join(known)})" if known else ""


BETWEEN = "or does a proxy or a captive portal answer in its place?"


Exams = AsyncGenerator[Result]
"""The results of one service, as they come; those that came before a hang are kept."""
Exam = Callable[[Context], Exams]


def failed(
    id: str,
    subject: str,
    error: ServiceError,
    fix: str,
    commands: tuple[str, ...] = (),
    *,
    matters: bool = True,
) -> Result:
    """A result in the service's own words."""
    state = STATE_OF[error.trouble]
    if state is State.off or error.trouble is Trouble.misconfigured:
        # what is not set was told before: this setting is there, and no good
        state = State.broken
        if is_of_environment(error.words):
            fix = "correct that variable of this host, or leave it out"
    if error.trouble is Trouble.nonsense:
        fix = f"{fix}; {BETWEEN}"
    return Result(id, subject, state, error.words, error.where, fix, commands, matters)


def speaks_no_tls(error: ServiceError) -> bool:
    """Whether something answered https in plain text, in OpenSSL's words of old and of 3.2 on."""
    return any(words in error.words for words in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"))


def lacking(what: str, where: str) -> ServiceError:
    """An answer without what everything of its kind holds: something else has answered."""
    return ServiceError(Trouble.nonsense, f"the answer lacks {what}", where)


def untestable(id: str, subject: str, said: str, fix: str) -> Result:
    """What only a write would tell: never ok, and no reason to wake anyone."""
    return Result(id, subject, State.unknown, said, "nothing: reading cannot tell", fix, (), False)


def unset(id: str, subject: str, variable: str, follows: str, fix: str, *, half: bool) -> Result:
    """A setting that is not there: off, or broken where its fellows are set (`half`)."""
    state = State.broken if half else State.off
    said = f"{variable} is not set: {follows}"
    return Result(id, subject, state, said, "environment and altui.toml", fix)


def silent(result: Result) -> Result:
    """The result without any secret of the settings: a service may repeat what it was sent."""
    return replace(
        result,
        said=masked(result.said),
        tried=masked(result.tried),
        fix=masked(result.fix),
        commands=tuple(map(masked, result.commands)),
    )
