"""The three lines for 3 am: what readers miss, why, and what to do."""

from datetime import date, datetime, time, timedelta

from altui.core.model.health import (
    SEVERITY,
    STAGES,
    Finding,
    StageId,
    State,
    TraceRow,
    Verdict,
    VerdictState,
)
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import risk_mart
from altui.core.rules.look import Look
from altui.core.rules.running import running
from altui.core.rules.seeing import service_of, silent
from altui.core.rules.serving import newest_document, newest_seen
from altui.core.runbook.escalation import escalations

WIDTH = 80
LABEL = 8
"""Each line starts with a word of eight columns: `BROKEN  `, `WHY     `."""
BAD = (State.broken, State.late)


def verdict(look: Look, findings: tuple[Finding, ...], rows: tuple[TraceRow, ...]) -> Verdict:
    """Weighs the findings; the stage of the first loss and what lies upstream speaks first."""
    if not look.snapshot.observations:
        return Verdict(
            VerdictState.stale, "nothing has been seen yet", "no service was asked", "wait, or r"
        )
    mute, configured = silent(look)
    if mute >= 3 and mute * 2 > configured:
        return _check(look, mute, configured)
    bad = [finding for finding in findings if finding.state in BAD]
    if bad:
        return _bad(look, bad, rows)
    blind = [finding for finding in findings if finding.stage in _READERS]
    if blind:
        return _suspected(look, blind[0])
    return _waiting(look) or _ok(look, rows)


_READERS = (StageId.elasticsearch, StageId.kibana)


def rank(findings: list[Finding], first_loss: StageId | None) -> list[Finding]:
    """Most severe first; among equals what explains the first loss, then upstream before down."""
    order = {stage: place for place, stage in enumerate(STAGES)}
    lost_at = order[first_loss] if first_loss else len(STAGES)

    def key(finding: Finding) -> tuple[int, bool, bool, int, datetime]:
        return (
            -SEVERITY[finding.state],
            order[finding.stage] > lost_at,
            finding.check.startswith(("parity.", "index.")),
            order[finding.stage],
            finding.since,
        )

    return sorted(findings, key=key)


def first_loss(rows: tuple[TraceRow, ...]) -> StageId | None:
    """The most upstream stage at which any day is short."""
    stages = {row.first_loss for row in rows if row.first_loss}
    return next((stage for stage in STAGES if stage in stages), None)


def _bad(look: Look, bad: list[Finding], rows: tuple[TraceRow, ...]) -> Verdict:
    lost = first_loss(rows)
    ranked = rank(bad, lost)
    cause = ranked[0]
    state = VerdictState.broken if cause.state is State.broken else VerdictState.late
    since = min(finding.since for finding in bad if finding.state is cause.state)
    headline = f"{_missing(look, bad) or cause.subject}. Since {_clock(look, since)}"
    words = "; ".join(evidence.words for evidence in cause.evidence if evidence.words)
    why = cause.subject if cause.subject not in headline else ""
    why = ": ".join(part for part in (why, words) if part) or cause.check
    if len(ranked) > 1:
        why = f"{_cut(why, WIDTH - LABEL - 12)} (+{len(ranked) - 1} more)"
    return Verdict(
        state, _fit(headline), _fit(why), _fit(_owner(look, cause)), since, lost or cause.stage
    )


def _missing(look: Look, bad: list[Finding]) -> str:
    """What readers miss, where a day they expect is not in the indices."""
    if not any(finding.check.startswith("index.behind") for finding in bad):
        return ""
    wanted = look.due.wanted_day
    marts = [mart for mart in look.pipeline.marts if mart.table]
    present = sum((newest_document(look, mart) or date.min) >= wanted for mart in marts)
    ends = newest_seen(look, risk_mart(look.pipeline))
    tail = f"; dashboard ends {_day(ends)}" if ends else ""
    return f"{_day(wanted)} is in {present} of {len(marts)} daily indices{tail}"


def _owner(look: Look, finding: Finding) -> str:
    escalation = escalations()[finding.stage]
    left = escalation.deadline(finding.since) - look.now
    clock = f"{_span(left)} left" if left >= timedelta() else f"{_span(-left)} over"
    sla = (
        f"{escalation.business_days} business day"
        if escalation.business_days
        else f"{escalation.hours:g}h"
    )
    return f"page {escalation.owner} (SLA {sla}, {clock})"


def _check(look: Look, mute: int, configured: int) -> Verdict:
    since = min(
        (
            seen.failing_since
            for seen in look.snapshot.observations.values()
            if seen.failing_since and seen.error and seen.error.trouble is Trouble.unreachable
        ),
        default=look.now,
    )
    return Verdict(
        VerdictState.check,
        _fit(
            f"nothing answers from this host since {since:%H:%M}Z, {mute} of {configured}: "
            "your VPN or proxy?"
        ),
        _fit("most services silent at once: the first suspect is this host's network"),
        _fit("check VPN, proxy and DNS here; altui keeps asking and says when they answer"),
        since,
    )


def _suspected(look: Look, finding: Finding) -> Verdict:
    newest = newest_document(look, risk_mart(look.pipeline))
    seen = f"; last seen through {_day(newest)}" if newest else ""
    words = next((evidence.words for evidence in finding.evidence if evidence.words), finding.check)
    return Verdict(
        VerdictState.suspected,
        _fit(f"{finding.subject}{seen}. Since {_clock(look, finding.since)}"),
        _fit(f"{words} (seen from this host only; no second witness)"),
        _fit(f"r looks again. If it stays: {_owner(look, finding)}"),
        finding.since,
        finding.stage,
    )


def _waiting(look: Look) -> Verdict | None:
    coming, mart = look.due.coming_day, risk_mart(look.pipeline)
    newest = newest_document(look, mart)
    if newest is None or newest >= coming or look.due.wanted_day >= coming:
        return None
    delay = timedelta(seconds=look.due.usual_delay_s)
    run = running(look.runs)
    late_at = f"{look.due.coming_due_at:%H:%M}Z"
    workflow = look.pipeline.workflow
    schedule = f"{workflow.hour:02}:{workflow.minute:02}Z"
    if run is not None:
        state = f"run {run.number} is {run.status.replace('_', ' ')}"
    elif look.now.time() < time(workflow.hour, workflow.minute):
        state = f"nightly run due {schedule}"
    else:
        state = f"nightly run due {schedule} has not started"
    return Verdict(
        VerdictState.wait,
        _fit(f"{_day(coming)} not exported yet; {state}"),
        _fit(f"GitHub starts it late: allowed for {_span(delay)}. Late only at {late_at}"),
        _fit(f"nothing; sleep until {late_at}"),
    )


def _ok(look: Look, rows: tuple[TraceRow, ...]) -> Verdict:
    mart = risk_mart(look.pipeline)
    newest = newest_document(look, mart)
    row = next((row for row in rows if row.table == mart.table and row.day == newest), None)
    counts = _counts(row) if row else []
    unseen = _unseen(look)
    if newest is None:
        headline = "nothing is wrong as far as seen"
    else:
        end = "to the dashboard" if look.kibana else "to the index"
        figures = f" ({'='.join(counts)})" if counts else ""
        headline = f"{_day(newest)} complete {end}{figures}"
    if unseen:
        headline += f". Unseen: {', '.join(unseen)}"
    why = f"next nightly run {look.due.next_run_at:%d %b %H:%M}Z"
    if look.due.sync_slot:
        why += f", next sync {look.due.sync_slot:%H:%M}Z"
    return Verdict(VerdictState.ok, _fit(headline), _fit(why), _fit("nothing"))


def _counts(row: TraceRow) -> list[str]:
    """Staging, mart and index, where they are seen."""
    stages = (StageId.bigquery, StageId.dbt, StageId.elasticsearch)
    cells = [row.cells[stage] for stage in stages if stage in row.cells]
    return [str(cell.count) for cell in cells if cell.count is not None]


def _unseen(look: Look) -> list[str]:
    words: dict[str, str] = {}
    for probe, seen in look.snapshot.observations.items():
        if seen.error is not None:
            name = service_of(probe)
            words.setdefault(name, f"{name} ({seen.error.trouble.value})")
    return list(words.values())


def _clock(look: Look, since: datetime) -> str:
    stamp = f"{since:%H:%M}Z" if since.date() == look.now.date() else f"{since:%d %b %H:%M}Z"
    return f"{stamp} ({_span(look.now - since)})"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h{minutes % 60:02}"
    return f"{minutes // 1440}d {minutes % 1440 // 60}h"


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else "no day"


def _fit(line: str) -> str:
    return _cut(line, WIDTH - LABEL)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
