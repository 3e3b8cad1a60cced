"""What the services were found to say: one Struct a probe.

Text in these Structs was cleaned and bounded by the adapter that read it; unknown words of a
service are kept as they are, never mapped away. Times are aware UTC datetimes.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct, field


class Series(Struct, frozen=True):
    """Rows of one table, mart or index."""

    rows: int
    """All live rows (documents), inside the window and before it."""
    latest: datetime | None
    """Newest value of the day column; a date stands as its midnight UTC."""
    by_day: dict[date, int] = field(default_factory=dict[date, int])
    """Per UTC day of the window: live rows, or the mart's own count of source rows."""
    changed: dict[date, datetime] = field(default_factory=dict[date, datetime])
    """Per day: when its newest row was written (source) or synced (raw); empty elsewhere."""
    synced: datetime | None = None
    """Newest `_fivetran_synced`; raw tables only."""
    physical: int | None = None
    """Rows with soft-deleted ones; raw tables only."""
    measures: dict[str, dict[date, float | None]] = field(
        default_factory=dict[str, dict[date, float | None]]
    )
    """Per measure and day: staging's own aggregate, or what mart and index hold; None is null."""
    duplicates: dict[date, int] = field(default_factory=dict[date, int])
    """Days that have more than one document, with how many; indices only."""
    gap: float | None = None
    """Longest pause between two rows of the last `quiet_days`, seconds; source tables only."""
    older: dict[date, int] = field(default_factory=dict[date, int])
    """Per day: those of its rows that were written before `Counts.older_than`; source only."""


class Counts(Struct, frozen=True, tag=True):
    """Exact counts of one service, from one grouped query.

    Keys of `series`: the table's name in PostgreSQL; `raw.NAME`, `staging.NAME`, `mart.NAME`,
    `ops.NAME` in BigQuery; `index.NAME` (the mart's name) in Elasticsearch. A table that does not
    exist has no key; `missing` says so in the service's words.
    """

    start: date
    """First day of the window."""
    series: dict[str, Series]
    query: str
    """The text that was sent, for the engineer to repeat."""
    bytes: int | None = None
    missing: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    """Tables that exist and could not be counted now (slow, locked), in the service's words."""
    unmeasured: dict[str, str] = field(default_factory=dict[str, str])
    """`SERIES.MEASURE` that could not be read, with the words why; the others were."""
    settled: date | None = None
    """Days before this one were counted at `settled_at`, the others now; None: all now."""
    settled_at: datetime | None = None
    older_than: datetime | None = None
    """Rows of `Series.older` were written before this, those of settled days longer ago still."""

    def counted_at(self, day: date, now: datetime | None) -> datetime | None:
        """When `day` was counted, where the newest days were at `now`."""
        return self.settled_at if self.settled and day < self.settled else now


class Note(Struct, frozen=True):
    """A task or warning of Fivetran, in its own words."""

    code: str
    message: str


class SyncTable(Struct, frozen=True):
    source: str
    destination: str
    enabled: bool


class Connection(Struct, frozen=True, tag=True):
    """A Fivetran connection."""

    id: str
    schema: str
    setup_state: str
    sync_state: str
    update_state: str
    succeeded_at: datetime | None
    failed_at: datetime | None
    sync_frequency: int
    """Minutes between syncs."""
    schedule_type: str
    paused: bool
    created_at: datetime | None = None
    rescheduled_for: datetime | None = None
    is_historical_sync: bool = False
    tasks: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()


class RunStep(Struct, frozen=True):
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None


class Run(Struct, frozen=True):
    """One run of the workflow; `status` and `conclusion` are GitHub's free words."""

    id: int
    number: int
    attempt: int
    event: str
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime | None
    title: str
    actor: str
    head_sha: str
    url: str
    steps: tuple[RunStep, ...] = ()
    """Steps of the job that failed or runs; empty where they were not asked for."""


class Runs(Struct, frozen=True, tag=True):
    """The workflow and its newest runs, newest first."""

    workflow: str
    workflow_state: str
    runs: tuple[Run, ...]


class TableMeta(Struct, frozen=True):
    rows: int | None
    """Includes soft-deleted rows: a label, never a state."""
    bytes: int | None
    modified: datetime | None
    kind: str = "TABLE"


class Warehouse(Struct, frozen=True, tag=True):
    """BigQuery's free table metadata by `dataset.table`; a missing table has no key."""

    tables: dict[str, TableMeta]
    missing: dict[str, str] = field(default_factory=dict[str, str])


class Lifecycle(Struct, frozen=True):
    """What deletes an index as a whole: an ILM policy, or the lifecycle of a data stream."""

    name: str
    kind: Literal["policy", "stream"]
    delete_after: str | None
    """Elasticsearch's duration (`90d`); None: it deletes nothing, or that cannot be seen."""
    since: datetime | None
    """Its age counts from here: the index's creation, unless a setting moves that."""


class Template(Struct, frozen=True):
    """An index template, flattened."""

    patterns: tuple[str, ...]
    priority: int | None
    version: int | None
    dynamic: str
    """`strict`, `true` ...; empty where the template does not say."""
    settings: dict[str, str]
    """By name without `index.`, such as `auto_expand_replicas`."""
    fields: dict[str, str]
    """Type by dotted path."""


class Index(Struct, frozen=True):
    name: str
    health: str
    status: str
    docs: int
    bytes: int
    blocks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    stream: str = ""
    """Data stream that this index is a part of."""
    dynamic: str = ""
    fields: dict[str, str] | None = None
    """Type by dotted path; None where the mapping cannot be read."""
    lifecycle: Lifecycle | None = None


class Cluster(Struct, frozen=True, tag=True):
    """Elasticsearch's health and the pipeline's indices."""

    name: str
    status: str
    nodes: int
    indices: dict[str, Index]
    """By index name behind the alias or the name itself."""
    template: bool | None
    """Whether it is loaded; None where that cannot be read."""
    unassigned: int = 0
    prefix: str = ""
    """What the indices' names begin with, before `_`."""
    served: Template | None = None
    """The template as it is loaded."""
    shipped: Template | None = None
    """The template as the project has it; None where it has none of that name."""
    unseen: dict[str, str] = field(default_factory=dict[str, str])
    """What could not be read, with the server's words or `not offered`."""


class Disk(Struct, frozen=True):
    """A data node's disk, in bytes; a watermark is what must stay free."""

    node: str
    total: int
    free: int
    low: int | None = None
    high: int | None = None
    flood: int | None = None


class Storage(Struct, frozen=True, tag=True):
    """Elasticsearch's disks against the watermarks in force."""

    disks: tuple[Disk, ...] = ()
    watched: bool = True
    """Whether the watermarks are in force."""
    blocks: tuple[str, ...] = ()
    """Blocks on the cluster as a whole."""
    unseen: dict[str, str] = field(default_factory=dict[str, str])
    """What could not be read, with the server's words or `not offered`."""


class DataView(Struct, frozen=True):
    id: str
    title: str
    time_field: str | None
    fields: dict[str, str] | None = None
    """Type of those fields that the dashboard reads, as Kibana finds them; None: not read."""
    empty: bool = False
    """Kibana was asked and finds no field at all: no index matches."""


class Use(Struct, frozen=True):
    """A field that something on the dashboard reads."""

    where: str
    """Title of the panel, or `a control`, `the filters` ..."""
    field: str
    view: str
    """Id of its data view; empty where the dashboard does not say."""


class Missing(Struct, frozen=True):
    """A saved object that the dashboard refers to and that is not there."""

    kind: str
    id: str
    where: str
    """Title of the panel; empty where no panel names it."""


class Filter(Struct, frozen=True):
    """A filter or query that is saved with the dashboard and in force."""

    words: str
    field: str = ""
    begin: str | None = None
    """Bounds of a range, in Kibana's date math."""
    end: str | None = None
    end_is_in: bool = True
    negated: bool = False


class Preferences(Struct, frozen=True):
    """Kibana's advanced settings that decide what a reader sees."""

    zone: str = "Browser"
    """`dateFormat:tz`; `Browser` is each reader's own."""
    week_starts: str = "Sunday"
    time_from: str | None = "now-15m"
    """`timepicker:timeDefaults`: the range of a dashboard that keeps none; None: not understood."""
    time_to: str | None = "now"


class Kibana(Struct, frozen=True, tag=True):
    level: str
    summary: str
    version: str | None
    data_views: tuple[DataView, ...] = ()
    dashboard: str | None = None
    """Title of the pipeline's dashboard; None when it is not there."""
    references: tuple[str, ...] = ()
    """Ids of data views that the dashboard refers to."""
    time_from: str | None = None
    time_to: str | None = None
    time_restore: bool = False
    uses: tuple[Use, ...] = ()
    missing: tuple[Missing, ...] = ()
    """Saved objects other than data views that are referred to and not there."""
    filters: tuple[Filter, ...] = ()
    preferences: Preferences | None = None
    """None: the advanced settings cannot be read."""
    elsewhere: dict[str, str] = field(default_factory=dict[str, str])
    """`data view` and `dashboard`: the space in which what is missing here was found."""
    unseen: dict[str, str] = field(default_factory=dict[str, str])
    """What could not be read, with Kibana's words."""


class Server(Struct, frozen=True, tag=True):
    """PostgreSQL answers."""

    version: str
    recovering: bool
    """A replica, or a server that replays its log after a crash."""


class SyncTables(Struct, frozen=True, tag=True):
    """The tables a Fivetran connection knows, and which of them it copies."""

    tables: tuple[SyncTable, ...]


class Job(Struct, frozen=True):
    """One job of a workflow run; words are GitHub's own."""

    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    steps: tuple[RunStep, ...]


class Jobs(Struct, frozen=True, tag=True):
    """The jobs of one attempt of a run."""

    jobs: tuple[Job, ...]


class Log(Struct, frozen=True, tag=True):
    """The end of an ended job's log, of what its failing step wrote where that can be told."""

    step: str
    """Name of the failing step; empty when the job names none."""
    lines: tuple[str, ...]
    """Without timestamps, colours and the runner's own grouping marks; the newest last."""


class Allocation(Struct, frozen=True, tag=True):
    """Why Elasticsearch leaves a shard unassigned, in its own words."""

    index: str
    shard: int
    primary: bool
    reason: str
    """Why the shard became unassigned, such as `NODE_LEFT`; empty when none is unassigned."""
    explanation: str
    """Why it stays so."""


class Sample(Struct, frozen=True, tag=True):
    """The newest document of a mart's index; of an index without any, empty."""

    index: str = ""
    """Index that holds it, behind an alias or stream."""
    id: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """Dotted path and value as JSON has it, in the document's order; long ones end with …"""
    more: int = 0
    """Fields beyond those."""


Reading = (
    Counts
    | Connection
    | Runs
    | Warehouse
    | Cluster
    | Storage
    | Kibana
    | Server
    | SyncTables
    | Jobs
    | Log
    | Allocation
    | Sample
)
