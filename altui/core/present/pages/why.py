"""Why one should believe what the screen says: each claim's figure, source, command, refutation.

`why` is the page of all claims, most important first; `why/bigquery.counts` is how to ask that
question by hand.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding, StageId, State, TraceRow, VerdictState
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import risk_mart
from altui.core.model.reading import Cluster, Counts, Kibana, Storage
from altui.core.present.commands import COMMANDS, NEEDS, command, host, price
from altui.core.present.findings import claim
from altui.core.present.glyphs import STAGE_NAMES, VERDICTS
from altui.core.present.indices import span
from altui.core.present.nightly import late_from, on_its_way
from altui.core.present.page import Page, nowhere
from altui.core.present.refuted import refuted_by
from altui.core.present.rows import Line, Part, Segment, Tone, folding, line, pad, tone_of
from altui.core.present.sources import probe_of
from altui.core.present.strip import state_of
from altui.core.present.verdict import LABEL as SPOKEN
from altui.core.present.verdict import verdict
from altui.core.present.view import View
from altui.core.rules.reach import reach
from altui.core.rules.seeing import STATE_OF, service_of
from altui.core.rules.serving import newest_document
from altui.core.rules.trace import COUNTED_BY
from altui.core.words import ago, day, number, plural

PLACE = "why"
READER = COUNTED_BY[StageId.kibana]
LABEL = 10
MOST_FIGURES = 6
WIDEST = 400
"""Columns in which the verdict is said whole; what a screen has no room for goes on below."""
OF_A_FINDING = frozenset(
    (VerdictState.late, VerdictState.broken, VerdictState.suspected, VerdictState.check)
)
"""Verdicts whose WHY is that of the first finding: what it rests on comes before all counts."""


def make(seen: View, rest: str) -> Page:
    """All claims, or how to ask for one of them."""
    return _asking(seen, rest) if rest else _claims(seen)


def _claims(seen: View) -> Page:
    state = seen.assessment.verdict.state if seen.assessment else VerdictState.stale
    said = [folding(row, SPOKEN) for row in verdict(seen, WIDEST)]
    rows = [*said, Line("gap.verdict"), *_causes(seen)]
    found = [(*_finding(seen, it), Line(f"gap.{_key(it)}")) for it in seen.findings]
    if state in OF_A_FINDING and found:
        rows += found.pop(0)
    if state is VerdictState.wait:
        rows += _schedule(seen)
    rows += _counted(seen)
    if state is VerdictState.ok:
        rows += _schedule(seen)
    rows += [row for claim in found for row in claim]
    rows += _not_checked(seen)
    word, tone = VERDICTS[VerdictState.stale if seen.stale else state]
    return Page("why", tuple(rows), (Segment(word, tone),))


# The verdict's own figures


def _counted(seen: View) -> Iterator[Line]:
    """The day that the verdict speaks of, as each service counts it."""
    row = _row(seen)
    if row is None:
        return
    yield _title("claim.day", f"{day(row.day)} {row.table}, stage by stage")
    by_probe = _by_probe(row)
    shown = _is_shown(seen, row) and by_probe.pop(READER, None)
    for probe, stages in by_probe.items():
        words = ", ".join(_cell(seen, row, stage) for stage in stages)
        yield from _proof(seen, f"claim.day.{probe}", probe, words)
    yield _fact("claim.day.refuted", "refuted", "if one of these counts differs when asked again")
    if shown:
        yield from _reader(seen, _cell(seen, row, StageId.kibana, " shows"))
    yield Line("gap.day")


def _is_shown(seen: View, row: TraceRow) -> bool:
    """Whether a reader sees the day, as far as the dashboard's range is known."""
    cell = row.cells.get(StageId.kibana)
    known = seen.look.kibana is not None and reach(seen.look.kibana) is not None
    return known and cell is not None and cell.count is not None


def _reader(seen: View, count: str) -> Iterator[Line]:
    """Kibana counts nothing: what it shows of the day is the index's count, within a range."""
    kibana = seen.look.kibana
    found = kibana and reach(kibana)
    if kibana is None or found is None:
        return
    key, whose = f"claim.day.{READER}", "the saved range" if kibana.time_restore else found.whose
    words = f"{count}: the index's, inside {span(kibana)}"
    asks = "the dashboard's range" if kibana.time_restore else found.whose
    yield from _proof(seen, key, READER, words, asks=asks)
    yield _fact(f"{key}.refuted", "refuted", f"if {whose} leaves the day out")


def _row(seen: View) -> TraceRow | None:
    """Of the mart readers look for first: the newest day lost, else the one waited for or held."""
    if seen.assessment is None:
        return None
    mart, look = risk_mart(seen.pipeline), seen.look
    own = [row for row in seen.assessment.trace if row.table == mart.table]
    lost = next((row for row in own if row.first_loss), None)
    held = newest_document(look, mart) if look.documents else None
    waits = seen.assessment.verdict.state is VerdictState.wait
    wanted = look.due.coming_day if waits else held or look.due.wanted_day
    return lost or next((row for row in own if row.day == wanted), None)


def _by_probe(row: TraceRow) -> dict[str, list[StageId]]:
    found: dict[str, list[StageId]] = {}
    for stage, cell in row.cells.items():
        if cell.state is State.off:
            continue
        found.setdefault(COUNTED_BY[stage], []).append(stage)
    return found


def _cell(seen: View, row: TraceRow, stage: StageId, says: str = "") -> str:
    name, cell = STAGE_NAMES[stage][0], row.cells[stage]
    state = state_of(seen, row, cell)
    if state is State.ok:
        return f"{name}{says} {'none' if cell.count is None else number(cell.count)}"
    return f"{name}{says} {number(cell.count)} {state}"


def _schedule(seen: View) -> Iterator[Line]:
    """What an OK or a WAIT says of the time to come."""
    due = seen.look.due
    following = f"next run {seen.clock(due.next_run_at)}"
    way, late = on_its_way(seen), late_from(seen)
    night = f"{way}{late}; {following}" if way else f"{following}{late}"
    sync = f"next sync {seen.clock(due.sync_slot)}" if due.sync_slot else ""
    claims = (("github.runs", night), ("fivetran.connection", sync))
    known = [(probe, words) for probe, words in claims if words and seen.look.seen_at(probe)]
    if not known:
        return
    yield _title("claim.next", "what comes next")
    for probe, words in known:
        yield from _proof(seen, f"claim.next.{probe}", probe, words)
    yield _fact(
        "claim.next.refuted", "refuted", "if a run or sync failed, or was put off, since then"
    )
    yield Line("gap.next")


# What may have caused it


def _causes(seen: View) -> Iterator[Line]:
    """Each cause that fits with what was read, and what would tell it from the others."""
    fitting = seen.assessment.diagnoses if seen.assessment else ()
    several = len(fitting) > 1
    for place, found in enumerate(fitting, 1):
        of = f" ({place} of {len(fitting)} that fit)" if several else ""
        key = f"cause.{found.cause}"
        yield line(key, ("cause ", Tone.dim), (found.cause, Tone.strong), (of, Tone.dim))
        for nth, item in enumerate(found.evidence):
            yield from _proof(seen, f"{key}.{nth}", probe_of(seen, item), _figures(item), item)
        if found.told_apart_by:
            yield _fact(f"{key}.told", "told by", found.told_apart_by)
        yield Line(f"gap.{key}")


# What is not ok


def _finding(seen: View, finding: Finding) -> Iterator[Line]:
    key = _key(finding)
    yield claim(seen, key, finding)
    for place, item in enumerate(finding.evidence):
        yield from _proof(seen, f"{key}.{place}", probe_of(seen, item), _figures(item), item)
    yield _refuted(key, refuted_by(finding))


def _figures(item: Evidence) -> str:
    shown = [f"{name} {_figure(value)}" for name, value in item.figures.items()]
    more = len(shown) - MOST_FIGURES
    return ", ".join(shown[:MOST_FIGURES]) + (f", and {more} more" if more > 0 else "")


def _figure(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{value}"


def _proof(
    seen: View,
    key: str,
    probe: str,
    figure: str,
    item: Evidence | None = None,
    *,
    asks: str = "",
) -> Iterator[Line]:
    """What was read, when, where, and the line that reads it again; each row opens that line."""
    at = item.at if item else seen.look.seen_at(probe)
    where = item.where if item and item.where not in COMMANDS else ""
    askable = bool(probe and command(seen, probe))
    opens = f"{PLACE}/{probe}" if askable else ""
    if figure:
        yield _fact(f"{key}.figure", "figure", (figure, Tone.strong), opens=opens)
    if item and item.words:
        yield _fact(f"{key}.words", "said", f"“{item.words}”", opens=opens)
    place = host(seen, probe) if probe else "this program"
    asked = (f", {where}" if where else "", Tone.dim)
    yield _fact(f"{key}.read", "read", f"{_when(seen, at)}, {place}", asked, opens=opens)
    if item is None:
        yield from _silence(seen, key, probe)
    if askable:
        yield _ask(seen, f"{key}.ask", probe, asks)


def _silence(seen: View, key: str, probe: str) -> Iterator[Line]:
    """That a figure is the last known one."""
    asked = seen.observation(probe)
    if asked and asked.error and not asked.answers:
        since = f" since {seen.clock(asked.failing_since)}" if asked.failing_since else ""
        words = f"no answer{since}: {asked.error.words}"
        yield _fact(f"{key}.silence", "but", (words, tone_of(STATE_OF[asked.error.trouble])))


def _when(seen: View, at: datetime | None) -> str:
    return f"{seen.clock(at)} ({ago(seen.now, at)})" if at else "never"


def _ask(seen: View, key: str, probe: str, asks: str = "") -> Line:
    """The command, or how much of it `enter` shows; first of all what of its answer is meant."""
    lines = command(seen, probe).split("\n")
    words = (asks, f"{len(lines)} lines, enter" if len(lines) > 1 else "")
    what = ", ".join(filter(None, words))
    more: Part = (f"{what}: ", Tone.dim) if what else ""
    made = _fact(key, "ask", more, (lines[0], Tone.due), opens=f"{PLACE}/{probe}")
    return replace(made, folds=False)


# What was not checked


def _not_checked(seen: View) -> Iterator[Line]:
    yield _title("unchecked", "not checked")
    yield from _unanswered(seen)
    yield from _parts(seen)
    yield from _before(seen)


def _unanswered(seen: View) -> Iterator[Line]:
    """Probes without an answer, services that are off, and a budget that is spent."""
    snapshot = seen.look.snapshot
    for probe in COMMANDS:
        item = snapshot.look(probe)
        if item is None:
            continue
        if item.error is not None and not item.answers:
            trouble = item.error.trouble
            since = f" since {seen.clock(item.failing_since)}" if item.failing_since else ""
            since = "" if trouble is Trouble.off else since
            yield _unseen(probe, trouble.value, since, item.error.words, STATE_OF[trouble])
        elif not seen.looked(probe) and not item.detail:
            yield _unseen(probe, "not looked at yet", "", "as last known", State.unknown)
    for service in (name for name in NEEDS if not _known(seen, name)):
        yield _unseen(service, "not looked at yet", "", "", State.unknown)


def _known(seen: View, service: str) -> bool:
    snapshot = seen.look.snapshot
    return any(service_of(probe) == service for probe in snapshot.observations)


def _unseen(name: str, word: str, since: str, words: str, state: State) -> Line:
    said = f": {words}" if words else ""
    return line(
        f"unchecked.{name}",
        ("  ", Tone.dim),
        name,
        (f" {word}", tone_of(state)),
        f"{since}{said}",
        opens=f"{PLACE}/{name}" if name in COMMANDS else "",
    )


def _parts(seen: View) -> Iterator[Line]:
    """What an answer left out, in the service's words."""
    for probe in COMMANDS:
        item = seen.observation(probe)
        value = item.value if item else None
        if isinstance(value, Counts):
            missed = value.failed | value.unmeasured
        elif isinstance(value, Cluster | Storage | Kibana):
            missed = value.unseen
        else:
            continue
        for part, words in missed.items():
            key = f"unchecked.{probe}.{part}"
            yield line(key, f"  {probe}, {part}: ", (words, Tone.dim), opens=f"{PLACE}/{probe}")


def _before(seen: View) -> Iterator[Line]:
    """Days that no count reaches, and those whose count is older than the others."""
    for probe in dict.fromkeys(COUNTED_BY.values()):
        counts = seen.look.snapshot.get(probe, Counts)
        if counts is None:
            continue
        words = f"days before {day(counts.start)} one by one; only the total of all days"
        yield line(f"unchecked.{probe}.before", f"  {probe}, {words}", opens=f"{PLACE}/{probe}")
        if counts.settled and counts.settled_at:
            words = f"days before {day(counts.settled)} since {seen.clock(counts.settled_at)}"
            yield line(f"unchecked.{probe}.settled", f"  {probe}, {words}: they seldom change")


# How to ask by hand


def _asking(seen: View, probe: str) -> Page:
    text = command(seen, probe)
    if not text:
        return nowhere(f"why {probe}")
    item, at = seen.observation(probe), seen.look.seen_at(probe)
    rows = [
        _fact("asks", "asks", host(seen, probe)),
        _fact("needs", "needs", NEEDS[service_of(probe)]),
        _fact("read", "read", _when(seen, at)),
    ]
    if item and item.error:
        rows.append(_fact("error", item.error.trouble.value, item.error.words))
    if cost := price(seen, probe):
        rows.append(_fact("costs", "costs", cost))
    lines = text.split("\n")
    rows += [
        _fact("copy", "paste", f"{plural(len(lines), 'line')}: y copies them as they are, whole"),
        Line("gap.command"),
        *(line(f"command.{place}", (words, Tone.strong)) for place, words in enumerate(lines)),
    ]
    return Page(f"ask {probe} by hand", tuple(rows), command=text)


# Rows


def _title(key: str, words: str) -> Line:
    return line(key, (words, Tone.strong))


def _fact(key: str, label: str, *parts: Part, opens: str = "") -> Line:
    made = line(key, (f"  {pad(label, LABEL)}", Tone.dim), *parts, opens=opens)
    return folding(made, LABEL + 2)


def _refuted(key: str, words: str) -> Line:
    return _fact(f"{key}.refuted", "refuted", f"if {words}")


def _key(finding: Finding) -> str:
    return f"claim.{finding.check}.{finding.subject}"
