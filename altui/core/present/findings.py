"""What is not ok: one row a finding, and its evidence where there is room."""

from collections.abc import Iterator

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding
from altui.core.present.fitted import shortened
from altui.core.present.glyphs import STAGE_NAMES
from altui.core.present.rows import Line, Segment, Tone, columns, folding, line, pad, tone_of
from altui.core.present.view import FIGURES_OF, View

PANEL_OF_CHECK: tuple[tuple[str, str], ...] = (
    ("fivetran.", "fivetran"),
    ("workflow.", "workflow"),
    ("github.", "workflow"),
    ("elasticsearch.", "indices"),
    ("es.", "indices"),
    ("index.", "indices"),
    ("kibana.", "indices"),
    ("bigquery.stale", "fivetran"),
    ("dbt.not_built", "workflow"),
    ("local.", "findings"),
    ("altui.", "findings"),
)
"""Where a check's finding is shown, by the start of its id; every other is one of parity.

What concerns all services is no panel's: it opens all that is not ok.
"""

WHO = 10
AGE = 5
WORDS = 24
"""Columns that a service's words need to say anything; fewer are left empty."""


def panel_of(finding: Finding) -> str:
    """Key of the panel that a finding belongs to."""
    return next((key for start, key in PANEL_OF_CHECK if finding.check.startswith(start)), "parity")


def not_ok(seen: View, width: int, height: int) -> tuple[Line, ...]:
    """The findings, most severe first; the last row counts those that do not fit."""
    found = seen.findings
    if not found:
        words = "nothing is late, broken, unknown or denied"
        if seen.stale:
            words = "nothing was, when last looked at" if seen.assessment else "nothing known yet"
        return (line("finding.none", (words, Tone.dim)),)[:height]
    whole = len(found) <= height or height == 1  # the rule above has their number
    shown = found[:height] if whole else found[: height - 1]
    room = max(width - 2 - WHO - AGE, 8)
    subject = min(max((columns(item.subject) for item in shown), default=0), room)
    wordy = room - subject >= WORDS
    rows = tuple(_row(seen, item, subject, wordy=wordy) for item in shown)
    if not whole:
        more = f"and {len(found) - len(shown)} more: enter shows all"
        rows += (replace(line("finding.more", (more, Tone.strong), opens="findings"), last=True),)
    return rows


def row_key(finding: Finding) -> str:
    """Key of its row among what is not ok."""
    return f"finding.{finding.check}.{finding.subject}"


def evidence(seen: View, finding: Finding, *, opens: str = "") -> Iterator[Line]:
    """A finding with everything it rests on; each row opens its run, else `opens`."""
    key = f"{finding.check}.{finding.subject}"
    opens = _run_of(seen, finding) or opens
    yield claim(seen, key, finding, opens)
    yield line(f"{key}.check", ("  check     ", Tone.dim), finding.check, opens=opens)
    for place, item in enumerate(finding.evidence):
        for row in _evidence(seen, f"{key}.{place}", item):
            yield replace(row, opens=opens)
    if finding.do:
        do = line(f"{key}.do", ("  do        ", Tone.dim), finding.do)
        yield folding(do, WHO + 2)


def _run_of(seen: View, finding: Finding) -> str:
    """The place of the run that a finding speaks of; empty where it speaks of none."""
    asked = {item.where for item in finding.evidence}
    runs = seen.look.runs.runs if seen.look.runs else ()
    return next((f"workflow/{run.id}" for run in runs if run.url in asked), "")


def claim(seen: View, key: str, finding: Finding, opens: str = "") -> Line:
    """What a finding says, and since when."""
    return line(
        key,
        seen.sign(finding.state),
        (f" {finding.state.value} ", tone_of(finding.state)),
        (finding.subject, Tone.strong),
        (f"  since {seen.clock(finding.since)} ({seen.age(finding.since)})", Tone.dim),
        opens=opens,
    )


def _evidence(seen: View, key: str, item: Evidence) -> Iterator[Line]:
    stage = STAGE_NAMES[item.stage][0]
    at = f", {seen.clock(item.at)}" if item.at else ""
    where = line(f"{key}.where", (f"  {pad(stage, WHO)}", Tone.dim), item.where, (at, Tone.dim))
    yield folding(where, WHO + 2)
    if item.words:
        words = line(f"{key}.words", " " * (WHO + 2), (f"“{item.words}”", Tone.plain))
        yield folding(words, WHO + 2)
    for name, value in item.figures.items():
        figure = "none" if value is None else f"{value:,}" if isinstance(value, int) else f"{value}"
        yield line(f"{key}.{name}", " " * (WHO + 2), (f"{name} ", Tone.dim), figure)


def _row(seen: View, finding: Finding, width: int, *, wordy: bool) -> Line:
    words = next((item.words for item in finding.evidence if item.words), "")
    if not wordy or words in finding.subject:
        words = ""
    old = not any(map(seen.looked, FIGURES_OF[finding.stage]))
    tone = Tone.dim if old else tone_of(finding.state)
    return line(
        row_key(finding),
        Segment(seen.glyphs.states[finding.state] + " ", tone),
        Segment(pad(_who(finding), WHO), tone),
        Segment(pad(shortened(finding.subject, width), width), Tone.dim if old else Tone.plain),
        Segment(pad(seen.age(finding.since), AGE, right=True), Tone.plain if not old else Tone.dim),
        (f"  {words}" if words else "", Tone.dim),
        opens=panel_of(finding),
    )


def _who(finding: Finding) -> str:
    """The workflow's findings by its own name, all others by their stage's, or this host's."""
    if finding.check.startswith("altui."):
        return "altui"
    if panel_of(finding) == "findings":
        return "this host"
    return "workflow" if panel_of(finding) == "workflow" else STAGE_NAMES[finding.stage][0]
