"""Services that cannot be seen, and why: unreachable, denied, refused and off are told apart."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding, StageId, State
from altui.core.model.observed import (
    Observation,
    ProbeError,
    Snapshot,
    Trouble,
    is_wish,
    service_of,
)
from altui.core.model.pipeline import SERVICES
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

STATE_OF: dict[Trouble, State] = {
    Trouble.unreachable: State.unknown,
    Trouble.nonsense: State.unknown,
    Trouble.denied: State.denied,
    Trouble.refused: State.broken,
    Trouble.missing: State.broken,
    Trouble.stale: State.unknown,
    Trouble.off: State.off,
    Trouble.misconfigured: State.unknown,
    Trouble.budget: State.unknown,
}

SERVICE_NAMES = {
    "postgres": "PostgreSQL",
    "fivetran": "Fivetran",
    "bigquery": "BigQuery",
    "github": "GitHub",
    "elasticsearch": "Elasticsearch",
    "kibana": "Kibana",
}

PARTS = {
    "bigquery.tables": "metadata",
    "bigquery.counts": "counts",
    "elasticsearch.cluster": "health",
    "elasticsearch.counts": "counts",
}
"""What is unseen while a service's other probes answer; another probe goes by its own name."""

SAYS: dict[Trouble, str] = {
    Trouble.unreachable: "does not answer from here",
    Trouble.nonsense: "gave an answer that cannot be understood",
    Trouble.denied: "answered, but denies this account",
    Trouble.refused: "answered that it cannot serve",
    Trouble.missing: "says that what was asked for does not exist",
    Trouble.misconfigured: "cannot be asked: a setting is wrong",
    Trouble.budget: "is over the day's byte budget",
}

UNHEARD = (Trouble.unreachable, Trouble.nonsense)
"""The service was asked, and nothing of its own came back."""

CREDENTIALS = {
    "postgres": "check user and password in POSTGRES_DSN",
    "fivetran": "check FIVETRAN_API_KEY and _SECRET",
    "bigquery": "check the service account's key and roles",
    "github": "check GITHUB_TOKEN: expired? actions:read?",
    "elasticsearch": "check the user in ES_URL, its privileges",
    "kibana": "check KIBANA_API_KEY and its space",
}
NAMES_ASKED_FOR = {
    "postgres": "check the database in POSTGRES_DSN",
    "fivetran": "check FIVETRAN_CONNECTION",
    "bigquery": "check BQ_PROJECT and BQ_DATASET",
    "github": "check GITHUB_REPOSITORY: may the token see it?",
    "elasticsearch": "check ES_ANALYTICS_INDEX",
    "kibana": "check KIBANA_URL and its space",
}
SETTINGS = {
    "postgres": "POSTGRES_DSN",
    "fivetran": "FIVETRAN_URL, _API_KEY, _CONNECTION",
    "bigquery": "GOOGLE_APPLICATION_CREDENTIALS",
    "github": "GITHUB_TOKEN or GITHUB_API_URL",
    "elasticsearch": "ES_URL",
    "kibana": "KIBANA_URL or KIBANA_API_KEY",
}
DOCTOR = "altui doctor says more"


TURNS = 3
PATIENCE = timedelta(minutes=2)
"""An answer stands for so many of its probe's intervals, and so long for one under way."""


def in_sight(snapshot: Snapshot, now: datetime) -> Snapshot:
    """The snapshot in which answers that nobody asked for again in time count as none.

    A host that slept, an observer that died or a clock that was set leaves answers without an
    error that say nothing of this moment: what they miss is unknown, never late.
    """
    seen = {probe: _in_sight(item, now) for probe, item in snapshot.observations.items()}
    details = {probe: _in_sight(item, now) for probe, item in snapshot.details.items()}
    return replace(snapshot, observations=seen, details=details)


def is_stale(seen: Observation, now: datetime) -> bool:
    """Whether nobody asked again in time, so that the answer says nothing of this moment."""
    tried, again = seen.tried_at, seen.next_try
    if tried is None or again is None or again <= tried:
        return False
    if seen.error is not None and seen.error.trouble is Trouble.off:
        return False
    return abs(now - tried) > TURNS * (again - tried) + PATIENCE


def _in_sight(seen: Observation, now: datetime) -> Observation:
    if seen.tried_at is None or not is_stale(seen, now):
        return seen
    words = f"not looked at since {clock(now, seen.tried_at)}"
    return replace(seen, error=ProbeError(Trouble.stale, words, seen.probe))


def own_probes(look: Look, service: str) -> list[Observation]:
    """A service's observations, without the wishes (`probe:key`) that were granted once."""
    own = f"{service}."
    return [
        seen
        for probe, seen in look.snapshot.observations.items()
        if probe.startswith(own) and not is_wish(probe)
    ]


def configured(look: Look) -> tuple[str, ...]:
    """Services of which at least one probe is not off."""
    return tuple(
        service
        for service in SERVICES
        if any(_trouble(seen) is not Trouble.off for seen in own_probes(look, service))
    )


def off(look: Look) -> tuple[str, ...]:
    """Services that are looked for and not configured."""
    asked = configured(look)
    return tuple(
        service for service in SERVICES if service not in asked and own_probes(look, service)
    )


def blinded(look: Look, service: str) -> dict[Trouble, list[Observation]]:
    """A configured service's probes that have no answer now, by trouble."""
    found: dict[Trouble, list[Observation]] = {}
    for seen in own_probes(look, service):
        trouble = _trouble(seen)
        if trouble is not None and trouble is not Trouble.off and not seen.answers:
            found.setdefault(trouble, []).append(seen)
    return found


def was_asked(look: Look, service: str) -> bool:
    """Whether any of its probes could ask at all: wrong settings say nothing of this host."""
    unasked = (Trouble.off, Trouble.misconfigured)
    return any(_trouble(seen) not in unasked for seen in own_probes(look, service))


def is_silent(look: Look, service: str) -> bool:
    """Whether nothing at all was heard of the service: no probe had an answer of its own."""
    asked = [seen for seen in own_probes(look, service) if _trouble(seen) is not Trouble.off]
    return bool(asked) and all(_trouble(seen) in UNHEARD for seen in asked)


def unseen(look: Look, known: Iterable[str] = ()) -> Iterator[Finding]:
    """A finding for each service and trouble, but for services that are `known` to be explained."""
    explained = set(known)
    for service in configured(look):
        if service in explained:
            continue
        for trouble, failing in blinded(look, service).items():
            if trouble in SAYS:
                yield _unseen(look, service, trouble, failing)


def unseen_words(look: Look) -> list[tuple[str, str]]:
    """Each configured service that is not wholly seen, and why: `denied`, `health denied`."""
    words: list[tuple[str, str]] = []
    for service in configured(look):
        for trouble, failing in blinded(look, service).items():
            part = _part(look, service, failing)
            words.append((service, f"{part} {trouble.value}".strip()))
    return words


def is_of_environment(words: str) -> bool:
    """Whether it is not the service's own setting that is wrong, but one of this host."""
    return "_PROXY" in words or "SSL_CERT_" in words


def what_to_do(service: str, trouble: Trouble, words: str) -> str:
    """The next thing to try; empty where only the service's owner can mend it."""
    match trouble:
        case Trouble.denied if words.startswith("407"):
            return f"the proxy wants a login: check HTTPS_PROXY; {DOCTOR}"
        case Trouble.denied:
            return f"{CREDENTIALS[service]}; {DOCTOR}"
        case Trouble.misconfigured if is_of_environment(words):
            return f"correct that variable of this host; {DOCTOR}"
        case Trouble.misconfigured:
            return f"correct {SETTINGS[service]}; {DOCTOR}"
        case Trouble.missing:
            return f"{NAMES_ASKED_FOR[service]}; {DOCTOR}"
        case Trouble.nonsense:
            return f"is a proxy or a login page in between? {DOCTOR}"
        case Trouble.unreachable:
            return f"r looks again; is the address right? {DOCTOR}"
        case Trouble.budget:
            return "nothing: exact counts begin again at 00:00Z ([bigquery] daily_bytes)"
        case _:
            return ""


def _unseen(look: Look, service: str, trouble: Trouble, failing: list[Observation]) -> Finding:
    check = f"{service}.{trouble.value}"
    part = _part(look, service, failing)
    witnesses = () if part else _second_witness(look, service, trouble)
    evidence = tuple(
        Evidence(stage_of(seen.probe), seen.error.where, seen.error.words, seen.tried_at)
        for seen in _telling(failing)
        if seen.error
    )
    return Finding(
        check=check,
        stage=evidence[0].stage,
        state=State.broken if witnesses else STATE_OF[trouble],
        subject=f"{SERVICE_NAMES[service]} {SAYS[trouble]}" + (f" ({part})" if part else ""),
        since=min(seen.failing_since or look.first_seen(check) for seen in failing),
        evidence=(*evidence, *witnesses),
        do=what_to_do(service, trouble, evidence[0].words),
    )


def stage_of(probe: str) -> StageId:
    """The stage a probe belongs to; a service's every probe belongs to one."""
    known = (stage for name, stage in PROBES.items() if service_of(name) == service_of(probe))
    return PROBES.get(probe) or next(known)


def _telling(failing: list[Observation]) -> list[Observation]:
    """One observation for each different thing that was said."""
    return list({seen.error.words: seen for seen in failing[::-1] if seen.error}.values())[::-1]


def _part(look: Look, service: str, failing: list[Observation]) -> str:
    """What of the service is unseen; empty when it is all of it."""
    asked = [seen for seen in own_probes(look, service) if _trouble(seen) is not Trouble.off]
    if len(failing) == len(asked):
        return ""
    return ", ".join(PARTS.get(seen.probe, seen.probe.split(".", 1)[-1]) for seen in failing)


def _trouble(seen: Observation) -> Trouble | None:
    return seen.error.trouble if seen.error else None


def _second_witness(look: Look, service: str, trouble: Trouble) -> tuple[Evidence, ...]:
    """Another party that also finds Elasticsearch down; silence towards us alone proves nothing."""
    if service != "elasticsearch" or trouble not in UNHEARD:
        return ()
    found: list[Evidence] = []
    kibana, seen = look.kibana, look.observation("kibana.status")
    failing_since = _failing_since(look, "elasticsearch.cluster")
    fresh = seen and seen.at and failing_since and seen.at >= failing_since
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
