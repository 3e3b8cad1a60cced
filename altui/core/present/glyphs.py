"""One state: one glyph, one word, one tone. Never colour alone."""

from collections.abc import Mapping

from msgspec import Struct

from altui.core.model.health import StageId, State, VerdictState
from altui.core.present.rows import Tone


class Glyphs(Struct, frozen=True):
    """The signs of one character set; each is one column wide."""

    states: dict[State, str]
    cursor: str
    carries: str
    """Between two stages when the rows arrived."""
    loses: str
    """Between two stages where the first rows are missing."""
    bars: str
    """Heights of a tiny bar chart, lowest first."""


UNICODE = Glyphs(
    states={
        State.ok: "✓",
        State.due: "◷",
        State.late: "!",
        State.broken: "✗",
        State.unknown: "?",
        State.denied: "⊘",
        State.off: "·",
    },
    cursor="›",
    carries="->",
    loses="-X->",
    bars="▁▂▃▄▅▆",
)
ASCII = Glyphs(
    states={
        State.ok: "+",
        State.due: "~",
        State.late: "!",
        State.broken: "X",
        State.unknown: "?",
        State.denied: "#",
        State.off: ".",
    },
    cursor=">",
    carries="->",
    loses="-X->",
    bars="_.-=+#",
)

STAGE_NAMES: dict[StageId, tuple[str, str]] = {
    StageId.postgres: ("postgres", "pg"),
    StageId.fivetran: ("fivetran", "ftran"),
    StageId.bigquery: ("bigquery", "bq"),
    StageId.dbt: ("dbt", "dbt"),
    StageId.elasticsearch: ("elastic", "es"),
    StageId.kibana: ("kibana", "kib"),
}
"""A stage's name, and its short form for narrow screens."""

VERDICTS: dict[VerdictState, tuple[str, Tone]] = {
    VerdictState.ok: ("OK", Tone.ok),
    VerdictState.wait: ("WAIT", Tone.due),
    VerdictState.late: ("LATE", Tone.late),
    VerdictState.broken: ("BROKEN", Tone.broken),
    VerdictState.suspected: ("BROKEN?", Tone.unknown),
    VerdictState.check: ("CHECK", Tone.unknown),
    VerdictState.stale: ("STALE", Tone.dim),
}


def speaks_unicode(environ: Mapping[str, str]) -> bool:
    """Whether the locale asks for UTF-8. Python itself no longer says: it turns C into UTF-8."""
    named = next(
        (environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), ""
    )
    return "utf8" in named.lower().replace("-", "")


def prints_unicode(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Whether a stream of that encoding may be given signs beyond ASCII in this locale."""
    return speaks_unicode(environ) and (encoding or "").lower().replace("-", "") == "utf8"


def glyphs(*, unicode: bool) -> Glyphs:
    return UNICODE if unicode else ASCII
