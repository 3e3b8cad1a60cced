"""A scene for the pages of an index and of a table: whatever they can tell is there to be told."""

from datetime import date, timedelta

from msgspec.structs import replace

from altui.core.model.health import Assessment, Cell, Evidence, Finding, StageId, State, TraceRow
from altui.core.model.history import Drift
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.reading import (
    Cluster,
    Counts,
    Index,
    Lifecycle,
    Sample,
    Series,
    Template,
)
from tests.scenes import NOON, Scene, healthy, minutes, volume

PREFIX = "analytics_applylens"
RISK, DRIFT = "mrt_risk_daily", "mrt_parity_drift"
NAME = f"{PREFIX}_risk_daily"
GONE = (date(2026, 10, 12), date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3))
TWICE, SHORT, WRONG = date(2026, 11, 20), date(2026, 11, 18), date(2026, 11, 19)
FIELDS = {
    "d": "date",
    "emails": "long",
    "avg_risk": "double",
    "coverage_pct": "double",
    "top_domains": "keyword",
    "slo_status": "keyword",
}
DOCUMENT = Sample(
    NAME,
    "2026-11-22",
    (
        ("d", '"2026-11-22"'),
        ("emails", "119"),
        ("avg_risk", "41.25"),
        ("coverage_pct", "91.6"),
        ("top_domains", '["alpha.example", "beta.example", "gamma.example"]'),
        ("slo_status", "null"),
    ),
)
SAMPLE = Observation(
    "elasticsearch.sample:risk_daily", DOCUMENT, NOON, NOON, next_try=NOON, detail=True
)


def differing() -> Scene:
    """Days, measures and the mapping differ; blocked, deleted by a policy, with history."""
    scene = healthy()
    assert scene.assessment is not None
    observations = dict(scene.snapshot.observations)
    for probe, value in (
        ("elasticsearch.cluster", _cluster(scene)),
        ("elasticsearch.counts", _documents(scene)),
        ("bigquery.counts", _warehouse(scene)),
    ):
        observations[probe] = replace(observations[probe], value=value)
    snapshot = Snapshot(NOON, observations, {SAMPLE.probe: SAMPLE})
    return Scene(NOON, snapshot, _assessment(scene.assessment), scene.facts)


def _cluster(scene: Scene) -> Cluster:
    cluster = scene.snapshot.get("elasticsearch.cluster", Cluster)
    assert cluster is not None
    shipped = Template((f"{PREFIX}_*",), 500, 2, "strict", {"auto_expand_replicas": "0-1"}, FIELDS)
    served = replace(shipped, priority=100, fields={**FIELDS, "coverage_pct": "float"})
    own = Index(
        NAME,
        "yellow",
        "open",
        397,
        4_100_000,
        ("read_only_allow_delete",),
        ("risk_of_today",),
        dynamic="strict",
        fields={**FIELDS, "slo_status": "text", "coverage_pct": "float", "note": "text"},
        lifecycle=Lifecycle("keep", "policy", "365d", NOON - timedelta(days=300)),
    )
    indices = {**cluster.indices, NAME: own}
    return replace(cluster, prefix=PREFIX, indices=indices, served=served, shipped=shipped)


def _documents(scene: Scene) -> Counts:
    counts = scene.snapshot.get("elasticsearch.counts", Counts)
    assert counts is not None
    own = counts.series[f"index.{RISK}"]
    by_day = {day: count for day, count in own.by_day.items() if day not in GONE}
    series = replace(
        own, rows=397, by_day=by_day, duplicates={TWICE: 2}, measures=measures(by_day, 41.25)
    )
    return replace(counts, series={**counts.series, f"index.{RISK}": series})


def _warehouse(scene: Scene) -> Counts:
    counts = scene.snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    staging, mart = counts.series["staging.emails"], counts.series[f"mart.{RISK}"]
    ops = Series(40, None, {date(2026, 11, 21): 3, date(2026, 11, 22): 1})
    series = {
        "staging.emails": replace(staging, measures=measures(staging.by_day, 41.0)),
        f"mart.{RISK}": replace(mart, measures=measures(mart.by_day, 41.25)),
        "ops.ops_parity_checks": ops,
        f"mart.{DRIFT}": replace(ops, by_day={date(2026, 11, 22): 1}),
    }
    return replace(counts, series={**counts.series, **series})


def measures(by_day: dict[date, int], risk: float) -> dict[str, dict[date, float | None]]:
    """The same in every copy but for one day's mean risk, which is `risk`."""
    return {
        "emails": {day: float(count) for day, count in by_day.items()},
        "avg_risk": {day: risk if day == WRONG else 40.5 for day in by_day},
    }


def _assessment(well: Assessment) -> Assessment:
    blocked = Finding(
        "es.flood_stage",
        StageId.elasticsearch,
        State.broken,
        "the disk's flood stage blocks writing to risk_daily",
        NOON - minutes(31),
        evidence=(
            Evidence(
                StageId.elasticsearch, NAME, "index.blocks.read_only_allow_delete: true", NOON
            ),
        ),
    )
    hours = {NOON.replace(minute=0, second=0) - timedelta(hours=n): n * 7 % 23 for n in range(20)}
    today = NOON.date()
    sizes = {today - timedelta(days=n): 4_100_000 - 31_000 * n for n in range(40, -1, -1)}
    return replace(
        well,
        findings=(blocked,),
        trace=(*map(_row, well.trace), *_ops()),
        drift={"emails": Drift(22, NOON - timedelta(hours=10), 3, 1200, hours)},
        sizes={"risk_daily": sizes},
    )


def _row(row: TraceRow) -> TraceRow:
    """Some days are not in the index, one is short in BigQuery, one has another mean risk."""
    if row.table != "emails":
        return row
    cells = dict(row.cells)
    if row.day in GONE:
        cells[StageId.elasticsearch] = Cell(None, State.late)
        cells[StageId.kibana] = Cell(None, State.ok)
        return replace(row, cells=cells, first_loss=StageId.elasticsearch)
    if row.day == SHORT:
        short = Cell(volume(row.day) - 12, State.late)
        cells |= {stage: replace(short, state=State.ok) for stage in (*cells,)[2:]}
        return replace(row, cells={**cells, StageId.fivetran: short}, first_loss=StageId.fivetran)
    if row.day == WRONG:
        cells[StageId.dbt] = Cell(volume(row.day), State.broken)
    return replace(row, cells=cells)


def _ops() -> tuple[TraceRow, ...]:
    """The mart that an ops table feeds: two days, one of them made."""
    stages = (StageId.bigquery, StageId.dbt, StageId.elasticsearch, StageId.kibana)
    rows = [TraceRow(date(2026, 11, 22), DRIFT, {stage: Cell(1, State.ok) for stage in stages})]
    lost = {stage: Cell(None, State.late) for stage in stages[1:]}
    cells = {StageId.bigquery: Cell(1, State.ok), **lost}
    rows.append(TraceRow(date(2026, 11, 21), DRIFT, cells, StageId.dbt))
    return tuple(rows)
