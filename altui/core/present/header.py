"""The first line: whose pipeline this is, what time it is, and how much of it can be seen."""

from altui.core.present.rows import Line, Segment, Tone, columns, line
from altui.core.present.view import View
from altui.core.words import day

GAP = 2


def header(seen: View, width: int) -> Line:
    """Name and mode on the left, sight on the right, the clock between; the least needed part
    gives way first where the width does not hold all."""
    left = [*_name(seen), Segment("READ-ONLY", Tone.due), *_alone(seen)]
    clock, sight = _clock(seen), _sight(seen)
    name = _joined(left, GAP)
    for middle, right in ((clock, sight), (clock, sight[:1]), (clock[:1], sight[:1])):
        parts = [*name, *_joined([*middle], 1)], _joined([*right], 0)
        room = width - sum(columns(part.text) for side in parts for part in side) - GAP
        if room >= GAP:
            before = room // 2 + GAP
            filling = Segment(" " * before), Segment(" " * (room + GAP - before))
            return line("header", *name, filling[0], *_joined([*middle], 1), filling[1], *parts[1])
    return line("header", *name, " " * GAP, *_joined([*clock[:1]], 1))


def _name(seen: View) -> list[Segment]:
    facts = seen.facts
    if facts.production:
        return [Segment("PROD", Tone.broken), Segment(facts.profile, Tone.strong)]
    if facts.sandbox:
        same = facts.profile == "sandbox"
        return [Segment("SANDBOX", Tone.ok), *([] if same else [Segment(facts.profile)])]
    return [Segment(facts.profile, Tone.strong)]


def _alone(seen: View) -> list[Segment]:
    """That others do not see what is noted here."""
    team = seen.assessment.team if seen.assessment else None
    return [Segment("not shared", Tone.late)] if team and not team.shared else []


def _clock(seen: View) -> list[Segment]:
    utc = Segment(f"{day(seen.now.date())} {seen.now:%H:%M}Z", Tone.strong)
    if seen.facts.simulated:
        return [utc, Segment("simulated time", Tone.late)]
    zone = seen.facts.zone
    local = seen.now.astimezone(zone) if zone else seen.now
    if local.utcoffset() == seen.now.utcoffset():
        return [utc]
    return [utc, Segment(f"({local:%H:%M} here)", Tone.dim)]


def _sight(seen: View) -> list[Segment]:
    answered, configured = len(seen.answered), len(seen.configured)
    if not seen.observed:
        live = Segment("NOBODY LOOKS", Tone.broken)
    else:
        tone = Tone.ok if answered == configured else Tone.unknown
        live = Segment(f"live {answered}/{configured}", tone)
    return [live, Segment(f", oldest {seen.age(seen.oldest)}" if seen.oldest else "", Tone.dim)]


def _joined(parts: list[Segment], gap: int) -> list[Segment]:
    joined: list[Segment] = []
    for part in parts:
        if joined and part.text:
            joined.append(Segment(" " * gap))
        joined.append(part)
    return joined
