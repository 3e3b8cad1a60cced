"""One stage of the pipeline: its state, what that rests on, and whose it is to mend."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from altui.core.model.health import Finding, StageHealth, StageId, State
from altui.core.model.observed import Observation, is_wish
from altui.core.model.pipeline import risk_mart
from altui.core.model.reading import Cluster, Counts, Kibana, Storage, Warehouse
from altui.core.present.findings import evidence
from altui.core.present.glyphs import STAGE_NAMES
from altui.core.present.page import Page, fact, nowhere
from altui.core.present.rows import Line, Part, Segment, Tone, folding, greyed, line, pad, tone_of
from altui.core.present.view import FIGURES_OF, View
from altui.core.rules import network
from altui.core.rules.lines import todo
from altui.core.rules.seeing import STATE_OF, stage_of
from altui.core.rules.trace import COUNTED_BY
from altui.core.runbook.escalation import escalations
from altui.core.words import behind, clock, day, plural, took

PROBE = 24
PANEL_OF: dict[StageId, str] = {
    StageId.postgres: "parity",
    StageId.fivetran: "fivetran",
    StageId.bigquery: "parity",
    StageId.dbt: "workflow",
    StageId.elasticsearch: "indices",
    StageId.kibana: "indices",
}
AGED_BY: dict[StageId, str] = {
    StageId.postgres: "postgres.counts",
    StageId.fivetran: "fivetran.connection",
    StageId.bigquery: "bigquery.counts",
    StageId.dbt: "bigquery.tables",
    StageId.elasticsearch: "elasticsearch.counts",
    StageId.kibana: "kibana.status",
}
"""The probe that tells the moment whose age is shown."""
NEVER: dict[StageId, str] = {
    StageId.postgres: "what stands in the rows: they are counted by day",
    StageId.fivetran: "when a sync begins: Fivetran tells its end, looks see it run",
    StageId.bigquery: "what stands in the raw rows: they are counted by day",
    StageId.dbt: "dbt itself: its marts are BigQuery's, its runs GitHub's",
    StageId.elasticsearch: "fields that are no measure of the pipeline's",
    StageId.kibana: "its pictures: what is saved is read, nothing is drawn",
}
"""What no look of ours tells, however well all is."""

_fact = partial(fact, "stage", 10)


def make(seen: View, rest: str) -> Page:
    """`postgres` ... `kibana`."""
    if rest not in StageId.__members__.values():
        return nowhere(f"stage {rest}")
    stage = StageId(rest)
    health = seen.stage(stage)
    state = Segment(f"{seen.glyphs.states[health.state]} {health.word}", tone_of(health.state))
    rows = (
        *_facts(seen, stage, health),
        *_found(seen, stage),
        *_rests(seen, stage),
        *_unseen(seen, stage),
        Line("panel.gap"),
        line("panel", "its panel: enter shows it", opens=PANEL_OF[stage]),
    )
    return Page(f"stage {STAGE_NAMES[stage][0]}", rows, (state,))


# What is said of it


def _facts(seen: View, stage: StageId, health: StageHealth) -> Iterator[Line]:
    yield _fact(
        "state",
        (f"{seen.glyphs.states[health.state]} {health.state.value}", tone_of(health.state)),
        (f" ({health.word})" if health.word != health.state.value else "", Tone.dim),
        f": {health.detail}" if health.detail else "",
    )
    since = _since(seen, stage)
    if since is not None:
        yield _fact("since", seen.clock(since), (f" ({seen.age(since)})", Tone.dim))
    yield _fact("age", *_age(seen, stage, health))
    yield _fact("due", _due(seen, stage))
    yield from _owner(seen, stage, since)


def _since(seen: View, stage: StageId) -> datetime | None:
    """When the first of what is wrong with it was seen; of this host where that is why."""
    own = [item.since for item in _findings(seen, stage)]
    blind = seen.stage(stage).state is State.unknown
    here = [item.since for item in seen.findings if blind and item.check == network.CHECK]
    return min(own or here, default=None)


def _findings(seen: View, stage: StageId) -> list[Finding]:
    return [item for item in seen.findings if item.stage is stage]


def _age(seen: View, stage: StageId, health: StageHealth) -> tuple[Part, ...]:
    mart = risk_mart(seen.pipeline)
    means = {
        StageId.postgres: f"newest row of {mart.table}; a quiet source is no fault",
        StageId.fivetran: "last sync that succeeded",
        StageId.bigquery: f"newest _fivetran_synced of {mart.table}",
        StageId.dbt: f"{mart.name} was last built",
        StageId.elasticsearch: f"newest day in {mart.index}",
        StageId.kibana: "newest day a reader sees on the dashboard",
    }[stage]
    if health.age_of is None:
        return ("not known", (f": {means}", Tone.dim))
    by_day = stage in (StageId.elasticsearch, StageId.kibana)
    at = day(health.age_of.date()) if by_day else seen.clock(health.age_of)
    return (f"{at} ({seen.age(health.age_of)})", (f": {means}", Tone.dim))


def _due(seen: View, stage: StageId) -> str:
    due = seen.look.due
    match stage:
        case StageId.postgres:
            return "nothing: rows come when they come"
        case StageId.fivetran | StageId.bigquery:
            if due.sync_slot is None:
                return "no next sync is known"
            late = f", late after {seen.clock(due.sync_due_at)}" if due.sync_due_at else ""
            what = "rows since the last sync:" if stage is StageId.bigquery else "next sync"
            return f"{what} {seen.clock(due.sync_slot)}{late}"
        case StageId.dbt | StageId.elasticsearch:
            if due.wanted_day < due.coming_day:
                return f"{day(due.coming_day)}, late after {seen.clock(due.coming_due_at)}"
            wanted = f"every day to {day(due.wanted_day)} is wanted"
            return f"{wanted}; next run {seen.clock(due.next_run_at)}"
        case StageId.kibana:
            return f"{day(due.wanted_day)} must show"


def _owner(seen: View, stage: StageId, since: datetime | None) -> Iterator[Line]:
    """The runbook's owner and SLA, and how much of it is left."""
    known = escalations()[stage]
    sla = (
        plural(known.business_days, "business day") if known.business_days else f"{known.hours:g}h"
    )
    yield _fact("owner", known.owner, (f" ({known.issue}), SLA {sla}", Tone.dim))
    if since is None or all(item.check == network.CHECK for item in _findings(seen, stage)):
        return  # nothing is wrong, or with this host alone
    ends = known.deadline(since, seen.pipeline.office)
    left = ends - seen.now
    over = left.total_seconds() < 0
    words = f"{behind(-left)} over" if over else f"{behind(left)} left"
    yield _fact("SLA", f"ends {seen.clock(ends)}, ", (words, Tone.broken if over else Tone.strong))


def _found(seen: View, stage: StageId) -> Iterator[Line]:
    found = _findings(seen, stage)
    yield Line("found.gap")
    yield line("found.title", (f"not ok ({len(found)})", Tone.strong))
    for place, finding in enumerate(found):
        if place:
            yield Line(f"found.gap.{place}")
        yield from evidence(seen, finding)
        if finding.check != network.CHECK:
            key = f"{finding.check}.{finding.subject}.who"
            who = line(key, ("  who       ", Tone.dim), todo(seen.look, finding))
            yield folding(who, 12)
    if not found:
        yield line("found.none", ("  nothing of this stage", Tone.dim))


# What it rests on


def _rests(seen: View, stage: StageId) -> Iterator[Line]:
    yield Line("rests.gap")
    yield line("rests.title", ("rests on", Tone.strong))
    for probe in _probes(seen, stage):
        rows = _probe(seen, probe)
        yield from rows if seen.looked(probe) else map(greyed, rows)


def _probes(seen: View, stage: StageId) -> tuple[str, ...]:
    """Those that decide about the stage, then details that were read."""
    details = seen.look.snapshot.details
    own = [name for name in details if not is_wish(name) and stage_of(name) is stage]
    deciding = (*FIGURES_OF[stage], AGED_BY[stage], COUNTED_BY[stage])
    return tuple(dict.fromkeys((*deciding, *own)))


def _probe(seen: View, probe: str) -> Iterator[Line]:
    observation = seen.observation(probe)
    if observation is None:
        yield line(
            f"probe.{probe}", seen.sign(State.unknown), f" {pad(probe, PROBE)}not looked at yet"
        )
        return
    error = observation.error
    state = STATE_OF[error.trouble] if error else State.ok
    words = _answered(seen, observation) if error is None else _failing(seen, observation)
    name = (f" {pad(probe, PROBE)}", Tone.plain)
    yield line(f"probe.{probe}", seen.sign(state), name, (words, _tone(state)))
    if error is None or state is State.off:
        return
    yield _below(f"probe.{probe}.tried", _tried(seen, observation))
    if observation.at:
        stand = ": its figures still count" if seen.look.stands(probe) else ""
        yield _below(f"probe.{probe}.good", f"last good {seen.clock(observation.at)}{stand}")
    said = line(f"probe.{probe}.words", "    ", f"{error.where}: {error.words}")
    yield folding(said, 4)


def _below(key: str, words: str) -> Line:
    return line(key, " " * (PROBE + 2), (words, Tone.dim))


def _tone(state: State) -> Tone:
    return Tone.dim if state is State.ok else tone_of(state)


def _answered(seen: View, observation: Observation) -> str:
    at = f"answered {seen.clock(observation.at)} ({seen.age(observation.at)})"
    return f"{at}{_length(observation)}{_next(seen, observation)}"


def _failing(seen: View, observation: Observation) -> str:
    assert observation.error is not None  # noqa: S101
    trouble = observation.error.trouble
    if STATE_OF[trouble] is State.off:
        return f"off: {observation.error.words}"
    since = observation.failing_since
    words = f" since {seen.clock(since)} ({seen.age(since)})" if since else ""
    return f"{trouble.value}{words}, {plural(observation.failures, 'try', 'tries')}"


def _tried(seen: View, observation: Observation) -> str:
    tried = f"tried {seen.clock(observation.tried_at)}"
    return f"{tried}{_length(observation)}{_next(seen, observation)}"


def _length(observation: Observation) -> str:
    seconds = observation.took
    if seconds is None:
        return ""
    return f", took {seconds:.1f}s" if 0 <= seconds < 10 else f", took {took(seconds)}"


def _next(seen: View, observation: Observation) -> str:
    at = observation.next_try
    if at is None:
        return ""
    return f", next {clock(seen.now, at)}" if at > seen.now else ", next try now"


# What is not seen of it


def _unseen(seen: View, stage: StageId) -> Iterator[Line]:
    yield Line("unseen.gap")
    yield line("unseen.title", ("not seen", Tone.strong))
    for probe in _probes(seen, stage):
        observation = seen.observation(probe)
        if observation is not None and observation.value is not None:
            yield from _left_out(seen, observation)
    yield line("unseen.never", (f"  ever: {NEVER[stage]}", Tone.dim))


def _left_out(seen: View, observation: Observation) -> Iterator[Line]:
    value = observation.value
    told: dict[str, str] = {}
    match value:
        case Cluster() | Storage() | Kibana():
            told = value.unseen
        case Warehouse():
            told = value.missing
        case Counts():
            told = {**value.missing, **value.failed, **value.unmeasured}
        case _:
            pass
    for name, words in told.items():
        key = f"unseen.{observation.probe}.{name}"
        yield line(key, "  ", (name, Tone.unknown), f": {words}")
    if isinstance(value, Counts) and value.settled and value.settled_at:
        words = f"  days before {day(value.settled)}: counted {seen.clock(value.settled_at)}"
        yield line(f"unseen.{observation.probe}.settled", (f"{words}, not since", Tone.dim))
