"""What a watermark wants free of a disk."""

import pytest

from altui.core.model.reading import Disk
from altui.core.rules.storage import below, left
from altui.core.rules.watermarks import amount, wanted_free

GB = 2**30


@pytest.mark.parametrize(
    ("watermark", "headroom", "total", "expected"),
    [
        ("85%", "", 1000, 150),
        ("0.95", "-1", 1000, 50),
        ("1", "", 1000, 0),
        ("95%", "100gb", 4000 * GB, 100 * GB),
        ("95%", "100gb", 1000 * GB, 50 * GB),
        ("10gb", "1gb", 1000 * GB, 10 * GB),
        ("500mb", "", 1000 * GB, 500 * 2**20),
        ("1.5tb", "", 1, int(1.5 * 2**40)),
        ("0b", "", 1000, 0),
        ("much", "", 1000, None),
        ("120%", "", 1000, None),
        ("10", "", 1000, None),
        ("", "", 1000, None),
        ("nan", "", 1000, None),
    ],
)
def test_bytes_that_must_stay_free(watermark: str, headroom: str, total: int, expected: int | None):
    assert wanted_free(watermark, headroom, total) == expected


@pytest.mark.parametrize("text", ["-1", "10", "", "gb", "-5gb", "1e3gb"])
def test_what_is_no_amount(text: str):
    assert amount(text) is None


def test_exactly_as_much_as_is_wanted_is_enough():
    disk = Disk("n", 1000, 50, flood=50)
    assert not below(disk, 50)
    assert below(disk, 51)
    assert not below(disk, None), "a server that says no watermark"


def test_what_is_left_in_words():
    assert left(Disk("n", 100 * 10**9, 12_300_000_000, flood=5 * 10**9)) == (
        "12.3 GB of 100.0 GB free, flood stage at 5.0 GB"
    )
    assert left(Disk("n", 100 * 10**9, 10**9)) == "1.0 GB of 100.0 GB free"
