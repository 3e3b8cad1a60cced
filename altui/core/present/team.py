"""What the others are at: the open incident, a backfill, locks; absent where nothing is known."""

from collections.abc import Iterator

from altui.core.model.together import Team
from altui.core.present.panels import rule
from altui.core.present.rows import Line, Part, Segment, Tone, extra, line
from altui.core.present.view import View

GAP = "      "


def team(seen: View, width: int) -> tuple[Line, ...]:
    """A title and one row; nothing where nothing is known."""
    known = seen.assessment.team if seen.assessment else None
    if known is None:
        return ()
    return rule("rule.team", "team", width), line("team", *_parts(seen, known))


def _parts(seen: View, known: Team) -> Iterator[Part]:
    yield "  "
    yield from _incident(seen, known)
    for rank, (what, names) in enumerate((("backfill", known.backfill), ("locks", known.locks))):
        words = names if isinstance(names, str) else ", ".join(names)
        # what goes on is told however narrow the screen is; that nothing does is not
        yield Segment(f"{GAP}{what}: ", Tone.dim, extra=0 if words else rank + 1)
        yield words or extra("none", Tone.dim, rank + 1)


def _incident(seen: View, known: Team) -> Iterator[Part]:
    incident = known.incident
    if incident is None:
        yield "no incident", Tone.dim
        return
    yield f"incident #{incident.number}", Tone.strong
    yield f" open {seen.clock(incident.opened)}, "
    yield (
        (f"{incident.holder} has it", Tone.plain)
        if incident.holder
        else (
            "nobody has it",
            Tone.late,
        )
    )
