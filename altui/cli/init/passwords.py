"""Passwords inside addresses, taken out and put back, so that only they are typed unseen."""

from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit


def parted(address: str) -> tuple[str, str]:
    """A URL or DSN without its password, and the password."""
    if "://" not in address:
        return _parted_keywords(address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return address, ""
    account, at, host = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}")), unquote(password)


def joined(address: str, password: str) -> str:
    """The address with the password behind its user."""
    if not password:
        return address
    if "://" not in address:
        from psycopg.conninfo import make_conninfo

        return make_conninfo(address, password=password)
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user}:{quote(password, safe='')}{at or '@'}{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def has_user(address: str) -> bool:
    """Whether a password would have a user to belong to."""
    return "@" in address if "://" in address else "=" in address


def _parted_keywords(dsn: str) -> tuple[str, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        words: dict[str, Any] = dict(conninfo_to_dict(dsn))
    except ProgrammingError:
        return dsn, ""  # what it is will be refused by name
    password = str(words.pop("password", "") or "")
    return make_conninfo(**words), password
