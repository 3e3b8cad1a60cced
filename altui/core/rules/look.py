"""One look at the pipeline: what a check is given."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from altui.core.model.days import day_of
from altui.core.model.health import Due, Finding, SyncSeen
from altui.core.model.observed import Observation, Snapshot, Wish
from altui.core.model.pipeline import Mart, Pipeline, Table
from altui.core.model.reading import (
    Cluster,
    Connection,
    Counts,
    Kibana,
    Runs,
    Series,
    Storage,
    SyncTables,
    Warehouse,
)
from altui.core.rules.standing import built_at, stands


class Look(Struct, frozen=True):
    """A snapshot with the moment's due times; read through its properties."""

    snapshot: Snapshot
    pipeline: Pipeline
    now: datetime
    due: Due
    since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When each finding and difference was first seen, by key."""
    syncs: tuple[SyncSeen, ...] = ()
    """Newest syncs seen to run, oldest first."""
    known: Snapshot | None = None
    """The snapshot with the last values of probes that fail now; never to be judged."""

    @property
    def today(self) -> date:
        return day_of(self.now)

    @property
    def source(self) -> Counts | None:
        return self.snapshot.get("postgres.counts", Counts)

    @property
    def warehouse(self) -> Counts | None:
        return self.snapshot.get("bigquery.counts", Counts)

    @property
    def documents(self) -> Counts | None:
        return self.snapshot.get("elasticsearch.counts", Counts)

    @property
    def tables(self) -> Warehouse | None:
        return self.snapshot.get("bigquery.tables", Warehouse)

    @property
    def connection(self) -> Connection | None:
        return self.snapshot.get("fivetran.connection", Connection)

    @property
    def sync_tables(self) -> SyncTables | None:
        return self.snapshot.get("fivetran.schemas", SyncTables)

    @property
    def runs(self) -> Runs | None:
        return self.snapshot.get("github.runs", Runs)

    @property
    def cluster(self) -> Cluster | None:
        return self.snapshot.get("elasticsearch.cluster", Cluster)

    @property
    def storage(self) -> Storage | None:
        return self.snapshot.get("elasticsearch.storage", Storage)

    @property
    def kibana(self) -> Kibana | None:
        return self.snapshot.get("kibana.status", Kibana)

    def source_of(self, table: Table) -> Series | None:
        return self.source.series.get(table.name) if self.source else None

    def raw(self, table: Table) -> Series | None:
        return self.warehouse.series.get(f"raw.{table.name}") if self.warehouse else None

    def staging(self, table: Table) -> Series | None:
        return self.warehouse.series.get(f"staging.{table.name}") if self.warehouse else None

    def mart(self, mart: Mart) -> Series | None:
        return self.warehouse.series.get(f"mart.{mart.name}") if self.warehouse else None

    def ops(self, mart: Mart) -> Series | None:
        return self.warehouse.series.get(f"ops.{mart.ops}") if self.warehouse else None

    def index(self, mart: Mart) -> Series | None:
        return self.documents.series.get(f"index.{mart.name}") if self.documents else None

    def mart_built_at(self, mart: Mart) -> datetime | None:
        """When the mart was last written, from the free table metadata."""
        return built_at(self.snapshot, mart)

    @property
    def last_known(self) -> "Look":
        """The same look at what was seen last, for words such as `held 22 Nov when last seen`."""
        return replace(self, snapshot=self.known or self.snapshot)

    def answers(self, probe: str) -> bool:
        seen = self.observation(probe)
        return seen is not None and seen.answers

    def stands(self, probe: str) -> bool:
        """Whether the probe's value may be judged: the service says it now, or see `standing`."""
        return stands(self.snapshot, self.pipeline, self.now, probe)

    def observation(self, probe: str) -> Observation | None:
        return self.snapshot.look(probe)

    def seen_at(self, probe: str) -> datetime | None:
        return self.snapshot.seen_at(probe)

    def first_seen(self, key: str) -> datetime:
        """When this key was first seen; now when it is new, or when the clock was set back."""
        return min(self.since.get(key, self.now), self.now)

    def failing_since(self, failed: datetime, healthy: datetime | None, *keys: str) -> datetime:
        """Since when what failed again at `failed` is bad: the first sight under one of the keys.

        What was well at `healthy`, after that first sight, is bad since `failed` only.
        """
        first = min(self.first_seen(key) for key in keys)
        return failed if healthy is not None and first <= healthy else min(first, failed)


Check = Callable[[Look], Iterable[Finding | Wish]]
