"""The project's files: those of the working directory, else those that travel with altui."""

import os
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def locate(part: str) -> Path | None:
    """`part`, such as `analytics/dbt`, here, in the checkout altui runs from, or in its wheel."""
    for root in (Path.cwd(), PACKAGE.parent, PACKAGE / "_project"):
        # unlike Path.exists, it takes what nobody may look into for absent
        if os.access(root / part, os.F_OK):
            return root / part
    return None
