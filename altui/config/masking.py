"""What this process must never say, and the one function that takes it out of words.

Every section of the settings makes its secrets known when it is built. Services, proxies and
clients' libraries repeat what they were sent: a header, a URL, a DSN, escaped in any way (forms.py)
or in base64.
"""

import base64
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, TextIO, cast
from urllib.parse import parse_qsl, unquote

from altui.config.forms import forms
from altui.config.secret import ends_early

MASK = "***"
SHORTEST = 4
"""Characters; a shorter one guards nothing, and its mask would blot out honest words."""
LONG = 12
"""Characters from which on a secret is masked inside of words too; a shorter one may be part of
an honest word and is masked where it stands alone."""
TELLING = 6
"""Characters of a secret's start that are masked where a text was cut within it."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_KEYWORD = re.compile(r"(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])*)")
_CREDENTIAL = re.compile(r"pass|secret|token|key", re.IGNORECASE)
_DSN_KEYWORDS = {"host", "hostaddr", "user", "dbname", "password", "service", "port"}
_known: dict[str, int] = {}
"""What is secret, each with how many characters at its start are not: a user and its colon."""
_named: set[str] = set()
"""Names that the settings say openly, such as a project's: their ends are no starts of secrets."""


def learn(value: str, *, secret: bool) -> None:
    """Makes known what is secret in a setting: all of it, or what a URL or a DSN carries."""
    pieces = list(_pieces(value, secret=secret))
    if not secret and not pieces and len(value) > TELLING:
        _named.add(value)
    for piece, public in pieces:
        for plain, name in ((piece, public), (unquote(piece), unquote(public))):
            if len(plain) >= SHORTEST:
                _keep(plain, name)
    _forget_patterns()


def forget() -> None:
    """Nothing is secret any more; for a process that takes up other settings."""
    _known.clear()
    _named.clear()
    _forget_patterns()


def masked(text: str) -> str:
    """The text without anything this process must not say."""
    if not _known:
        return text
    text = _BASE64.sub(_unless_it_tells, text)
    return _without_start_of_one(_pattern().sub(MASK, text))


def guard_stderr() -> None:
    """From here on everything written to stderr is masked: tracebacks, warnings, logs."""
    if not isinstance(sys.stderr, _Masking):
        sys.stderr = cast(TextIO, _Masking(sys.stderr))


class _Masking:
    """A stream that says no secret."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(masked(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _pieces(value: str, *, secret: bool) -> Iterator[tuple[str, str]]:
    """Each secret with what stands at its start and is none."""
    scheme, is_url, rest = value.partition("://")
    if is_url and scheme.replace("+", "").isalnum():
        yield from _of_url(scheme, rest)
        return
    pairs = [(key, _unquoted(found)) for key, found in _KEYWORD.findall(value)]
    if {key for key, _ in pairs} & _DSN_KEYWORDS:
        yield from ((found, "") for key, found in pairs if _CREDENTIAL.search(key))
    elif secret:
        yield value, ""


def _of_url(scheme: str, rest: str) -> Iterator[tuple[str, str]]:
    """The password, or the token in a user's place, and parameters with telling names.

    The user of a PostgreSQL address without a password is none: a role, or a database of its name.

    A / ? or # that should have been percent-encoded ends the password too early for any parser,
    and its parts may then be taken for a port or a database.
    """
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    broken = ends_early(f"{scheme}://{rest}") or ("@" not in place and ":" in place and "@" in rest)
    login, found, _ = (rest if broken else place).rpartition("@")
    if found:
        user, _, password = login.partition(":")
        if password:
            yield from ((password, ""), (login, f"{user}:"))
        elif not scheme.startswith("postgres"):
            yield user, ""
        if broken:
            yield from ((part, "") for part in re.split(r"[/?#@&=]", password) if part)
    for name, value in parse_qsl(rest.partition("?")[2]):
        if _CREDENTIAL.search(name):
            yield value, ""


def _keep(secret: str, public: str) -> None:
    """Every way of writing it, with how much of its start is public written the same way."""
    names = forms(public)
    for form in forms(secret):
        if len(form) >= SHORTEST:
            name = max((len(one) for one in names if form.startswith(one)), default=0)
            _known[form] = min(name, _known.get(form, name))


def _unquoted(value: str) -> str:
    inner = value[1:-1] if value.startswith("'") else value
    return re.sub(r"\\(.)", r"\1", inner)


def _forget_patterns() -> None:
    _pattern.cache_clear()
    _by_start.cache_clear()


@cache
def _pattern() -> "re.Pattern[str]":
    longest_first = sorted(_known, key=len, reverse=True)
    return re.compile(
        "|".join(
            re.escape(one) if len(one) >= LONG else rf"(?<!\w){re.escape(one)}(?!\w)"
            for one in longest_first
        )
    )


@cache
def _by_start() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in _known:
        found.setdefault(one[:TELLING], []).append(one)
    return found


def _unless_it_tells(token: "re.Match[str]") -> str:
    """The token, or the mask where it is base64 of something with a secret in it.

    What stands before it, such as a path, may look like a part of it and shift it.
    """
    coded = token[0].rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    return MASK if any(_tells(coded[first:]) for first in range(4)) else token[0]


def _tells(coded: str) -> bool:
    whole = coded[: len(coded) - (len(coded) % 4 == 1)]
    said = base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "ignore")
    return bool(_pattern().search(said)) or _without_start_of_one(said) != said


def _name_at(end: str) -> str:
    """The name that the settings say openly and that stands there alone; empty without one."""
    ending = (name for name in _named if end.endswith(name))
    alone = (name for name in ending if not re.match(r"\w", end[: -len(name)][-1:]))
    return max(alone, key=len, default="")


def _without_start_of_one(text: str) -> str:
    """The text without its end, where that is the start of a secret: it was cut within one."""
    end = text.rstrip("….")
    longest = max(map(len, _known))
    name = _name_at(end)
    for place in range(max(0, len(end) - longest), len(end) - TELLING + 1):
        if place > len(end) - len(name):
            break
        rest = end[place:]
        starting = (one for one in _by_start().get(rest[:TELLING], ()) if one.startswith(rest))
        if any(len(rest) > _known[one] for one in starting):
            return end[:place] + MASK
    return text
