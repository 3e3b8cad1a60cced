"""Why a shard has no home: Elasticsearch is asked once one is unassigned, and quoted."""

from collections.abc import Iterator

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding, StageId
from altui.core.model.observed import Wish
from altui.core.model.reading import Allocation
from altui.core.rules.look import Look

WORST_FIRST = ("red", "yellow")
ANY = "*"
"""Stands for an index that is none of the pipeline's."""


def unexplained(look: Look) -> Iterator[Wish]:
    """The wish for an explanation, while an index is red or a shard unassigned."""
    observation, cluster = look.observation("elasticsearch.cluster"), look.cluster
    if observation is None or observation.error is not None or cluster is None:
        return
    if wish := _wish(look):
        yield wish


def explained(look: Look, finding: Finding) -> Finding:
    """The finding with Elasticsearch's explanation first, once it was granted."""
    wish = _wish(look)
    said = look.snapshot.get(wish.id, Allocation) if wish else None
    if wish is None or said is None or not said.explanation:
        return finding
    shard = f"{'primary' if said.primary else 'replica'} {said.shard} of {said.index}"
    why = ", ".join(filter(None, (shard, said.reason)))
    quotation = Evidence(
        StageId.elasticsearch,
        "GET /_cluster/allocation/explain",
        f"{said.explanation} ({why})",
        look.seen_at(wish.id),
    )
    return replace(finding, evidence=(quotation, *finding.evidence))


def _wish(look: Look) -> Wish | None:
    cluster = look.cluster
    if cluster is None or not (cluster.status == "red" or cluster.unassigned):
        return None
    for health in WORST_FIRST:
        for index in cluster.indices.values():
            if index.health == health:
                return Wish("elasticsearch.allocation", index.name)
    return Wish("elasticsearch.allocation", ANY)
