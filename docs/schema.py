"""Writes docs/check.schema.json, the published shape of `altui check --json`, and the settings'."""

from pathlib import Path

import msgspec

from altui.core.present.report import Report
from docs import settings_schema

OUT = Path(__file__).with_name("check.schema.json")


def text() -> str:
    """The schema, as the file holds it."""
    made = msgspec.json.encode(msgspec.json.schema(Report))
    return msgspec.json.format(made, indent=2).decode() + "\n"


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
    settings_schema.write()
