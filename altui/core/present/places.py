"""Every place one can go to, and its page.

A place is a path: `workflow` is a panel, `workflow/812` one of its runs, `workflow/812/log` that
one's log.
"""

from collections.abc import Mapping
from functools import partial

from altui.core.present.findings import evidence, not_ok, panel_of
from altui.core.present.page import Maker, Page, nowhere
from altui.core.present.pages import index, marts, parity, run, stage, sync, synced, why
from altui.core.present.panels import PANELS, whole
from altui.core.present.rows import Line
from altui.core.present.view import View


def page(seen: View, place: str) -> Page:
    """The page of a place; one that says so where there is no such place."""
    kind, _, rest = place.partition("/")
    maker = (BELOW if rest else TOP).get(kind)
    return maker(seen, rest) if maker else nowhere(place)


def panels_of(place: str) -> tuple[str, ...]:
    """Panels whose details are looked at while the place is shown."""
    kind = place.partition("/")[0]
    return (kind,) if kind in PANELS else PANELS


def _panel(key: str, seen: View, _: str) -> Page:
    return whole(seen, key)


def _findings(seen: View, _: str) -> Page:
    rows: list[Line] = []
    for item in seen.findings:
        rows += [*evidence(seen, item, opens=panel_of(item)), Line("gap")]
    return Page(f"not ok ({len(seen.findings)})", tuple(rows[:-1]) or not_ok(seen, 80, 1))


TOP: Mapping[str, Maker] = {
    "findings": _findings,
    **{key: partial(_panel, key) for key in PANELS},
    "fivetran": sync.top,
    "parity": marts.top,
    why.PLACE: why.make,
}
BELOW: Mapping[str, Maker] = {
    "workflow": run.make,
    "fivetran": synced.make,
    "indices": index.make,
    "parity": parity.make,
    "stage": stage.make,
    why.PLACE: why.make,
}
"""By a place's first word: a new page is a file in pages/ and a row here. Makers of what lies below
a top place are given the rest of its path."""
