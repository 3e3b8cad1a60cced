"""Every stage alike: what nobody looked at in time is unknown, and no finding."""

from datetime import timedelta

from msgspec.structs import replace

from altui.core.model.health import STAGES
from altui.core.model.observed import Snapshot
from tests.unit.rules.cases.bend import NOON, X, healthy, moved
from tests.unit.rules.cases.case import Case, Edge

HALF_A_MINUTE = timedelta(seconds=30)
ALLOWED = 3 * HALF_A_MINUTE + timedelta(minutes=2)


def unwatched(seconds: float) -> Snapshot:
    """Noon's answers, each asked for every 30 s, judged so many seconds later."""
    seen = {
        probe: replace(one, next_try=NOON + HALF_A_MINUTE)
        for probe, one in healthy(NOON).observations.items()
    }
    return moved(Snapshot(NOON, seen), NOON + timedelta(seconds=seconds))


CASES: tuple[Case, ...] = tuple(
    Case(
        stage,
        X.unknown,
        "nobody looked for long: the host slept, or no observer ran",
        (unwatched(8 * 3600),),
    )
    for stage in STAGES
)

EDGES: tuple[Edge, ...] = tuple(
    Edge(
        stage,
        X.ok,
        X.unknown,
        "not looked at for three intervals and 2 min",
        lambda offset: (unwatched(ALLOWED.total_seconds() + offset),),
        X.ok,
    )
    for stage in STAGES
)
