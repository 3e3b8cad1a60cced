"""A red index or an unassigned shard is explained in Elasticsearch's own words."""

import pytest
from msgspec.structs import replace

from altui.core.model.observed import Observation, Snapshot, Trouble, Wish
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Allocation, Cluster, Index
from altui.core.rules.assess import assess
from tests.world import at, healthy, with_error, with_value

NOON = at("2026-11-23 12:00")
NAME = "analytics_applylens_risk_daily"
SAID = Allocation(NAME, 0, True, "NODE_LEFT", "no copy of the shard was found")


def bent(status: str, health: str, unassigned: int) -> Snapshot:
    other = Index("other", "green", "open", 1, 1)
    indices = {"other": other, NAME: Index(NAME, health, "open", 399, 4_000_000)}
    return with_value(
        healthy(NOON),
        "elasticsearch.cluster",
        status=status,
        unassigned=unassigned,
        indices=indices,
    )


def wishes(snapshot: Snapshot) -> tuple[Wish, ...]:
    return assess(snapshot, Pipeline(), NOON).wishes


@pytest.mark.parametrize(
    ("status", "health", "unassigned", "key"),
    [
        ("green", "green", 0, None),
        ("red", "red", 1, NAME),
        ("yellow", "yellow", 1, NAME),
        ("red", "green", 1, "*"),
        ("yellow", "green", 2, "*"),
        ("yellow", "yellow", 0, None),
        ("not offered", "green", 0, None),
    ],
)
def test_what_is_asked(status: str, health: str, unassigned: int, key: str | None) -> None:
    wanted = () if key is None else (Wish("elasticsearch.allocation", key),)
    assert wishes(bent(status, health, unassigned)) == wanted


def test_a_cluster_that_is_silent_is_not_asked_why() -> None:
    snapshot = bent("red", "red", 1)
    assert isinstance(snapshot.observations["elasticsearch.cluster"].value, Cluster)
    silent = with_error(snapshot, "elasticsearch.cluster", Trouble.unreachable, since=NOON)
    assert wishes(silent) == ()


def test_the_explanation_comes_first() -> None:
    snapshot = bent("red", "red", 1)
    (wish,) = wishes(snapshot)
    seen = Observation(wish.id, SAID, NOON, NOON, detail=True)
    judged = assess(replace(snapshot, details={wish.id: seen}), Pipeline(), NOON)
    red = next(item for item in judged.findings if item.check == "elasticsearch.red")
    assert red.evidence[0].words == (
        f"no copy of the shard was found (primary 0 of {NAME}, NODE_LEFT)"
    )
    assert red.evidence[0].where == "GET /_cluster/allocation/explain"
    assert "no copy of the shard" in judged.verdict.why


@pytest.mark.parametrize("value", [None, replace(SAID, explanation="", reason="")])
def test_without_an_explanation_the_finding_stands_as_it_is(value: Allocation | None) -> None:
    snapshot = bent("red", "red", 1)
    plain = assess(snapshot, Pipeline(), NOON).findings
    (wish,) = wishes(snapshot)
    seen = Observation(wish.id, value, detail=True)
    assert assess(replace(snapshot, details={wish.id: seen}), Pipeline(), NOON).findings == plain
