"""What every row is made from: a snapshot, its assessment, the moment, and facts of this screen."""

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct, field

from altui.core.model.health import Assessment, Finding, StageHealth, StageId, State
from altui.core.model.observed import Observation, Snapshot, Trouble
from altui.core.model.pipeline import SERVICES, Pipeline
from altui.core.model.reading import Connection, Runs
from altui.core.present.glyphs import Glyphs, glyphs
from altui.core.present.rows import Line, Segment, ascii_only, fit, tone_of
from altui.core.rules.look import Look
from altui.core.rules.seeing import PROBES, service_of
from altui.core.rules.steady import calm
from altui.core.words import age, clock

PATIENCE = timedelta(seconds=60)
"""A probe that is skipped (its budget is spent) does not keep the verdict stale for longer."""

SILENCE = timedelta(seconds=90)
"""An observer assesses every 20 seconds; after this long nobody is there."""

STAGE_PROBES: dict[StageId, tuple[str, ...]] = {
    stage: tuple(probe for probe, owner in PROBES.items() if owner is stage) for stage in StageId
}
FIGURES_OF: dict[StageId, tuple[str, ...]] = STAGE_PROBES | {
    StageId.dbt: ("bigquery.counts", "github.runs")
}
"""The probes that a stage's line rests on."""


class Facts(Struct, frozen=True):
    """What is true of this screen, whatever the services say."""

    profile: str
    production: bool = False
    sandbox: bool = False
    simulated: bool = False
    """Time follows a clock file."""
    started: datetime | None = None
    """Figures not read since then are last-known ones; None: every figure counts as read."""
    remembered: Assessment | None = None
    """What was known when the screen started; None: nothing."""
    attended: bool = True
    """An observer runs, or may still be starting."""
    unicode: bool = True
    zone: tzinfo | None = None
    """The engineer's own time zone, shown beside UTC."""
    addresses: dict[str, str] = field(default_factory=dict[str, str])
    """What is asked, by service: a URL without user and password; a service that is off has none.

    That of BigQuery ends in the project, that of GitHub in the repository.
    """


class View(Struct, frozen=True):
    look: Look
    assessment: Assessment | None
    facts: Facts

    @property
    def now(self) -> datetime:
        return self.look.now

    @property
    def pipeline(self) -> Pipeline:
        return self.look.pipeline

    @property
    def glyphs(self) -> Glyphs:
        return glyphs(unicode=self.facts.unicode)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.assessment.findings if self.assessment else ()

    def observation(self, probe: str) -> Observation | None:
        return self.look.observation(probe)

    def stage(self, stage: StageId) -> StageHealth:
        known = self.assessment.stages.get(stage) if self.assessment else None
        return known or StageHealth(State.unknown, "unknown", None, None, "not looked yet")

    def age(self, at: datetime | None) -> str:
        return age(self.now, at)

    def clock(self, at: datetime | None) -> str:
        return clock(self.now, at)

    def sign(self, state: State, *probes: str) -> Segment:
        """The state's glyph; that of unknown where a probe it rests on tells nothing any more."""
        known = State.unknown if any(map(self.unseen, probes)) else state
        return Segment(self.glyphs.states[known], tone_of(known))

    def unseen(self, probe: str) -> bool:
        """Whether the probe was asked for what it told before and has no answer now."""
        seen = self.observation(probe)
        return seen is not None and not seen.answers and not self.off(probe)

    def told(self, probe: str, words: str) -> str:
        """A service's word on itself: in the past tense where it says nothing any more."""
        return f"was {words}" if self.unseen(probe) else words

    def looked(self, probe: str) -> bool:
        """Whether the probe was tried since this screen started."""
        seen = self.observation(probe)
        if seen is None or seen.tried_at is None or not self.observed:
            return False
        return self.facts.started is None or seen.tried_at >= self.facts.started

    def live(self, probe: str) -> bool:
        """Whether the probe's value is what the service said when last asked."""
        seen = self.observation(probe)
        return seen is not None and seen.answers and self.looked(probe)

    def off(self, probe: str) -> bool:
        seen = self.observation(probe)
        return bool(seen and seen.error and seen.error.trouble is Trouble.off)

    @property
    def configured(self) -> tuple[str, ...]:
        """Services that are to be seen; those that were never asked are counted in."""
        return tuple(service for service in SERVICES if not all(map(self.off, _probes_of(service))))

    @property
    def answered(self) -> tuple[str, ...]:
        """Services all of whose probes had an answer when last asked; what is off is not asked."""
        return tuple(
            name
            for name in self.configured
            if all(self.live(probe) or self.off(probe) for probe in _probes_of(name))
        )

    def partly(self, service: str) -> bool:
        """Whether some of a service's probes have an answer and others have none."""
        asked = (probe for probe in _probes_of(service) if not self.off(probe))
        seen = [item for probe in asked if (item := self.observation(probe))]
        return len({item.answers for item in seen}) > 1

    @property
    def arrived(self) -> tuple[str, ...]:
        """Services that were looked at since this screen started, with or without an answer."""
        started = self.facts.started
        patient = started is not None and self.now - started < PATIENCE
        enough = all if patient else any
        return tuple(name for name in self.configured if enough(map(self.looked, _probes_of(name))))

    @property
    def stale(self) -> bool:
        """Whether the verdict rests on what an earlier screen saw, or nobody looks any more."""
        return self.assessment is None or not self.observed or not self.arrived_all

    @property
    def last(self) -> Assessment | None:
        """What an earlier look made of it all, not this screen's own first answers."""
        known, started = self.assessment, self.facts.started
        if known is None or started is None or not self.observed or self.arrived_all:
            return known
        return known if known.at < started else self.facts.remembered

    @property
    def arrived_all(self) -> bool:
        return len(self.arrived) == len(self.configured)

    @property
    def observed(self) -> bool:
        """Whether somebody keeps looking: an observer that runs and whose assessments come."""
        started = self.facts.started
        if started is None:
            return True
        alive = max(started, self.assessment.at) if self.assessment else started
        return self.facts.attended and self.now - alive < SILENCE

    @property
    def oldest(self) -> datetime | None:
        """When the oldest figure on the screen was read."""
        seen = (self.observation(probe) for probe in PROBES if not self.off(probe))
        return min((item.at for item in seen if item and item.at), default=None)

    def fitted(self, rows: tuple[Line, ...], width: int, height: int | None = None) -> list[Line]:
        """Rows as they may be printed: cut to the room there is, in the terminal's characters."""
        shown = rows if height is None else rows[: max(height, 0)]
        if self.facts.unicode:
            return [fit(row, width) for row in shown]
        return [ascii_only(fit(ascii_only(row), width)) for row in shown]


def view(
    snapshot: Snapshot,
    assessment: Assessment | None,
    pipeline: Pipeline,
    now: datetime,
    facts: Facts,
) -> View:
    """Everything that rows are made from, at `now`.

    Beside somebody who keeps looking a probe that failed once is shown as it was.
    """
    if assessment is not None and assessment.held_since is not None:
        snapshot = calm(snapshot)
    due = assessment.due if assessment else None
    if due is None or (facts.started and assessment and assessment.at < facts.started):
        # an earlier screen's due times are over when this one starts hours later
        from altui.core.rules.schedule import due_times

        runs = snapshot.get("github.runs", Runs)
        due = due_times(pipeline, runs, snapshot.get("fivetran.connection", Connection), now)
    since = assessment.since if assessment else {}
    return View(Look(snapshot, pipeline, now, due, since), assessment, facts)


def _probes_of(service: str) -> list[str]:
    return [probe for probe in PROBES if service_of(probe) == service]
