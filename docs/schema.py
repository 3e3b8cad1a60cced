"""Writes the published shapes of `altui check --json`, `altui doctor --json` and the settings."""

from pathlib import Path

import msgspec

from altui.core.model.doctor import Examination
from altui.core.present.report import Report
from docs import settings_schema

OUT = Path(__file__).with_name("check.schema.json")
DOCTOR = Path(__file__).with_name("doctor.schema.json")


def text(shape: type = Report) -> str:
    """The schema, as the file holds it."""
    made = msgspec.json.encode(msgspec.json.schema(shape))
    return msgspec.json.format(made, indent=2).decode() + "\n"


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
    settings_schema.write()
    DOCTOR.write_text(text(Examination), encoding="utf-8")
