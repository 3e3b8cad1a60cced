"""The three lines for 3 am: what readers miss, why, and what to do."""

from datetime import datetime

from msgspec.structs import replace

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
from altui.core.rules.lines import Forms, forms, since, spoken, tails, todos, todos_of_all
from altui.core.rules.look import Look
from altui.core.rules.night import night
from altui.core.rules.owed import owes
from altui.core.rules.parity import export_again, span
from altui.core.rules.running import BAD as ENDED_BADLY
from altui.core.rules.seeing import off, service_of, unseen_words, what_to_do
from altui.core.rules.serving import newest_document, newest_seen
from altui.core.rules.sightless import newest_mart
from altui.core.words import clock, day, plural

BAD = (State.broken, State.late)
LACKING = ("parity.index", "parity.reader")
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


def rank(
    findings: list[Finding], first_loss: StageId | None, lost_since: datetime | None = None
) -> list[Finding]:
    """Most severe first; among equals what explains the first loss, then upstream before down.

    What began after readers' loss did not cause it.
    """
    order = {stage: place for place, stage in enumerate(STAGES)}
    lost_at = order[first_loss] if first_loss else len(STAGES)

    def key(finding: Finding) -> tuple[int, bool, bool, bool, int, datetime]:
        return (
            -SEVERITY[finding.state],
            lost_since is not None and finding.since > lost_since,
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


def _lost_since(bad: list[Finding]) -> datetime | None:
    """Since when readers lack something: no later than the run ended that should have brought it.

    A day that is wanted and not there is their loss before any other is.
    """
    losses = [finding for finding in bad if finding.check.startswith("index.behind.")]
    losses = losses or [finding for finding in bad if finding.check in LACKING]
    ended = [finding for finding in bad if finding.check in ENDED_BADLY]
    return min((finding.since for finding in (*losses, *ended)), default=None) if losses else None


def _bad(look: Look, bad: list[Finding], rows: tuple[TraceRow, ...]) -> Verdict:
    lost = first_loss(rows)
    ranked = rank(bad, lost, _lost_since(bad))
    cause = ranked[0]
    state = VerdictState.broken if cause.state is State.broken else VerdictState.late
    missing = _missing(look, bad)
    told = cause.subject if missing and not cause.check.startswith("index.behind.") else ""
    do = _mend(look, bad, lost) or _address(cause) or todos_of_all(look, ranked)
    return spoken(
        state,
        (
            forms(missing or _nothing_missing(look, cause), since(look, cause.since)),
            _why(cause, told, _others(look, ranked)),
            forms(do),
        ),
        cause.since,
        lost or cause.stage,
    )


def _why(cause: Finding, told: str, tails: list[str]) -> Forms:
    """The cause's own words, after what it is where the headline speaks of something else."""
    words = [evidence.words for evidence in cause.evidence if evidence.words]
    if not words:
        return forms([told or cause.check], tails)
    head = f"{told}: " if told else ""
    said = [*forms([head], tails, "; ".join(words)), *forms([head], tails, words[0])]
    return [*said, *(forms([told], tails) if told else ())]


def _others(look: Look, ranked: list[Finding]) -> list[str]:
    """What else is not well, and what is unseen, in words of falling length."""
    told = {service_of(finding.check) for finding in ranked}
    blind = dict.fromkeys(service for service, _ in unseen_words(look) if service not in told)
    more = f"+{len(ranked) - 1} more" if len(ranked) > 1 else ""
    if not blind:
        return [f" ({more})" if more else ""]
    unseen = (f"unseen: {', '.join(blind)}", f"{plural(len(blind), 'service')} unseen")
    return [f" ({'; '.join(filter(None, (more, words)))})" for words in unseen]


def _nothing_missing(look: Look, cause: Finding) -> list[str]:
    """What is wrong; of a failed run also that readers have the day that was due."""
    held = newest_document(look, risk_mart(look.pipeline)) == look.due.coming_day
    if cause.check == "workflow.failed" and held:
        return [f"{cause.subject}; {day(look.due.coming_day)} is served", cause.subject]
    return [cause.subject]


def _address(cause: Finding) -> list[str]:
    """A service that knows nothing of what it was asked for: a setting is wrong before it is."""
    return [cause.do] if cause.check in NOT_FOUND and cause.do else []


def _mend(look: Look, bad: list[Finding], lost: StageId | None) -> list[str]:
    """The runbook's step where the marts hold the day and Elasticsearch could take it now.

    In words of falling length: each says who mends it and how long the SLA lasts.
    """
    down = any(
        finding.check.startswith(("elasticsearch.", "es.")) and finding.state is State.broken
        for finding in bad
    )
    losses = [finding for finding in bad if finding.check == "parity.index" and finding.days]
    if lost is not StageId.elasticsearch or down or not losses or look.warehouse is None:
        return []
    days = tuple(sorted({day for finding in losses for day in finding.days}))
    first = replace(losses[0], since=min(finding.since for finding in bad))
    command = export_again(days).rpartition("/")[2]
    steps = (f"; {command}", f"; export {span(days)} again", "")
    return [f"{page}{step}" for step in steps for page in todos(look, first)]


def _missing(look: Look, bad: list[Finding]) -> list[str]:
    """What readers miss, where a day they expect is not in the indices; else nothing."""
    behind = {finding.check for finding in bad}
    wanted = look.due.wanted_day
    marts = [mart for mart in look.pipeline.marts if mart.table]
    without = [mart for mart in marts if f"index.behind.{mart.name}" in behind]
    if not without:
        return []
    where = without[0].index if len(marts) == 1 else f"{len(without)} of {len(marts)} indices"
    ends = newest_seen(look, risk_mart(look.pipeline))
    tail = f"; dashboard ends {day(ends)}" if ends else ""
    said = f"{day(wanted)} is not in {where}"
    return [f"{said}{tail}", said]


def _waiting(look: Look) -> Verdict | None:
    coming, mart = look.due.coming_day, risk_mart(look.pipeline)
    newest = newest_document(look, mart) if look.documents else newest_mart(look)
    if newest is None or newest == coming or look.due.wanted_day >= coming:
        return None
    if not owes(look, mart, coming):
        return None  # of no rows there is no day to export
    late_at = f"{look.due.coming_due_at:%H:%M}Z"
    state, why = night(look)
    return spoken(
        VerdictState.wait,
        (
            [replace(state, words=f"{day(coming)} not exported yet; {state.words}")],
            forms(why, [f". Late only at {late_at}"]),
            forms([f"nothing; sleep until {late_at}"], tails(look)),
        ),
    )


def _ok(look: Look, rows: tuple[TraceRow, ...], blind: list[Finding]) -> Verdict:
    """Green for what was seen, and only for that; what was not is named."""
    mart = risk_mart(look.pipeline)
    newest = newest_document(look, mart) if look.documents else newest_mart(look)
    row = next((row for row in rows if row.table == mart.table and row.day == newest), None)
    head = f"{day(newest)} {_where(look, row)}" if newest else "nothing is wrong as far as seen"
    figures = f" ({_counts(look, row)})" if row else ""
    heads = [head + figures, head] if figures else [head]
    unseen = tails(look)
    headline = forms(heads, unseen[:2]) + forms([head], unseen)
    why, do = _blind(look, blind) if blind else (_coming(look), forms(["nothing"]))
    return spoken(VerdictState.ok, (headline, why, do))


def _coming(look: Look) -> Forms:
    """What comes next, and what is not looked at because it is off."""
    run = f"next nightly run {clock(look.now, look.due.next_run_at)}"
    sync = _next_sync(look)
    quiet = f"off: {', '.join(off(look))}" if off(look) else ""
    parts = [part for part in (quiet, run) if part]
    said = "; ".join(parts)
    return forms([f"{said}, {sync}" if sync else said, said, parts[0]])


def _next_sync(look: Look) -> str:
    slot, connection = look.due.sync_slot, look.connection
    if slot is None:
        return ""
    if slot > look.now:
        return f"next sync {clock(look.now, slot)}"
    runs = connection is not None and connection.sync_state == "syncing"
    return f"sync of {clock(look.now, slot)} {'runs' if runs else 'is due'}"


def _blind(look: Look, blind: list[Finding]) -> tuple[Forms, Forms]:
    """Why something is unseen, in the service's own words, and who mends that."""
    worst = blind[0]
    service = service_of(worst.check)
    words = next((item.words for item in worst.evidence if item.words), worst.subject)
    more = f"+{len(blind) - 1} more" if len(blind) > 1 else ""
    quiet = f"off: {', '.join(off(look))}" if off(look) else ""
    tails = [f" ({also})" for also in ("; ".join(filter(None, (more, quiet))), more) if also]
    why = forms([f"{service}: "], tails or [""], words)
    if worst.state is State.denied:
        return why, forms([worst.do or what_to_do(service, Trouble.denied, words)])
    ours = worst.check in MISCONFIGURED or worst.check.endswith(f".{Trouble.budget}")
    return why, forms([worst.do] if ours and worst.do else todos(look, worst, served=True))


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
