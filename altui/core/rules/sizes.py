"""What indices take, as it is kept day by day."""

from collections.abc import Iterable, Iterator
from datetime import date

from altui.core.model.days import day_of
from altui.core.model.history import Size
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Cluster
from altui.core.rules.elastic import PROBE, kept


def sizes_of(snapshot: Snapshot, pipeline: Pipeline) -> Iterator[Size]:
    """Each mart's index that was listed when last asked."""
    seen = snapshot.observations.get(PROBE)
    if seen is None or seen.error is not None or seen.at is None:
        return
    cluster = seen.value if isinstance(seen.value, Cluster) else None
    for mart in pipeline.marts:
        if found := kept(cluster, mart):
            yield Size(day_of(seen.at), mart.index, sum(index.bytes for index in found))


def by_index(sizes: Iterable[Size]) -> dict[str, dict[date, int]]:
    found: dict[str, dict[date, int]] = {}
    for size in sizes:
        found.setdefault(size.index, {})[size.day] = size.bytes
    return found
