"""Lists: filters, pages and the Link header."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from altui.sandbox.github.engine import RefusedError
from altui.sandbox.github.state import BRANCH, Run

_T = TypeVar("_T")
_BOUND = re.compile(r"(>=|<=|>|<)?(.+)")
_LOWEST, _HIGHEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def page_of(items: Sequence[_T], query: Mapping[str, str], url: str) -> tuple[list[_T], str]:
    """The page asked for (30 a page unless told, 100 at most) and its Link header, maybe empty."""
    size = min(max(_number(query.get("per_page"), 30), 1), 100)
    last = max(-(-len(items) // size), 1)
    page = max(_number(query.get("page"), 1), 1)
    where: list[tuple[str, int]] = []
    if page > 1:
        where += [("prev", min(page - 1, last))]
    if page < last:
        where += [("next", page + 1), ("last", last)]
    if page > 1:
        where += [("first", 1)]
    links = [
        f'<{url}?{urlencode({**query, "page": number})}>; rel="{name}"' for name, number in where
    ]
    return list(items[(page - 1) * size : page * size]), ", ".join(links)


def chosen(runs: Sequence[Run], query: Mapping[str, str]) -> list[Run]:
    """The runs that match every filter, newest first."""
    created = query.get("created")
    earliest, latest = _span(created) if created else (_LOWEST, _HIGHEST)
    return [
        run
        for run in reversed(runs)
        if query.get("event") in (None, run.event)
        and query.get("actor") in (None, run.actor)
        and query.get("branch") in (None, BRANCH)
        and query.get("head_sha") in (None, run.sha)
        and query.get("check_suite_id") in (None, str(run.id + 1))
        and query.get("status") in (None, run.last.status, run.last.conclusion)
        and earliest <= run.created_at.replace(microsecond=0) <= latest
    ]


def _span(text: str) -> tuple[datetime, datetime]:
    """GitHub's search syntax for dates: `>=2026-11-01`, `2026-11-01..2026-11-07`, `*..T`."""
    if ".." in text:
        low, _, high = text.partition("..")
        return (
            _LOWEST if low == "*" else _moment(low)[0],
            _HIGHEST if high == "*" else _moment(high)[1],
        )
    found = _BOUND.fullmatch(text)
    if found is None:
        raise _unclear(text)
    first, last = _moment(found[2])
    spans = {
        ">=": (first, _HIGHEST),
        "<=": (_LOWEST, last),
        ">": (_after(last), _HIGHEST),
        "<": (_LOWEST, _before(first)),
        None: (first, last),
    }
    return spans[found[1]]


def _moment(text: str) -> tuple[datetime, datetime]:
    """First and last second that the text names: a day is a whole day."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise _unclear(text) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    whole_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None
    return at, at.replace(hour=23, minute=59, second=59) if whole_day else at


def _after(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() + 1, UTC)


def _before(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() - 1, UTC)


def _unclear(text: str) -> RefusedError:
    return RefusedError(422, f"created: not a date or a range of dates: {text!r}")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise
