"""The health report for people, `altui check`: what the screen shows, as lines to print."""

from collections.abc import Iterator

from altui.core.present.findings import evidence
from altui.core.present.header import header
from altui.core.present.page import titled
from altui.core.present.panels import PANELS, panel
from altui.core.present.rows import Line, indent, line
from altui.core.present.strip import strip
from altui.core.present.verdict import verdict
from altui.core.present.view import View

WIDTH = 100
STRIP = 8
NEWEST = 12
"""Rows of a panel; what is older is one `--json` away."""


def table(seen: View) -> Iterator[str]:
    """Lines of at most 100 columns: header, verdict, day × stage, findings, the four panels."""
    for row in seen.fitted(tuple(_rows(seen)), WIDTH):
        yield row.text.rstrip()


def _rows(seen: View) -> Iterator[Line]:
    gap = line("gap", "")
    yield header(seen, WIDTH)
    yield from verdict(seen, WIDTH)
    yield gap
    yield from strip(seen, WIDTH, STRIP)
    for finding in seen.findings:
        yield gap
        yield from evidence(seen, finding)
    for key in PANELS:
        yield gap
        shown = panel(seen, key)
        yield titled(shown.heading, WIDTH)
        yield from (indent(row, "  ") for row in shown.rows[:NEWEST])
