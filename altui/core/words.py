"""Moments, lengths and amounts in words. Ages step by the minute, in step with the clock shown."""

from datetime import date, datetime, timedelta
from decimal import Decimal

DAY = timedelta(days=1)


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def age(now: datetime, at: datetime | None) -> str:
    """`now`, `5m`, `2h`, `3d`: how long ago; at most three columns up to 99 days."""
    if at is None:
        return "?"
    minutes = int((minute(now) - minute(at)) / timedelta(minutes=1))
    if minutes <= 0:
        return "now"
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h"
    return f"{minutes // 1440}d"


def ago(now: datetime, at: datetime | None) -> str:
    """The age as part of a sentence: `5m ago`, `just now`, `never`."""
    if at is None:
        return "never"
    words = age(now, at)
    return "just now" if words == "now" else f"{words} ago"


def behind(length: timedelta) -> str:
    """`38m`, `2h10`, `2d 14h`: how far one side is behind the other."""
    minutes = int(length / timedelta(minutes=1))
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h{minutes % 60:02}"
    return f"{minutes // 1440}d {minutes % 1440 // 60}h"


def took(seconds: float) -> str:
    """`42s`, `6m10`, `1h05`: how long something ran."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}"
    return f"{whole // 3600}h{whole % 3600 // 60:02}"


def clock(now: datetime, at: datetime | None) -> str:
    """`03:05Z` today, `22 Nov 03:05Z` else."""
    if at is None:
        return "never"
    return f"{at:%H:%M}Z" if at.date() == now.date() else f"{day(at.date())} {at:%H:%M}Z"


def day(value: date | None) -> str:
    return f"{value.day} {value:%b}" if value else "none"


def number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def figure(value: float | None) -> str:
    """A measure: whole numbers without a point, `null` as the services call it."""
    return "null" if value is None else f"{value:,.10g}"


def percent(share: float) -> str:
    """`0.65`: a share in percent; beyond ten times over the figure says no more."""
    return f"{100 * share:.2f}" if share < 10 else ">999"


def two_figures(value: float) -> str:
    """`0.00012`, `4.2`, `100`, `12,000`: what two figures say, without an exponent."""
    return f"{Decimal(f'{value:.2g}'):,f}" if value < 1e6 else ">999,999"


def size(count: int) -> str:
    """Decimal units, as the services' own pages show them."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def binary(count: int) -> str:
    """Powers of 1024, in which budgets and bills are counted."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if abs(count) >= 1 << power:
            return f"{count / (1 << power):.3g} {unit}"
    return f"{count} B"


def plural(count: int, word: str, many: str = "") -> str:
    """`1 day`, `2 days`; `many` where that is no s more."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {many or word + 's'}"
