"""Passwords inside addresses, taken out and put back, so that only they are typed unseen."""

import re
from typing import Any
from urllib.parse import quote, unquote

_URL = re.compile(r"([A-Za-z][\w+.-]*://)(?:([^/?#]*)@)?(.*)", re.DOTALL)
"""Scheme, user and password, the rest: of addresses too that no parser takes."""

_ASIDE = re.compile(r"(?P<before>[?&])password=(?P<password>[^&#]*)(?P<after>&?)")
"""A password among a DSN's parameters, where libpq takes one too."""


def parted(address: str) -> tuple[str, str]:
    """A URL or DSN without its password, and the password."""
    found = _URL.fullmatch(address)
    if found is None:
        return _parted_keywords(address)
    scheme, account, rest = found.groups()
    aside = ""
    if scheme.lower().startswith("postgres") and (held := _ASIDE.search(rest)):
        aside = held["password"]
        rest = rest[: held.start()] + (held["before"] if held["after"] else "") + rest[held.end() :]
    if account is None:
        return f"{scheme}{rest}", unquote(aside)
    user, _, password = account.partition(":")
    return f"{scheme}{user}@{rest}", unquote(aside or password)


def joined(address: str, password: str) -> str:
    """The address with the password behind its user."""
    if not password:
        return address
    if found := _URL.fullmatch(address):
        scheme, user, rest = found.groups()
        return f"{scheme}{user or ''}:{quote(password, safe='')}@{rest}"
    return _joined_keywords(address, password)


def has_user(address: str) -> bool:
    """Whether a password would have a user to belong to."""
    if _URL.fullmatch(address):
        return "@" in address or "user=" in address.partition("?")[2]
    return "=" in address


def _parted_keywords(dsn: str) -> tuple[str, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        words: dict[str, Any] = dict(conninfo_to_dict(dsn))
    except ProgrammingError:
        return dsn, ""  # what it is will be refused by name
    password = str(words.pop("password", "") or "")
    return make_conninfo(**words), password


def _joined_keywords(dsn: str, password: str) -> str:
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    try:
        return make_conninfo(dsn, password=password)
    except ProgrammingError:
        return dsn  # what it is will be refused by name
