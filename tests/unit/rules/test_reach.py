"""Kibana's date math, as far as a dashboard's range uses it."""

from datetime import datetime

import pytest

from altui.core.rules.reach import moment
from tests.world import at

NOW = at("2026-11-23 12:34")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("now-90d", at("2026-08-25 12:34")),
        ("now-24h", at("2026-11-22 12:34")),
        ("now/d", at("2026-11-23 00:00")),
        ("now-1d/d", at("2026-11-22 00:00")),
        ("now-1h/h", at("2026-11-23 11:00")),
        ("2026-01-01T00:00:00+00:00", at("2026-01-01 00:00")),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_start_of_a_range(text: str | None, expected: datetime | None):
    assert moment(text, NOW) == expected


def test_the_end_of_a_range_is_rounded_up():
    assert moment("now/d", NOW, up=True) == at("2026-11-24 00:00")
