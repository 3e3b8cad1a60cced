"""Writes the published shapes of what the command line prints as JSON, and of the settings."""

from pathlib import Path

import msgspec

from altui.core.model.doctor import Examination
from altui.core.present.parity_report import ParityReport
from altui.core.present.report import Report
from docs import settings_schema

OUT = Path(__file__).with_name("check.schema.json")
DOCTOR = Path(__file__).with_name("doctor.schema.json")
PARITY = Path(__file__).with_name("parity.schema.json")


def text(shape: type = Report) -> str:
    """The schema, as the file holds it."""
    made = msgspec.json.encode(msgspec.json.schema(shape))
    return msgspec.json.format(made, indent=2).decode() + "\n"


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
    settings_schema.write()
    DOCTOR.write_text(text(Examination), encoding="utf-8")
    PARITY.write_text(text(ParityReport), encoding="utf-8")
