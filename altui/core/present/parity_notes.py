"""Rows beside the counts: measures that differ, spent budget, quiet sources, what is usual."""

from collections.abc import Iterator

from altui.core.model.observed import Trouble
from altui.core.present.rows import Line, Tone, columns, folding, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.measures import SIDES, Difference, different
from altui.core.rules.parity import metadata_rows, quiet
from altui.core.words import behind, day, figure, number

WAREHOUSE = "bigquery.counts"
MOST = 12
"""Measures that are listed one by one; the rest are counted."""


def spent(seen: View) -> Iterator[Line]:
    """Why exact counts are not newer and when they come back, and what is known for free."""
    observation = seen.observation(WAREHOUSE)
    if observation is None or observation.error is None:
        return
    if observation.error.trouble is not Trouble.budget:
        return
    stands = seen.look.stands(WAREHOUSE)
    last = f"exact counts of {seen.clock(observation.at)}" if observation.at else "no exact counts"
    old = "" if stands or not observation.at else ", too old to judge by"
    yield line(
        "parity.spent",
        (f"{last}{old}; {observation.error.words}", Tone.due if stands else Tone.unknown),
    )
    rows = [(table.name, metadata_rows(seen.look, table)) for table in seen.pipeline.tables]
    if known := [f"{name} {number(count)}" for name, count in rows if count is not None]:
        at = seen.clock(seen.look.seen_at("bigquery.tables"))
        words = f"  metadata of {at}, soft-deleted rows included: {', '.join(known)}"
        yield line("parity.metadata", (words, Tone.dim))


def measures(seen: View) -> Iterator[Line]:
    """Each measure of a day that staging and mart, or mart and index, hold differently."""
    found = sorted(different(seen.look), key=_order)
    for item in found[:MOST]:
        upper, lower = SIDES[item.stage]
        yield line(
            f"parity.measure.{item.stage}.{item.mart.name}.{item.measure.name}.{item.day}",
            "  ",
            seen.sign(item.state),
            f" {pad(day(item.day), 7)}",
            (f"{item.measure.name} ", Tone.plain),
            (f"{upper} ", Tone.dim),
            figure(item.expected),
            (f", {lower} ", Tone.dim),
            (figure(item.found), tone_of(item.state)),
            (f"  {item.state.value}", tone_of(item.state)),
        )
    if len(found) > MOST:
        more = f"    and {len(found) - MOST} more measures that differ"
        yield line("parity.measure.more", (more, Tone.dim))


def settled(seen: View, *, tail: str = "") -> Iterator[Line]:
    """Which days of the source were counted earlier than the others, and when."""
    source = seen.look.source
    if source is not None and source.settled and source.settled_at:
        when = f"as counted {seen.clock(source.settled_at)}{tail}"
        words = f"source days before {day(source.settled)} {when}"
        yield line("parity.settled", (words, Tone.dim))


def silences(seen: View) -> Iterator[Line]:
    """Sources that are quieter than they have been; a note, not a state."""
    for table in seen.pipeline.tables:
        if found := quiet(seen.look, table):
            words = (
                f"  {table.name}: no new row for {behind(found[0])};"
                f" longest gap in {seen.pipeline.quiet_days} days: {behind(found[1])}"
            )
            yield folding(line(f"parity.quiet.{table.name}", (words, Tone.dim)), 4)


def history(seen: View) -> Iterator[Line]:
    """How far both sides were apart in the last day, and what is usual."""
    known = seen.assessment.drift if seen.assessment else {}
    name = max(columns(table.name) for table in seen.pipeline.tables)
    for table in seen.pipeline.tables:
        if drift := known.get(table.name):
            words = (
                f"  {pad(table.name, name)}  last 24 h: Δ at most {number(drift.most)}"
                f" at {seen.clock(drift.at)}, usual {number(drift.usual)}"
            )
            yield line(f"parity.drift.{table.name}", (words, Tone.dim))


def _order(item: Difference) -> tuple[bool, int, str, str]:
    """What is wrong before what is due, the newest first."""
    return (item.state.value == "due", -item.day.toordinal(), item.mart.name, item.measure.name)
