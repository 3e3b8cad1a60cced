"""Elasticsearch itself: health, blocks, template, mappings, retention, what readers see twice."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fnmatch import fnmatchcase

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.pipeline import Mart
from altui.core.model.reading import Cluster, Index, Lifecycle
from altui.core.rules.allocation import explained
from altui.core.rules.look import Look
from altui.core.rules.running import running
from altui.core.rules.templates import (
    ABSENT,
    Difference,
    conflicts,
    strays,
    template_differences,
)
from altui.core.words import day as day_words

Figures = dict[str, int | float | str | None]

PROBE = "elasticsearch.cluster"
KNOWN = {"green", "yellow", "red", "not offered", "not seen"}
CHECK_OF_BLOCK = {
    "read_only_allow_delete": ("es.flood_stage", "the disk's flood stage blocks writing to"),
    "read_only": ("es.read_only", "read-only, nothing can be written:"),
    "write": ("es.read_only", "a block refuses writing to"),
    "read": ("elasticsearch.block", "a block refuses reading"),
    "metadata": ("elasticsearch.block", "a block hides the metadata of"),
}
FOLLOWS = {
    "health": "health is denied: red or green is not known",
    "mappings": "mappings are denied: blocks are not known",
}
"""Parts without which a cluster is not called ok; without the others its row says so."""
KEEPS_ITS_TYPES = "an index keeps the types it was made with: rebuild it under the template"
LACKS_FIELDS = "it takes no field that it lacks: documents with one are refused"
LOSES_DIGITS = "figures are kept with other digits than the mart's"
CAN_WAIT = {"elasticsearch.template", "es.ilm_deletes_live_index", "es.orphan_days"}
"""Late ones of these take nothing from readers tonight."""
SOON = timedelta(days=1)
UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "micros": timedelta(microseconds=1),
    "nanos": timedelta(0),
}


def elastic(look: Look) -> Iterator[Finding]:
    cluster, observation = look.cluster, look.observation(PROBE)
    if cluster is None or observation is None or observation.error is not None:
        return
    yield from _health(look, cluster)
    yield from _blocks(look, cluster)
    yield from _template(look, cluster)
    yield from _mapping(look, cluster)
    yield from _retention(look, cluster)
    yield from _twice(look, cluster)
    yield from _orphans(look)
    yield from _not_seen(look, cluster)


def kept(cluster: Cluster | None, mart: Mart) -> tuple[Index, ...]:
    """The indices behind a mart's name: the index itself, or those behind its alias or stream."""
    if cluster is None:
        return ()
    name = f"{cluster.prefix}_{mart.index}"
    return tuple(
        index
        for index in cluster.indices.values()
        if name in (index.name, index.stream, *index.aliases)
        or (not cluster.prefix and index.name.endswith(name))
    )


def matches(pattern: str, index: Index) -> bool:
    """Whether a data view's title, patterns with commas, covers this index."""
    names = (index.name, index.stream, *index.aliases)
    found = False
    for part in pattern.split(","):
        wanted = part.strip()
        if wanted.startswith("-"):
            found = found and not fnmatchcase(index.name, wanted[1:])
        else:
            found = found or any(name and fnmatchcase(name, wanted) for name in names)
    return found


def deletes_at(lifecycle: Lifecycle) -> date | None:
    """The day on which the index goes; None where it stays, or that cannot be known."""
    after = length(lifecycle.delete_after or "")
    if after is None or lifecycle.since is None:
        return None
    try:
        return (lifecycle.since + after).date()
    except OverflowError:
        return None


def length(text: str) -> timedelta | None:
    """Elasticsearch's duration: `90d`, `12h`, `0ms`."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = UNITS.get(text[len(number) :])
    if unit is None or not number.isdecimal() or len(number) > 9:
        return None
    return int(number) * unit


def _own(look: Look, cluster: Cluster) -> tuple[Index, ...]:
    found = {index.name: index for mart in look.pipeline.marts for index in kept(cluster, mart)}
    return tuple(found.values())


def _health(look: Look, cluster: Cluster) -> Iterator[Finding]:
    red = [index for index in _own(look, cluster) if index.health == "red"]
    closed = [index for index in _own(look, cluster) if index.status == "close"]
    if red:
        subject = f"{_names(cluster, red)} red: a primary shard has no node"
        words = _health_words(cluster)
        yield explained(look, _finding(look, "elasticsearch.red", State.broken, subject, words))
    elif cluster.status == "red":
        own = {index.health for index in _own(look, cluster)}
        fine = bool(own) and own <= {"green", "yellow"}
        subject = "Elasticsearch is red" + (", our indices are not" if fine else "")
        state = State.late if fine else State.broken
        words = _health_words(cluster)
        yield explained(look, _finding(look, "elasticsearch.red", state, subject, words))
    elif cluster.status not in KNOWN:
        subject = f'Elasticsearch calls its health "{cluster.status}"'
        words = _health_words(cluster)
        yield _finding(look, "elasticsearch.health", State.unknown, subject, words)
    if closed:
        subject = f"{_names(cluster, closed)} closed: no reads, no writes"
        yield _finding(look, "elasticsearch.closed", State.broken, subject, "status close")


def _health_words(cluster: Cluster) -> str:
    return f"cluster {cluster.name}: {cluster.status}, {cluster.unassigned} shards unassigned"


def _blocks(look: Look, cluster: Cluster) -> Iterator[Finding]:
    """One finding a kind of block, whatever number of indices it holds."""
    blocked: dict[str, list[Index]] = {}
    for index in cluster.indices.values():
        for block in index.blocks:
            blocked.setdefault(block, []).append(index)
    for block, indices in blocked.items():
        check, words = CHECK_OF_BLOCK.get(block, ("elasticsearch.block", f'block "{block}" on'))
        yield _finding(
            look,
            check,
            State.broken,
            f"{words} {_names(cluster, indices)}",
            f"index.blocks.{block}: true",
            key=f"{check}.{block}",
        )


def _template(look: Look, cluster: Cluster) -> Iterator[Finding]:
    name = look.pipeline.template
    if cluster.template is False:
        subject = f"index template {name} is not loaded"
        words = "a new index guesses its types: text for words, no check of fields"
        yield _finding(look, "elasticsearch.no_template", State.broken, subject, words)
    if cluster.served is None or cluster.shipped is None:
        return
    found = template_differences(cluster.served, cluster.shipped)
    if found:
        subject = f"index template differs from the shipped one ({len(found)})"
        words, figures = _listed(found)
        yield _finding(look, "elasticsearch.template", State.late, subject, words, figures=figures)


def _mapping(look: Look, cluster: Cluster) -> Iterator[Finding]:
    shipped = cluster.shipped
    if shipped is None:
        return
    for index in _own(look, cluster):
        broken, stray = conflicts(index, shipped), strays(index, shipped)
        if broken:
            yield _mapped(look, cluster, index, broken, State.broken)
        elif stray:
            yield _mapped(look, cluster, index, stray, State.late)


def _mapped(
    look: Look, cluster: Cluster, index: Index, found: tuple[Difference, ...], state: State
) -> Finding:
    first, more = found[0], f" (+{len(found) - 1})" if len(found) > 1 else ""
    subject = f"{_names(cluster, [index])}: {first.words}{more}"
    words = KEEPS_ITS_TYPES
    if state is State.late:
        words = LACKS_FIELDS if first.found == ABSENT else LOSES_DIGITS
    _, figures = _listed(found)
    return _finding(
        look,
        "elasticsearch.mapping",
        state,
        subject,
        words,
        figures=figures,
        key=f"elasticsearch.mapping.{index.name}",
        where=f"GET /{index.name}/_mapping",
    )


def _retention(look: Look, cluster: Cluster) -> Iterator[Finding]:
    for index in _own(look, cluster):
        lifecycle = index.lifecycle
        if lifecycle is None or lifecycle.delete_after is None:
            continue
        day = deletes_at(lifecycle)
        when = f"on {day_words(day)} {day.year}" if day else f"after {lifecycle.delete_after}"
        if day and day <= look.today:
            when = f"at any moment, due {day_words(day)}"
        check = "es.ilm_deletes_live_index"
        since = f"{lifecycle.since:%Y-%m-%d}" if lifecycle.since else "its creation"
        soon = day is not None and day <= look.today + SOON
        yield _finding(
            look,
            check,
            State.broken if soon else State.late,
            f"all days of {_names(cluster, [index])} are deleted {when}",
            f"{lifecycle.kind} {lifecycle.name} deletes {lifecycle.delete_after} after {since}, "
            "whatever the days in it",
            figures={"deletes at": day and day.isoformat(), "delete after": lifecycle.delete_after},
            key=f"{check}.{index.name}",
            where="GET /_ilm/policy" if lifecycle.kind == "policy" else "GET /_data_stream",
        )


def _twice(look: Look, cluster: Cluster) -> Iterator[Finding]:
    """Days that the dashboard's data view finds in more than one index."""
    own = {index.name for index in _own(look, cluster)}
    pattern = look.pipeline.dashboard.data_view
    for mart in look.pipeline.marts:
        mine = [index for index in kept(cluster, mart) if index.docs and not index.stream]
        others = [
            index
            for index in cluster.indices.values()
            if index.name not in own
            and index.docs
            and matches(pattern, index)
            and _holds(cluster, index, mart)
        ]
        if len(mine) > 1 or (mine and others):
            extra = others or mine[1:]
            check = f"es.read_twice.{mart.name}"
            yield _finding(
                look,
                "es.read_twice",
                State.broken,
                f"{mart.index} is read twice: also from {_names(cluster, extra)}",
                f"{pattern} covers {', '.join(index.name for index in [*mine, *others])[:200]}",
                figures={index.name: index.docs for index in [*mine, *others][:5]},
                key=check,
                where="GET /_cat/indices, _alias",
            )


def _holds(cluster: Cluster, index: Index, mart: Mart) -> bool:
    """Whether an index holds days of this mart: its day and a field of its own."""
    if index.fields is None or not mart.measures:
        return index.name.startswith(f"{cluster.prefix}_{mart.index}")
    own = {measure.name for measure in mart.measures}
    return mart.day in index.fields and not own.isdisjoint(index.fields)


def _orphans(look: Look) -> Iterator[Finding]:
    """Documents of days that the mart does not have."""
    if running(look.runs) is not None:
        return  # a build or an export is on its way
    for mart in look.pipeline.marts:
        days = _without_mart(look, mart)
        if not days:
            continue
        more = f" and {len(days) - 1} more" if len(days) > 1 else ""
        check = "es.orphan_days"
        yield _finding(
            look,
            check,
            State.late,
            f"{mart.index} holds {day_words(days[0])}{more}; the mart does not",
            "days that left the mart are still shown to readers",
            figures={"days": len(days), "first": days[0].isoformat(), "last": days[-1].isoformat()},
            key=f"{check}.{mart.name}",
            where="POST /_msearch, mart by day",
            days=tuple(days),
        )


def _without_mart(look: Look, mart: Mart) -> list[date]:
    index, built, warehouse = look.index(mart), look.mart(mart), look.warehouse
    counts, documents = (
        look.observation("bigquery.counts"),
        look.observation("elasticsearch.counts"),
    )
    if index is None or built is None or warehouse is None or counts is None or documents is None:
        return []
    counted_at, modified = counts.at, look.mart_built_at(mart)
    if counts.error or documents.error or counted_at is None or documents.at is None:
        return []
    # a mart that was built since it was counted may well have the day
    if counted_at < documents.at and not (modified and modified <= counted_at):
        return []
    found = (day for day in index.by_day if day >= warehouse.start and day not in built.by_day)
    return sorted(found)


def _not_seen(look: Look, cluster: Cluster) -> Iterator[Finding]:
    for part, follows in FOLLOWS.items():
        words = cluster.unseen.get(part, "")
        if words and words != "not offered":
            yield _finding(
                look,
                f"elasticsearch.{part}.not_seen",
                State.denied,
                follows,
                words,
            )


def _listed(
    found: tuple[Difference, ...],
) -> tuple[str, Figures]:
    words = "; ".join(one.words for one in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    figures: Figures = {one.what: f"{one.found}, should be {one.wanted}" for one in found[:40]}
    return words + more, figures


def _names(cluster: Cluster, indices: Iterable[Index]) -> str:
    """Names without the prefix that they share; two, and how many more."""
    start = f"{cluster.prefix}_"
    names = [index.name.removeprefix(start)[:30] for index in indices]
    more = f" +{len(names) - 2}" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _finding(
    look: Look,
    check: str,
    state: State,
    subject: str,
    words: str,
    *,
    figures: Figures | None = None,
    key: str = "",
    where: str = "GET /_cluster/health, /_cat/indices",
    days: tuple[date, ...] = (),
) -> Finding:
    """`key` tells findings of one check apart."""
    evidence = Evidence(StageId.elasticsearch, where, words, look.seen_at(PROBE), figures or {})
    since = look.first_seen(key or check)
    return Finding(
        check, StageId.elasticsearch, state, _eighty(subject), since, days, (evidence,), key
    )


def _eighty(subject: str) -> str:
    return subject if len(subject) <= 80 else subject[:79] + "…"
