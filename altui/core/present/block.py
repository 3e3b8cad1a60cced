"""A block for chat: whose pipeline, when, the verdict, and the place one is in. No colours."""

from altui.core.present.findings import not_ok
from altui.core.present.page import Page
from altui.core.present.panels import PANELS, listed
from altui.core.present.rows import Line
from altui.core.present.strip import strip
from altui.core.present.team import team
from altui.core.present.verdict import verdict
from altui.core.present.view import View
from altui.core.words import day, plural

FENCE = "```"
MOST_ROWS = 40
WIDEST = 400
"""Columns of a row; a chat wraps what is longer than its window, a log line may be endless."""
COLUMNS = 80


def block(seen: View, page: Page) -> str:
    """Lines between fences, or the bare command of a page that is about one."""
    if page.command:
        return "\n".join(map(_printable, page.command.split("\n"))) + "\n"
    said = verdict(seen, WIDEST)
    above = {row.key for row in said}
    rows = [row for row in page.rows if row.key not in above]
    while rows and not rows[0].text.strip():
        rows = rows[1:]
    title = "".join((page.name, page.said[0], *(f"  {one.text}" for one in page.head[:1])))
    texts = [_whose(seen), *_texts(seen, said), "", _printable(title)]
    texts += _texts(seen, tuple(rows[:MOST_ROWS]))
    if len(rows) > MOST_ROWS:
        texts.append(f"and {plural(len(rows) - MOST_ROWS, 'more row')}")
    # what looks like a fence would end the block
    return "\n".join((FENCE, *(text.replace(FENCE, "'''") for text in texts), FENCE)) + "\n"


def overview(seen: View) -> Page:
    """The main screen as one page."""
    rows = (
        *strip(seen, COLUMNS, 5),
        Line("gap.strip"),
        *not_ok(seen, COLUMNS, 9),
        Line("gap.findings"),
        *(row for key in PANELS for row in listed(seen, key, 3)),
        *team(seen, COLUMNS),
    )
    return Page("main screen", rows)


def _whose(seen: View) -> str:
    kind = "PROD " if seen.facts.production else "SANDBOX " if seen.facts.sandbox else ""
    simulated = ", simulated time" if seen.facts.simulated else ""
    now = f"{day(seen.now.date())} {seen.now:%Y %H:%M}Z"
    return _printable(f"{kind}{seen.facts.profile}  {now}{simulated}")


def _texts(seen: View, rows: tuple[Line, ...]) -> list[str]:
    return [row.text.rstrip() for row in seen.fitted(rows, WIDEST)]


def _printable(text: str) -> str:
    """Without control characters: what is pasted must not be able to press Enter."""
    return "".join(character if character.isprintable() else " " for character in text)
