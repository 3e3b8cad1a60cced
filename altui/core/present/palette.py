"""What can be opened by name: panels, what is not ok, stages, and whatever a panel's rows open."""

from collections.abc import Iterator

from msgspec import Struct

from altui.core.model.health import STAGES
from altui.core.present.findings import panel_of
from altui.core.present.panels import KINDS
from altui.core.present.places import page
from altui.core.present.rows import ascii_text, cut
from altui.core.present.view import View

WIDTH = 60
"""Columns of a name; services' words may be long."""


class Opening(Struct, frozen=True):
    place: str
    name: str
    words: str
    """Of our own, never a service's."""


def openings(seen: View, here: str) -> Iterator[Opening]:
    """Places that exist now, without the one that is shown."""
    for made in (*_tops(), *_findings(seen), *_stages(seen), *_below(seen)):
        if made.place != here:
            name = cut("".join(char if char.isprintable() else " " for char in made.name), WIDTH)
            yield Opening(made.place, name if seen.facts.unicode else ascii_text(name), made.words)


def _tops() -> Iterator[Opening]:
    for kind in KINDS:
        yield Opening(kind.key, kind.title.lower(), f"Everything about {kind.title.lower()}")
    yield Opening("findings", "not ok", "Every finding with its evidence")


def _findings(seen: View) -> Iterator[Opening]:
    for finding in seen.findings:
        state = finding.state.value
        yield Opening(panel_of(finding), finding.subject, f"A finding, {state}: where it is shown")


def _stages(seen: View) -> Iterator[Opening]:
    for stage in STAGES:
        place = f"stage/{stage}"
        yield Opening(place, page(seen, place).name, "A stage of the pipeline")


def _below(seen: View) -> Iterator[Opening]:
    """Places that a panel's rows open, each once; a single day is chosen from its table."""
    tops = {kind.key for kind in KINDS} | {"findings"}
    for kind in KINDS:
        rows = page(seen, kind.key).rows
        for place in dict.fromkeys(row.opens for row in rows if row.opens):
            if place not in tops and (kind.key != "parity" or place.count("/") == 1):
                tops.add(place)
                yield Opening(place, page(seen, place).name, f"One of {kind.title.lower()}")
