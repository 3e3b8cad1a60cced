"""How many rows each part of the main screen gets."""

from collections.abc import Sequence

from altui.core.model.health import SEVERITY
from altui.core.present.panels import PANELS, panel
from altui.core.present.rows import Line
from altui.core.present.team import team
from altui.core.present.verdict import verdict
from altui.core.present.view import View

GRID_WIDTH, GRID_HEIGHT = 100, 30
"""From this size on the panels stand two by two; below they are one list."""
TALL = 50
PARTS = 1 + 1
"""Header and keys, which are always there; so is the verdict, in as many rows as it takes."""
LOW = 18
"""Below this height the verdict's lines are one row each, however narrow the screen is."""
MOST_ROWS = 12


def is_grid(width: int, height: int) -> bool:
    return width >= GRID_WIDTH and height >= GRID_HEIGHT


def heights(seen: View, width: int, height: int) -> dict[str, int]:
    """Rows by the id of each part; 0 hides it. A grid's panels share the rest by themselves."""
    said = {"verdict": len(spoken(seen, width, height))}
    found = max(len(seen.findings), 1)
    below = len(team(seen, width))
    if is_grid(width, height):
        tall = height >= TALL
        days, bad = (7, min(found, 9)) if tall else (3, min(found, 4))
        parts = {"strip": 3 + days, "findings-rule": 1, "findings": bad, "rest": 0, "team": below}
        return said | parts
    bad = min(found, 3)
    days = 3 if height >= 22 else 1
    above = PARTS + said["verdict"]
    left = height - above - (3 + days) - 1 - bad - 1 - below
    if left < len(PANELS):
        days, bad, below = 0, 1, 0
        left = height - above - 2 - 1 - bad - 1
    strip = 3 + days if days else 2
    parts = {"strip": strip, "findings-rule": 1, "findings": bad, "rest": 1, "team": below}
    return said | parts | _shared(seen, left)


def spoken(seen: View, width: int, height: int) -> tuple[Line, ...]:
    """The verdict in the rows that a screen of that size has for it."""
    return verdict(seen, width) if height >= LOW else verdict(seen, width, most=3)


def zoomed(seen: View, width: int, height: int, part: str, parts: Sequence[str]) -> dict[str, int]:
    """Hides everything but header, verdict, keys and the one part, which takes the rest."""
    rest = ("strip", "findings-rule", "rest", "team", *parts)
    said = {"verdict": len(spoken(seen, width, height))}
    return said | {other: 0 for other in rest if other != part}


def _shared(seen: View, left: int) -> dict[str, int]:
    """The rows left, the same for each panel; what is over goes to those that are not well."""
    each = max(min(left // len(PANELS), MOST_ROWS), 1)
    over = max(left - each * len(PANELS), 0) if each < MOST_ROWS else 0
    worst_first = sorted(PANELS, key=lambda key: -SEVERITY[panel(seen, key).state])
    return {key: each + (1 if key in worst_first[:over] else 0) for key in PANELS}
