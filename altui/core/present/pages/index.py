"""A mart's index: its days, what it takes, its mapping field by field, and one document."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial

from altui.core.model.days import day_of, days_between, spans
from altui.core.model.health import SEVERITY, State
from altui.core.model.observed import Wish
from altui.core.model.pipeline import Mart
from altui.core.model.reading import Cluster, Index, Sample, Series
from altui.core.present import indices
from altui.core.present.bars import spark
from altui.core.present.index_state import (
    CLUSTER,
    DOCUMENTS,
    Field,
    expected_days,
    fields_of,
    missing_days,
    own_indices,
    state_of,
    unfed,
)
from altui.core.present.indices import BLOCKS, HEALTH
from altui.core.present.page import Page, awaited, fact, nowhere
from altui.core.present.rows import Line, Segment, Tone, columns, greyed, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.templates import template_differences
from altui.core.words import day, number, plural, size

ROOM = 64
"""Columns of a page at 80, beside margin, sign of the choice, label and scroll bar."""
BARS = 60
"""Days whose sizes are drawn."""
FIELD, TYPE = 26, 14
NAME = 26
SEVERAL = 10
"""Indices behind one name that are told of one by one."""

_fact = partial(fact, "index", 12)


def make(seen: View, rest: str) -> Page:
    """`risk_daily` is the index of that name behind the prefix."""
    mart = next((mart for mart in seen.pipeline.marts if mart.index == rest), None)
    if mart is None:
        return nowhere(f"index {rest}")
    own = own_indices(seen, mart)
    series = seen.look.index(mart)
    wish = Wish("elasticsearch.sample", mart.index)
    asked = (wish,) if series is not None and series.rows else ()
    state = state_of(seen, mart)
    rows = (
        *indices.trouble_rows(seen),
        *_aged(seen, DOCUMENTS, _days(seen, mart, series, state)),
        *_aged(seen, CLUSTER, _indices(own)),
        *_sizes(seen, mart),
        Line("gap.parity"),
        line("parity", "its days, stage by stage: enter shows them", opens=_parity(seen, mart)),
        *_aged(seen, CLUSTER, _mapping(seen, own)),
        *(_sample(seen, wish) if asked else ()),
    )
    return Page(f"index {mart.index}", rows, _head(seen, state), wishes=asked)


def _parity(seen: View, mart: Mart) -> str:
    return f"parity/{seen.pipeline.subject_of(mart)}"


def _head(seen: View, state: State) -> tuple[Segment, ...]:
    word = Segment(f"{seen.glyphs.states[state]} {state.value}", tone_of(state))
    times = [at for probe in (DOCUMENTS, CLUSTER) if (at := seen.look.seen_at(probe))]
    return (word, Segment(f", seen {seen.clock(min(times))}", Tone.dim)) if times else (word,)


# Its days


def _days(seen: View, mart: Mart, series: Series | None, state: State) -> Iterator[Line]:
    if seen.look.documents is None:
        return
    if series is None:
        words = "no ops rows: nothing is expected" if unfed(seen, mart) else "no such index"
        yield _fact("newest", (words, tone_of(state)))
        return
    wanted = seen.look.due.wanted_day
    newest = day(day_of(series.latest)) if series.latest else "none"
    yield _fact(
        "newest day",
        (newest, Tone.plain if state is State.ok else tone_of(state)),
        (f", wanted {day(wanted)}" if mart.table else "", Tone.dim),
    )
    expected = expected_days(seen, mart)
    held = sum(1 for one in expected if one in series.by_day)
    first = f" from {day(expected[0])} to {day(expected[-1])}" if expected else ""
    yield _fact("days", f"{held} of {len(expected)}", (first, Tone.dim))
    missing = missing_days(seen, mart, series)
    for lack in sorted(missing, key=SEVERITY.__getitem__, reverse=True):
        words = [_span(first, last) for first, last in spans(missing[lack])]
        count = plural(len(missing[lack]), "day")
        yield from _facts("missing", [f"{count} {lack.value}: {words[0]}", *words[1:]], lack)
    if not missing:
        yield _fact("missing", ("none", Tone.dim))
    yield _fact("documents", number(series.rows))
    twice = [f"{day(one)} ({count})" for one, count in sorted(series.duplicates.items())]
    yield from _facts("duplicates", twice, State.broken)


def _span(first: date, last: date) -> str:
    if first == last:
        return day(first)
    together = (first.year, first.month) == (last.year, last.month)
    return f"{first.day}-{day(last)}" if together else f"{day(first)} to {day(last)}"


# What it takes, and what is set on it


def _indices(own: Sequence[Index]) -> Iterator[Line]:
    for place, index in enumerate(own[:SEVERAL]):
        key = f"{place}" if place else ""
        yield _fact("index", index.name, key=key)
        yield _fact("holds", f"{plural(index.docs, 'document')}, {size(index.bytes)}", key=key)
        closed = (f", {index.status}", Tone.broken if index.status == "close" else Tone.dim)
        health = (index.health or "health not seen", HEALTH.get(index.health, Tone.unknown))
        yield _fact("health", health, closed, key=key)
        blocks = ", ".join(BLOCKS.get(block, block) for block in index.blocks)
        unseen = index.fields is None and not blocks
        none = ("not seen", Tone.unknown) if unseen else ("none", Tone.dim)
        yield _fact("blocks", (blocks, Tone.broken) if blocks else none, key=key)
        yield _fact("aliases", ", ".join(index.aliases) or ("none", Tone.dim), key=key)
        if index.stream:
            yield _fact("stream", index.stream, key=key)
        life = indices.lifecycle_words(index.lifecycle) if index.lifecycle else ()
        yield _fact("lifecycle", *(life or (("none: nothing deletes it", Tone.dim),)), key=key)
    if len(own) > SEVERAL:
        yield _fact("and", (f"{len(own) - SEVERAL} more indices behind this name", Tone.dim))


def _sizes(seen: View, mart: Mart) -> Iterator[Line]:
    """Day by day, with the first and the last figure; kept since somebody looks."""
    known = (seen.assessment.sizes if seen.assessment else {}).get(mart.index, {})
    today = seen.look.today
    days = list(days_between(today - timedelta(days=BARS - 1), today))
    sizes = [(one, known[one]) for one in days if one in known]
    if not sizes:
        return
    (first, before), (last, now) = sizes[0], sizes[-1]
    drawn = spark(seen.glyphs.bars, map(known.get, days))
    yield _fact("size", (drawn, Tone.dim))
    words = f"{size(before)} on {day(first)}, {size(now)} on {day(last)}"
    yield _fact(
        "", words if first != last else f"{size(now)}, kept from {day(last)} on", key="sizes"
    )


# Its mapping


def _mapping(seen: View, own: Sequence[Index]) -> Iterator[Line]:
    """What differs from the template, then every field."""
    cluster = seen.look.cluster
    if cluster is None or not own:
        return
    index = own[-1]
    yield Line("gap.mapping")
    if index.fields is None:
        words = cluster.unseen.get("mappings", "no answer")
        yield line("mapping.unseen", ("its mapping is not seen", Tone.unknown), f": {words}")
        return
    fields = [*fields_of(cluster, index)]
    differing = [one for one in fields if one.state]
    others = [*_others(cluster, fields)]
    count = len(differing) + len(others)
    words = plural(count, "difference") if count else "no difference to what ships"
    yield line("mapping.differs", (f"mapping: {words}", Tone.strong))
    if count:
        yield _titles("differs")
    ranked = sorted([*others, *differing], key=lambda one: -SEVERITY[one.state or State.ok])
    yield from (_row(seen, f"differs.{place}", one) for place, one in enumerate(ranked))
    yield line("mapping.all", (f"every field ({len(fields)})", Tone.strong))
    yield _titles("all")
    yield from (_row(seen, f"field.{place}", one) for place, one in enumerate(fields))


def _others(cluster: Cluster, fields: Sequence[Field]) -> Iterator[Field]:
    """What else the loaded template has otherwise than the one that ships."""
    if cluster.served is None or cluster.shipped is None:
        return
    names = {one.name for one in fields}
    for one in template_differences(cluster.served, cluster.shipped):
        if one.what not in names:
            yield Field(one.what, (one.wanted, one.found, ""), State.late)


def _titles(key: str) -> Line:
    kinds = "".join(f"  {pad(kind, TYPE)}" for kind in ("ships", "template", "index"))
    return line(f"mapping.{key}.titles", (f"  {pad('field', FIELD)}{kinds}", Tone.dim))


def _row(seen: View, key: str, one: Field) -> Line:
    wrong = one.state not in (None, State.off)
    sign = seen.sign(one.state) if one.state else Segment(" ")
    tones = [
        tone_of(one.state) if one.state and kind != one.types[0] else Tone.dim for kind in one.types
    ]
    return line(
        key,
        sign,
        (f" {pad(one.name, FIELD)}", Tone.plain if wrong else Tone.dim),
        *((f"  {pad(kind, TYPE)}", tone) for kind, tone in zip(one.types, tones, strict=True)),
    )


# One document


def _sample(seen: View, wish: Wish) -> Iterator[Line]:
    yield Line("gap.sample")
    sample = seen.look.snapshot.get(wish.id, Sample)
    if sample is None:
        yield awaited(seen, wish, "its newest document")
        return
    read = f", read {seen.clock(seen.look.seen_at(wish.id))}"
    if not sample.index:
        yield line("sample.none", ("no document", Tone.dim), (read, Tone.dim))
        return
    yield line("sample", ("newest document ", Tone.strong), sample.id, (read, Tone.dim))
    if not sample.fields:
        yield line("sample.empty", ("the index keeps no _source of it", Tone.dim))
    widest = min(max((columns(name) for name, _ in sample.fields), default=0), NAME)
    for place, (name, value) in enumerate(sample.fields):
        yield line(f"sample.{place}", (f"  {pad(name, widest)}  ", Tone.dim), value)
    if sample.more:
        yield line("sample.more", (f"  and {plural(sample.more, 'field')} more", Tone.dim))


# Rows


def _facts(name: str, words: Sequence[str], state: State) -> Iterator[Line]:
    """Words with commas between them, on as many lines as they take."""
    lines = [""]
    for word in [*(f"{word}," for word in words[:-1]), *words[-1:]]:
        if lines[-1] and columns(f"{lines[-1]} {word}") > ROOM:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    for place, text in enumerate(lines):
        said = (text, tone_of(state)) if text else ("none", Tone.dim)
        yield _fact("" if place else name, said, key=f"{name}.{state}.{place}")


def _aged(seen: View, probe: str, rows: Iterator[Line]) -> Iterator[Line]:
    return rows if seen.live(probe) else map(greyed, rows)
