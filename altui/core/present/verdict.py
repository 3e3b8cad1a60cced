"""The three lines for 3 am, and what stands there until this screen has looked itself."""

from collections.abc import Sequence

from msgspec.structs import replace

from altui.core.characters import visible
from altui.core.model.health import Form, VerdictState
from altui.core.present.fitted import fitted, forms_of
from altui.core.present.glyphs import VERDICTS
from altui.core.present.rows import Line, Segment, Tone, ascii_text, line, pad
from altui.core.present.view import View
from altui.core.present.wrapped import wrapped
from altui.core.words import ago, day

LABEL = 8
"""Each line starts with a word of eight columns: `BROKEN  `, `WHY     `."""
WIDTH = 80
"""Columns in which each line is one row; in fewer it goes on below."""
MOST = 6
"""Rows that the three lines may take where they do not fit one row each."""

Said = tuple[Segment, Sequence[Form], Tone]
"""A line's label, its forms, and their tone."""


def verdict(seen: View, width: int = WIDTH, most: int = MOST) -> tuple[Line, ...]:
    """Headline, WHY and DO; never green before everything configured was looked at."""
    assessment = seen.assessment
    if seen.stale or assessment is None:
        return _rows(seen, _stale(seen), width, most)
    spoken = assessment.verdict
    word, tone = VERDICTS[spoken.state]
    bright = Tone.strong if spoken.state is not VerdictState.ok else Tone.plain
    headline, why, do = forms_of(spoken)
    said = (
        (_label(word, tone), headline, bright),
        (_label("WHY", Tone.dim), why, Tone.plain),
        (_label("DO", Tone.dim), do, Tone.plain),
    )
    return _rows(seen, said, width, most)


def _rows(seen: View, said: tuple[Said, Said, Said], width: int, most: int) -> tuple[Line, ...]:
    room = max(width - LABEL, 1)
    lines = [_plain(seen, forms) for _, forms, _ in said]
    if width >= WIDTH or most <= len(said):
        texts = [[fitted(forms, room)] for forms in lines]
    else:
        texts = [wrapped(fitted(forms, WIDTH - LABEL), room) for forms in lines]
        if sum(map(len, texts)) > most:
            texts = [_within(forms, room, most // len(said)) for forms in lines]
    return tuple(
        line(
            f"verdict.{number}" + (f".{row}" if row else ""),
            label if row == 0 else " " * LABEL,
            (text, tone),
        )
        for number, (label, _, tone) in enumerate(said)
        for row, text in enumerate(texts[number])
    )


def _within(forms: Sequence[Form], room: int, rows: int) -> list[str]:
    """The most of a line that so many rows of words hold."""
    for width in range(WIDTH - LABEL, room, -1):
        texts = wrapped(fitted(forms, width), room)
        if len(texts) <= rows:
            return texts
    return [fitted(forms, room)]


def _plain(seen: View, forms: Sequence[Form]) -> list[Form]:
    """The forms as the terminal will show them, so that nothing grows once they are fitted."""

    def shown(text: str) -> str:
        text = visible("".join(char if char.isprintable() else " " for char in text))
        return text if seen.facts.unicode else ascii_text(text)

    return [Form(shown(form.words), shown(form.said), shown(form.tail)) for form in forms]


def _stale(seen: View) -> tuple[Said, Said, Said]:
    arrived = f" ({len(seen.arrived)} of {len(seen.configured)} in)"
    word, tone = VERDICTS[VerdictState.stale]
    last = seen.last
    if not seen.observed:
        asked = "nobody looks, the observer has ended;"
        short = "nobody looks;"
        do = "r asks again; leave with q and start altui anew if nothing comes"
    else:
        asked = short = "checking..."
        do = "wait a moment; every figure is new once its service has answered"
    if last is None:
        head = [Form(f"{asked} nothing was seen before on this machine", "", arrived)]
        head += [Form(f"{one} nothing was seen before", "", arrived) for one in (asked, short)]
        why: Sequence[Form] = [Form("no figure below means it is well: none was read yet")]
    else:
        then = VERDICTS[last.verdict.state][0]
        then = f"last seen {ago(seen.now, last.at)}: {then}"
        heads = (f"{asked} {then}. Not all below is live", f"{asked} {then}", f"{short} {then}")
        head = [Form(words, "", arrived) for words in heads]
        at = f"then ({day(last.at.date())} {last.at:%H:%M}Z): "
        headline = forms_of(last.verdict)[0]
        why = [replace(form, words=f"{at}{form.words}") for form in headline]
    return (
        (_label(word, Tone.strong), head, Tone.plain),
        (_label("WHY", tone), why, tone),
        (_label("DO", tone), [Form(do)], tone),
    )


def _label(word: str, tone: Tone) -> Segment:
    return Segment(pad(word, LABEL), tone)
