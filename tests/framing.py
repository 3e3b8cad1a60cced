"""A screen as text: its lines, then the meaning of their colours, so that a colour lost is seen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color

from altui.core.present.rows import Tone
from altui.core.present.themes import DARK

SIGNS = {
    **{Tone.ok: "+", Tone.due: "~", Tone.late: "!", Tone.broken: "X", Tone.unknown: "?"},
    **{Tone.denied: "#", Tone.off: ".", Tone.dim: "d", Tone.plain: "p", Tone.strong: "S"},
}
"""Those of the states are their signs on an ASCII terminal."""
OTHER = "o"
"""What is behind a page that lies over the screen, and what the framework paints itself."""
TINTS = {Tone.broken: 0.12, Tone.late: 0.10, Tone.unknown: 0.12}


def _inks() -> dict[str, str]:
    named = {colour: SIGNS[tone] for tone, colour in DARK.tones.items()}
    return {DARK.on_prod: "k", **named}


def _papers() -> dict[str, str]:
    tints = {
        Color.parse(DARK.background).blend(Color.parse(DARK.tones[tone]), part).hex.lower(): tone
        for tone, part in TINTS.items()
    }
    named = {name: getattr(DARK, name) for name in ("surface", "panel", "chosen", "prod", "accent")}
    return {
        **{colour: f"tint-{tone.value}" for colour, tone in tints.items()},
        **{colour: name for name, colour in named.items()},
        DARK.background: "",
    }


INKS, PAPERS = _inks(), _papers()


def framed(app: App[int]) -> str:
    """The whole screen; blanks at the ends of lines are left out.

    Below a rule: line or lines, the paper they lie on unless it is the screen's own, and from left
    to right how many columns are of which ink, such as `3 panel: d9 S4 p12`; `X4@prod` lies on
    other paper. Lines that are plain throughout are left out.
    """
    update = app.screen._compositor.render_update(
        full=True, screen_stack=app._background_screens, simplify=True
    )
    lines = [[part for strip in row for part in strip] for row in update.strips]  # type: ignore[union-attr]
    texts = ["".join(part.text for part in line).rstrip() for line in lines]
    while texts and not texts[-1]:
        texts.pop()
    return "\n".join([*texts, "-" * 20, *_merged(map(_meaning, lines))])


def _merged(meanings: Iterable[str]) -> Iterator[str]:
    """Neighbours that mean the same share a line."""
    for meaning, group in groupby(enumerate(meanings, 1), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        if meaning:
            last = f"-{numbers[-1]}" if len(numbers) > 1 else ""
            yield f"{numbers[0]}{last}{meaning}"


def _meaning(line: list[Segment]) -> str:
    """What is painted; of blanks only their paper."""
    parts = [(part.text, *_look(part.style or Style())) for part in line]
    papers: Counter[str] = Counter()
    for text, _, paper in parts:
        papers[paper] += cell_len(text)
    common = papers.most_common(1)[0][0]
    runs: list[tuple[str, int]] = []
    for text, ink, paper in parts:
        other = f"@{paper}" if paper != common else ""
        blanks = text.count(" ")
        letters = cell_len(text) - blanks
        for name, count in ((f"{ink}{{}}{other}", letters), (f"{{}}{other}", other and blanks)):
            if count:
                before = runs.pop()[1] if runs and runs[-1][0] == name else 0
                runs.append((name, before + count))
    said = " ".join(name.format(count) for name, count in runs)
    if not common and all(name == "p{}" for name, _ in runs):
        return ""
    return f" {common}: {said}".rstrip(": ")


@cache
def _look(style: Style) -> tuple[str, str]:
    """Ink and paper by name, with what else is done to the letters."""
    ink = INKS.get(_colour(style, "color"), OTHER)
    paper = PAPERS.get(_colour(style, "bgcolor"), "other")
    return ink + "_" * bool(style.underline) + "%" * bool(style.reverse), paper


def _colour(style: Style, part: str) -> str:
    colour = getattr(style, part)
    return colour.get_truecolor().hex.lower() if colour else ""
