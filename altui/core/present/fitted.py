"""A verdict's line within the room there is: no figure and no day is ever cut, no tail goes."""

import re
from collections.abc import Sequence

from altui.core.model.health import Form, Verdict
from altui.core.present.rows import ELLIPSIS, FIGURE, beginning, columns

ENOUGH = 24
"""Columns that a service's words need to say anything; with fewer they go whole."""
SHORTEST_NAME = 16
"""Columns that are left of a name, so that it can be told from others."""
FIGURES = re.compile(rf"(?<![A-Za-z_\d]){FIGURE}")
"""Whole or not at all; digits within a name are its letters."""
NAME = re.compile(r"[^\s:;,()]+")
SOFT = " ,;:.-("
"""What a text does not end with before its …"""


def forms_of(spoken: Verdict) -> tuple[Sequence[Form], ...]:
    """The forms of headline, why and do; a verdict that has none is said as it stands."""
    lines = (spoken.headline, spoken.why, spoken.do)
    return spoken.forms if len(spoken.forms) == len(lines) else tuple((Form(x),) for x in lines)


def fitted(forms: Sequence[Form], width: int) -> str:
    """The first form that fits, those with a service's words before those that do without.

    Where they fit in no form whole, they end with …; where not even that leaves enough of them,
    the last form is said, its long names shortened so that what is said of them stays.
    """
    quoting = [form for form in forms if form.said]
    for form in quoting:
        if columns(form.text) <= width:
            return form.text
    for form in quoting:
        room = width - columns(form.words) - columns(form.tail)
        if room >= ENOUGH:
            return form.words + ended(form.said, room) + form.tail
    for form in forms:
        if not form.said and columns(form.text) <= width:
            return form.text
    last = forms[-1]
    room = width - columns(last.tail)
    return (
        shortened(last.words.rstrip(SOFT), room) if last.words else ended(last.said, room)
    ) + last.tail


def ended(text: str, width: int) -> str:
    """The text, ended with … where it is too wide, at a place that leaves its figures whole."""
    if columns(text) <= width:
        return text
    place = len(beginning(text, width - 1))
    for figure in FIGURES.finditer(text, 0, place + width + 1):
        if figure.start() < place < figure.end():
            place = figure.start()
    text = text[: max(place, 0)]
    for end in ("; ", ", ", " "):
        if (last := text.rfind(end)) >= len(text) * 2 // 3:
            return text[:last].rstrip(SOFT) + ELLIPSIS
    return text.rstrip(SOFT) + ELLIPSIS


def shortened(text: str, width: int) -> str:
    """The text with its longest names shortened, as far as that is needed."""
    while (over := columns(text) - width) > 0:
        name = max(NAME.finditer(text), key=lambda found: columns(found[0]), default=None)
        if name is None or columns(name[0]) <= SHORTEST_NAME:
            break
        shorter = ended(name[0], max(columns(name[0]) - over, SHORTEST_NAME))
        if columns(shorter) < SHORTEST_NAME // 2:
            break
        text = text[: name.start()] + shorter + text[name.end() :]
    return ended(text, width)
