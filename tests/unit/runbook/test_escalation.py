"""Who owns an issue and when their time is up."""

from datetime import date, datetime, timedelta

import pytest

from altui.core.model.health import STAGES, StageId
from altui.core.model.pipeline import Office
from altui.core.runbook.escalation import escalations
from tests.world import at

KIBANA = escalations()[StageId.kibana]
OFFICE = Office()


def test_every_stage_has_an_owner_and_one_clock():
    for stage in STAGES:
        found = escalations()[stage]
        assert found.owner.endswith("team")
        assert bool(found.hours) != bool(found.business_days)


@pytest.mark.parametrize(
    ("stage", "hours"),
    [("postgres", 4), ("fivetran", 4), ("bigquery", 8), ("dbt", 8), ("elasticsearch", 1)],
)
def test_the_runbooks_hours_run_day_and_night(stage: str, hours: int):
    since = at("2026-11-22 23:30")
    deadline = escalations()[StageId(stage)].deadline(since, OFFICE)
    assert deadline - since == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("since", "ends"),
    [
        ("2026-11-23 12:00", "2026-11-24 12:00"),
        ("2026-11-23 08:59:59", "2026-11-24 09:00"),  # a Monday, before the office opens
        ("2026-11-23 09:00", "2026-11-24 09:00"),
        ("2026-11-23 16:59:59", "2026-11-24 16:59:59"),
        ("2026-11-23 17:00", "2026-11-25 09:00"),
        ("2026-11-27 12:00", "2026-11-30 12:00"),  # a Friday
        ("2026-11-28 12:00", "2026-12-01 09:00"),  # a Saturday
    ],
)
def test_a_business_day_ends_at_the_same_hour_of_the_next(since: str, ends: str):
    assert KIBANA.deadline(at(since), OFFICE) == at(ends)


def test_holidays_do_not_count():
    office = Office(holidays=(date(2026, 12, 25), date(2026, 12, 28)))
    assert KIBANA.deadline(at("2026-12-24 10:00"), office) == at("2026-12-29 10:00")
    assert KIBANA.deadline(at("2026-12-25 10:00"), office) == at("2026-12-30 09:00")


def test_office_hours_are_those_of_the_offices_zone():
    berlin = Office(zone="Europe/Berlin")
    assert KIBANA.deadline(at("2026-11-23 08:00"), berlin) == at("2026-11-24 08:00")
    assert KIBANA.deadline(at("2026-11-23 07:59"), berlin) == at("2026-11-24 08:00")
    # the clocks go back on the Sunday between: the same hour of the wall's clock
    assert KIBANA.deadline(at("2026-10-23 10:00"), berlin) == at("2026-10-26 11:00")


def test_a_deadline_never_comes_before_its_start():
    start = datetime.fromisoformat("2026-11-20T00:00:00+00:00")
    for hours in range(24 * 14):
        since = start + timedelta(hours=hours)
        assert since + timedelta(hours=8) <= KIBANA.deadline(since, OFFICE)
