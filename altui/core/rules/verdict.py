"""The three lines for 3 am: what readers miss, why, and what to do."""

from datetime import datetime, timedelta

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
from altui.core.rules.elastic import CAN_WAIT
from altui.core.rules.look import Look
from altui.core.rules.schedule import nightly_after
from altui.core.rules.seeing import service_of, silent
from altui.core.rules.serving import newest_document, newest_seen
from altui.core.runbook.escalation import escalations
from altui.core.words import behind, clock, day, took

WIDTH = 80
LABEL = 8
"""Each line starts with a word of eight columns: `BROKEN  `, `WHY     `."""
BAD = (State.broken, State.late)
URGENT = timedelta(hours=3)
"""An SLA that ends later than this can wait for the morning's first look."""
OWNED_BY = {"parity.raw": StageId.fivetran, "parity.total": StageId.fivetran}
"""Findings that show at one stage and belong to the owners of another."""


def verdict(look: Look, findings: tuple[Finding, ...], rows: tuple[TraceRow, ...]) -> Verdict:
    """Weighs the findings; the stage of the first loss and what lies upstream speaks first."""
    if not look.snapshot.observations:
        return Verdict(
            VerdictState.stale, "nothing has been seen yet", "no service was asked", "wait, or r"
        )
    if asleep := _asleep(look):
        return asleep
    mute, configured = silent(look)
    if (mute >= 3 and mute * 2 > configured) or (mute == configured >= 2):
        return _check(look, mute, configured)
    if all(seen.error is not None for seen in look.snapshot.observations.values()):
        return _blind(look)
    bad = [finding for finding in findings if finding.state in BAD]
    if bad:
        return _bad(look, bad, rows)
    parts = (finding for finding in findings if not finding.check.endswith(".not_seen"))
    blind = [finding for finding in parts if finding.stage in _READERS]
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
    missing = _missing(look, bad)
    words = "; ".join(evidence.words for evidence in cause.evidence if evidence.words)
    why = ": ".join(part for part in (cause.subject if missing else "", words) if part)
    others = f" (+{len(ranked) - 1} more)" if len(ranked) > 1 else ""
    return Verdict(
        state,
        _fit(missing or cause.subject, f". Since {_since(look, cause.since)}"),
        _fit(why or cause.check, others),
        _fit(_mend(look, bad, lost) or _todo(look, cause)),
        cause.since,
        lost or cause.stage,
    )


def _mend(look: Look, bad: list[Finding], lost: StageId | None) -> str:
    """The runbook's step where the marts hold the day and Elasticsearch could take it now."""
    down = any(
        finding.check.startswith(("elasticsearch.", "es.")) and finding.state is State.broken
        for finding in bad
    )
    lost_days = [day for finding in bad if finding.check == "parity.index" for day in finding.days]
    if lost is not StageId.elasticsearch or down or not lost_days:
        return ""
    left = (
        escalations()[StageId.elasticsearch].deadline(
            min(finding.since for finding in bad), look.pipeline.office
        )
        - look.now
    )
    clock_words = f"{behind(left)} left" if left >= timedelta() else f"SLA {behind(-left)} over"
    return f"export_to_es.py --start {lost_days[0]} --end {lost_days[-1]}; {clock_words}"


def _missing(look: Look, bad: list[Finding]) -> str:
    """What readers miss, where a day they expect is not in the indices."""
    behind = {finding.check for finding in bad}
    wanted = look.due.wanted_day
    marts = [mart for mart in look.pipeline.marts if mart.table]
    without = [mart for mart in marts if f"index.behind.{mart.name}" in behind]
    if not without:
        return ""
    where = without[0].index if len(marts) == 1 else f"{len(without)} of {len(marts)} indices"
    ends = newest_seen(look, risk_mart(look.pipeline))
    tail = f"; dashboard ends {day(ends)}" if ends else ""
    return f"{day(wanted)} is not in {where}{tail}"


def _todo(look: Look, finding: Finding) -> str:
    """Who to page, and whether it can wait: an SLA that is far off wakes nobody."""
    escalation = escalations()[OWNED_BY.get(finding.check, finding.stage)]
    deadline = escalation.deadline(finding.since, look.pipeline.office)
    left = deadline - look.now
    sla = (
        f"{escalation.business_days} business day"
        if escalation.business_days
        else f"{escalation.hours:g}h"
    )
    if left < timedelta():
        return f"page {escalation.owner}: SLA {sla}, {behind(-left)} over"
    if finding.check in CAN_WAIT and finding.state is State.late:
        return f"can wait for working hours: {escalation.owner}"
    if left > URGENT:
        return f"can wait until {clock(look.now, deadline)}: {escalation.owner} (SLA {sla})"
    return f"page {escalation.owner} (SLA {sla}, {behind(left)} left)"


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
        _fit(f"nothing answers from this host since {since:%H:%M}Z, {mute} of {configured}"),
        "most services silent at once: this host's VPN, proxy or DNS is the suspect",
        "check the network here; altui keeps asking and says when they answer",
        since,
    )


def _asleep(look: Look) -> Verdict | None:
    """Most of what is known was not asked for in time: this host slept, or nobody watched."""
    troubles = [seen.error and seen.error.trouble for seen in look.snapshot.observations.values()]
    if troubles.count(Trouble.stale) * 2 <= len(troubles) - troubles.count(Trouble.off):
        return None
    tried = (seen.tried_at for seen in look.snapshot.observations.values() if seen.tried_at)
    last = clock(look.now, max(tried))
    return Verdict(
        VerdictState.stale,
        _fit(f"most services were not looked at since {last}"),
        "this host slept or nobody watched: what was seen then says nothing of now",
        "wait for the first answers; r asks again",
    )


def _blind(look: Look) -> Verdict:
    """No service gave an answer; each said, or we know, why."""
    words = [seen.error.words for seen in look.snapshot.observations.values() if seen.error]
    return Verdict(
        VerdictState.check,
        _fit(f"nothing can be seen: {', '.join(_unseen(look))}"),
        _fit(words[0] if words else "no service is configured"),
        "mend the settings named above (README, A real pipeline), then look again",
    )


def _suspected(look: Look, finding: Finding) -> Verdict:
    newest = newest_document(look, risk_mart(look.pipeline))
    words = next((evidence.words for evidence in finding.evidence if evidence.words), finding.check)
    seen = f", held {day(newest)} when last seen" if newest else ""
    return Verdict(
        VerdictState.suspected,
        _fit(finding.subject, f". Since {_since(look, finding.since)}"),
        _fit(words, f"{seen}; no second witness"),
        _fit(f"r looks again. If it stays: {_todo(look, finding)}"),
        finding.since,
        finding.stage,
    )


def _waiting(look: Look) -> Verdict | None:
    coming, mart = look.due.coming_day, risk_mart(look.pipeline)
    newest = newest_document(look, mart) if _counted(look, "elasticsearch.counts") else None
    if newest is None or newest >= coming or look.due.wanted_day >= coming:
        return None
    late_at = f"{look.due.coming_due_at:%H:%M}Z"
    state, why = _night(look)
    return Verdict(
        VerdictState.wait,
        _fit(f"{day(coming)} not exported yet; {state}"),
        _fit(f"{why}. Late only at {late_at}"),
        _fit(f"nothing; sleep until {late_at}"),
    )


def _night(look: Look) -> tuple[str, str]:
    """What is known of the run that carries the coming day, and why it may still be on its way."""
    scheduled = nightly_after(look.due.coming_day, look.pipeline.workflow)
    at = f"{scheduled:%H:%M}Z"
    delay = behind(timedelta(seconds=look.due.usual_delay_s))
    late_start = f"GitHub starts it late: {delay} are allowed for"
    observation = look.observation("github.runs")
    if look.runs is None or observation is None or observation.error is not None:
        return f"nightly run of {at} cannot be seen", "GitHub is not seen from here"
    run = next((run for run in look.runs.runs if run.created_at >= scheduled), None)
    if run is None and look.now < scheduled:
        return f"nightly run due {at}", late_start
    if run is None:
        return f"nightly run due {at} has not started (+{behind(look.now - scheduled)})", late_start
    usual = took(look.due.usual_duration_s)
    started = clock(look.now, run.started_at or run.created_at)
    if run.status != "completed":
        return f"run {run.number} runs since {started}", f"it usually takes {usual}"
    ended = clock(look.now, run.updated_at or run.created_at)
    return f"run {run.number}: {run.conclusion}, {ended}", "the index was not counted since"


def _ok(look: Look, rows: tuple[TraceRow, ...]) -> Verdict:
    mart = risk_mart(look.pipeline)
    newest = newest_document(look, mart) if _counted(look, "elasticsearch.counts") else None
    row = next((row for row in rows if row.table == mart.table and row.day == newest), None)
    counts = _counts(row) if row else []
    unseen = _unseen(look)
    if newest is None:
        headline = "nothing is wrong as far as seen"
    else:
        end = "to the dashboard" if newest_seen(look, mart) == newest else "to the index"
        whole = f"complete {end}" if _counted(look, "bigquery.counts") else "is in the index"
        headline = f"{day(newest)} {whole} ({'='.join(counts)})"
    if unseen:
        headline += f". Unseen: {', '.join(unseen)}"
    why = f"next nightly run {clock(look.now, look.due.next_run_at)}"
    if look.due.sync_slot:
        why += f", next sync {clock(look.now, look.due.sync_slot)}"
    return Verdict(VerdictState.ok, _fit(headline), _fit(why), _fit("nothing"))


def _counted(look: Look, probe: str) -> bool:
    seen = look.observation(probe)
    return seen is not None and seen.error is None


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


def _since(look: Look, since: datetime) -> str:
    return f"{clock(look.now, since)} ({behind(max(look.now - since, timedelta()))})"


def _fit(line: str, tail: str = "") -> str:
    """The line within 80 columns; what is cut is the middle, never its tail."""
    return _cut(line, WIDTH - LABEL - len(tail)) + tail


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
