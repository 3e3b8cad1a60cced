"""How far back the dashboard's time range lets a reader see."""

import re
from datetime import UTC, date, datetime, timedelta

from altui.core.model.days import start_of
from altui.core.rules.look import Look

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=30),
    "y": timedelta(days=365),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RELATIVE = re.compile(r"^now(?:([+-])(\d+)([smhdwMy]))?(?:/([smhdwMy]))?$")


def moment(text: str | None, now: datetime, *, up: bool = False) -> datetime | None:
    """Kibana's date math (`now-90d`, `now/d`) or an ISO moment; None when it is neither.

    Rounding goes down, or up to the next start for the end of a range, as Kibana does; weeks and
    longer are rounded to the day, which is wide enough to tell what a reader sees.
    """
    if text is None:
        return None
    found = RELATIVE.match(text)
    if found is None:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    sign, number, unit, rounding = found.groups()
    at = now
    if number:
        step = int(number) * UNITS[unit]
        at = at - step if sign == "-" else at + step
    if rounding:
        grain = UNITS[rounding] if rounding in "smh" else UNITS["d"]
        at -= (at - EPOCH) % grain
        if up:
            at += grain
    return at


def reader_sees(look: Look, day: date) -> bool:
    """Whether a document of this day, which sits at 00:00 UTC, lies in the dashboard's range."""
    kibana = look.kibana
    if kibana is None or not kibana.time_restore:
        return True
    begin = moment(kibana.time_from, look.now)
    end = moment(kibana.time_to, look.now, up=True)
    at = start_of(day)
    return (begin is None or at >= begin) and (end is None or at <= end)
