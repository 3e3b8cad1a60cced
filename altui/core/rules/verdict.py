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
from altui.core.model.pipeline import SERVICES, risk_mart
from altui.core.rules import sightless
from altui.core.rules.lines import first_fit, fit, since_words, tails, todo
from altui.core.rules.look import Look
from altui.core.rules.night import night
from altui.core.rules.owed import owes
from altui.core.rules.seeing import off, service_of, unseen_words
from altui.core.rules.serving import newest_document, newest_seen
from altui.core.rules.sightless import newest_mart
from altui.core.runbook.escalation import escalations
from altui.core.words import behind, clock, day

BAD = (State.broken, State.late)
NOT_FOUND = {f"{service}.missing" for service in SERVICES}
MISCONFIGURED = {f"{service}.{Trouble.misconfigured.value}" for service in SERVICES}


def verdict(look: Look, findings: tuple[Finding, ...], rows: tuple[TraceRow, ...]) -> Verdict:
    """Weighs the findings; the stage of the first loss and what lies upstream speaks first."""
    if not look.snapshot.observations:
        return Verdict(
            VerdictState.stale, "nothing has been seen yet", "no service was asked", "wait, or r"
        )
    bad = [finding for finding in findings if finding.state in BAD]
    blind = [finding for finding in findings if finding.state in (State.unknown, State.denied)]
    if said := sightless.asleep(look):
        return said
    if bad:
        return _bad(look, bad, rows)
    return sightless.verdict(look, blind) or _waiting(look) or _ok(look, rows, blind)


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
    said = cause.subject if missing and not cause.check.startswith("index.behind.") else ""
    why = ": ".join(part for part in (said, words) if part)
    told = {service_of(finding.check) for finding in ranked}
    blind = dict.fromkeys(service for service, _ in unseen_words(look) if service not in told)
    unseen = ", ".join(blind)
    more = (f"+{len(ranked) - 1} more" if len(ranked) > 1 else "", unseen and f"unseen: {unseen}")
    others = f" ({'; '.join(filter(None, more))})" if any(more) else ""
    return Verdict(
        state,
        fit(missing or _nothing_missing(look, cause), f". Since {since_words(look, cause.since)}"),
        fit(why or cause.check, others),
        fit(_mend(look, bad, lost) or _address(cause) or todo(look, cause)),
        cause.since,
        lost or cause.stage,
    )


def _nothing_missing(look: Look, cause: Finding) -> str:
    """What is wrong; of a failed run also that readers have the day that was due."""
    if cause.check != "workflow.failed":
        return cause.subject
    held = newest_document(look, risk_mart(look.pipeline)) == look.due.coming_day
    return cause.subject + (f"; {day(look.due.coming_day)} is served" if held else "")


def _address(cause: Finding) -> str:
    """A service that knows nothing of what it was asked for: a setting is wrong before it is."""
    return cause.do if cause.check in NOT_FOUND else ""


def _mend(look: Look, bad: list[Finding], lost: StageId | None) -> str:
    """The runbook's step where the marts hold the day and Elasticsearch could take it now."""
    down = any(
        finding.check.startswith(("elasticsearch.", "es.")) and finding.state is State.broken
        for finding in bad
    )
    lost_days = [day for finding in bad if finding.check == "parity.index" for day in finding.days]
    if lost is not StageId.elasticsearch or down or not lost_days or look.warehouse is None:
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


def _waiting(look: Look) -> Verdict | None:
    coming, mart = look.due.coming_day, risk_mart(look.pipeline)
    newest = newest_document(look, mart) if look.documents else newest_mart(look)
    if newest is None or newest == coming or look.due.wanted_day >= coming:
        return None
    if not owes(look, mart, coming):
        return None  # of no rows there is no day to export
    late_at = f"{look.due.coming_due_at:%H:%M}Z"
    state, why = night(look)
    return Verdict(
        VerdictState.wait,
        fit(f"{day(coming)} not exported yet; {state}"),
        fit(f"{why}. Late only at {late_at}"),
        first_fit([f"nothing; sleep until {late_at}{tail}" for tail in tails(look)]),
    )


def _ok(look: Look, rows: tuple[TraceRow, ...], blind: list[Finding]) -> Verdict:
    """Green for what was seen, and only for that; what was not is named."""
    mart = risk_mart(look.pipeline)
    newest = newest_document(look, mart) if look.documents else newest_mart(look)
    row = next((row for row in rows if row.table == mart.table and row.day == newest), None)
    head = f"{day(newest)} {_where(look, row)}" if newest else "nothing is wrong as far as seen"
    figures = f" ({_counts(look, row)})" if row else ""
    heads = [head + figures, head] if figures else [head]
    why = f"next nightly run {clock(look.now, look.due.next_run_at)}"
    if look.due.sync_slot:
        why += f", next sync {clock(look.now, look.due.sync_slot)}"
    do, more = "nothing", ""
    if off(look):
        why = f"off: {', '.join(off(look))}; {why}"
    if blind:
        worst = blind[0]
        why = next((item.words for item in worst.evidence if item.words), worst.subject)
        why = f"{service_of(worst.check)}: {why}"
        also = [f"+{len(blind) - 1} more"] if len(blind) > 1 else []
        also += [f"off: {', '.join(off(look))}"] if off(look) else []
        more = f" ({'; '.join(also)})" if also else ""
        ours = worst.state is State.denied or worst.check in MISCONFIGURED
        ours = ours or worst.check.endswith(f".{Trouble.budget}")
        do = worst.do if ours else todo(look, worst)
    headlines = [f"{words}{tail}" for words in heads for tail in tails(look)[:2]]
    return Verdict(
        VerdictState.ok,
        first_fit([*headlines, *(f"{head}{tail}" for tail in tails(look))]),
        fit(why, more),
        fit(do),
    )


def _where(look: Look, row: TraceRow | None) -> str:
    """How far the newest day was followed."""
    if look.documents is None:
        return "is in the marts"
    if look.warehouse is None:
        return "is in the index"
    mart = risk_mart(look.pipeline)
    shown = newest_seen(look, mart) == newest_document(look, mart)
    end = "the dashboard" if look.kibana and shown else "the index"
    whole = row is not None and len(set(_figures(look, row))) <= 1
    return f"complete to {end}" if whole else f"is in {end}"


def _counts(look: Look, row: TraceRow) -> str:
    counts = _figures(look, row)
    return ("=" if len(set(counts)) == 1 else "/").join(counts)


def _figures(look: Look, row: TraceRow) -> list[str]:
    """Staging, mart and index where they are seen; the source where BigQuery is not."""
    stages = [StageId.bigquery, StageId.dbt, StageId.elasticsearch]
    if look.warehouse is None:
        stages.insert(0, StageId.postgres)
    cells = [row.cells[stage] for stage in stages if stage in row.cells]
    return [str(cell.count) for cell in cells if cell.count is not None]
