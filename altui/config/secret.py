"""Credentials that do not show themselves, and URLs shown without theirs."""

import re
from typing import Any, NoReturn, Self


class ConfigError(Exception):
    """A setting is wrong; the message names it and says what to do."""


class Secret:
    """A credential that shows itself only when asked to. It cannot be pickled or encoded.

    White space around it is not part of it: mounted files and variables end in a line break.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)" if self._value else "Secret()"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be serialised")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be serialised")


def public_url(url: str) -> str:
    """A URL or DSN for people: without user, password, query and fragment.

    What cannot be told apart from a password (a bare @ or / inside one) is not shown either;
    of libpq's keyword form (`host=h password=p`) only host, port and database are.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return _public_keywords(url)
    place, *other = _split_at_any(rest, "/?#")
    path = "".join(other)
    if "@" in path:
        return f"{scheme}://***"
    path = _split_at_any(path, "?#")[0]
    return f"{scheme}://{place.rpartition('@')[2]}{path}"


def ends_early(url: str) -> bool:
    """Whether a bare @ / ? or # in the password ends it, or the host, too early for a parser.

    One @ may stand in a parameter's value instead (`?user=reader@server`).
    """
    rest = url.partition("://")[2]
    place, more = _split_at_any(rest, "/?#")
    if "@" in place:
        return place.count("@") > 1 or "@" in more
    if ":" not in place or "@" not in more:
        return False
    path, _, query = more.partition("?")
    port = place.rpartition(":")[2]
    in_value = all("=" in part.partition("@")[0] for part in query.split("&") if "@" in part)
    return "@" in path or "#" in more or not port.isdigit() or not in_value


def _split_at_any(text: str, marks: str) -> tuple[str, str]:
    """The text before the first of the marks, and from it on."""
    cut = min((place for mark in marks if (place := text.find(mark)) >= 0), default=len(text))
    return text[:cut], text[cut:]


def _public_keywords(text: str) -> str:
    if "=" not in text:
        return text.rpartition("@")[2]
    return " ".join(
        f"{key}={value}" for key, value in KEYWORD.findall(text) if key in SHOWN_KEYWORDS
    )


KEYWORD = re.compile(r"(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])*)")
"""A pair of libpq's connection string; a value may stand in quotes."""
SHOWN_KEYWORDS = {"host", "hostaddr", "port", "dbname"}
