"""What the runbook says of each kind of place: steps, causes, what to expect, whom to call."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from altui.core.model.health import StageId

MAIN = "main"


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    stages: tuple[StageId, ...]
    """Whose owners are to be called, with their SLA."""
    steps: tuple[str, ...]
    expected: tuple[str, ...]
    causes: tuple[tuple[str, str], ...] = ()
    """Cause, or the error's words, and its fix."""
    links: tuple[str, ...] = ()
    """The services' own documentation."""


@cache
def sections() -> Mapping[str, Section]:
    """Sections by kind of place, from the file beside this one; `*` stands for any name."""
    text = files("altui.core.runbook").joinpath("sections.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Section])


def section_of(place: str) -> Section:
    """The section of a place such as `workflow/812/log`: its own, else the nearest one above."""
    return next(sections()[kind] for kind in _kinds(place) if kind in sections())


def _kinds(place: str) -> Iterator[str]:
    """`stage/dbt` before `stage/*`; `workflow/812/log`, then `workflow/*/log`, `workflow/*/*`."""
    parts = place.split("/")
    for length in range(len(parts), 0, -1):
        own = parts[:length]
        for names in ((), (1,), range(1, length)):
            yield "/".join("*" if step in names else part for step, part in enumerate(own))
    yield MAIN
