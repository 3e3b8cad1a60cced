"""Pipelines in trouble with any names, figures and words, for the lines that are made of them."""

from datetime import date, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from altui.core.model.health import VerdictState
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Mart, Pipeline, Table
from altui.core.model.reading import Cluster, Counts, Note, Runs, Series, TableMeta, Warehouse
from tests.world import ONE_DAY, at, healthy, run_at, with_error, with_value, without_rows

NOON, NIGHT = at("2026-11-23 12:00"), at("2026-11-23 03:20")
PROBES = {
    "postgres": ("postgres.counts",),
    "fivetran": ("fivetran.connection",),
    "bigquery": ("bigquery.tables", "bigquery.counts"),
    "github": ("github.runs",),
    "elasticsearch": ("elasticsearch.cluster", "elasticsearch.counts"),
    "kibana": ("kibana.status",),
}
BLIND = (Trouble.unreachable, Trouble.nonsense, Trouble.denied, Trouble.misconfigured)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)
LETTERS = st.sampled_from("abcXYZ 0123456789.,:;%-/#()…éñ数据库表日本語한글😀🔥\u0301")
WORDS = st.builds(
    lambda piece, times: " ".join((piece * times)[:2000].split()) or "refused",
    st.text(LETTERS, min_size=1, max_size=60),
    st.integers(1, 100),
)
AGES = st.integers(1, 5 * 365 * 1440).map(lambda minutes: timedelta(minutes=minutes))
COUNTS = st.integers(1, 10**12)


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """Two tables and up to twelve marts, the first of which expects every day."""
    names = draw(st.lists(NAMES, min_size=14, max_size=14, unique=True))
    tables = tuple(
        Table(name, f"public.{name}", f"public_{name}", f"stg_{name}", "created_at")
        for name in names[:2]
    )
    marts = tuple(
        Mart(f"mrt_{name}"[:63], name, table=names[0], count="emails")
        for name in names[2 : 3 + draw(st.integers(0, 11))]
    )
    return Pipeline(tables=tables, marts=marts)


@st.composite
def looks(draw: st.DrawFn, state: VerdictState, pipeline: Pipeline) -> Snapshot:
    """A look at the pipeline in which the state is likely; who wants it to be certain asks."""
    now = NIGHT if state is VerdictState.wait else NOON
    snapshot = _renamed(healthy(now, days=5), pipeline, draw(COUNTS))
    match state:
        case VerdictState.late:
            return draw(_late(snapshot, pipeline))
        case VerdictState.broken:
            return draw(_broken(snapshot, pipeline))
        case VerdictState.suspected:
            level = draw(st.sampled_from(["available", "degraded"]) | WORDS)
            snapshot = with_value(snapshot, "kibana.status", level=level)
            service = draw(st.sampled_from(["elasticsearch", "kibana"]))
            return _failing(snapshot, service, Trouble.unreachable, draw(WORDS), draw(AGES))
        case VerdictState.check:
            silent = draw(st.sets(st.sampled_from(sorted(PROBES)), min_size=4))
        case VerdictState.stale:
            asleep = timedelta(hours=1) + draw(AGES)
            soon = timedelta(minutes=1)
            seen = {
                probe: replace(item, next_try=item.tried_at and item.tried_at + soon)
                for probe, item in snapshot.observations.items()
            }
            return replace(snapshot, at=snapshot.at + asleep, observations=seen)
        case _:
            some = st.sampled_from(["postgres", "fivetran", "github"])
            silent = draw(st.sets(some, max_size=2))
    if state is VerdictState.wait and draw(st.booleans()):
        snapshot = draw(_running(snapshot))
    for service in sorted(silent):
        trouble = Trouble.unreachable if state is VerdictState.check else draw(_TROUBLES)
        snapshot = _failing(snapshot, service, trouble, draw(WORDS), draw(AGES))
    return snapshot


_TROUBLES = st.sampled_from(BLIND)


@st.composite
def _late(draw: st.DrawFn, snapshot: Snapshot, pipeline: Pipeline) -> Snapshot:
    table, mart = pipeline.tables[0], pipeline.marts[0]
    day = date(2026, 11, 22) - draw(st.integers(0, 3)) * ONE_DAY
    connection = {
        "paused": {"paused": True},
        "manual": {"sync_state": "rescheduled", "schedule_type": "manual"},
        "seldom": {"sync_frequency": draw(st.integers(61, 10**12))},
        "old": {"succeeded_at": NOON - draw(AGES) - timedelta(hours=2)},
    }
    way = draw(st.sampled_from(["raw", "index", "no index", "run", *connection]))
    if way in connection:
        snapshot = with_value(snapshot, "fivetran.connection", **connection[way])
    if way == "raw":
        snapshot = without_rows(snapshot, "bigquery.counts", f"raw.{table.name}", day, 1)
    if way == "index":
        snapshot = without_rows(snapshot, "elasticsearch.counts", f"index.{mart.name}", day, 1)
    if way == "no index":
        snapshot = without_rows(snapshot, "elasticsearch.counts", f"index.{mart.name}", day, None)
    if way == "run":
        snapshot = with_value(snapshot, "github.runs", workflow_state="disabled_inactivity")
    if draw(st.booleans()):
        words, age = draw(WORDS), draw(AGES)
        snapshot = _failing(snapshot, "kibana", draw(_TROUBLES), words, age)
    return snapshot


@st.composite
def _broken(draw: st.DrawFn, snapshot: Snapshot, pipeline: Pipeline) -> Snapshot:
    table, mart = pipeline.tables[0], pipeline.marts[0]
    way = draw(st.sampled_from(["tasks", "failed", "refused", "staging", "mart", "kibana"]))
    if way == "tasks":
        notes = draw(st.lists(WORDS, min_size=1, max_size=20))
        tasks = tuple(Note("reconnect", words) for words in notes)
        return with_value(snapshot, "fivetran.connection", tasks=tasks)
    if way == "failed":
        number, started = draw(COUNTS), NOON - timedelta(hours=8, minutes=10)
        runs = snapshot.observations["github.runs"].value
        assert isinstance(runs, Runs)
        failed = run_at(number, started, conclusion="failure")
        return with_value(snapshot, "github.runs", runs=(failed, *runs.runs[1:]))
    if way == "refused":
        service = draw(st.sampled_from(["postgres", "fivetran", "bigquery"]))
        return _failing(snapshot, service, Trouble.refused, draw(WORDS), draw(AGES))
    if way == "kibana":
        return with_value(snapshot, "kibana.status", level="critical", summary=draw(WORDS))
    name = f"staging.{table.name}" if way == "staging" else f"mart.{mart.name}"
    short = draw(st.integers(1, 10))
    return without_rows(snapshot, "bigquery.counts", name, date(2026, 11, 21), short)


@st.composite
def _running(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    runs = snapshot.observations["github.runs"].value
    assert isinstance(runs, Runs)
    ended = draw(st.sampled_from([None, "success", "cancelled"]) | WORDS)
    new = run_at(draw(COUNTS), NIGHT - timedelta(minutes=4), conclusion=ended)
    return with_value(snapshot, "github.runs", runs=(new, *runs.runs))


def _failing(
    snapshot: Snapshot, service: str, trouble: Trouble, words: str, age: timedelta
) -> Snapshot:
    for probe in PROBES[service]:
        snapshot = with_error(snapshot, probe, trouble, words, since=snapshot.at - age)
    return snapshot


def _renamed(snapshot: Snapshot, pipeline: Pipeline, rows: int) -> Snapshot:
    """The healthy pipeline under other names, with so many rows a day."""
    tables = ("emails", "applications")
    names = dict(zip(tables, (table.name for table in pipeline.tables), strict=True))
    for probe in ("postgres.counts", "bigquery.counts", "elasticsearch.counts"):
        counts = snapshot.observations[probe].value
        assert isinstance(counts, Counts)
        series: dict[str, Series] = {}
        for key, old in counts.series.items():
            side, _, name = key.rpartition(".")
            new = _scaled(old, rows)
            if name == "mrt_risk_daily":
                series |= {f"{side}.{mart.name}": new for mart in pipeline.marts}
            else:
                series[".".join(filter(None, (side, names[name])))] = new
        snapshot = with_value(snapshot, probe, series=series)
    cluster = snapshot.observations["elasticsearch.cluster"].value
    assert isinstance(cluster, Cluster)
    (index,) = cluster.indices.values()
    indices = {f"analytics_applylens_{mart.index}": mart for mart in pipeline.marts}
    snapshot = with_value(
        snapshot,
        "elasticsearch.cluster",
        indices={name: replace(index, name=name) for name in indices},
    )
    warehouse = snapshot.observations["bigquery.tables"].value
    assert isinstance(warehouse, Warehouse)
    (meta,) = warehouse.tables.values()
    built = {
        f"applylens_marts.{mart.name}": TableMeta(1, 1, meta.modified) for mart in pipeline.marts
    }
    return with_value(snapshot, "bigquery.tables", tables=built)


def _scaled(old: Series, rows: int) -> Series:
    by_day = dict.fromkeys(old.by_day, rows)
    return replace(old, by_day=by_day, rows=sum(by_day.values()), measures={})
