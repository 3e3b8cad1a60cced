"""States, findings, trace and verdict: what the rules make of a snapshot."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct, field

from altui.core.model.history import Drift, SyncEnd
from altui.core.model.observed import Wish
from altui.core.model.together import Team


class StageId(StrEnum):
    postgres = "postgres"
    fivetran = "fivetran"
    bigquery = "bigquery"
    dbt = "dbt"
    elasticsearch = "elasticsearch"
    kibana = "kibana"


STAGES: tuple[StageId, ...] = tuple(StageId)


class State(StrEnum):
    ok = "ok"
    due = "due"
    """Not expected yet."""
    late = "late"
    """Expected and not there; nothing has failed."""
    broken = "broken"
    """A service's own answer says so, or a second witness."""
    unknown = "unknown"
    """Cannot be seen."""
    denied = "denied"
    off = "off"
    """Not configured, not offered."""


SEVERITY: dict[State, int] = {
    State.broken: 6,
    State.late: 5,
    State.unknown: 4,
    State.denied: 3,
    State.due: 2,
    State.ok: 1,
    State.off: 0,
}


def worst(states: "list[State] | tuple[State, ...]") -> State:
    """The state that matters most; ok when there is none."""
    return max(states, key=SEVERITY.__getitem__, default=State.ok)


class Evidence(Struct, frozen=True):
    """Words or figures, with where and when they were read."""

    stage: StageId
    where: str
    words: str
    at: datetime | None
    figures: dict[str, int | float | str | None] = field(
        default_factory=dict[str, int | float | str | None]
    )


class Finding(Struct, frozen=True):
    """One thing that is late, broken, unknown or denied."""

    check: str
    """Kebab-free dotted id of the check, such as `fivetran.late`."""
    stage: StageId
    state: State
    subject: str
    """One line for a person, at most 80 characters."""
    since: datetime
    days: tuple[date, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    key: str = ""
    """Its id where one check has several findings; empty: the check."""
    do: str = ""
    """What to do next; empty: the owner of its stage knows."""

    @property
    def id(self) -> str:
        """The same for the findings of two looks that are one."""
        return self.key or self.check


class StageHealth(Struct, frozen=True):
    state: State
    word: str
    """At most ten characters for the strip: `ok`, `DOWN`, `ends 21 Nov` ..."""
    age_of: datetime | None
    """The moment whose age is shown (health.md, Stages)."""
    seen_at: datetime | None
    """When the stage was last read."""
    detail: str
    """One line: why this state."""


class Cell(Struct, frozen=True, gc=False):
    count: int | None
    state: State


class TraceRow(Struct, frozen=True):
    """One day of one table across the stages."""

    day: date
    table: str
    cells: dict[StageId, Cell]
    first_loss: StageId | None = None


class Diagnosis(Struct, frozen=True):
    cause: str
    evidence: tuple[Evidence, ...] = ()
    told_apart_by: str = ""


class VerdictState(StrEnum):
    ok = "ok"
    wait = "wait"
    late = "late"
    broken = "broken"
    suspected = "suspected"
    check = "check"
    stale = "stale"


class Form(Struct, frozen=True, array_like=True):
    """One way to say a line of the verdict."""

    words: str
    """Our own; a name among them may be shortened where nothing else makes the line fit."""
    said: str = ""
    """A service's own words: they may end with …, and go whole where there is no room."""
    tail: str = ""
    """Since when, what is left of the SLA, until when, what is unseen: it never goes."""

    @property
    def text(self) -> str:
        return f"{self.words}{self.said}{self.tail}"


class Verdict(Struct, frozen=True):
    """The three lines for 3 am, in whole words; who has no room for those takes a form."""

    state: VerdictState
    headline: str
    why: str
    do: str
    since: datetime | None = None
    first_loss: StageId | None = None
    cause: Diagnosis | None = None
    forms: tuple[tuple[Form, ...], ...] = ()
    """Each line's forms, the whole one first and the shortest last; none: as the lines stand."""


class Offer(Struct, frozen=True):
    """What may be done next about all this."""

    key: str
    """The id of its key, such as `fix`."""
    opens: str
    """The place where it is planned or read."""
    words: str = ""


class Assessment(Struct, frozen=True):
    at: datetime
    stages: dict[StageId, StageHealth]
    findings: tuple[Finding, ...]
    trace: tuple[TraceRow, ...]
    """Newest day first, the whole window of each table."""
    verdict: Verdict
    diagnoses: tuple[Diagnosis, ...] = ()
    """Causes that fit, the likeliest first; ties stay ties."""
    offers: tuple[Offer, ...] = ()
    team: Team | None = None
    """None where nothing is known of others."""
    since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """First sight of each finding and of each difference, by key; carried from look to look."""
    due: "Due | None" = None
    drift: dict[str, Drift] = field(default_factory=dict[str, Drift])
    """How far the sides of each table were apart lately; from the store's history."""
    sizes: dict[str, dict[date, int]] = field(default_factory=dict[str, dict[date, int]])
    """Bytes of each mart's index by day, oldest first; from the store's history."""
    syncs: "tuple[SyncSeen, ...]" = ()
    """Newest syncs seen to run, oldest first; carried from look to look."""
    wishes: "tuple[Wish, ...]" = ()
    """What the rules need to say more; granted ones stay for as long as they are needed."""
    turns: dict[str, tuple[datetime, ...]] = field(default_factory=dict[str, tuple[datetime, ...]])
    """When findings came or went within the last hour, by key; kept by who keeps looking."""
    pending: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Findings that one look alone has seen come or go, by key: when that look was made."""
    held_since: datetime | None = None
    """Since when stages, findings and verdict are those of an earlier look."""
    again: tuple[str, ...] = ()
    """Probes whose second look decides."""
    sync_ends: tuple[SyncEnd, ...] = ()
    """Newest syncs that ended, newest first; from the store's history."""


class SyncSeen(Struct, frozen=True):
    """A Fivetran sync as the looks saw it run; no endpoint tells when one began."""

    began: datetime | None
    """First look at which it ran; None when no look shortly before it saw that it did not."""
    seen: datetime
    """Last look at which it ran."""
    ended: datetime | None = None


class Due(Struct, frozen=True):
    """What the schedules say at this moment."""

    wanted_day: date
    """Newest day that must be in marts and indices by now."""
    coming_day: date
    """The complete day that is wanted next; `wanted_day` itself when yesterday is wanted."""
    coming_due_at: datetime
    """When `coming_day` becomes late."""
    next_run_at: datetime
    """Next scheduled start of the nightly run."""
    usual_delay_s: float
    usual_duration_s: float
    sync_slot: datetime | None = None
    """Scheduled start of the Fivetran sync after the last success."""
    sync_due_at: datetime | None = None
    """When that sync becomes late; later while it runs."""
