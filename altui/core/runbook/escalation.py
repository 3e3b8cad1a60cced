"""The runbook's escalation table: a contact and an SLA for each stage."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from altui.core.model.health import StageId
from altui.core.model.pipeline import Office


class Escalation(Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    issue: str
    hours: float = 0
    business_days: int = 0
    """Counted instead of hours, in the office hours of the pipeline's settings."""

    def deadline(self, since: datetime, office: Office) -> datetime:
        """When the SLA that started at `since` ends."""
        if self.business_days:
            return _after_business_days(since, self.business_days, office)
        return since + timedelta(hours=self.hours)


@cache
def escalations() -> dict[StageId, Escalation]:
    """Contact and SLA by stage, from the file beside this one."""
    text = files("altui.core.runbook").joinpath("escalation.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[StageId, Escalation])


def _after_business_days(since: datetime, days: int, office: Office) -> datetime:
    """The same hour so many business days later; outside office hours the clock starts at opening.

    Raises KeyError when the office's zone is not known on this machine.
    """
    zone = UTC if office.zone == "UTC" else ZoneInfo(office.zone)
    start = since.astimezone(zone)
    if start.hour >= office.closes or not _works(start.date(), office):
        start = _opening(_next_workday(start.date(), office), office, zone)
    elif start.hour < office.opens:
        start = _opening(start.date(), office, zone)
    day = start.date()
    for _ in range(days):
        day = _next_workday(day, office)
    return datetime.combine(day, start.time(), zone).astimezone(UTC)


def _opening(day: date, office: Office, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(office.opens), zone)


def _next_workday(day: date, office: Office) -> date:
    day += timedelta(days=1)
    while not _works(day, office):
        day += timedelta(days=1)
    return day


def _works(day: date, office: Office) -> bool:
    return day.weekday() < 5 and day not in office.holidays
