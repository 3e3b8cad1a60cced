"""The probe table: one question to one service each, with its interval, timeout and cost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from altui.clock import Clock
from altui.config import Settings
from altui.core.model.days import day_of
from altui.core.model.health import StageId
from altui.core.model.observed import is_wish, service_of
from altui.core.model.reading import Reading
from altui.services.bigquery import BigQueryReader
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.fivetran import FivetranReader
from altui.services.github import GitHubReader
from altui.services.kibana import KibanaReader
from altui.services.postgres import PostgresReader
from altui.store.budget import Budget

FOR_EVER = 365 * 86400.0
"""Seconds between looks at what cannot change."""


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
    rests: bool = False
    """Serves only details: asked while its panel is shown, its stage is alerting, or on request."""

    pulse: bool = False
    """Only tells that the service fell or rose: then its other probes look at once and say so."""
    forget: Callable[[], None] | None = None
    """Makes the next look a whole one, where the adapter keeps what it knows; for who asked."""

    @property
    def detail(self) -> bool:
        """Whether its failing decides nothing by itself about whether the service is seen."""
        return self.rests or self.pulse or is_wish(self.id)

    @property
    def panel(self) -> str:
        return PANEL_OF[service_of(self.id)]


Granter = Callable[[str], Probe]
"""The probe that grants a wish for this key."""

PANEL_OF = {
    "postgres": "parity",
    "fivetran": "fivetran",
    "bigquery": "parity",
    "github": "workflow",
    "elasticsearch": "indices",
    "kibana": "indices",
}
"""The panel that shows a service's details."""


def probes(settings: Settings, clock: Clock, budget: Budget | None = None) -> tuple[Probe, ...]:
    """Every probe, with adapters of its own; no service is asked and no client loaded yet.

    Without a `budget` nobody keeps count of what is billed.
    """
    pipeline = settings.pipeline
    postgres = PostgresReader(
        settings.postgres,
        pipeline.tables,
        quiet_days=pipeline.quiet_days,
        promise=pipeline.sync.promise,
    )
    fivetran = FivetranReader(settings.fivetran)
    github = GitHubReader(settings.github, pipeline.workflow)
    bigquery = BigQueryReader(settings.bigquery, pipeline, budget=budget)
    elastic = ElasticsearchReader(settings.elasticsearch, pipeline)
    kibana = KibanaReader(settings.kibana, pipeline.dashboard)

    def start(now: datetime) -> date:
        """First day of the window: that many days before today, and today itself."""
        return day_of(now) - timedelta(days=pipeline.window_days)

    async def source_counts() -> Reading:
        now = clock()
        return await postgres.counts(start(now), now)

    async def warehouse_counts() -> Reading:
        return await bigquery.counts(start(clock()))

    async def document_counts() -> Reading:
        return await elastic.counts(start(clock()))

    at, every = StageId, settings.cadence
    counts, search, gh = every.counts, every.elasticsearch, every.github
    ft, bq, kb = every.fivetran, every.bigquery, every.kibana
    pulse = Probe(
        "postgres.server", at.postgres, every.postgres, 15, "free", postgres.server, pulse=True
    )
    schemas = Probe(
        "fivetran.schemas", at.fivetran, every.details, 10, "free", fivetran.schemas, rests=True
    )
    disks, place = elastic.storage, at.elasticsearch
    storage = Probe("elasticsearch.storage", place, every.details, 10, "free", disks, rests=True)
    # fmt: off
    return (
        pulse,
        Probe("postgres.counts",       at.postgres,      counts, 15, "free",  source_counts,
              forget=postgres.forget),
        Probe("fivetran.connection",   at.fivetran,      ft,     10, "free",  fivetran.connection),
        schemas,
        Probe("bigquery.tables",       at.bigquery,      bq,     20, "free",  bigquery.tables),
        Probe("bigquery.counts",       at.bigquery,      counts, 45, "bytes", warehouse_counts),
        Probe("github.runs",           at.dbt,           gh,     12, "free",  github.runs),
        Probe("elasticsearch.cluster", at.elasticsearch, search, 10, "free",  elastic.cluster),
        Probe("elasticsearch.counts",  at.elasticsearch, search, 10, "free",  document_counts),
        storage,
        Probe("kibana.status",         at.kibana,        kb,     10, "free",  kibana.status),
    )
    # fmt: on


def granters(settings: Settings) -> dict[str, Granter]:
    """What grants the rules' wishes, by the wish's probe; no service is asked yet."""
    pipeline, every = settings.pipeline, settings.cadence
    github = GitHubReader(settings.github, pipeline.workflow)
    elastic = ElasticsearchReader(settings.elasticsearch, pipeline)

    def log(key: str) -> Probe:
        # the log of a run that has ended does not change
        read = partial(github.log, key)
        return Probe(f"github.log:{key}", StageId.dbt, FOR_EVER, 22, "free", read)

    def jobs(key: str) -> Probe:
        read = partial(github.jobs, key)
        return Probe(f"github.jobs:{key}", StageId.dbt, every.github, 12, "free", read)

    def allocation(key: str) -> Probe:
        read = partial(elastic.allocation, key)
        name = f"elasticsearch.allocation:{key}"
        return Probe(name, StageId.elasticsearch, every.allocation, 10, "free", read)

    def sample(key: str) -> Probe:
        read, name = partial(elastic.sample, key), f"elasticsearch.sample:{key}"
        return Probe(name, StageId.elasticsearch, every.details, 10, "free", read)

    return {
        "github.log": log,
        "github.jobs": jobs,
        "elasticsearch.allocation": allocation,
        "elasticsearch.sample": sample,
    }
