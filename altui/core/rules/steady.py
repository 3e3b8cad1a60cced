"""Nothing flaps: what is bad counts after two looks, and is over after two.

A lone look, such as the command line's, speaks at once; this is for who keeps looking. While
something was seen once only, what was said before stands, and a second look is asked for. What came
and went three times within an hour is one finding that stays until it was away for long.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from altui.core.model.health import Assessment, Finding, VerdictState
from altui.core.model.observed import Observation, Snapshot, Trouble, is_wish, service_of
from altui.core.rules.clocks import rests_on
from altui.core.rules.running import BAD as ENDED_BADLY
from altui.core.rules.seeing import is_stale

LONGEST_HOLD = timedelta(seconds=90)
"""What was said before stands for so long at most: all but counts was asked again by then."""
SLOW = frozenset(("postgres.counts", "bigquery.counts"))
"""Too dear for a second look: what was found in these alone counts at once."""
TROUBLES = frozenset(Trouble)
HOUR = timedelta(hours=1)
FLAPS = 3
"""Changes within an hour that make a finding one that comes and goes."""
AWAY = timedelta(minutes=15)
"""Health after which it is over."""


def steady(made: Assessment, before: Assessment | None, snapshot: Snapshot) -> Assessment:
    """The assessment, or what `before` said as long as one look alone says otherwise.

    What it knows besides (trace, due times, clocks, when it looked) is always of this look.
    """
    if before is None:
        return made
    known = snapshot.observations | snapshot.details
    unasked = {probe for probe, seen in known.items() if is_stale(seen, made.at)}
    made = _remembering(made, before, unasked, known)
    changed = _told(made, before, unasked, known)
    once = {
        key: first
        for key in changed
        if (first := _seen_once(key, before.pending, known)) is not None
    }
    since = before.held_since or made.at
    recent = timedelta() <= made.at - before.at < LONGEST_HOLD
    recent = recent and before.verdict.state is not VerdictState.stale  # that said nothing to hold
    if not once or not recent or made.at - since >= LONGEST_HOLD:
        return replace(made, turns=_turns(made.at, changed, before.turns))
    standing = {key: before.since[key] for key in changed & before.since.keys()}
    return replace(
        made,
        stages={
            stage: replace(before.stages.get(stage, health), seen_at=health.seen_at)
            for stage, health in made.stages.items()
        },
        findings=before.findings,
        verdict=before.verdict,
        since=standing | made.since,
        turns=_turns(made.at, (), before.turns),
        pending=once,
        held_since=since,
        again=tuple(
            sorted({p for key in once for p in _tellers(key, known) if p not in SLOW}),
        ),
    )


def lingering(
    before: Assessment | None, found: Iterable[Finding], now: datetime
) -> Iterator[Finding]:
    """Findings that came and went lately, and are away for too short a time to be over."""
    here = {finding.id for finding in found}
    for finding in before.findings if before else ():
        turns = _turns_of(before, finding)
        if finding.id not in here and _flaps(turns, now) and now - turns[-1] < AWAY:
            yield finding


def told_of_flapping(
    before: Assessment | None, findings: Iterable[Finding], now: datetime
) -> Iterator[Finding]:
    """The findings; one that comes and goes says so, and is as old as the first time it came."""
    for finding in findings:
        turns = _turns_of(before, finding)
        if not _flaps(turns, now):
            yield finding
            continue
        words = f" (on and off since {turns[0]:%H:%M}Z)"
        subject = finding.subject.removesuffix(words) + words
        yield replace(finding, subject=subject, since=min(finding.since, turns[0]))


def calm(snapshot: Snapshot) -> Snapshot:
    """For the eye: a probe that failed once and is asked again at once is shown as it was."""
    seen = {
        probe: replace(item, error=None) if _failed_once(item) else item
        for probe, item in snapshot.observations.items()
    }
    return replace(snapshot, observations=seen)


def _failed_once(seen: Observation) -> bool:
    if seen.error is None or seen.failures != 1 or seen.at is None:
        return False
    soon = seen.tried_at and seen.next_try and seen.next_try - seen.tried_at < LONGEST_HOLD / 3
    return bool(soon)


def _keys(made: Assessment) -> set[str]:
    return {finding.id for finding in made.findings}


def _remembering(
    made: Assessment, before: Assessment, unasked: set[str], known: Iterable[str]
) -> Assessment:
    """The assessment with what was known of services that nobody asked since: it did not end."""

    def kept(of: Mapping[str, datetime]) -> dict[str, datetime]:
        lost = (key for key in of if key not in made.since)
        return {key: of[key] for key in lost if not unasked.isdisjoint(_tellers(key, known))}

    if not unasked:
        return made
    return replace(made, since=kept(before.since) | made.since, pending=kept(before.pending))


def _told(
    made: Assessment, before: Assessment, unasked: set[str], known: Iterable[str]
) -> set[str]:
    """The findings that came or went; what merely was out of sight did neither."""
    gone, come = _keys(before) - _keys(made), _keys(made) - _keys(before)
    hidden = {key for key in gone if not unasked.isdisjoint(_tellers(key, known))}
    seen_again = set[str]() if before.held_since else come & before.since.keys()
    return (gone - hidden) | (come - seen_again)


def _seen_once(
    key: str, pending: Mapping[str, datetime], known: Mapping[str, Observation]
) -> datetime | None:
    """When the only look was made that saw this change; None where a second one bore it out."""
    seen = [item for probe in _tellers(key, known) if (item := known.get(probe)) and item.tried_at]
    failing = [] if _told_by(key) else [item for item in seen if not item.answers]
    telling = failing or [item for item in seen if item.probe not in SLOW]
    tried = [item.tried_at for item in telling if item.tried_at]
    if not tried:
        return None
    first = pending.get(key)
    twice = first is not None and max(tried) > first
    again = sum(item.failures > 1 for item in failing)
    borne_out = 2 * again >= len(failing) if failing else twice
    return None if borne_out else first or max(tried)


def _tellers(key: str, known: Iterable[str]) -> list[str]:
    """The probes that can tell whether a finding holds; of this host, all can."""
    if probes := _told_by(key):
        return list(probes)
    asked = [probe for probe in known if not is_wish(probe)]
    return [probe for probe in asked if service_of(probe) == service_of(key)] or asked


def _told_by(key: str) -> tuple[str, ...]:
    """The probes whose answers a finding is made of; none where one has no answer."""
    return () if key.rpartition(".")[2] in TROUBLES else rests_on(key)


def _turns_of(before: Assessment | None, finding: Finding) -> tuple[datetime, ...]:
    """When it came and went; how a run ended is a fact, which does neither."""
    if before is None or finding.check in ENDED_BADLY:
        return ()
    return before.turns.get(finding.id, ())


def _turns(
    now: datetime, changed: Iterable[str], before: Mapping[str, tuple[datetime, ...]]
) -> dict[str, tuple[datetime, ...]]:
    """When each finding came or went within the last hour."""
    turns = {key: (*before.get(key, ()), now) for key in changed}
    known = {**before, **turns}
    lately = {key: tuple(at for at in all_ if now - at < HOUR) for key, all_ in known.items()}
    return {key: at for key, at in lately.items() if at}


def _flaps(turns: tuple[datetime, ...], now: datetime) -> bool:
    return len([at for at in turns if now - at < HOUR]) >= FLAPS
