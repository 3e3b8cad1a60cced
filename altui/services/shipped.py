"""The project's own files: in a checkout beside the package, in the wheel inside it."""

import json
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]


def template(name: str) -> dict[str, Any] | None:
    """The index template that ships under this name; None where the project has none."""
    checkout = PACKAGE.parent
    root = checkout if (checkout / "analytics" / "dbt").is_dir() else PACKAGE / "_project"
    folder = root / "es" / "index-templates"
    return next(
        (
            json.loads(path.read_text(encoding="utf-8"))
            for path in folder.glob("*.json")
            if path.stem == name
        ),
        None,
    )
