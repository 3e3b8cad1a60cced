"""What headers of HTTP say: moments, rests, the next page."""

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit


def utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC; one without a zone is UTC's already."""
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)  # hours from the year 1 or 9999: no matter which


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for: a number or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):  # hours from the year 99999
        return None
    return max(0.0, ((utc(moment) or now) - now).total_seconds())


_NEXT = re.compile(r"""<([^>]*)>\s*;[^,<]*\brel="?next\b""")


def next_page(headers: Mapping[str, str]) -> str | None:
    """The query of the `Link` that leads to the next page (RFC 8288); None on the last one.

    Only the query: whatever host the link names, the next question goes where the first one went.
    """
    found = _NEXT.search(headers.get("link", ""))
    return urlsplit(found[1]).query if found else None


def sendable(value: str) -> bool:
    """Whether a header can carry it: printable ASCII, without space around it."""
    return value.isascii() and value.isprintable() and value == value.strip()
