"""Observations: a probe's last answer, its last failure, and both side by side."""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from altui.core.model.reading import Reading

R = TypeVar("R")


def service_of(probe: str) -> str:
    """The service in a probe's id, such as `github` in `github.log:812/1`."""
    return probe.split(".", 1)[0]


def is_wish(probe: str) -> bool:
    """Whether a probe's id is that of a wish, which is granted when somebody has it."""
    return ":" in probe


class Trouble(StrEnum):
    """Why a probe has no answer; it decides between unknown, denied, off and broken."""

    unreachable = "unreachable"
    """No answer at all: refused, timed out, no such host. The state is unknown."""
    denied = "denied"
    """The service answered that we may not look (401, 403, 28P01 ...)."""
    refused = "refused"
    """The service's own answer is that it cannot serve (5xx, in recovery ...). Broken."""
    missing = "missing"
    """The service answered that the thing asked for does not exist. Broken."""
    nonsense = "nonsense"
    """The answer cannot be understood. Unknown."""
    stale = "stale"
    """Not asked for much longer than its interval: nobody saw what is there now. Unknown."""
    off = "off"
    """Not configured, or not offered by this service. Never said of a setting that is there."""
    misconfigured = "misconfigured"
    """Not asked: a setting that is there cannot be used, such as a key file. Unknown."""
    budget = "spent"
    """Not asked: the day's byte budget is spent; the last value stands for a while."""


BLINDING = frozenset(
    (
        Trouble.unreachable,
        Trouble.denied,
        Trouble.refused,
        Trouble.missing,
        Trouble.nonsense,
        Trouble.stale,
        Trouble.off,
        Trouble.misconfigured,
        Trouble.budget,
    )
)
"""After one of these the probe's last value is history: it is shown with its age, never judged."""


class ProbeError(Struct, frozen=True):
    trouble: Trouble
    words: str
    """The service's own words, cleaned and bounded."""
    where: str
    """What was asked: method and path, or the query's name. Never a secret."""


class Observation(Struct, frozen=True):
    """A probe's last answer. `value` is the last good one and stays beside `error`."""

    probe: str
    value: Reading | None = None
    at: datetime | None = None
    """When `value` was read."""
    tried_at: datetime | None = None
    error: ProbeError | None = None
    failures: int = 0
    failing_since: datetime | None = None
    next_try: datetime | None = None
    took: float | None = None
    """Seconds the last try took."""
    rest_until: datetime | None = None
    """The service asked to be left alone until then; no probe of it asks sooner."""
    costly: bool = False
    """The failed try may be billed all the same: it is not repeated before its interval."""
    detail: bool = False
    """A panel's detail or a granted wish: it never decides whether its service is seen."""

    @property
    def answers(self) -> bool:
        """Whether `value` is what the service says now."""
        return self.error is None or self.error.trouble not in BLINDING


class Wish(Struct, frozen=True):
    """What a rule needs to say more, such as the log of one run.

    A rule makes its wish for as long as it needs the answer, granted or not.
    """

    probe: str
    """`service.what`, as in the table of wishes."""
    key: str

    @classmethod
    def of(cls, name: str) -> "Wish":
        """The wish of that id."""
        probe, _, key = name.partition(":")
        return cls(probe, key)

    @property
    def id(self) -> str:
        """The probe id of its observation."""
        return f"{self.probe}:{self.key}"


class Snapshot(Struct, frozen=True):
    """All observations at one moment, by probe id."""

    at: datetime
    observations: dict[str, Observation] = field(default_factory=dict[str, Observation])
    details: dict[str, Observation] = field(default_factory=dict[str, Observation])
    """Panels' details and granted wishes, apart from what decides whether a service is seen."""

    def look(self, probe: str) -> Observation | None:
        """A probe's observation, or that of a detail or granted wish."""
        return self.observations.get(probe) or self.details.get(probe)

    def get(self, probe: str, kind: type[R]) -> R | None:
        """The last good value of a probe, or None."""
        observation = self.look(probe)
        value = observation.value if observation else None
        return value if isinstance(value, kind) else None

    def seen_at(self, probe: str) -> datetime | None:
        """When the probe's value was read."""
        observation = self.look(probe)
        return observation.at if observation else None

    def answered(self) -> "Snapshot":
        """What the services say now: the last values of probes that fail are left out."""
        seen = {
            probe: seen if seen.answers else replace(seen, value=None)
            for probe, seen in self.observations.items()
        }
        return replace(self, observations=seen)
