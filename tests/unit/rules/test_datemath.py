"""Kibana's date math, as far as a dashboard's range uses it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from altui.core.rules.datemath import moment
from tests.world import at

NOW = at("2026-11-23 12:34")
"""A Monday."""
TICK = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("now-90d", at("2026-08-25 12:34")),
        ("now-24h", at("2026-11-22 12:34")),
        ("now/d", at("2026-11-23 00:00")),
        ("now-1d/d", at("2026-11-22 00:00")),
        ("now-1h/h", at("2026-11-23 11:00")),
        ("now/m", NOW),
        ("now-90s/m", at("2026-11-23 12:32")),
        ("now+2d", at("2026-11-25 12:34")),
        ("now-1d/d+8h", at("2026-11-22 08:00")),
        ("now-d", at("2026-11-22 12:34")),
        ("now-500ms/s", at("2026-11-23 12:33") + timedelta(seconds=59)),
        ("now/w", at("2026-11-22 00:00")),
        ("now-1w/w", at("2026-11-15 00:00")),
        ("now/M", at("2026-11-01 00:00")),
        ("now-1M", at("2026-10-23 12:34")),
        ("now-1M/M", at("2026-10-01 00:00")),
        ("now/y", at("2026-01-01 00:00")),
        ("now-11M/y", at("2025-01-01 00:00")),
        ("2026-01-01T00:00:00+00:00", at("2026-01-01 00:00")),
        ("2026-01-01T00:00:00.000Z", at("2026-01-01 00:00")),
        ("2026-01-01T02:00:00+02:00", at("2026-01-01 00:00")),
        ("2026-01-31||+1M", at("2026-02-28 00:00")),
        ("2026-01-31||+1M/M", at("2026-02-01 00:00")),
    ],
)
def test_the_start_of_a_range(text: str, expected: datetime):
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "now-", "now-1", "now-1x", "now/2d", "now/", "now - 1d", "now-1d/d!"),
        *("2026-13-01", "now-99999y", "now-9999999d", "1764547200000", "now/Q", None),
    ],
)
def test_what_stands_for_no_moment(text: str | None):
    assert moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "next_start"),
    [
        ("now/d", at("2026-11-24 00:00")),
        ("now-1d/d", at("2026-11-23 00:00")),
        ("now/w", at("2026-11-29 00:00")),
        ("now/M", at("2026-12-01 00:00")),
        ("now/y", at("2027-01-01 00:00")),
    ],
)
def test_the_end_of_a_range_is_rounded_to_the_last_millisecond(text: str, next_start: datetime):
    assert moment(text, NOW, up=True) == next_start - TICK


def test_a_week_starts_as_kibanas_settings_say():
    monday, sunday = at("2026-11-23 00:00"), at("2026-11-22 00:00")
    assert moment("now/w", NOW, week_starts="Monday") == monday
    assert moment("now/w", NOW, week_starts="Sunday") == sunday
    assert moment("now/w", NOW, week_starts="a word of tomorrow") == sunday
    assert moment("now/w", monday, week_starts="Monday") == monday
    assert moment("now/w", monday - TICK, week_starts="Monday") == at("2026-11-16 00:00")


def test_days_are_rounded_in_kibanas_zone():
    tokyo, york = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
    assert moment("now/d", NOW, zone=tokyo) == at("2026-11-22 15:00")
    assert moment("now/d", NOW, zone=york) == at("2026-11-23 05:00")
    assert moment("2026-11-22T00:00", NOW, zone=york) == at("2026-11-22 05:00")


def test_a_day_is_a_day_of_the_calendar_where_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    after = at("2026-10-25 12:00")
    assert moment("now-1d", after, zone=berlin) == at("2026-10-24 11:00")
    assert moment("now-24h", after, zone=berlin) == at("2026-10-24 12:00")


def test_a_month_ends_where_the_day_does_not_exist():
    assert moment("now-1M", at("2028-03-31 00:00")) == at("2028-02-29 00:00")
    assert moment("now-1y", at("2028-02-29 00:00")) == at("2027-02-28 00:00")
