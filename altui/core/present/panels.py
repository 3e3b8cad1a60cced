"""The four panels: whole, as rows of one list, and with the evidence of what is wrong."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from altui.core.model.health import StageId, State, worst
from altui.core.present import fivetran, indices, parity, workflow
from altui.core.present.findings import evidence, panel_of
from altui.core.present.follows import state_of_sight, titles
from altui.core.present.page import Page, titled
from altui.core.present.rows import Line, Segment, Tone, columns, indent, line, pad, tone_of
from altui.core.present.view import View
from altui.core.present.wrapped import folded

Rows = Callable[[View], tuple[Line, ...]]
TITLE = 13
FOLDS = 3
"""Rows that a service's words may take in a panel; its page has them whole."""
BRIEFLY = 3
"""Rows of a listed panel up to which its short form says more."""


class Kind(Struct, frozen=True):
    """What one panel is made of; a new panel is a file and a row of KINDS."""

    key: str
    title: str
    name: str
    """Short, for the list at 80 columns."""
    probes: tuple[str, ...]
    stages: tuple[StageId, ...]
    """Stages whose due state is the panel's, when nothing is wrong."""
    rows: Rows
    brief: Rows
    own: Callable[[View], Sequence[State]] = lambda _: ()
    """Bad states of what its rows are about, which no finding of the panel may name."""


KINDS: tuple[Kind, ...] = (
    Kind(
        "fivetran",
        "Fivetran",
        "fivetran",
        (fivetran.PROBE,),
        (StageId.fivetran,),
        fivetran.rows,
        fivetran.brief,
    ),
    Kind(
        "workflow",
        "Workflow runs",
        "workflow",
        (workflow.PROBE,),
        (StageId.dbt,),
        workflow.rows,
        workflow.brief,
        workflow.states,
    ),
    Kind(
        "indices",
        "Index freshness",
        "indices",
        (indices.CLUSTER, indices.DOCUMENTS),
        (StageId.elasticsearch, StageId.kibana),
        indices.rows,
        indices.brief,
        indices.states,
    ),
    Kind(
        "parity",
        "Row parity",
        "parity",
        (parity.SOURCE, parity.WAREHOUSE),
        (StageId.postgres, StageId.bigquery),
        parity.rows,
        parity.brief,
    ),
)
PANELS: tuple[str, ...] = tuple(kind.key for kind in KINDS)


class Panel(Struct, frozen=True):
    """One of the four panels; each part of it is made when it is asked for."""

    seen: View
    number: int
    kind: Kind

    @property
    def state(self) -> State:
        return _state(self.seen, self.kind)

    @property
    def head(self) -> tuple[Segment, ...]:
        """State and age for the title line."""
        return _head(self.seen, self.kind, self.state)

    @property
    def heading(self) -> Page:
        """The panel's page without its rows: what its title line is made of."""
        said = tuple(titles(self.seen, self.kind.key))
        return Page(f"{self.number} {self.kind.title}", (), self.head, said)

    @property
    def brief(self) -> tuple[Line, ...]:
        """The most telling rows first, for where there is room for one to three."""
        return self._nothing or self.kind.brief(self.seen)

    @property
    def rows(self) -> tuple[Line, ...]:
        return self._nothing or self.kind.rows(self.seen)

    @property
    def _nothing(self) -> tuple[Line, ...]:
        """What stands in place of all rows before anything was looked at."""
        if any(map(self.seen.observation, self.kind.probes)):
            return ()
        return (line(f"{self.kind.key}.nothing", ("not looked at yet", Tone.dim)),)


def panel(seen: View, key: str) -> Panel:
    """One panel; `key` is one of PANELS."""
    number, kind = next((n, kind) for n, kind in enumerate(KINDS, 1) if kind.key == key)
    return Panel(seen, number, kind)


def listed(seen: View, key: str, height: int) -> tuple[Line, ...]:
    """The panel as rows of one list: number and name before its most telling rows."""
    shown = panel(seen, key)
    rows = shown.brief if height <= BRIEFLY else shown.rows
    rows = rows or (line(f"{key}.nothing", ("nothing read yet", Tone.dim)),)
    name = pad(f"{shown.number} {shown.kind.name}", TITLE - 2)
    sign = Segment(f"{seen.glyphs.states[shown.state]} ", shown.head[0].tone)
    rest = (indent(row, " " * TITLE) for row in rows[1:height])
    return (indent(rows[0], name, sign), *rest)[:height]


def whole(seen: View, key: str) -> Page:
    """The findings shown in a panel with their evidence, then everything it knows."""
    shown = panel(seen, key)
    return replace(shown.heading, rows=(*_evidence(seen, key), *shown.rows))


def boxed(seen: View, key: str, width: int, height: int) -> tuple[Line, ...]:
    """The panel under its title line; the last row counts those that do not fit."""
    shown = panel(seen, key)
    room = max(height - 1, 0)
    every = tuple(part for row in shown.rows for part in folded(row, width, FOLDS))
    rows = every[:room]
    if len(every) > room > 0:
        more = f"{len(every) - room + 1} more rows: enter shows all"
        rows = (*rows[:-1], line(f"{key}.more", (more, Tone.dim)))
    return titled(shown.heading, width), *rows


def rule(key: str, title: str, width: int) -> Line:
    """A line across, with a title near its start."""
    head = f"-- {title} " if title else ""
    return line(key, (head + "-" * max(width - columns(head), 0), Tone.dim))


def _evidence(seen: View, key: str) -> Iterator[Line]:
    found = [item for item in seen.findings if panel_of(item) == key]
    for place, finding in enumerate(found):
        yield from evidence(seen, finding)
        yield Line(f"evidence.gap.{place}")


def _state(seen: View, kind: Kind) -> State:
    found = [item.state for item in seen.findings if panel_of(item) == kind.key]
    found += (*state_of_sight(seen, kind.probes), *kind.own(seen))
    if found:
        return worst(found)
    if not any(seen.look.seen_at(probe) for probe in kind.probes):
        return State.unknown
    states = [seen.stage(stage).state for stage in kind.stages]
    return State.due if State.due in states else State.ok


def _head(seen: View, kind: Kind, state: State) -> tuple[Segment, ...]:
    """Glyph, word and how old the oldest of its figures is; grey until looked at."""
    times = [at for probe in kind.probes if (at := seen.look.seen_at(probe))]
    looked = all(seen.looked(probe) or seen.off(probe) for probe in kind.probes)
    tone = tone_of(state) if looked else Tone.dim
    word = Segment(f"{seen.glyphs.states[state]} {state.value}", tone)
    if state is State.off or not times:
        return (word,)
    return word, Segment(f", seen {seen.clock(min(times))}", Tone.dim)
