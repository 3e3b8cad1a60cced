"""The runbook's escalation table: a contact and an SLA for each stage."""

import tomllib
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from altui.core.model.health import StageId

OPENS, CLOSES = time(9), time(17)


class Escalation(Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    issue: str
    hours: float = 0
    business_days: int = 0
    """Mon-Fri 09-17 UTC; counted instead of hours."""

    def deadline(self, since: datetime) -> datetime:
        """When the SLA that started at `since` ends."""
        if self.business_days:
            return _after_business_days(since, self.business_days)
        return since + timedelta(hours=self.hours)


@cache
def escalations() -> dict[StageId, Escalation]:
    """Contact and SLA by stage, from the file beside this one."""
    text = files("altui.core.runbook").joinpath("escalation.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[StageId, Escalation])


def _after_business_days(since: datetime, days: int) -> datetime:
    """The same hour so many business days later; outside office hours the clock starts at 09:00."""
    start = since
    if start.time() >= CLOSES or not _works(start.date()):
        start = datetime.combine(_next_workday(start.date()), OPENS, since.tzinfo)
    elif start.time() < OPENS:
        start = datetime.combine(start.date(), OPENS, since.tzinfo)
    day = start.date()
    for _ in range(days):
        day = _next_workday(day)
    return datetime.combine(day, start.time(), since.tzinfo)


def _next_workday(day: date) -> date:
    day += timedelta(days=1)
    while not _works(day):
        day += timedelta(days=1)
    return day


def _works(day: date) -> bool:
    return day.weekday() < 5
