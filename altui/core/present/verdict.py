"""The three lines for 3 am, and what stands there until this screen has looked itself."""

from altui.core.model.health import VerdictState
from altui.core.present.glyphs import VERDICTS
from altui.core.present.rows import Line, Segment, Tone, line, pad
from altui.core.present.view import View
from altui.core.words import ago, day

LABEL = 8


def verdict(seen: View) -> tuple[Line, ...]:
    """Headline, WHY and DO; never green before everything configured was looked at."""
    assessment = seen.assessment
    if seen.stale or assessment is None:
        return _stale(seen)
    spoken = assessment.verdict
    word, tone = VERDICTS[spoken.state]
    bright = Tone.strong if spoken.state is not VerdictState.ok else Tone.plain
    return (
        line("verdict.0", _label(word, tone), (spoken.headline, bright)),
        line("verdict.1", _label("WHY", Tone.dim), spoken.why),
        line("verdict.2", _label("DO", Tone.dim), spoken.do),
    )


def _stale(seen: View) -> tuple[Line, ...]:
    arrived = f"{len(seen.arrived)} of {len(seen.configured)} in"
    word, tone = VERDICTS[VerdictState.stale]
    last = seen.assessment
    if not seen.observed:
        asked = "nobody looks, the observer has ended;"
        do = "r asks again; leave with q and start altui anew if nothing comes"
    else:
        asked = "checking..."
        do = "wait a moment; every figure turns from grey as its service answers"
    if last is None:
        head = f"{asked} nothing was seen before on this machine ({arrived})"
        why = "no figure below means it is well: none was read yet"
    else:
        then = VERDICTS[last.verdict.state][0]
        head = f"{asked} last seen {ago(seen.now, last.at)}: {then}. Grey is old ({arrived})"
        why = f"then ({day(last.at.date())} {last.at:%H:%M}Z): {last.verdict.headline}"
    return (
        line("verdict.0", _label(word, Tone.strong), (head, Tone.plain)),
        line("verdict.1", _label("WHY", tone), (why, tone)),
        line("verdict.2", _label("DO", tone), (do, tone)),
    )


def _label(word: str, tone: Tone) -> Segment:
    return Segment(pad(word, LABEL), tone)
