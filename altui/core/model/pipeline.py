"""What the pipeline is made of: data whose defaults are ApplyLens.

Nothing else in the code knows a table, a mart or an index by name.
"""

from datetime import date, timedelta
from typing import Literal

from msgspec import Struct


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A source table that Fivetran copies, with the names of its copies."""

    name: str
    source: str
    """Schema and table in PostgreSQL, such as `public.emails`."""
    raw: str
    """Table in the raw dataset, such as `public_emails`."""
    staging: str
    day: str
    """Timestamp column whose UTC date is the row's day, on every side."""
    created: str = "created_at"
    """Timestamp column that says when the row was written at the source."""
    updated: str | None = "updated_at"
    """Timestamp column that says when it was last changed there."""


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that is carried from staging to the mart to the index."""

    name: str
    """The mart's column and the index's field."""
    sql: str
    """BigQuery expression over staging that yields the same figure."""
    tolerance: float = 0.001
    """Relative difference that must stay strictly below this."""


class Mart(Struct, frozen=True, forbid_unknown_fields=True):
    """A dbt mart and the index its days are exported to."""

    name: str
    index: str
    """Suffix behind the index prefix, such as `risk_daily`."""
    day: str = "d"
    id: str = "d"
    table: str | None = None
    """Source table whose days this mart aggregates; None when fed by an ops table."""
    ops: str | None = None
    """Ops table whose days this mart expects; None when every day is expected."""
    ops_day: str = "created_at"
    count: str | None = None
    """Column that counts the day's source rows; None when a day is one row."""
    measures: tuple[Measure, ...] = ()


class Workflow(Struct, frozen=True, forbid_unknown_fields=True):
    """The nightly GitHub Actions workflow."""

    file: str = "analytics-sync.yml"
    """The workflow that builds and exports every night."""
    hour: int = 3
    """Scheduled start, UTC."""
    minute: int = 15
    """Scheduled start, UTC."""
    least_delay_minutes: int = 60
    """GitHub starts schedules late; a usual delay is never taken below this."""
    nights: int = 14
    """Scheduled runs whose longest delay is the usual one."""
    successes: int = 10
    """Successful runs whose median duration is the usual one."""
    usual_minutes: int = 10
    """Duration expected while no run has succeeded yet."""
    missed_minutes: int = 30
    """A schedule without a run counts as missed so long after its usual delay."""
    stuck_factor: float = 3
    """A run is stuck after so many times its usual duration, and ..."""
    stuck_minutes: int = 30
    """... never before so many minutes."""
    export_step: str = "Export to Elasticsearch"
    """Name of its step that exports."""


class Sync(Struct, frozen=True, forbid_unknown_fields=True):
    """Fivetran's schedule as the runbook promises it."""

    every_minutes: int = 60
    """Minutes from one sync to the next; the connection's own frequency where it is shorter."""
    grace_minutes: int = 15
    """A sync may start and end so long after its slot."""
    usual_minutes: int = 15
    """A running sync is given this long from its start, or its usual duration if that is longer."""
    successes: int = 10
    """Syncs seen from start to end whose longest duration is the usual one."""
    margin_minutes: int = 5
    """Rows written so shortly before a sync or build ended may be left for the next one."""

    @property
    def promise(self) -> timedelta:
        """How old a row at the source may be that is not in the copy."""
        return timedelta(minutes=self.every_minutes + self.grace_minutes)


class Office(Struct, frozen=True, forbid_unknown_fields=True):
    """When the owners of an SLA in business days are at work, Monday to Friday."""

    opens: int = 9
    """Hour of the day in `zone`."""
    closes: int = 17
    """Hour of the day in `zone`."""
    zone: str = "UTC"
    """Time zone, such as `Europe/Berlin`."""
    holidays: tuple[date, ...] = ()
    """Days without office hours, such as `[2026-12-25]`."""


class Dashboard(Struct, frozen=True, forbid_unknown_fields=True):
    """What readers look at in Kibana."""

    id: str = "analytics-overview"
    """Saved object id."""
    data_view: str = "analytics_applylens_*"
    """Title of its data view."""
    time_field: str = "d"
    """The data view's time field."""


def _emails_measures() -> tuple[Measure, ...]:
    return (
        Measure("emails", "COUNT(*)"),
        Measure("emails_scored", "COUNT(risk_score)"),
        Measure("avg_risk", "ROUND(AVG(risk_score), 2)"),
        Measure("coverage_pct", "ROUND(100 * COUNT(risk_score) / COUNT(*), 2)"),
        Measure("high_risk_count", "COUNTIF(risk_bucket = 'high')"),
        Measure("critical_risk_count", "COUNTIF(risk_bucket = 'critical')"),
    )


class Pipeline(Struct, frozen=True, forbid_unknown_fields=True):
    """What the pipeline is made of. Without these lines it is ApplyLens."""

    tables: tuple[Table, ...] = (
        Table("emails", "public.emails", "public_emails", "stg_emails", "received_at"),
        Table(
            "applications",
            "public.applications",
            "public_applications",
            "stg_applications",
            "created_at",
        ),
    )
    """Source tables with their copies; a list given here replaces this one whole."""
    marts: tuple[Mart, ...] = (
        Mart(
            "mrt_risk_daily",
            "risk_daily",
            table="emails",
            count="emails",
            measures=_emails_measures(),
        ),
        Mart("mrt_parity_drift", "parity_drift", ops="ops_parity_checks", ops_day="checked_at"),
        Mart("mrt_backfill_slo", "backfill_slo", ops="ops_backfill_jobs", ops_day="started_at"),
    )
    """dbt's marts with their indices; a list given here replaces this one whole."""
    workflow: Workflow = Workflow()
    sync: Sync = Sync()
    office: Office = Office()
    dashboard: Dashboard = Dashboard()
    template: str = "analytics_applylens"
    """Name of the index template."""
    window_days: int = 90
    """Days that are counted one by one; the export's default window as well."""
    total_tolerance: float = 0.01
    """The runbook's tolerance on totals, Postgres against BigQuery."""
    look_back_days: int = 30
    """dbt's var of this name: days up to yesterday that a nightly run makes anew."""
    quiet_days: int = 14
    """A source without a new row for longer than its longest gap of so many days is noted."""

    def subject_of(self, mart: Mart) -> str:
        """The name under which a mart's days are compared.

        That of its table, with whose copies they are one line; the mart's own where another mart
        of the table comes before it, or an ops table feeds it.
        """
        first = next(one for one in self.marts if one.table == mart.table)
        return mart.table if mart.table and first.name == mart.name else mart.name


def risk_mart(pipeline: Pipeline) -> Mart:
    """The mart whose days readers look for first: the first that expects every day."""
    return next(mart for mart in pipeline.marts if mart.table is not None)


ServiceId = Literal["postgres", "fivetran", "bigquery", "github", "elasticsearch", "kibana"]
SERVICES: tuple[ServiceId, ...] = (
    "postgres",
    "fivetran",
    "bigquery",
    "github",
    "elasticsearch",
    "kibana",
)
