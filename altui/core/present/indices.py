"""Panel 3: which days are in the indices, and which of them a reader sees."""

from collections.abc import Iterator

from altui.core.model.days import day_of
from altui.core.model.health import State, worst
from altui.core.model.pipeline import Mart, risk_mart
from altui.core.model.reading import Cluster, Index, Kibana, Lifecycle, Series
from altui.core.present.bars import bars
from altui.core.present.follows import trouble
from altui.core.present.index_state import (
    CLUSTER,
    DOCUMENTS,
    expected_days,
    missing_days,
    newest_state,
    own_indices,
    state_of,
    unfed,
)
from altui.core.present.rows import Line, Segment, Tone, columns, extra, greyed, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.elastic import deletes_at, kept
from altui.core.rules.kibana import notes
from altui.core.rules.reach import reach, reader_sees, shown_as
from altui.core.rules.serving import newest_seen
from altui.core.rules.storage import below, left
from altui.core.rules.templates import Difference, conflicts, strays, template_differences
from altui.core.words import day, number, plural, size

READER, STORAGE = "kibana.status", "elasticsearch.storage"
NAME = 16
"""Columns of an index's name at most, so that its figures have room beside it."""
SIZES = (6, 5, 5, 8)
"""Columns of an index's newest day, days, documents and size."""
BLOCKS = {"read_only_allow_delete": "flood stage", "read_only": "read-only"}
HEALTH = {"green": Tone.ok, "yellow": Tone.late, "red": Tone.broken}


def rows(seen: View) -> tuple[Line, ...]:
    """A row an index, then what a reader sees, then the cluster."""
    return (
        *trouble_rows(seen),
        *_indices(seen),
        *_reader(seen),
        *_cluster(seen),
        *_disk(seen),
        *_retention(seen),
        *_not_seen(seen),
        *_bars(seen),
    )


def brief(seen: View) -> tuple[Line, ...]:
    return (*trouble_rows(seen), *_short(seen), *_reader(seen), *_cluster(seen))


def states(seen: View) -> tuple[State, ...]:
    """Those of its rows that are late or broken; of what is seen alone."""
    if not seen.live(DOCUMENTS):
        return ()
    found = (state_of(seen, mart) for mart in seen.pipeline.marts)
    return tuple(state for state in found if state in (State.late, State.broken))


def trouble_rows(seen: View) -> Iterator[Line]:
    """Why the indices are not seen, or which part of them."""
    if row := trouble(seen, DOCUMENTS, "indices"):
        yield row
    if seen.partly("elasticsearch") and (row := trouble(seen, CLUSTER, "indices")):
        yield row


def _short(seen: View) -> Iterator[Line]:
    cluster, documents = seen.look.cluster, seen.look.documents
    if documents is None:
        return
    days: list[str] = []
    others: list[str] = []
    for mart in seen.pipeline.marts:
        series = seen.look.index(mart)
        if series is not None and mart.table:
            held, _, expected = _held(seen, mart, series).partition("/")
            days.append(f"{mart.index} {held} of {expected} days")
        elif series is not None and series.rows:
            others.append(f"{mart.index} {len(series.by_day)}")
    made = line(
        "indices.short",
        ", ".join(days or others),
        extra("".join(f", {one}" for one in others) if days else "", rank=2),
        *_bulk(cluster),
    )
    yield made if seen.live(CLUSTER) and seen.live(DOCUMENTS) else greyed(made)


def _bulk(cluster: Cluster | None) -> Iterator[Segment]:
    """Size and blocks of all indices."""
    if cluster is None:
        return
    blocks = sum(len(index.blocks) for index in cluster.indices.values())
    unseen = "mappings" in cluster.unseen
    yield extra(f", {size(sum(index.bytes for index in cluster.indices.values()))}", rank=3)
    yield Segment(f", {'blocks not seen' if unseen else plural(blocks, 'block')}")


def _indices(seen: View) -> Iterator[Line]:
    if seen.look.documents is None:
        return
    wanted = f"wanted {day(seen.look.due.wanted_day)}"
    names = (wanted, *(mart.index for mart in seen.pipeline.marts))
    name = min(max(map(columns, names)), NAME)
    titles = "".join(_cells(("latest", "days", "docs", "size")))
    yield line("index.head", (f"  {pad(wanted, name)}{titles}  health", Tone.dim))
    for mart in seen.pipeline.marts:
        made = _index(seen, mart, name)
        yield made if seen.live(DOCUMENTS) else greyed(made)


def _cells(words: tuple[str, ...]) -> list[str]:
    return [f"  {pad(word, size, right=True)}" for word, size in zip(words, SIZES, strict=True)]


def _index(seen: View, mart: Mart, width: int) -> Line:
    series, key, place = seen.look.index(mart), f"index.{mart.name}", f"indices/{mart.index}"
    own = next(iter(own_indices(seen, mart)), None)
    state = state_of(seen, mart)
    if series is None:
        off = unfed(seen, mart)
        words = "  no ops rows: nothing is expected" if off else "  no such index"
        sign = seen.sign(state) if off else seen.sign(state, DOCUMENTS)
        said = (words, tone_of(state))
        return line(key, sign, f" {pad(mart.index, width)}", said, opens=place)
    known = None if seen.unseen(CLUSTER) else own
    health = own.health if own else ""
    if own and seen.live(DOCUMENTS):  # the row's sign does not say that it is old
        health = seen.told(CLUSTER, health)
    newest = day_of(series.latest) if series.latest else None
    latest, days, *figures = _cells(
        (
            day(newest),
            _held(seen, mart, series),
            number(series.rows),
            size(own.bytes) if own else "?",
        )
    )
    return line(
        key,
        seen.sign(state, DOCUMENTS),
        f" {pad(mart.index, width)}",
        (latest, _tone(newest_state(seen, mart, series))),
        (days, _tone(worst([*missing_days(seen, mart, series)]))),
        "".join(figures),
        (f"  {health}" if own else "", _health(known)),
        *_wrong(seen, own),
        opens=place,
    )


def _held(seen: View, mart: Mart, series: Series) -> str:
    """Days that it holds, of those that it should hold by now."""
    if not mart.table:
        return f"{sum(one <= seen.look.due.wanted_day for one in series.by_day)}"
    expected = expected_days(seen, mart)
    return f"{sum(one in series.by_day for one in expected)}/{len(expected)}"


def _tone(state: State) -> Tone:
    return Tone.plain if state is State.ok else tone_of(state)


def _wrong(seen: View, own: Index | None) -> Iterator[tuple[str, Tone]]:
    """What is wrong with an index itself: closed, blocked, mapped otherwise than it ships."""
    cluster = seen.look.cluster
    if own is None or cluster is None:
        return
    if own.status == "close":
        yield "  closed", Tone.broken
    if own.blocks:
        blocks = (BLOCKS.get(block, block) for block in own.blocks)
        yield f"  blocked: {', '.join(blocks)}", Tone.broken
    if cluster.shipped is None:
        return
    broken, stray = conflicts(own, cluster.shipped), strays(own, cluster.shipped)
    differences: tuple[tuple[tuple[Difference, ...], Tone], ...] = (
        (broken, Tone.broken),
        (stray, Tone.late),
    )
    for found, tone in differences:
        for first in found[:1]:
            more = len(found) - 1
            yield f"  {first.what} is {first.found}{f' +{more}' if more else ''}", tone


def _health(own: Index | None) -> Tone:
    return HEALTH.get(own.health, Tone.unknown) if own else Tone.dim


def _reader(seen: View) -> Iterator[Line]:
    if row := trouble(seen, READER, "indices"):
        yield row
    kibana = seen.look.kibana
    if kibana is None:
        return
    if kibana.level in {"unavailable", "critical"}:
        words = (
            f"readers see nothing: Kibana {'was' if seen.unseen(READER) else 'is'} {kibana.level}"
        )
        yield line("reader", (words, Tone.broken if seen.live(READER) else Tone.dim))
        return
    title = "dashboard denied" if "dashboard" in kibana.unseen else "no dashboard"
    name = ""
    if kibana.dashboard:
        name, title = f"“{kibana.dashboard}” ", span(kibana)
    level = Tone.dim if kibana.level == "available" else Tone.late
    made = line(
        "reader",
        (_newest(seen, kibana), Tone.plain),
        (", Kibana ", Tone.dim),
        (seen.told(READER, kibana.level), level),
        (", ", Tone.dim),
        extra(name, Tone.dim),
        (title, Tone.dim),
    )
    yield made if seen.live(READER) else greyed(made)
    if said := notes(kibana):
        yield line("reader.notes", (f"  {', '.join(said)}", Tone.dim))


def _newest(seen: View, kibana: Kibana) -> str:
    """The newest day that a reader sees, and the date that Kibana writes beside it."""
    known = reader_sees(seen.look, seen.look.due.wanted_day) is not None
    if not known and ("dashboard" in kibana.unseen or kibana.dashboard is not None):
        return "what readers see is not known"
    newest = newest_seen(seen.look, risk_mart(seen.pipeline))
    if newest is None or shown_as(kibana, newest) == newest:
        return f"readers see {day(newest)}"
    return f"readers see {day(newest)} as {day(shown_as(kibana, newest))}"


def span(kibana: Kibana) -> str:
    """The range that a reader's dashboard shows, and whose it is."""
    found = reach(kibana)
    if found is None:
        return "the reader's own range"
    default = "" if kibana.time_restore else " (Kibana's default)"
    return f"{found.begin} to {found.end}{default}"


def _cluster(seen: View) -> Iterator[Line]:
    cluster = seen.look.cluster
    if cluster is None:
        return
    template, tone = _template(cluster)
    made = line(
        "cluster",
        (f"cluster {cluster.name} ", Tone.dim),
        (seen.told(CLUSTER, cluster.status), HEALTH.get(cluster.status, Tone.unknown)),
        extra(f", {plural(cluster.nodes, 'node')}", Tone.dim),
        (", ", Tone.dim),
        (template, tone),
        (f", {cluster.unassigned} unassigned" if cluster.unassigned else "", Tone.late),
    )
    yield made if seen.live(CLUSTER) else greyed(made)


def _template(cluster: Cluster) -> tuple[str, Tone]:
    if cluster.template is None:
        return "template not seen", Tone.unknown
    if not cluster.template:
        return "template MISSING", Tone.broken
    if cluster.served and cluster.shipped:
        found = template_differences(cluster.served, cluster.shipped)
        if found:
            return f"template has {plural(len(found), 'difference')}", Tone.late
    return "template loaded", Tone.dim


def _disk(seen: View) -> Iterator[Line]:
    """The disk that is nearest to its flood stage."""
    storage = seen.look.storage
    if storage is None or not storage.disks:
        return
    worst = min(storage.disks, key=lambda disk: disk.free - (disk.flood or 0))
    tone = Tone.dim
    if storage.watched and below(worst, worst.high):
        tone = Tone.broken if below(worst, worst.flood) else Tone.late
    off = "" if storage.watched else ", watermarks are off"
    more = f", fullest of {len(storage.disks)}" if len(storage.disks) > 1 else ""
    free, comma, limit = left(worst).partition(",")
    made = line(
        "disk",
        (f"disk {worst.node}: ", Tone.dim),
        (free, tone),
        extra(f"{comma}{limit}", tone),
        (off, tone),
        more,
    )
    yield made if seen.live(STORAGE) else greyed(made)


def _retention(seen: View) -> Iterator[Line]:
    for mart in seen.pipeline.marts:
        for index in kept(seen.look.cluster, mart):
            if index.lifecycle is None:
                continue
            said = lifecycle_words(index.lifecycle)
            made = line(f"retention.{index.name}", (f"{mart.index}: ", Tone.dim), *said)
            yield made if seen.live(CLUSTER) else greyed(made)


def lifecycle_words(lifecycle: Lifecycle) -> tuple[tuple[str, Tone], ...]:
    """What deletes an index as a whole, and when."""
    after, when = lifecycle.delete_after, deletes_at(lifecycle)
    words = f", deletes it {after} after its creation" if after else ", deletes nothing"
    due = f": {day(when)} {when.year}" if when else ""
    return (
        (f"{lifecycle.kind} {lifecycle.name}", Tone.dim),
        (f"{words}{due}", Tone.late if after else Tone.dim),
    )


def _not_seen(seen: View) -> Iterator[Line]:
    """What this server does not offer, and what this account may not read."""
    parts: dict[str, str] = {}
    for known in (seen.look.cluster, seen.look.storage, seen.look.kibana):
        parts |= known.unseen if known else {}
    if parts:
        words = ", ".join(f"{part} ({said[:40]})" for part, said in parts.items())
        yield line("unseen", (f"not seen: {words}", Tone.dim))


def _bars(seen: View) -> Iterator[Line]:
    """Each daily mart's last days as bars; a day that is not there leaves its place empty."""
    for mart in seen.pipeline.marts:
        series = seen.look.index(mart)
        if mart.table and series is not None:
            made = bars(seen, f"{mart.index}.bars", mart.index, series.by_day)
            yield made if seen.live(DOCUMENTS) else greyed(made)
