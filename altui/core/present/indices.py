"""Panel 3: which days are in the indices, and which of them a reader sees."""

from collections.abc import Iterator
from datetime import date, timedelta

from altui.core.model.days import day_of
from altui.core.model.health import State
from altui.core.model.pipeline import Mart, Table, risk_mart
from altui.core.model.reading import Cluster, Index, Series
from altui.core.present.bars import bars
from altui.core.present.follows import blind, trouble
from altui.core.present.rows import Line, Tone, columns, greyed, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.serving import newest_seen
from altui.core.words import day, number, plural, size

CLUSTER, DOCUMENTS, READER = "elasticsearch.cluster", "elasticsearch.counts", "kibana.status"
SIZES = (6, 5, 5, 7)
"""Columns of an index's newest day, days, documents and size."""
HEALTH = {"green": Tone.ok, "yellow": Tone.late, "red": Tone.broken}


def rows(seen: View) -> tuple[Line, ...]:
    """A row an index, then what a reader sees, then the cluster."""
    return (
        *_trouble(seen),
        *_indices(seen),
        *_reader(seen),
        *_cluster(seen),
        *_bars(seen),
    )


def brief(seen: View) -> tuple[Line, ...]:
    return (*_trouble(seen), *_short(seen), *_reader(seen), *_cluster(seen))


def _trouble(seen: View) -> Iterator[Line]:
    """Why the indices are not seen, or which part of them."""
    if row := trouble(seen, DOCUMENTS, "indices"):
        yield row
    if seen.partly("elasticsearch") and (row := trouble(seen, CLUSTER, "indices")):
        yield row


def _short(seen: View) -> Iterator[Line]:
    cluster, documents = seen.look.cluster, seen.look.documents
    if documents is None:
        return
    expected, blocks = _window(seen), 0
    parts: list[str] = []
    for mart in seen.pipeline.marts:
        series = seen.look.index(mart)
        if series is not None and mart.table:
            parts.append(f"{mart.index} {_present(seen, series)} of {expected} days")
        elif series is not None and series.rows:
            parts.append(f"{mart.index} {len(series.by_day)}")
    total = sum(index.bytes for index in cluster.indices.values()) if cluster else 0
    blocks = sum(len(index.blocks) for index in cluster.indices.values()) if cluster else 0
    parts.append(f"{size(total)}, {plural(blocks, 'block')}" if cluster else "")
    words = ", ".join(part for part in parts if part)
    made = line("indices.short", words)
    yield made if seen.live(CLUSTER) and seen.live(DOCUMENTS) else greyed(made)


def _indices(seen: View) -> Iterator[Line]:
    if seen.look.documents is None:
        return
    wanted = f"wanted {day(seen.look.due.wanted_day)}"
    name = max(columns(title) for title in (wanted, *(mart.index for mart in seen.pipeline.marts)))
    titles = "".join(_cells(("latest", "days", "docs", "size")))
    yield line("index.head", (f"  {pad(wanted, name)}{titles}  health", Tone.dim))
    for mart in seen.pipeline.marts:
        made = _index(seen, mart, name)
        yield made if seen.live(DOCUMENTS) else greyed(made)


def _cells(words: tuple[str, ...]) -> list[str]:
    return [f"  {pad(word, size, right=True)}" for word, size in zip(words, SIZES, strict=True)]


def _index(seen: View, mart: Mart, width: int) -> Line:
    series, key = seen.look.index(mart), f"index.{mart.name}"
    kept = _kept(seen.look.cluster, mart)
    if series is None:
        ops = seen.look.ops(mart)
        off = mart.ops is not None and (ops is None or not ops.rows)
        words = "  no ops rows: nothing is expected" if off else "  no such index"
        state = State.off if off else State.broken
        return line(key, seen.sign(state), f" {pad(mart.index, width)}", (words, tone_of(state)))
    newest = day_of(series.latest) if series.latest else None
    state, days = _index_state(seen, mart, newest, kept), _present(seen, series)
    latest, *figures = _cells(
        (
            day(newest),
            f"{days}/{_window(seen)}" if mart.table else f"{days}",
            number(series.rows),
            size(kept.bytes) if kept else "?",
        )
    )
    return line(
        key,
        seen.sign(state),
        f" {pad(mart.index, width)}",
        (latest, Tone.plain if state is State.ok else tone_of(state)),
        "".join(figures),
        (f"  {kept.health}" if kept else "", _health(kept)),
        (f"  blocked: {', '.join(kept.blocks)}" if kept and kept.blocks else "", Tone.broken),
    )


def _index_state(seen: View, mart: Mart, newest: date | None, kept: Index | None) -> State:
    """A block is broken; a mart that expects every day is late or due without the newest."""
    if kept and kept.blocks:
        return State.broken
    if mart.table is None:
        return State.ok
    if newest is None or newest < seen.look.due.wanted_day:
        return State.late
    return State.due if newest < seen.look.due.coming_day else State.ok


def _health(kept: Index | None) -> Tone:
    return HEALTH.get(kept.health, Tone.unknown) if kept else Tone.dim


def _kept(cluster: Cluster | None, mart: Mart) -> Index | None:
    found = cluster.indices.items() if cluster else ()
    return next((index for name, index in found if name.endswith(f"_{mart.index}")), None)


def _window(seen: View) -> int:
    """Days wanted: from the window's start, or the pipeline's first day, to the newest one."""
    documents, table = seen.look.documents, _main_table(seen)
    if documents is None:
        return seen.pipeline.window_days
    feeds = (seen.look.source_of(table), seen.look.raw(table)) if table else ()
    born = [min(feed.by_day) for feed in feeds if feed and feed.by_day]
    first = max(documents.start, min(born, default=documents.start))
    return max((seen.look.due.wanted_day - first) // timedelta(days=1) + 1, 0)


def _main_table(seen: View) -> Table | None:
    name = risk_mart(seen.pipeline).table
    return next((table for table in seen.pipeline.tables if table.name == name), None)


def _present(seen: View, series: Series) -> int:
    return sum(1 for value in series.by_day if value <= seen.look.due.wanted_day)


def _reader(seen: View) -> Iterator[Line]:
    if row := trouble(seen, READER, "indices"):
        yield row
    kibana = seen.look.kibana
    if kibana is None:
        return
    newest = newest_seen(seen.look, risk_mart(seen.pipeline))
    shows = f"readers see {day(newest)}"
    if blind(seen, DOCUMENTS):
        shows = f"readers saw {day(newest)} last" if newest else "which day readers see is unseen"
    span = (
        f"{kibana.time_from} to {kibana.time_to}"
        if kibana.time_restore
        else "the reader's own range"
    )
    if kibana.level in {"unavailable", "critical"}:
        words = f"readers see nothing: Kibana is {kibana.level}"
        yield line("reader", (words, Tone.broken if seen.live(READER) else Tone.dim))
        return
    title = f"“{kibana.dashboard}” {span}" if kibana.dashboard else "no dashboard"
    made = line(
        "reader",
        (shows, Tone.plain),
        (f", Kibana {kibana.level}, {title}", Tone.dim),
    )
    yield made if seen.live(READER) else greyed(made)


def _cluster(seen: View) -> Iterator[Line]:
    cluster = seen.look.cluster
    if cluster is None:
        return
    template = "template loaded" if cluster.template else "template MISSING"
    made = line(
        "cluster",
        (f"cluster {cluster.name} ", Tone.dim),
        (cluster.status, HEALTH.get(cluster.status, Tone.unknown)),
        (f", {plural(cluster.nodes, 'node')}, ", Tone.dim),
        (template, Tone.dim if cluster.template else Tone.broken),
        (f", {cluster.unassigned} unassigned" if cluster.unassigned else "", Tone.late),
    )
    yield made if seen.live(CLUSTER) else greyed(made)


def _bars(seen: View) -> Iterator[Line]:
    """Each daily mart's last days as bars; a day that is not there leaves its place empty."""
    for mart in seen.pipeline.marts:
        series = seen.look.index(mart)
        if mart.table and series is not None:
            made = bars(seen, f"{mart.index}.bars", mart.index, series.by_day)
            yield made if seen.live(DOCUMENTS) else greyed(made)
