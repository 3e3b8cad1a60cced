"""What state a mart's index is in, and what that rests on: one rule for its row and its page."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from msgspec import Struct

from altui.core.model.days import day_of, days_between
from altui.core.model.health import StageId, State, worst
from altui.core.model.pipeline import Mart, Table
from altui.core.model.reading import Cluster, Index, Series, Template
from altui.core.present.view import View
from altui.core.rules.elastic import kept
from altui.core.rules.owed import empty_day, owes
from altui.core.rules.templates import ABSENT, conflicts, strays

CLUSTER, DOCUMENTS = "elasticsearch.cluster", "elasticsearch.counts"


class Field(Struct, frozen=True):
    name: str
    types: tuple[str, str, str]
    """As it ships, in the loaded template, in the index."""
    state: State | None
    """None: all agree."""


def state_of(seen: View, mart: Mart) -> State:
    """The worst of its newest day, the days it lacks or has twice, its blocks and its fields."""
    if seen.look.documents is None:
        return State.off if seen.off(DOCUMENTS) else State.unknown
    series = seen.look.index(mart)
    if series is None:
        return State.off if unfed(seen, mart) else State.broken
    states = [*missing_days(seen, mart, series)]
    states += [State.broken] if series.duplicates else []
    states.append(newest_state(seen, mart, series))
    if not seen.unseen(CLUSTER):
        states += _own_states(seen.look.cluster, own_indices(seen, mart))
    return worst(states)


def own_indices(seen: View, mart: Mart) -> list[Index]:
    """Those behind its name; behind an alias or a stream the last one is written to."""
    return sorted(kept(seen.look.cluster, mart), key=lambda index: index.name)


def unfed(seen: View, mart: Mart) -> bool:
    """Whether its ops table has nothing that it could hold."""
    ops = seen.look.ops(mart)
    return mart.ops is not None and (ops is None or not ops.rows)


def expected_days(seen: View, mart: Mart) -> list[date]:
    """Days that it should hold by now: those of its table, or of its ops table, that have rows."""
    first, wanted = first_wanted(seen, mart), seen.look.due.wanted_day
    if mart.ops:
        ops = seen.look.ops(mart)
        return sorted(one for one in (ops.by_day if ops else ()) if first <= one <= wanted)
    table = table_of(seen, mart)
    every = days_between(first, wanted)
    return [one for one in every if table is None or not empty_day(seen.look, table, one)]


def missing_days(seen: View, mart: Mart, series: Series) -> dict[State, list[date]]:
    """Days that it lacks, by what the trace says of them: late, or not due yet."""
    found: dict[State, list[date]] = {}
    states = _states(seen, mart)
    for one in expected_days(seen, mart):
        if one not in series.by_day:
            found.setdefault(states.get(one, State.late), []).append(one)
    return found


def first_wanted(seen: View, mart: Mart) -> date:
    """First day of the window, or the first one that the mart's table has."""
    documents, table = seen.look.documents, table_of(seen, mart)
    start = documents.start if documents else seen.look.today
    feeds = (seen.look.source_of(table), seen.look.raw(table)) if table else ()
    born = [min(feed.by_day) for feed in feeds if feed and feed.by_day]
    return max(start, min(born, default=start))


def table_of(seen: View, mart: Mart) -> Table | None:
    return next((table for table in seen.pipeline.tables if table.name == mart.table), None)


def fields_of(cluster: Cluster, index: Index) -> Iterator[Field]:
    """Fields of the template and of the index, in the order in which they ship."""
    shipped, no_fields = cluster.shipped, dict[str, str]()
    ships = _types(shipped)
    loaded = _types(cluster.served) if cluster.template is not False else no_fields
    holds = index.fields or no_fields
    wrong: dict[str, State] = {}
    if shipped is not None:
        wrong |= {one.what: State.late for one in strays(index, shipped)}
        wrong |= {one.what: State.broken for one in conflicts(index, shipped)}
    for name in dict.fromkeys([*(ships or ()), *sorted({*(loaded or ()), *holds})]):
        types = _of(ships, name), _of(loaded, name), _of(holds, name)
        known = {kind for kind in types if kind != "?"}
        apart = State.late if ships is not None and len({*types[:2]} - {"?"}) > 1 else State.off
        yield Field(name, types, wrong.get(name, apart) if len(known) > 1 else None)


def _states(seen: View, mart: Mart) -> dict[date, State]:
    """How the trace judges what the index lacks."""
    name, here = seen.pipeline.subject_of(mart), StageId.elasticsearch
    rows = seen.assessment.trace if seen.assessment else ()
    own = (
        (row.day, row.cells[here].state) for row in rows if row.table == name and here in row.cells
    )
    return {one: state for one, state in own if state not in (State.ok, State.off)}


def newest_state(seen: View, mart: Mart, series: Series) -> State:
    """A mart that expects every day is late or due without the newest."""
    if mart.table is None:
        return State.ok
    newest = day_of(series.latest) if series.latest else None
    due = seen.look.due
    for wanted, state in ((due.wanted_day, State.late), (due.coming_day, State.due)):
        if (newest is None or newest < wanted) and owes(seen.look, mart, wanted):
            return state
    return State.ok


def _own_states(cluster: Cluster | None, own: Iterable[Index]) -> Iterator[State]:
    """A block is broken; a field that is mapped otherwise than it ships is late, or broken."""
    first = last = None
    for last in own:
        first = first or last
    if cluster is None or first is None or last is None:
        return
    if first.blocks or first.status == "close" or first.health == "red":
        yield State.broken
    if last.fields is not None:
        held = fields_of(cluster, last)
        yield from (one.state for one in held if one.state and one.types[2] != ABSENT)


def _types(template: Template | None) -> Mapping[str, str] | None:
    return template.fields if template else None


def _of(fields: Mapping[str, str] | None, name: str) -> str:
    return "?" if fields is None else fields.get(name, ABSENT)
