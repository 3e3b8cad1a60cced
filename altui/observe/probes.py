"""The probe table: one question to one service each, with its interval, timeout and cost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from altui.clock import Clock
from altui.config import Settings
from altui.core.model.days import day_of
from altui.core.model.health import StageId
from altui.core.model.reading import Reading
from altui.services.bigquery import BigQueryReader
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.fivetran import FivetranReader
from altui.services.github import GitHubReader
from altui.services.kibana import KibanaReader
from altui.services.postgres import PostgresReader

MINUTE = 60.0


@dataclass(frozen=True)
class Probe:
    """One question to one service."""

    id: str
    """`service.what`; readings are kept under it."""
    stage: StageId
    every: float
    """Seconds between looks."""
    timeout: float
    """Seconds; somewhat longer than the adapter's own, whose words say more."""
    cost: Literal["free", "bytes"]
    """`bytes` counts against the daily budget."""
    read: Callable[[], Awaitable[Reading]]
    """Raises ServiceError."""


def probes(settings: Settings, clock: Clock) -> tuple[Probe, ...]:
    """Every probe, with adapters of its own; no service is asked and no client loaded yet."""
    pipeline = settings.pipeline
    postgres = PostgresReader(settings.postgres, pipeline.tables)
    fivetran = FivetranReader(settings.fivetran)
    github = GitHubReader(settings.github, pipeline.workflow)
    bigquery = BigQueryReader(settings.bigquery, pipeline)
    elastic = ElasticsearchReader(settings.elasticsearch, pipeline)
    kibana = KibanaReader(settings.kibana, pipeline.dashboard)

    def start() -> date:
        """First day of the window: that many days before today, and today itself."""
        return day_of(clock()) - timedelta(days=pipeline.window_days)

    async def source_counts() -> Reading:
        return await postgres.counts(start())

    async def warehouse_counts() -> Reading:
        return await bigquery.counts(start())

    async def document_counts() -> Reading:
        return await elastic.counts(start())

    at, quarter = StageId, 15 * MINUTE
    # fmt: off
    return (
        Probe("postgres.counts",       at.postgres,      quarter, 15, "free",  source_counts),
        Probe("fivetran.connection",   at.fivetran,      30,      10, "free",  fivetran.connection),
        Probe("bigquery.tables",       at.bigquery,      60,      20, "free",  bigquery.tables),
        Probe("bigquery.counts",       at.bigquery,      quarter, 45, "bytes", warehouse_counts),
        Probe("github.runs",           at.dbt,           30,      12, "free",  github.runs),
        Probe("elasticsearch.cluster", at.elasticsearch, 30,      10, "free",  elastic.cluster),
        Probe("elasticsearch.counts",  at.elasticsearch, 60,      10, "free",  document_counts),
        Probe("elasticsearch.storage", at.elasticsearch, 5 * MINUTE, 10, "free", elastic.storage),
        Probe("kibana.status",         at.kibana,        60,      10, "free",  kibana.status),
    )
    # fmt: on
