"""Kibana's date math: `now-90d`, `now-1d/d`, `now+1w/w-3d`, ISO moments.

As Kibana does it: steps in months and years end on the month's last day where the day does not
exist, rounding goes down at the start of a range and to the last millisecond at its end, in the
zone of its settings, weeks from the weekday of its settings.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo

FIXED = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STEP = re.compile(r"([+-])(\d{0,6})(ms|[smhdwMy])|/(\d{0,6})(ms|[smhdwMy])")
LAST = timedelta(milliseconds=1)


def moment(
    text: str | None,
    now: datetime,
    *,
    up: bool = False,
    zone: tzinfo = UTC,
    week_starts: str = "Sunday",
) -> datetime | None:
    """The moment that a text stands for, in UTC; None when it stands for none.

    `up` rounds to the end of a unit: the end of a range.
    """
    if text is None:
        return None
    if text.startswith("now"):
        at, steps = now.astimezone(zone), text[3:]
    else:
        absolute, _, steps = text.partition("||")
        try:
            at = datetime.fromisoformat(absolute)
        except ValueError:
            return None
    try:
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
        stepped = _stepped(at, steps, up=up, week_starts=week_starts)
        return stepped and stepped.astimezone(UTC)
    except (OverflowError, ValueError):
        return None  # before the year 1 or after 9999


def _stepped(at: datetime, steps: str, *, up: bool, week_starts: str) -> datetime | None:
    place = 0
    while place < len(steps):
        found = STEP.match(steps, place)
        if found is None:
            return None
        place = found.end()
        sign, count, unit, grain_count, grain = found.groups()
        if unit:
            number = int(count or 1)
            at = _moved(at, number if sign == "+" else -number, unit)
        elif grain_count not in ("", "1"):
            return None
        else:
            start = _start(at, grain, week_starts)
            at = _moved(start, 1, grain) - LAST if up else start
    return at


def _moved(at: datetime, count: int, unit: str) -> datetime:
    if unit in ("M", "y"):
        months = at.year * 12 + at.month - 1 + count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        day = min(at.day, monthrange(year, month + 1)[1])
        return at.replace(year=year, month=month + 1, day=day)
    if unit in ("d", "w"):
        return at + count * FIXED[unit]  # by the calendar of its zone
    return (at.astimezone(UTC) + count * FIXED[unit]).astimezone(at.tzinfo)


def _start(at: datetime, unit: str, week_starts: str) -> datetime:
    match unit:
        case "ms":
            return at.replace(microsecond=at.microsecond // 1000 * 1000)
        case "s":
            return at.replace(microsecond=0)
        case "m":
            return at.replace(second=0, microsecond=0)
        case "h":
            return at.replace(minute=0, second=0, microsecond=0)
        case "w":
            first = WEEKDAYS.index(week_starts) if week_starts in WEEKDAYS else 6
            return _midnight(at) - timedelta(days=(at.weekday() - first) % 7)
        case "M":
            return _midnight(at).replace(day=1)
        case "y":
            return _midnight(at).replace(month=1, day=1)
        case _:
            return _midnight(at)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
