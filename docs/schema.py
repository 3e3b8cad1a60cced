"""Writes docs/check.schema.json, the published shape of `altui check --json`."""

from pathlib import Path

import msgspec

from altui.core.present.report import Report

OUT = Path(__file__).with_name("check.schema.json")


def text() -> str:
    """The schema, as the file holds it."""
    made = msgspec.json.encode(msgspec.json.schema(Report))
    return msgspec.json.format(made, indent=2).decode() + "\n"


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
