"""Fivetran: its panel whole, then each table, its own words, and how its syncs went."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from statistics import median

from msgspec.structs import replace

from altui.core.model.health import State
from altui.core.model.history import SyncEnd
from altui.core.model.reading import Note
from altui.core.present.bars import bar
from altui.core.present.fivetran import PROBE
from altui.core.present.page import Page
from altui.core.present.pages import synced
from altui.core.present.panels import whole
from altui.core.present.rows import Line, Segment, Tone, extra, folding, greyed, line, pad
from altui.core.present.view import View
from altui.core.rules.learning import RUNNING, running_since
from altui.core.rules.schedule import sync_turn
from altui.core.words import behind, took

MOST_BARS = 60
MOMENT = 20
"""Columns of a moment, such as `after 22 Nov 03:05Z`."""


def top(seen: View, _: str) -> Page:
    """The panel's place, with what there is no room for in the panel."""
    shown = whole(seen, "fivetran")
    rows = (*shown.rows, *synced.tables(seen), *_notes(seen), *_history(seen))
    return replace(shown, rows=rows)


def _notes(seen: View) -> Iterator[Line]:
    """Tasks and warnings with every word of theirs."""
    connection = seen.look.connection
    if connection is None:
        return
    yield Line("notes.gap")
    yield line("notes.title", ("tasks and warnings", Tone.strong))
    kinds = (("task", connection.tasks, Tone.broken), ("warning", connection.warnings, Tone.late))
    told = [
        row
        for kind, notes, tone in kinds
        for place, note in enumerate(notes)
        for row in _note(f"{kind}.{place}", kind, note, tone)
    ]
    told = told or [line("notes.none", ("  Fivetran names none", Tone.dim))]
    yield from told if seen.live(PROBE) else map(greyed, told)


def _note(key: str, kind: str, note: Note, tone: Tone) -> Iterator[Line]:
    yield line(f"notes.{key}", "  ", (f"{kind} ", tone), note.code)
    yield folding(line(f"notes.{key}.words", "    ", note.message), 4)


def _history(seen: View) -> Iterator[Line]:
    """Newest first. Fivetran tells of the last end alone: the others were seen by looking."""
    known = seen.assessment.sync_ends if seen.assessment else ()
    yield Line("syncs.gap")
    yield line("syncs.title", ("syncs seen to end, 14 days", Tone.strong), *_counted(known))
    if not known:
        yield line("syncs.none", ("  none yet: Fivetran keeps no list, altui looks on", Tone.dim))
    elif any(one.took_s is not None for one in known):
        yield _durations(seen, known[:MOST_BARS])
    if known or _runs(seen):
        heads = f"    {pad('began', MOMENT)}{pad('ended', MOMENT)}took"
        yield line("syncs.head", (heads, Tone.dim))
    yield from _running(seen)
    for one, older in pairwise((*known, None)):
        if one is not None:
            yield _sync(seen, one)
            yield from _pause(seen, one, older)


def _counted(known: tuple[SyncEnd, ...]) -> Iterator[Segment]:
    if known:
        failed = sum(one.failed for one in known)
        yield Segment(f": {len(known):,}")
        yield Segment(f", {failed:,} failed" if failed else "", Tone.broken)
    lengths = [one.took_s for one in known if one.began and one.took_s is not None]
    if lengths:
        words = f", usually {took(median(lengths))}, longest {took(max(lengths))}"
        yield Segment(words, Tone.dim)


def _durations(seen: View, known: tuple[SyncEnd, ...]) -> Line:
    """A bar a sync, the newest at the right end; a gap where nobody saw how long it ran."""
    lengths = [max(round(one.took_s or 0), 0) for one in known]
    tones = [Tone.broken if one.failed else Tone.dim for one in known]
    drawn = [
        extra(bar(seen.glyphs.bars, length, max(lengths)), tone, rank=age)
        for age, (length, tone) in enumerate(zip(lengths, tones, strict=True))
    ]
    return line("syncs.bars", ("  took  ", Tone.dim), *drawn[::-1])


def _runs(seen: View) -> bool:
    connection = seen.look.connection
    return connection is not None and connection.sync_state == RUNNING and seen.live(PROBE)


def _running(seen: View) -> Iterator[Line]:
    if not _runs(seen):
        return
    since = running_since(seen.assessment.syncs if seen.assessment else ())
    began = seen.clock(since) if since else "not seen"
    lasts = took(max((seen.now - since).total_seconds(), 0)) if since else ""
    yield line(
        "syncs.running",
        "  ",
        seen.sign(State.due),
        f" {pad(began, MOMENT)}{pad('runs now', MOMENT)}{lasts}",
    )


def _sync(seen: View, one: SyncEnd) -> Line:
    began, length = ("not seen", "?")
    if one.took_s is not None:
        began = seen.clock(one.began) if one.began else f"after {seen.clock(one.after)}"
        # whole seconds are kept: what bounds it is the next one
        length = took(one.took_s) if one.began else f"under {took(one.took_s + 1)}"
    return line(
        f"sync.{one.ended.isoformat()}.{one.failed}",
        "  ",
        seen.sign(State.broken if one.failed else State.ok),
        (f" {pad(began, MOMENT)}", Tone.plain if one.began else Tone.dim),
        f"{pad(seen.clock(one.ended), MOMENT)}{length}",
        ("  failed" if one.failed else "", Tone.broken),
    )


def _pause(seen: View, one: SyncEnd, older: SyncEnd | None) -> Iterator[Line]:
    """Between two ends that are further apart than two syncs should be."""
    connection, grace = seen.look.connection, seen.pipeline.sync.grace_minutes
    if older is None or connection is None:
        return
    apart = one.ended - older.ended
    if apart > sync_turn(connection, seen.pipeline) + timedelta(minutes=grace):
        words = f"    {behind(apart)} without an end of one, or nobody looked"
        yield line(f"sync.{one.ended.isoformat()}.pause", (words, Tone.dim))
