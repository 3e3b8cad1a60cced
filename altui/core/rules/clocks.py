"""Clocks that go on: what a look cannot tell is not forgotten, for unknown is not health."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.rules.look import Look
from altui.core.rules.running import BAD, running

SOURCE, COPY = "postgres.counts", "bigquery.counts"
FIVETRAN, GITHUB, KIBANA = "fivetran.connection", "github.runs", "kibana.status"
CLUSTER, DOCUMENTS = "elasticsearch.cluster", "elasticsearch.counts"
STORAGE = "elasticsearch.storage"

RESTS_ON: dict[str, tuple[str, ...]] = {
    "fivetran": (FIVETRAN,),
    "fivetran.unselected": (FIVETRAN, "fivetran.schemas"),
    "bigquery.stale": (SOURCE, COPY),
    "unsynced": (SOURCE, COPY),
    "table": (SOURCE,),
    "table.missing.raw": (COPY,),
    "table.missing.staging": (COPY,),
    "table.missing.mart": (COPY,),
    "dbt": ("bigquery.tables", COPY),
    "workflow": (GITHUB,),
    "parity.raw": (SOURCE, COPY),
    "parity.total": (SOURCE, COPY),
    "parity.staging": (COPY,),
    "parity.mart": (COPY,),
    "parity.index": (COPY, DOCUMENTS),
    "parity.reader": (DOCUMENTS, KIBANA),
    "parity.measure.mart": (COPY,),
    "parity.measure.index": (COPY, DOCUMENTS),
    "parity.unmeasured.mart": (COPY,),
    "parity.unmeasured.index": (DOCUMENTS,),
    "parity.duplicates": (DOCUMENTS,),
    "difference": (SOURCE, COPY),
    "loss": (SOURCE, COPY),
    "total": (SOURCE, COPY),
    "index": (DOCUMENTS,),
    "elasticsearch": (CLUSTER,),
    "elasticsearch.disk": (STORAGE,),
    "es": (CLUSTER,),
    "es.read_only": (CLUSTER, STORAGE),
    "es.orphan_days": (COPY, DOCUMENTS),
    "kibana": (KIBANA,),
}
"""The probes without which a key's finding or difference cannot be told, by the key's beginning.

The longest beginning counts. What is not here tells of a probe without an answer itself.
"""


def carried(look: Look) -> dict[str, datetime]:
    """The clocks of what this look cannot tell; all others stand or fall with what it finds."""
    table = RESTS_ON | dict(_ops_fed(look.pipeline))
    blind = {probe for probes in table.values() for probe in probes if _is_blind(look, probe)}
    uncounted = set(look.source.failed) if look.source else set[str]()
    awaited = BAD if running(look.runs) else ()  # what it mends is not told before it ends
    if not (blind or uncounted or awaited):
        return {}

    def is_told(key: str) -> bool:
        probes = rests_on(key, table)
        unread = SOURCE in probes and not uncounted.isdisjoint(key.split("."))
        return blind.isdisjoint(probes) and not unread and key not in awaited

    return {key: since for key, since in look.since.items() if not is_told(key)}


def rests_on(key: str, table: Mapping[str, tuple[str, ...]] = RESTS_ON) -> tuple[str, ...]:
    """The probes that tell what a key is about; none where it tells of a probe itself."""
    parts = key.split(".")
    starts = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((table[start] for start in starts if start in table), ())


def _ops_fed(pipeline: Pipeline) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of a mart that an ops table feeds, BigQuery tells which days there are."""
    for mart in pipeline.marts:
        if mart.ops:
            yield f"difference.{mart.name}", (COPY,)
            yield f"index.behind.{mart.name}", (COPY, DOCUMENTS)


def _is_blind(look: Look, probe: str) -> bool:
    """Whether a configured probe has no answer."""
    seen = look.observation(probe)
    if seen is None or seen.error is None or seen.answers:
        return False
    return seen.error.trouble is not Trouble.off
