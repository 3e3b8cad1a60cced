"""Which probe's answer a piece of evidence was read from."""

from altui.core.model.health import Evidence, StageId
from altui.core.present.commands import COMMANDS, KEYED
from altui.core.present.view import View

_BY_START: tuple[tuple[str, str], ...] = (
    ("log of run", "github.log"),
    ("http", "github.runs"),
    ("GET /actions", "github.runs"),
    ("GET /_cluster/allocation", "elasticsearch.allocation"),
    ("GET /_nodes", "elasticsearch.storage"),
    ("POST /_msearch", "elasticsearch.counts"),
    ("max(_fivetran_synced)", "bigquery.counts"),
    ("table metadata", "bigquery.tables"),
)
_BY_STAGE: dict[StageId, str] = {
    StageId.postgres: "postgres.counts",
    StageId.fivetran: "fivetran.connection",
    StageId.bigquery: "bigquery.counts",
    StageId.dbt: "github.runs",
    StageId.elasticsearch: "elasticsearch.cluster",
    StageId.kibana: "kibana.status",
}


def probe_of(seen: View, evidence: Evidence) -> str:
    """The id of the probe, or of the granted wish; empty for altui's own faults."""
    if evidence.where in COMMANDS:
        return evidence.where
    if evidence.where.startswith("altui"):
        return ""
    return _failing(seen, evidence) or _named(seen, evidence)


def _failing(seen: View, evidence: Evidence) -> str:
    """The probe that failed there: an error says what was asked."""
    snapshot = seen.look.snapshot
    for name, item in (snapshot.observations | snapshot.details).items():
        if item.error and (item.error.where, item.error.words) == (evidence.where, evidence.words):
            return name
    return ""


def _named(seen: View, evidence: Evidence) -> str:
    """By what the rules call the places they read."""
    where = evidence.where
    if where.startswith("GET /v1/") and where.endswith("/schemas"):
        return "fivetran.schemas"
    if where.startswith("pipeline.marts.measures"):
        stored = evidence.stage is StageId.elasticsearch
        return "elasticsearch.counts" if stored else "bigquery.counts"
    usual = _BY_STAGE[evidence.stage]
    probe = next((probe for start, probe in _BY_START if where.startswith(start)), usual)
    return (_granted(seen, probe, evidence) or usual) if probe in KEYED else probe


def _granted(seen: View, probe: str, evidence: Evidence) -> str:
    """The wish that was granted at that moment."""
    mine = [name for name in seen.look.snapshot.details if name.startswith(f"{probe}:")]
    at = (name for name in mine if seen.look.seen_at(name) == evidence.at)
    return next(at, mine[0] if mine else "")
