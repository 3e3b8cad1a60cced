"""Exact counts that are not read again because the day's byte budget is spent.

They stand until a day has ended or a mart was built since: what they would have to show then did
not exist when they were made. Rows that were synced since are due, not lost. After that they say
nothing any more and their state is unknown.
"""

from datetime import datetime

from msgspec.structs import replace

from altui.core.model.days import day_of
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Mart, Pipeline
from altui.core.model.reading import Warehouse


def standing(snapshot: Snapshot, pipeline: Pipeline, now: datetime) -> Snapshot:
    """The snapshot in which counts that stand are taken as what the service says now."""
    seen = {
        probe: replace(item, error=None)
        if item.error and stands(snapshot, pipeline, now, probe)
        else item
        for probe, item in snapshot.observations.items()
    }
    return replace(snapshot, observations=seen)


def stands(snapshot: Snapshot, pipeline: Pipeline, now: datetime, probe: str) -> bool:
    """Whether the probe's value may be judged: read when last asked, or not yet too old."""
    seen = snapshot.look(probe)
    if seen is None or seen.answers:
        return seen is not None
    if seen.error is None or seen.error.trouble is not Trouble.budget or seen.at is None:
        return False
    at = seen.at
    built = (built_at(snapshot, mart) for mart in pipeline.marts)
    return day_of(at) == day_of(now) and not any(moment and moment > at for moment in built)


def built_at(snapshot: Snapshot, mart: Mart) -> datetime | None:
    """When the mart was last written, from the free table metadata."""
    tables = snapshot.get("bigquery.tables", Warehouse)
    for name, meta in tables.tables.items() if tables else ():
        if name.rsplit(".", 1)[-1] == mart.name:
            return meta.modified
    return None
