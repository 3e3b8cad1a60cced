"""What a healthy pipeline shows at any minute, as a snapshot to bend in a test."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from altui.core.model.days import day_of, days_between
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.model.reading import (
    Cluster,
    Connection,
    Counts,
    DataView,
    Disk,
    Index,
    Kibana,
    Preferences,
    Reading,
    Run,
    Runs,
    RunStep,
    Series,
    Storage,
    SyncTable,
    SyncTables,
    TableMeta,
    Template,
    Use,
    Warehouse,
)

DELAY = timedelta(minutes=25)
TOOK = timedelta(minutes=6)
STEPS = ("Install dbt packages", "Run dbt models", "Run dbt tests", "Export to Elasticsearch")
ONE_DAY = timedelta(days=1)
STORAGE = "elasticsearch.storage"
SCHEMAS = "fivetran.schemas"
FIELDS = {"d": "date", "emails": "long", "avg_risk": "double", "slo_status": "keyword"}
TEMPLATE = Template(
    ("analytics_applylens_*",), 500, 1, "strict", {"auto_expand_replicas": "0-1"}, FIELDS
)


def at(text: str) -> datetime:
    """`2026-11-23 12:00` as an aware UTC moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows_on(day: date) -> int:
    return 140 + day.toordinal() % 31


def healthy(now: datetime, days: int = 30) -> Snapshot:
    """Every service's answer at `now`; the nightly run starts 25 min late and takes 6 min."""
    today = day_of(now)
    first = today - timedelta(days=days)
    last_run = datetime.combine(today, time(3, 15), UTC) + DELAY
    if last_run + TOOK > now:
        last_run -= ONE_DAY
    built_through = day_of(last_run) - ONE_DAY
    synced = now.replace(minute=5, second=40, microsecond=0)
    if synced > now:
        synced -= timedelta(hours=1)
    readings: dict[str, Reading] = {
        "postgres.counts": _source(first, today, now),
        "fivetran.connection": a_connection(synced),
        "github.runs": _runs(last_run, now),
        "bigquery.tables": _warehouse(last_run + TOOK / 2),
        "bigquery.counts": _counts(first, today, built_through, synced),
        "elasticsearch.cluster": _cluster(),
        "elasticsearch.counts": _documents(first, built_through),
        "kibana.status": _kibana(),
    }
    return Snapshot(
        now,
        {
            probe: Observation(probe, value, now, now, next_try=now)
            for probe, value in readings.items()
        },
        {
            probe: Observation(probe, value, now, now, next_try=now, detail=True)
            for probe, value in ((SCHEMAS, _schemas()), (STORAGE, _storage()))
        },
    )


def with_value(snapshot: Snapshot, probe: str, **changes: object) -> Snapshot:
    """The snapshot with some fields of one reading changed."""
    seen = snapshot.observations.get(probe) or snapshot.details[probe]
    value = msgspec.structs.replace(seen.value, **changes)
    return _put(snapshot, msgspec.structs.replace(seen, value=value))


def with_error(
    snapshot: Snapshot, probe: str, trouble: Trouble, words: str = "refused", *, since: datetime
) -> Snapshot:
    """The snapshot with one probe failing since a moment; its last value stays."""
    seen = snapshot.observations[probe]
    error = ProbeError(trouble, words, probe)
    return _put(
        snapshot,
        msgspec.structs.replace(
            seen, error=error, failures=2, failing_since=since, at=since - timedelta(minutes=1)
        ),
    )


def without_rows(
    snapshot: Snapshot, probe: str, series: str, day: date, short: int | None
) -> Snapshot:
    """The snapshot with `short` rows missing on one day of one series; None: the whole day."""
    counts = snapshot.observations[probe].value
    assert isinstance(counts, Counts)
    old = counts.series[series]
    by_day = dict(old.by_day)
    if short is None:
        gone = by_day.pop(day)
    else:
        by_day[day] -= short
        gone = short
    latest = datetime.combine(max(by_day), time(), UTC)
    new = msgspec.structs.replace(old, by_day=by_day, rows=old.rows - gone, latest=latest)
    return with_value(snapshot, probe, series={**counts.series, series: new})


def _put(snapshot: Snapshot, seen: Observation) -> Snapshot:
    if seen.detail:
        return msgspec.structs.replace(snapshot, details={**snapshot.details, seen.probe: seen})
    seen_now = {**snapshot.observations, seen.probe: seen}
    return msgspec.structs.replace(snapshot, observations=seen_now)


def _series(first: date, last: date, *, changed: bool = False) -> Series:
    by_day = {day: rows_on(day) for day in days_between(first, last)}
    midnight = datetime.combine(last, time(), UTC)
    written = {day: datetime.combine(day, time(22), UTC) for day in by_day if changed}
    return Series(sum(by_day.values()), midnight, by_day, written)


def with_measures(series: Series) -> Series:
    """The series with the figures that the default pipeline's mart is measured by."""
    scored = {day: n - n // 10 for day, n in series.by_day.items()}
    figures: dict[str, dict[date, float | None]] = {
        "emails": {day: float(n) for day, n in series.by_day.items()},
        "emails_scored": {day: float(n) for day, n in scored.items()},
        "avg_risk": {day: 35 + day.toordinal() % 700 / 100 for day in scored},
        "coverage_pct": {day: round(100 * n / series.by_day[day], 2) for day, n in scored.items()},
        "high_risk_count": {day: float(n // 9) for day, n in scored.items()},
        "critical_risk_count": {day: float(n // 20) for day, n in scored.items()},
    }
    return msgspec.structs.replace(series, measures=figures)


def with_measure(
    snapshot: Snapshot, place: tuple[str, str], day: date, measure: str, value: float | None
) -> Snapshot:
    """The snapshot with one measure of one day changed; `place` is a probe and its series."""
    probe, series = place
    counts = snapshot.observations[probe].value
    assert isinstance(counts, Counts)
    old = counts.series[series]
    figures = {**old.measures, measure: {**old.measures[measure], day: value}}
    new = msgspec.structs.replace(old, measures=figures)
    return with_value(snapshot, probe, series={**counts.series, series: new})


def _source(first: date, today: date, now: datetime) -> Counts:
    series = _series(first, today, changed=True)
    changed = {**series.changed, today: now - timedelta(hours=2)}
    series = msgspec.structs.replace(series, changed=changed)
    return Counts(first, {"emails": series, "applications": series}, "SELECT 1")


def _counts(first: date, today: date, built: date, synced: datetime) -> Counts:
    raw = msgspec.structs.replace(_series(first, today, changed=True), synced=synced)
    staging, mart = with_measures(_series(first, today)), with_measures(_series(first, built))
    series = {
        "raw.emails": raw,
        "raw.applications": raw,
        "staging.emails": staging,
        "staging.applications": _series(first, today),
        "mart.mrt_risk_daily": mart,
    }
    return Counts(first, series, "SELECT 1", 10 << 20)


def _documents(first: date, built: date) -> Counts:
    documents = with_measures(_series(first, built))
    return Counts(first, {"index.mrt_risk_daily": documents}, "_msearch")


def a_connection(synced: datetime) -> Connection:
    """A connection that is well, and synced last at that moment."""
    return Connection(
        id="warm_lantern",
        schema="applylens",
        setup_state="connected",
        sync_state="scheduled",
        update_state="on_schedule",
        succeeded_at=synced,
        failed_at=None,
        sync_frequency=60,
        schedule_type="auto",
        paused=False,
    )


def run_at(number: int, created: datetime, *, conclusion: str | None = "success") -> Run:
    """A scheduled run that started at `created`; it has ended unless conclusion is None."""
    ended = created + TOOK
    failed_at = STEPS[-1] if conclusion == "failure" else None
    steps = tuple(
        RunStep(name, "completed", "failure" if name == failed_at else "success", created, ended)
        for name in STEPS
    )
    return Run(
        id=1000 + number,
        number=number,
        attempt=1,
        event="schedule",
        status="completed" if conclusion else "in_progress",
        conclusion=conclusion,
        created_at=created,
        started_at=created,
        updated_at=ended if conclusion else created,
        title="Analytics Sync",
        actor="octocat",
        head_sha="a" * 40,
        url=f"https://github.com/o/r/actions/runs/{1000 + number}",
        steps=steps,
    )


def _runs(last: datetime, now: datetime) -> Runs:
    newest = 812 + (day_of(last) - date(2026, 11, 23)).days
    runs = tuple(run_at(newest - back, last - back * ONE_DAY) for back in range(20))
    return Runs("analytics-sync.yml", "active", runs)


def _warehouse(built: datetime) -> Warehouse:
    meta = TableMeta(1, 1, built)
    return Warehouse({"applylens_marts.mrt_risk_daily": meta})


def _cluster() -> Cluster:
    name = "analytics_applylens_risk_daily"
    index = Index(name, "green", "open", 399, 4_000_000, dynamic="strict", fields=FIELDS)
    return Cluster(
        "es",
        "green",
        1,
        {name: index},
        True,
        prefix="analytics_applylens",
        served=TEMPLATE,
        shipped=TEMPLATE,
    )


def _schemas() -> SyncTables:
    return SyncTables(
        tuple(
            SyncTable(f"public.{name}", f"public_{name}", enabled=True)
            for name in ("emails", "applications")
        )
    )


def _storage() -> Storage:
    gigabyte = 10**9
    return Storage(
        (Disk("es-1", 100 * gigabyte, 60 * gigabyte, *(size * gigabyte for size in (15, 10, 5))),)
    )


def _kibana() -> Kibana:
    return Kibana(
        "available",
        "all services are available",
        "8.19.3",
        (DataView("dv", "analytics_applylens_*", "d", FIELDS),),
        "Analytics overview",
        ("dv",),
        "now-90d",
        "now",
        True,
        uses=(Use("Volume", "emails", "dv"),),
        preferences=Preferences(),
    )
