"""What a verdict's lines are made of: owners, what is unseen, and forms of falling length.

A line is said whole; where that has no room, in the first of its forms that fits. What may go is
left out whole, the tail stays, and no form cuts a figure (core/present/fitted.py chooses).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from altui.core.model.health import Finding, Form, StageId, State, Verdict, VerdictState
from altui.core.rules.elastic import CAN_WAIT
from altui.core.rules.look import Look
from altui.core.rules.seeing import off, unseen_words
from altui.core.rules.standins import STALE
from altui.core.runbook.escalation import escalations
from altui.core.words import behind, clock, minute

Forms = Sequence[Form]
"""The whole one first."""
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


def spoken(
    state: VerdictState,
    lines: tuple[Forms, Forms, Forms],
    since: datetime | None = None,
    first_loss: StageId | None = None,
) -> Verdict:
    """The verdict of three lines: headline, why, do."""
    headline, why, do = (line[0].text for line in lines)
    known = tuple(tuple(dict.fromkeys(line)) for line in lines)
    return Verdict(state, headline, why, do, since, first_loss, forms=known)


def forms(heads: Iterable[str], tails: Iterable[str] = ("",), said: str = "") -> list[Form]:
    """Every head with every tail: a head gives way before the tail does."""
    heads = list(heads)
    return [Form(head, said, tail) for tail in tails for head in heads]


def todo(look: Look, finding: Finding) -> str:
    """Who to page, and whether it can wait: an SLA that is far off wakes nobody."""
    return todos(look, finding)[0]


def todos(look: Look, finding: Finding, *, served: bool = False) -> list[str]:
    """What is to do, in words of falling length; each says who, and how long it can wait.

    While readers are `served` what they wait for, nobody is woken.
    """
    escalation = escalations()[_owner(look, finding)]
    deadline = escalation.deadline(finding.since, look.pipeline.office)
    left = deadline - look.now
    sla = (
        f"{escalation.business_days} business day"
        if escalation.business_days
        else f"{escalation.hours:g}h"
    )
    morning = f"can wait for working hours: {escalation.owner}"
    if served and left <= URGENT:
        return [f"{morning} (SLA {sla})", morning]
    if left < timedelta():
        return [f"page {escalation.owner}: SLA {sla}, {behind(-left)} over"]
    if _rebuilt(finding):
        return [f"{finding.do}; {morning}", morning]
    if _can_wait(finding):
        return [morning]
    if left > URGENT:
        waits = f"can wait until {clock(look.now, deadline)}: {escalation.owner}"
        return [f"{waits} (SLA {sla})", waits]
    return [f"page {escalation.owner} (SLA {sla}, {behind(left)} left)"]


def todos_of_all(look: Look, ranked: Sequence[Finding]) -> list[str]:
    """What is to do where more is wrong than the cause, `ranked` first: whose SLA ends first.

    Of what can wait, the cause alone is spoken of; its owner is named in any case.
    """

    def deadline(finding: Finding) -> datetime:
        escalation = escalations()[_owner(look, finding)]
        return escalation.deadline(finding.since, look.pipeline.office)

    cause = ranked[0]
    urgent = [one for one in ranked if not _can_wait(one) and not _rebuilt(one)]
    first = min(urgent, key=deadline, default=cause)
    words, owner = todos(look, first), escalations()[_owner(look, cause)].owner
    if first is cause or owner == escalations()[_owner(look, first)].owner:
        return words
    return [*(f"{one}; then {owner}" for one in words), *words]


def _can_wait(finding: Finding) -> bool:
    return finding.check in CAN_WAIT and finding.state is State.late


def _rebuilt(finding: Finding) -> bool:
    return finding.check in REBUILT and bool(finding.do)


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


def since(look: Look, moment: datetime) -> list[str]:
    """The tail of a headline: since when, and how long that is."""
    at = clock(look.now, moment)
    long = max(minute(look.now) - minute(moment), timedelta())  # as every age on the screen
    return [f". Since {at} ({behind(long)})", f". Since {at}"]
