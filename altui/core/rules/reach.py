"""How far the dashboard lets a reader see, and under which date."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from altui.core.model.days import day_of, start_of
from altui.core.model.reading import Filter, Kibana
from altui.core.rules.datemath import moment
from altui.core.rules.look import Look


class Reach(Struct, frozen=True):
    """The range that a reader meets: the dashboard's own, or Kibana's default."""

    begin: str | None
    end: str | None
    whose: str
    """`its range`, or `Kibana's default range`."""


def reach(kibana: Kibana) -> Reach | None:
    """None where the dashboard keeps no range and Kibana's default cannot be read."""
    if kibana.time_restore:
        return Reach(kibana.time_from, kibana.time_to, "its range")
    wanted = kibana.preferences
    return wanted and Reach(wanted.time_from, wanted.time_to, "Kibana's default range")


def bounds(kibana: Kibana, now: datetime) -> tuple[datetime, datetime] | None:
    """First and last moment that a reader sees; None where that cannot be known."""
    seen = reach(kibana)
    begin = seen and _moment(kibana, seen.begin, now)
    end = seen and _moment(kibana, seen.end, now, up=True)
    return (begin, end) if begin and end else None


def days_seen(look: Look, days: Iterable[date]) -> frozenset[date] | None:
    """Those of the days that the dashboard shows a reader; None where that cannot be known."""
    seen = _bounds(look)
    if seen is None:
        return None
    first, last = map(day_of, seen)
    inside = {day for day in days if first <= day <= last}
    if start_of(first) < seen[0]:
        inside.discard(first)  # its document sits before the range
    for window in _windows(look):
        inside = {day for day in inside if not window.leaves_out(start_of(day))}
    return frozenset(inside)


def reader_sees(look: Look, day: date) -> bool | None:
    """Whether the dashboard shows a reader this day; None where that cannot be known."""
    seen = days_seen(look, (day,))
    return None if seen is None else day in seen


def range_shows(look: Look, day: date) -> bool | None:
    """Whether a document of this day, which sits at 00:00 UTC, lies in the dashboard's range.

    None where the range cannot be known.
    """
    seen = _bounds(look)
    return seen and seen[0] <= start_of(day) <= seen[1]


def _bounds(look: Look) -> tuple[datetime, datetime] | None:
    if look.kibana is None or "dashboard" in look.kibana.unseen:
        return None
    return bounds(look.kibana, look.now)


def hiding(look: Look, day: date) -> list[Filter]:
    """Filters saved with the dashboard whose range leaves this day out."""
    return [window.filter for window in _windows(look) if window.leaves_out(start_of(day))]


def shows_nothing(kibana: Kibana) -> bool:
    """Whether none of the data views that the dashboard reads is there with an index."""
    if kibana.dashboard is None:
        return True
    if "data views" in kibana.unseen or not kibana.references:
        return False
    views = [view for view in kibana.data_views if view.id in kibana.references]
    return all(view.empty for view in views)


class _Window(Struct, frozen=True):
    """A saved filter with its moments."""

    filter: Filter
    begin: datetime | None
    end: datetime | None

    def leaves_out(self, at: datetime) -> bool:
        if self.begin is None and self.end is None:
            return False
        inside = self.begin is None or at >= self.begin
        if self.end is not None:
            inside = inside and (at <= self.end if self.filter.end_is_in else at < self.end)
        return inside is self.filter.negated


def _windows(look: Look) -> list[_Window]:
    """The dashboard's saved filters on the day."""
    kibana, field, now = look.kibana, look.pipeline.dashboard.time_field, look.now
    if kibana is None:
        return []
    return [
        _Window(
            one, _moment(kibana, one.begin, now), _moment(kibana, one.end, now, up=one.end_is_in)
        )
        for one in kibana.filters
        if one.field == field
    ]


def zone_of(kibana: Kibana) -> tzinfo | None:
    """The zone in which Kibana shows every reader its dates; None where it is the browser's."""
    name = kibana.preferences.zone if kibana.preferences else "Browser"
    if name == "Browser":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # a name that Kibana alone understands


def shown_as(kibana: Kibana, day: date) -> date:
    """The date under which a reader finds this day, whose document sits at 00:00 UTC."""
    return start_of(day).astimezone(zone_of(kibana) or UTC).date()


def _moment(kibana: Kibana, text: str | None, now: datetime, *, up: bool = False):
    starts = kibana.preferences.week_starts if kibana.preferences else "Sunday"
    return moment(text, now, up=up, zone=zone_of(kibana) or UTC, week_starts=starts)
