"""What a verdict's lines are made of: owners, what is unseen, and room for 80 columns."""

from datetime import datetime, timedelta

from altui.core.model.health import Finding, StageId, State
from altui.core.rules.elastic import CAN_WAIT
from altui.core.rules.look import Look
from altui.core.rules.seeing import off, unseen_words
from altui.core.rules.standins import STALE
from altui.core.runbook.escalation import escalations
from altui.core.words import behind, clock

WIDTH = 80
LABEL = 8
"""Each line starts with a word of eight columns: `BROKEN  `, `WHY     `."""
URGENT = timedelta(hours=3)
"""An SLA that ends later than this can wait for the morning's first look."""
OWNED_BY = {
    "parity.raw": StageId.fivetran,
    "parity.total": StageId.fivetran,
    STALE: StageId.fivetran,
}
"""Findings that show at one stage and belong to the owners of another."""

REBUILT = {"parity.mart", "parity.measure.mart"}
"""Findings that say themselves which days to rebuild, where no nightly run does."""


def todo(look: Look, finding: Finding) -> str:
    """Who to page, and whether it can wait: an SLA that is far off wakes nobody."""
    escalation = escalations()[_owner(look, finding)]
    deadline = escalation.deadline(finding.since, look.pipeline.office)
    left = deadline - look.now
    sla = (
        f"{escalation.business_days} business day"
        if escalation.business_days
        else f"{escalation.hours:g}h"
    )
    if left < timedelta():
        return f"page {escalation.owner}: SLA {sla}, {behind(-left)} over"
    if finding.check in REBUILT and finding.do:
        return f"{finding.do}; can wait for working hours: {escalation.owner}"
    if finding.check in CAN_WAIT and finding.state is State.late:
        return f"can wait for working hours: {escalation.owner}"
    if left > URGENT:
        return f"can wait until {clock(look.now, deadline)}: {escalation.owner} (SLA {sla})"
    return f"page {escalation.owner} (SLA {sla}, {behind(left)} left)"


def _owner(look: Look, finding: Finding) -> StageId:
    """Whose it is to mend; a day that no mart holds cannot have been exported yet."""
    if finding.check.startswith("index.behind."):
        marts = {f"index.behind.{mart.name}": mart for mart in look.pipeline.marts}
        series = look.mart(marts[finding.check])
        unmade = series is not None and not all(series.by_day.get(day) for day in finding.days)
        return StageId.dbt if unmade else finding.stage
    return OWNED_BY.get(finding.check, finding.stage)


def tails(look: Look) -> list[str]:
    """What was not seen, in words of falling length; services that are off count quietly."""
    found = unseen_words(look)
    if not found:
        return [", as far as seen" if off(look) else ""]
    return [f". Unseen: {names}" for names in names_of(found)]


def names_of(found: list[tuple[str, str]]) -> list[str]:
    """Services with why they are unseen: each with its own, those alike together, only names."""
    alike: dict[str, list[str]] = {}
    for service, why in found:
        alike.setdefault(why, []).append(service)
    whole = ", ".join(f"{service} ({why})" for service, why in found)
    grouped = ", ".join(f"{', '.join(names)} ({why})" for why, names in alike.items())
    names = list(dict.fromkeys(service for service, _ in found))
    return [whole, grouped, ", ".join(names), f"{len(names)} services"]


def since_words(look: Look, since: datetime) -> str:
    return f"{clock(look.now, since)} ({behind(max(look.now - since, timedelta()))})"


def fit(line: str, tail: str = "") -> str:
    """The line within 80 columns; what is cut is the middle, never its tail."""
    return _cut(line, WIDTH - LABEL - len(tail)) + tail


def first_fit(lines: list[str]) -> str:
    """The first of the lines that fits; else the last, cut."""
    return next((line for line in lines if len(line) <= WIDTH - LABEL), fit(lines[-1]))


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
