"""What every exam starts from, and how a service's refusal becomes a result."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from altui.config import Secret, Settings, public_url
from altui.config.fields import leaves
from altui.config.secret import KEYWORD
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.rules.seeing import STATE_OF
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
        except ValueError:
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


Exams = AsyncGenerator[Result]
"""The results of one service, as they come; those that came before a hang are kept."""
Exam = Callable[[Context], Exams]


def failed(
    id: str,
    subject: str,
    error: ServiceError,
    fix: str = "",
    commands: tuple[str, ...] = (),
    *,
    matters: bool = True,
) -> Result:
    """A result in the service's own words."""
    state = STATE_OF[error.trouble]
    if state is State.off:
        # what is not set was told before: this setting is there, and no good
        state = State.broken
    return Result(id, subject, state, error.words, error.where, fix, commands, matters)


def untestable(id: str, subject: str, said: str, fix: str = "") -> Result:
    """What only a write would tell: never ok, and no reason to wake anyone."""
    return Result(id, subject, State.unknown, said, "nothing: reading cannot tell", fix, (), False)


def unset(id: str, subject: str, variable: str, follows: str, fix: str, *, half: bool) -> Result:
    """A setting that is not there: off, or broken where its fellows are set (`half`)."""
    state = State.broken if half else State.off
    said = f"{variable} is not set: {follows}"
    return Result(id, subject, state, said, "environment and altui.toml", fix)


def masker(settings: Settings) -> Callable[[Result], Result]:
    """Hides every secret of the settings from a result: a service may repeat what it was sent."""
    words = {
        form
        for secret in _secrets(settings)
        for form in (secret, quote(secret, safe=""), unquote(secret))
        if len(form) > 3
    }
    longest_first = sorted(words, key=len, reverse=True)

    def mask(text: str) -> str:
        for word in longest_first:
            text = text.replace(word, "***")
        return text

    def masked(result: Result) -> Result:
        return replace(
            result,
            said=mask(result.said),
            tried=mask(result.tried),
            fix=mask(result.fix),
            commands=tuple(map(mask, result.commands)),
        )

    return masked


def _secrets(settings: Settings) -> list[str]:
    """Every credential, those inside plain addresses too."""
    found: list[str] = []
    for leaf in leaves():
        value = leaf.of(settings)
        if isinstance(value, Secret):
            found += _parts(value.reveal())
        elif isinstance(value, str) and "://" in value and public_url(value) != value:
            found += _parts(value)
    return [secret for secret in found if secret]


def _parts(secret: str) -> list[str]:
    """A key itself; of an address the passwords in it, and what stands before the host."""
    if "://" in secret:
        try:
            parts = urlsplit(secret)
            before = parts.netloc.rpartition("@")[0] if parts.password else ""
            return [parts.password or "", before, *_passwords(parse_qsl(parts.query))]
        except ValueError:
            return [secret]
    pairs = KEYWORD.findall(secret)
    return _passwords(pairs) if pairs else [secret]


def _passwords(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Of names and values those of a password; libpq lets a value stand in quotes."""
    values = [value for name, value in pairs if "password" in name]
    return values + [value[1:-1] for value in values if value[:1] == "'"]
