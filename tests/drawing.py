"""Everything that both front ends would print of a view."""

from collections.abc import Iterator

from rich.cells import cell_len

from altui.core.model.health import STAGES
from altui.core.model.pipeline import Pipeline
from altui.core.present.block import block
from altui.core.present.commands import COMMANDS
from altui.core.present.findings import not_ok
from altui.core.present.header import header
from altui.core.present.links import link, opened
from altui.core.present.page import titled
from altui.core.present.panels import PANELS, boxed, listed
from altui.core.present.places import page
from altui.core.present.rows import Line
from altui.core.present.strip import strip
from altui.core.present.verdict import verdict
from altui.core.present.view import View
from altui.tui.layout import heights

SIZES = ((80, 24), (120, 40))
BELOW = (
    *(f"stage/{stage}" for stage in STAGES),
    *(f"fivetran/{table.name}" for table in Pipeline().tables),
)
FEW = 3
"""Places below each panel that are drawn too: enough for one of each kind."""
MARKS = 4
"""Characters that may share one column: a letter and its combining marks."""


def drawn(seen: View, width: int, height: int) -> Iterator[Line]:
    """The lines of the main screen and of every details screen, as they go to the terminal."""
    heights(seen, width, height)
    rows: list[Line] = [header(seen, width), *verdict(seen), *strip(seen, width, 6)]
    rows += not_ok(seen, width, 9)
    for key in PANELS:
        rows += [*boxed(seen, key, width // 2, 12), *listed(seen, key, 3)]
        shown = page(seen, key)
        rows += [titled(shown, width), *shown.rows]
        for place in [*dict.fromkeys(row.opens for row in shown.rows if row.opens)][:FEW]:
            below = page(seen, place)
            rows += [titled(below, width), *below.rows]
    rows += page(seen, "findings").rows
    for place in ("why", *(f"why/{probe}" for probe in COMMANDS)):
        rows += page(seen, place).rows
        copied = block(seen, page(seen, place))
        # a chat and a shell are no terminal: nothing cuts or cleans it on its way there
        assert all(text.isprintable() for text in copied.split("\n")), ascii(copied)[:300]
        assert opened(link(seen, place, page(seen, place))) == link(seen, place, page(seen, place))
    for place in BELOW:
        shown = page(seen, place)
        rows += [titled(shown, width), *shown.rows]
    return iter(seen.fitted(tuple(rows), width))


def unfit(text: str, width: int) -> str:
    """What is wrong with a text as one line of the terminal; empty where nothing is."""
    if not text.isprintable():
        return f"moves the cursor: {ascii(text)[:300]}"
    if cell_len(text) > width:
        return f"is {cell_len(text)} columns wide: {ascii(text)[:300]}"
    if len(text) > MARKS * width:
        return f"stacks {len(text)} characters: {ascii(text)[:300]}"
    return ""
