"""The last days of a count as a row of tiny bars: a missing day is seen before it is read."""

from collections.abc import Iterable
from datetime import date, timedelta

from altui.core.model.days import day_of, days_between
from altui.core.present.rows import Line, Tone, extra, line
from altui.core.present.view import View
from altui.core.words import day

DAYS = 30
"""Days that are always drawn; where there is room twice and three times as many."""
MONTHS = 3


def bars(seen: View, key: str, name: str, by_day: dict[date, int]) -> Line:
    """The days up to yesterday, each as high as its count against the highest of them."""
    last = day_of(seen.now) - timedelta(days=1)
    days = list(days_between(last - timedelta(days=MONTHS * DAYS - 1), last))
    highest = max((by_day.get(each, 0) for each in days), default=0)
    drawn = "".join(bar(seen.glyphs.bars, by_day.get(each, 0), highest) for each in days)
    older = (
        extra(drawn[place * DAYS : (place + 1) * DAYS], Tone.dim, MONTHS - place)
        for place in range(MONTHS - 1)
    )
    ends = extra(f"  to {day(last)}", Tone.dim)
    return line(key, (f"{name}  ", Tone.dim), *older, (drawn[-DAYS:], Tone.dim), ends)


def spark(heights: str, values: Iterable[int | None]) -> str:
    """Each value as high as it is against the highest: 0 is the lowest bar, None leaves a gap."""
    values = tuple(values)
    above = len(heights) - 1
    highest = max((value for value in values if value), default=1)
    return "".join(
        " " if value is None else heights[-(-max(value, 0) * above // highest)] for value in values
    )


def bar(heights: str, count: int, highest: int) -> str:
    """One bar of a row of them; a space where there is nothing."""
    return heights[min(count * len(heights) // highest, len(heights) - 1)] if count > 0 else " "
