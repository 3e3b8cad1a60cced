"""The sandbox's own copy of the project's files; no checkout or wheel is ever changed."""

import shutil
from pathlib import Path

PARTS = ("analytics", "es", "kibana", ".github/workflows", ".github/actions")
PACKAGE = Path(__file__).parents[1]


def origin() -> Path:
    """The checkout this package runs from, or the files that travel in the wheel."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "analytics" / "dbt").is_dir() else PACKAGE / "_project"


def copy(target: Path) -> None:
    """Copies the project's files to `target`, anew at every start."""
    shutil.rmtree(target, ignore_errors=True)
    for part in PARTS:
        source = origin() / part
        if source.is_dir():
            shutil.copytree(
                source,
                target / part,
                ignore=shutil.ignore_patterns("target", "logs", "dbt_packages", "__pycache__"),
            )
