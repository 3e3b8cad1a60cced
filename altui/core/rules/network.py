"""Most services silent at once: the first suspect is this host, not the pipeline."""

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from altui.core.model.health import Evidence, Finding, State
from altui.core.model.observed import Observation, Trouble
from altui.core.rules.look import Look
from altui.core.rules.seeing import (
    SERVICE_NAMES,
    configured,
    is_silent,
    own_probes,
    stage_of,
    unseen,
    was_asked,
)

CHECK = "local.network"
PROVIDERS = {"kibana": "elasticsearch"}
"""Services that usually stand and fall together: their common silence is no word on this host."""

HERE = re.compile(r"\b127\.\d+\.\d+\.\d+\b|\blocalhost\b|\[?::1\]?|/tmp/|/run/|\.s\.PGSQL")
"""Addresses of this machine; a socket's path is one of them."""
PROXIED = re.compile(r"through the proxy |ProxyError")
"""Words on a service that is not this machine's, though the proxy's address may be."""

CAUSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "names cannot be resolved here (DNS)",
        re.compile(
            r"name or service not known|name resolution|nodename nor servname|getaddrinfo"
            r"|could not translate host name|failed to resolve|no such host|no address associated",
            re.IGNORECASE,
        ),
    ),
    ("the proxy does not answer", re.compile(r"proxy", re.IGNORECASE)),
    (
        "no route from here",
        re.compile(r"network is unreachable|no route to host|host is unreachable", re.IGNORECASE),
    ),
    (
        "no answer in time from any: VPN or firewall?",
        re.compile(r"no answer within|timed? ?out|timeout", re.IGNORECASE),
    ),
)
"""What most of the words say, the most telling first."""
OTHERWISE = "most services silent at once"
NOT_THEIRS = "the answers are not theirs: a login page or proxy?"


class Silence(Struct, frozen=True):
    """More than half of the configured services, of two providers at least, are not heard."""

    services: tuple[str, ...]
    answering: tuple[str, ...]
    since: datetime
    """When so many of them had fallen silent that the rest was no longer the most."""
    cause: str
    local: bool
    """Whether all of them are this machine's own: no network lies between."""
    words: str
    """What one of them met, as an example."""

    @property
    def count(self) -> str:
        return f"{len(self.services)} of {len(self.services) + len(self.answering)}"

    @property
    def others(self) -> str:
        """The services that answer; empty when there is none."""
        return ", ".join(SERVICE_NAMES[service] for service in self.answering)


def silence(look: Look) -> Silence | None:
    """None while one provider alone is silent, or no more than half of what is configured.

    Denied and refusing services have answered. All of two or more is most, whatever their provider.
    """
    asked = tuple(service for service in configured(look) if was_asked(look, service))
    mute = tuple(service for service in asked if is_silent(look, service))
    providers = {PROVIDERS.get(service, service) for service in mute}
    if len(mute) < 2 or 2 * len(mute) <= len(asked):
        return None
    if len(providers) < 2 and len(mute) < len(asked):
        return None
    heard = [_asked(look, service) for service in mute]
    began = sorted(seen.failing_since or look.now for seen in heard)
    enough = max(2, len(asked) // 2 + 1)
    cause, words = _cause(heard)
    local = all(map(_is_here, heard))
    answering = tuple(service for service in asked if service not in mute)
    return Silence(mute, answering, began[enough - 1], cause, local, words)


def sight(look: Look) -> Iterator[Finding]:
    """What cannot be seen: one finding for this host where most is silent, else one a service."""
    found = silence(look)
    if found is not None:
        yield _local(look, found)
    yield from unseen(look, known=found.services if found else ())


def _local(look: Look, found: Silence) -> Finding:
    evidence = tuple(
        Evidence(stage_of(seen.probe), _where(seen), _words(seen), seen.tried_at)
        for seen in (_asked(look, service) for service in found.services)
    )
    tail = f", only {found.others}" if found.others else ""
    return Finding(
        check=CHECK,
        stage=evidence[0].stage,
        state=State.unknown,
        subject=f"{found.count} services do not answer from here{tail}",
        since=found.since,
        evidence=evidence,
        do=what_to_do(found),
    )


def what_to_do(found: Silence) -> str:
    if found.local:
        return "see whether they run (altui sandbox status); r looks again"
    return "check VPN, proxy and DNS here; altui goes on asking"


def _cause(heard: list[Observation]) -> tuple[str, str]:
    """What more than half of them have in common, and the words of one that says it."""
    strange = [seen for seen in heard if seen.error and seen.error.trouble is Trouble.nonsense]
    if 2 * len(strange) > len(heard):
        return NOT_THEIRS, _words(strange[0])
    for cause, pattern in CAUSES:
        saying = [seen for seen in heard if pattern.search(_words(seen))]
        if 2 * len(saying) > len(heard):
            return cause, _words(saying[0])
    return OTHERWISE, _words(heard[0])


def _asked(look: Look, service: str) -> Observation:
    """The first of a silent service's probes that asked at all."""
    probes = own_probes(look, service)
    return next(seen for seen in probes if seen.error and seen.error.trouble is not Trouble.off)


def _is_here(seen: Observation) -> bool:
    said = f"{_words(seen)} {_where(seen)}"
    return bool(HERE.search(said)) and not PROXIED.search(said)


def _words(seen: Observation) -> str:
    return seen.error.words if seen.error else ""


def _where(seen: Observation) -> str:
    return seen.error.where if seen.error else ""
