"""Elasticsearch's disk watermarks: how many bytes each of them wants free."""

import re

UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}
AMOUNT = re.compile(r"^(\d+(?:\.\d+)?)\s*([kmgtp]?b)?$")

DEFAULTS: dict[str, tuple[str, str]] = {
    "low": ("85%", "200gb"),
    "high": ("90%", "150gb"),
    "flood_stage": ("95%", "100gb"),
}
"""Watermark and the most that it may want free, where nobody set another (since 8.5)."""


def wanted_free(watermark: str, headroom: str, total: int) -> int | None:
    """Bytes that must stay free of a disk of `total` bytes; None for a text that is no watermark.

    `85%` and `0.85` are what may be used, an amount (`10gb`) is what must stay free. `headroom`
    bounds a share on large disks; `-1` and the empty text bound nothing.
    """
    share = _share(watermark)
    if share is None:
        return amount(watermark)
    free = round(total * (1 - share))
    most = amount(headroom)
    return free if most is None else min(free, most)


def amount(text: str) -> int | None:
    """Bytes of `10gb`; None for what is no amount."""
    found = AMOUNT.match(text.strip().lower())
    return int(float(found[1]) * UNITS[found[2] or "b"]) if found and found[2] else None


def _share(text: str) -> float | None:
    text = text.strip()
    try:
        share = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
