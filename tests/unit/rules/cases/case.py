"""What a case and an edge of the table are, and how they are judged."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from altui.core.model.health import Assessment, StageId, State
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.rules.assess import assess


class Case(NamedTuple):
    stage: StageId
    state: State
    how: str
    """How the state comes about, as a phrase for docs/states.md."""
    looks: tuple[Snapshot, ...]
    """The last one is judged; those before it are what was seen on the way."""
    check: str = ""
    """The finding that says so; empty where there must be none."""
    real: str = ""
    """A test that brings it about on the living pipeline or a real server: `file::test`."""


class Edge(NamedTuple):
    stage: StageId
    before: State
    after: State
    boundary: str
    """Where the state turns, in the words of docs/states.md."""
    looks: Callable[[int], tuple[Snapshot, ...]]
    """The looks at so many units from the boundary: seconds, or rows."""
    at_boundary: State
    """The state exactly there."""
    check: str = ""
    """The finding on the worse side."""


def judged(looks: Iterable[Snapshot]) -> Assessment:
    """What the rules make of the last look, each having known the one before it."""
    result: Assessment | None = None
    for snapshot in looks:
        result = assess(snapshot, Pipeline(), snapshot.at, result)
    assert result is not None
    return result
