"""Services that cannot be seen, and why: unreachable, denied, refused and off are told apart."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.rules.look import Look
from altui.core.words import clock

PROBES: dict[str, StageId] = {
    "postgres.counts": StageId.postgres,
    "fivetran.connection": StageId.fivetran,
    "bigquery.tables": StageId.bigquery,
    "bigquery.counts": StageId.bigquery,
    "github.runs": StageId.dbt,
    "elasticsearch.cluster": StageId.elasticsearch,
    "elasticsearch.counts": StageId.elasticsearch,
    "kibana.status": StageId.kibana,
}
ASIDE: dict[str, StageId] = {"elasticsearch.storage": StageId.elasticsearch}
"""Probes that may rest: no service counts as silent or unseen for want of them."""

STATE_OF: dict[Trouble, State] = {
    Trouble.unreachable: State.unknown,
    Trouble.nonsense: State.unknown,
    Trouble.denied: State.denied,
    Trouble.refused: State.broken,
    Trouble.missing: State.broken,
    Trouble.stale: State.unknown,
    Trouble.off: State.off,
}

SERVICE_NAMES = {
    "postgres": "PostgreSQL",
    "fivetran": "Fivetran",
    "bigquery": "BigQuery",
    "github": "GitHub",
    "elasticsearch": "Elasticsearch",
    "kibana": "Kibana",
}

SAYS: dict[Trouble, str] = {
    Trouble.unreachable: "does not answer from here",
    Trouble.nonsense: "gave an answer that cannot be understood",
    Trouble.denied: "answered, but denies this account",
    Trouble.refused: "answered that it cannot serve",
    Trouble.missing: "says that what was asked for does not exist",
}


TURNS = 3
PATIENCE = timedelta(minutes=2)
"""An answer stands for so many of its probe's intervals, and so long for one under way."""


def in_sight(snapshot: Snapshot, now: datetime) -> Snapshot:
    """The snapshot in which answers that nobody asked for again in time count as none.

    A host that slept, an observer that died or a clock that was set leaves answers without an
    error that say nothing of this moment: what they miss is unknown, never late.
    """
    seen = {probe: _in_sight(item, now) for probe, item in snapshot.observations.items()}
    return Snapshot(snapshot.at, seen)


def _in_sight(seen: Observation, now: datetime) -> Observation:
    tried, again = seen.tried_at, seen.next_try
    if tried is None or again is None or again <= tried:
        return seen
    if seen.error is not None and seen.error.trouble is Trouble.off:
        return seen
    if abs(now - tried) <= TURNS * (again - tried) + PATIENCE:
        return seen
    words = f"not looked at since {clock(now, tried)}"
    return replace(seen, error=ProbeError(Trouble.stale, words, seen.probe))


def any_stale(look: Look) -> bool:
    """Whether something was not looked at in time; what was known of it is not forgotten yet."""
    return any(
        seen.error is not None and seen.error.trouble is Trouble.stale
        for seen in look.snapshot.observations.values()
    )


def service_of(probe: str) -> str:
    return probe.split(".", 1)[0]


def unseen(look: Look) -> Iterator[Finding]:
    """A finding a service that could not be read; its most telling probe speaks."""
    told: set[str] = set()
    for probe, stage in PROBES.items():
        observation = look.observation(probe)
        if observation is None or observation.error is None or service_of(probe) in told:
            continue
        error = observation.error
        if error.trouble in (Trouble.off, Trouble.stale):
            continue
        told.add(service_of(probe))
        check = f"{service_of(probe)}.{error.trouble.value}"
        second = _second_witness(look, service_of(probe))
        state = State.broken if second else STATE_OF[error.trouble]
        evidence = Evidence(stage, error.where, error.words, observation.tried_at)
        yield Finding(
            check=check,
            stage=stage,
            state=state,
            subject=f"{SERVICE_NAMES[service_of(probe)]} {SAYS[error.trouble]}",
            since=observation.failing_since or look.first_seen(check),
            evidence=(evidence, *second),
        )


def silent(look: Look) -> tuple[int, int]:
    """How many of the configured services do not answer at all, and how many there are."""
    by_service: dict[str, list[Observation]] = {}
    for probe, observation in look.snapshot.observations.items():
        by_service.setdefault(service_of(probe), []).append(observation)
    configured = [
        seen
        for seen in by_service.values()
        if not any(item.error and item.error.trouble is Trouble.off for item in seen)
    ]
    mute = [
        seen
        for seen in configured
        if all(item.error and item.error.trouble is Trouble.unreachable for item in seen)
    ]
    return len(mute), len(configured)


def _second_witness(look: Look, service: str) -> tuple[Evidence, ...]:
    """Another party that also finds Elasticsearch down; silence towards us alone proves nothing."""
    if service != "elasticsearch":
        return ()
    found: list[Evidence] = []
    kibana, seen = look.kibana, look.observation("kibana.status")
    failing_since = _failing_since(look, "elasticsearch.cluster")
    fresh = seen and seen.error is None and seen.at and failing_since and seen.at >= failing_since
    if kibana and fresh and kibana.level in {"unavailable", "critical"}:
        words = f'Kibana says "{kibana.level}"'
        found.append(
            Evidence(StageId.kibana, "GET /api/status", words, look.seen_at("kibana.status"))
        )
    latest = look.runs.runs[0] if look.runs and look.runs.runs else None
    if latest and failing_since and (latest.updated_at or latest.created_at) >= failing_since:
        for step in latest.steps:
            if step.name == look.pipeline.workflow.export_step and step.conclusion == "failure":
                words = f'run {latest.number} failed in "{step.name}"'
                found.append(Evidence(StageId.dbt, latest.url, words, step.completed_at))
    return tuple(found)


def _failing_since(look: Look, probe: str) -> datetime | None:
    observation = look.observation(probe)
    return observation.failing_since if observation else None
