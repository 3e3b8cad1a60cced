"""A healthy pipeline, bent: the looks that the cases are made of."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec

from altui.core.model.health import StageId, State
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.reading import (
    Cluster,
    Counts,
    Disk,
    Index,
    Lifecycle,
    Note,
    Run,
    Runs,
    Series,
    SyncTables,
)
from tests.world import FIELDS, TEMPLATE, at, healthy, run_at, with_error, with_value, without_rows

NOON = at("2026-11-23 12:00")
YESTERDAY = date(2026, 11, 22)
SOME_DAY = date(2026, 11, 10)
INDEX = "analytics_applylens_risk_daily"
SECOND = timedelta(seconds=1)
S, X = StageId, State


def moved(snapshot: Snapshot, now: datetime) -> Snapshot:
    """The same answers, judged at another moment."""
    return msgspec.structs.replace(snapshot, at=now)


def fivetran(**changes: object) -> Snapshot:
    return with_value(healthy(NOON), "fivetran.connection", **changes)


def kibana(**changes: object) -> Snapshot:
    return with_value(healthy(NOON), "kibana.status", **changes)


def cluster(**changes: object) -> Snapshot:
    return with_value(healthy(NOON), "elasticsearch.cluster", **changes)


def blind(probe: str, trouble: Trouble, words: str) -> Snapshot:
    """One probe fails since three minutes; one that is off was never read."""
    snapshot = with_error(healthy(NOON), probe, trouble, words, since=NOON - timedelta(minutes=3))
    if trouble is not Trouble.off:
        return snapshot
    never = msgspec.structs.replace(snapshot.observations[probe], value=None, at=None)
    return Snapshot(snapshot.at, {**snapshot.observations, probe: never})


def elastic(trouble: Trouble, words: str) -> Snapshot:
    """Both of Elasticsearch's probes fail."""
    first, second = (
        blind(f"elasticsearch.{probe}", trouble, words) for probe in ("cluster", "counts")
    )
    name = "elasticsearch.counts"
    return Snapshot(NOON, {**first.observations, name: second.observations[name]})


def warehouse(trouble: Trouble, words: str) -> Snapshot:
    first, second = (blind(f"bigquery.{probe}", trouble, words) for probe in ("tables", "counts"))
    name = "bigquery.counts"
    return Snapshot(NOON, {**first.observations, name: second.observations[name]})


def lost(*places: tuple[str, str], day: date, short: int | None) -> Snapshot:
    """Rows of a day missing in several series; None: the whole day."""
    snapshot = healthy(NOON)
    for probe, series in places:
        snapshot = without_rows(snapshot, probe, series, day, short)
    return snapshot


RAW = (("bigquery.counts", "raw.emails"), ("bigquery.counts", "staging.emails"))
STAGING = (("bigquery.counts", "staging.emails"),)
MART = (("bigquery.counts", "mart.mrt_risk_daily"),)
DOCUMENTS = (("elasticsearch.counts", "index.mrt_risk_daily"),)


def runs_of(snapshot: Snapshot) -> tuple[Run, ...]:
    runs = snapshot.get("github.runs", Runs)
    assert runs is not None
    return runs.runs


def newest_run(snapshot: Snapshot, run: Run) -> Snapshot:
    """Another run in front of those there are."""
    return with_value(snapshot, "github.runs", runs=(run, *runs_of(snapshot)))


def tonight(now: datetime, **changes: object) -> Snapshot:
    """A night in which nothing was built yet, with a run that started at 03:40."""
    night = healthy(at("2026-11-23 03:30"))
    run = msgspec.structs.replace(run_at(900, at("2026-11-23 03:40")), **changes)
    return moved(newest_run(night, run), now)


def failed_in(step: str) -> dict[str, object]:
    """A run that failed in a step."""
    steps = tuple(
        msgspec.structs.replace(one, conclusion="failure" if one.name == step else "success")
        for one in run_at(900, NOON).steps
    )
    return {"conclusion": "failure", "steps": steps}


def nights(now: datetime, delay: int, took: int) -> Snapshot:
    """A history in which runs start `delay` minutes late and take `took`; tonight's is missing."""
    scheduled = at("2026-11-22 03:15")
    runs = tuple(
        msgspec.structs.replace(
            run_at(900 - back, began), updated_at=began + timedelta(minutes=took)
        )
        for back in range(14)
        for began in [scheduled - timedelta(days=back) + timedelta(minutes=delay)]
    )
    night = with_value(healthy(at("2026-11-23 03:00")), "github.runs", runs=runs)
    return synced(moved(night, now))


def synced(snapshot: Snapshot) -> Snapshot:
    """Fivetran is fine at that moment, whatever else is looked at."""
    last = snapshot.at - timedelta(minutes=9)
    return with_value(snapshot, "fivetran.connection", succeeded_at=last)


def since_success(seconds: float, **changes: object) -> Snapshot:
    """Noon, so many seconds after the last successful sync."""
    return fivetran(succeeded_at=NOON - timedelta(seconds=seconds), **changes)


def running_sync(seconds: float, history: int | None = None) -> tuple[Snapshot, ...]:
    """Looks along the way to a sync that runs for so many seconds, 70 min after a success.

    `history`: minutes that the sync before it took, from start to end.
    """
    succeeded = at("2026-11-23 08:00")
    moments: list[tuple[datetime, str, datetime]] = []
    if history is not None:
        began = succeeded - timedelta(minutes=history)
        for minute in range(-1, history + 1):
            state = "syncing" if 0 <= minute < history else "scheduled"
            old = succeeded if minute == history else began - timedelta(hours=1)
            moments.append((began + timedelta(minutes=minute), state, old))
    began = succeeded + timedelta(minutes=70)
    moments.append((began - timedelta(minutes=1), "scheduled", succeeded))
    moments.append((began, "syncing", succeeded))
    moments.append((began + timedelta(seconds=seconds), "syncing", succeeded))
    return tuple(
        with_value(healthy(now), "fivetran.connection", sync_state=state, succeeded_at=last)
        for now, state, last in moments
    )


def row_written(seconds: float) -> Snapshot:
    """A row that is not in BigQuery, written so many seconds from what the last sync must hold."""
    snapshot = lost(*RAW, *MART, *DOCUMENTS, day=SOME_DAY, short=1)
    synced_at = at("2026-11-23 11:05") + timedelta(seconds=40)
    counts = snapshot.get("postgres.counts", Counts)
    assert counts is not None
    emails = counts.series["emails"]
    written = synced_at - timedelta(minutes=5) + timedelta(seconds=seconds)
    emails = msgspec.structs.replace(emails, changed={**emails.changed, SOME_DAY: written})
    return with_value(snapshot, "postgres.counts", series={**counts.series, "emails": emails})


def with_series(snapshot: Snapshot, place: tuple[str, str], **changes: object) -> Snapshot:
    """One series of a probe's counts, changed."""
    probe, name = place
    counts = snapshot.get(probe, Counts)
    assert counts is not None
    series = msgspec.structs.replace(counts.series[name], **changes)
    return with_value(snapshot, probe, series={**counts.series, name: series})


SYNCED = at("2026-11-23 11:05") + timedelta(seconds=40)
"""When the last sync before noon began and ended; rows up to five minutes before are its own."""
SOURCE = ("postgres.counts", "emails")


def left_behind(seconds: float) -> Snapshot:
    """A busy day of which the copy lacks a row; those of so long ago were counted apart."""
    snapshot = row_written(3600)
    counts = snapshot.get("postgres.counts", Counts)
    assert counts is not None
    snapshot = with_series(snapshot, SOURCE, older=counts.series["emails"].by_day)
    moment = SYNCED - timedelta(minutes=5) + timedelta(seconds=seconds)
    return with_value(snapshot, "postgres.counts", older_than=moment)


def source_counted(seconds: float) -> Snapshot:
    """A row is not in BigQuery; the source was counted so long from what the sync must hold."""
    snapshot = lost(*RAW, *MART, *DOCUMENTS, day=SOME_DAY, short=1)
    moment = SYNCED - timedelta(minutes=5) + timedelta(seconds=seconds)
    return counted_after(snapshot, "postgres.counts", moment)


def gone_since(seconds: float) -> tuple[Snapshot, ...]:
    """A row went at the source and stays in BigQuery; first seen so long from the last sync."""
    gone = without_rows(healthy(NOON), *SOURCE, SOME_DAY, 1)
    first = SYNCED - timedelta(minutes=5) + timedelta(seconds=seconds)
    before = without_rows(healthy(first), *SOURCE, SOME_DAY, 1)
    return (before, gone)


def gone_long_ago(seconds: float) -> tuple[Snapshot, ...]:
    """The same, seen an hour before; the source was counted so long from the sync's end."""
    before, gone = gone_since(-3600)
    moment = SYNCED + timedelta(seconds=seconds)
    return (before, counted_after(gone, "postgres.counts", moment))


def old_day(days: int) -> Snapshot:
    """A row went this morning, of a day so far from the first that the next night makes anew."""
    day = date(2026, 10, 25) + timedelta(days=days)
    snapshot = without_rows(healthy(NOON, 90), *SOURCE, day, 1)
    for place in RAW:
        snapshot = without_rows(snapshot, *place, day, 1)
    counts = snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    changed = {**counts.series["raw.emails"].changed, day: at("2026-11-23 07:05")}
    return with_series(snapshot, ("bigquery.counts", "raw.emails"), changed=changed)


def scored_again(seconds: float) -> Snapshot:
    """A row was changed so long from 75 min before the last success; nothing was synced since."""
    snapshot = with_series(
        healthy(NOON), ("bigquery.counts", "raw.emails"), synced=at("2026-11-23 02:05")
    )
    counts = snapshot.get("postgres.counts", Counts)
    assert counts is not None
    written = SYNCED - timedelta(minutes=75) + timedelta(seconds=seconds)
    changed = {**counts.series["emails"].changed, SOME_DAY: written}
    return with_series(snapshot, SOURCE, changed=changed)


def row_built(seconds: float) -> Snapshot:
    """A row that is in raw and staging but not in the mart, synced around the last build."""
    snapshot = lost(*MART, *DOCUMENTS, day=SOME_DAY, short=1)
    counts = snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    built = at("2026-11-23 03:43")
    raw = counts.series["raw.emails"]
    changed = built - timedelta(minutes=15) + timedelta(seconds=seconds)
    raw = msgspec.structs.replace(raw, changed={**raw.changed, SOME_DAY: changed})
    return with_value(snapshot, "bigquery.counts", series={**counts.series, "raw.emails": raw})


def total_off_by(rows: int, seconds: float = -3600) -> tuple[Snapshot, ...]:
    """Totals that differ by 1 % of the source and so many rows, though each day is equal.

    Noon, and when it was first seen: so long from what the last sync must hold.
    """
    first = SYNCED - timedelta(minutes=5) + timedelta(seconds=seconds)
    return tuple(_total_off_by(rows, now) for now in (first, NOON))


def _total_off_by(rows: int, now: datetime) -> Snapshot:
    snapshot = healthy(now)
    counts = snapshot.get("postgres.counts", Counts)
    warehouse = snapshot.get("bigquery.counts", Counts)
    assert counts is not None and warehouse is not None
    source = msgspec.structs.replace(counts.series["emails"], rows=100_000)
    raw = msgspec.structs.replace(warehouse.series["raw.emails"], rows=99_000 - rows)
    snapshot = with_value(snapshot, "postgres.counts", series={**counts.series, "emails": source})
    series = {**warehouse.series, "raw.emails": raw}
    return with_value(snapshot, "bigquery.counts", series=series)


def run_for(seconds: float, usual: int) -> Snapshot:
    """A run by hand at noon that has taken so long, where runs usually take `usual` minutes."""
    snapshot = healthy(NOON)
    usual_runs = tuple(
        msgspec.structs.replace(run, updated_at=run.created_at + timedelta(minutes=usual))
        for run in runs_of(snapshot)
    )
    began = NOON - timedelta(seconds=seconds)
    by_hand = msgspec.structs.replace(
        run_at(900, began, conclusion=None), event="workflow_dispatch"
    )
    return with_value(snapshot, "github.runs", runs=(by_hand, *usual_runs))


def range_begins(seconds: float) -> Snapshot:
    """A dashboard whose range begins so long from midnight of the day that must show."""
    begin = at("2026-11-22 00:00") + timedelta(seconds=seconds)
    return kibana(time_from=begin.isoformat(), time_to="now")


def counted_after(snapshot: Snapshot, probe: str, moment: datetime) -> Snapshot:
    seen = msgspec.structs.replace(snapshot.observations[probe], at=moment)
    return Snapshot(snapshot.at, {**snapshot.observations, probe: seen})


def unsynced(trouble: Trouble) -> Snapshot:
    """Nothing was synced since 08:00, the source wrote at 09:00, and Fivetran tells nothing."""
    snapshot = blind("fivetran.connection", trouble, "no FIVETRAN_API_KEY")
    source, copy = snapshot.get("postgres.counts", Counts), snapshot.get("bigquery.counts", Counts)
    assert source is not None and copy is not None
    emails, raw = source.series["emails"], copy.series["raw.emails"]
    today = {NOON.date(): at("2026-11-23 09:00")}
    emails = msgspec.structs.replace(emails, changed=emails.changed | today)
    raw = msgspec.structs.replace(raw, synced=at("2026-11-23 08:00"))
    snapshot = with_value(snapshot, "postgres.counts", series=source.series | {"emails": emails})
    return with_value(snapshot, "bigquery.counts", series=copy.series | {"raw.emails": raw})


def unbuilt(trouble: Trouble) -> Snapshot:
    """Marts and index end the day before, long after tonight's run, and GitHub tells nothing."""
    night = healthy(at("2026-11-23 03:00")).observations
    snapshot = blind("github.runs", trouble, "no GITHUB_TOKEN")
    old = {probe: night[probe] for probe in ("bigquery.tables", "elasticsearch.counts")}
    new = {probe: msgspec.structs.replace(seen, at=NOON) for probe, seen in old.items()}
    snapshot = Snapshot(NOON, snapshot.observations | new)
    counts = snapshot.get("bigquery.counts", Counts)
    before = night["bigquery.counts"].value
    assert counts is not None and isinstance(before, Counts)
    mart = {"mart.mrt_risk_daily": before.series["mart.mrt_risk_daily"]}
    return with_value(snapshot, "bigquery.counts", series=counts.series | mart)


def index(**changes: object) -> Snapshot:
    """The index of the risk mart, changed."""
    own = cluster_of(healthy(NOON)).indices[INDEX]
    return cluster(indices={INDEX: msgspec.structs.replace(own, **changes)})


def another_index(name: str, **changes: object) -> Snapshot:
    """One more index, of the same fields."""
    own = cluster_of(healthy(NOON)).indices
    return cluster(indices={**own, name: msgspec.structs.replace(own[INDEX], name=name, **changes)})


def cluster_of(snapshot: Snapshot) -> Cluster:
    found = snapshot.get("elasticsearch.cluster", Cluster)
    assert found is not None
    return found


def template(**changes: object) -> Snapshot:
    """The template that is loaded, changed."""
    served = msgspec.structs.replace(TEMPLATE, **changes)
    return cluster(served=served)


def unselected(*tables: str) -> Snapshot:
    """Tables that Fivetran knows and does not copy."""
    known = healthy(NOON).get("fivetran.schemas", SyncTables)
    assert known is not None
    changed = (
        msgspec.structs.replace(one, enabled=one.source not in tables) for one in known.tables
    )
    return with_value(healthy(NOON), "fivetran.schemas", tables=tuple(changed))


def storage(**changes: object) -> Snapshot:
    return with_value(healthy(NOON), "elasticsearch.storage", **changes)


def disk(left: int) -> Snapshot:
    """A disk with so many bytes more than its flood stage wants free."""
    return storage(disks=(Disk("es-1", 1000, 50 + left, 150, 50, 50),))


def crowded(left: int) -> Snapshot:
    """A disk with so many bytes more than its high watermark wants free."""
    return storage(disks=(Disk("es-1", 1000, 100 + left, 150, 100, 50),))


def orphan(day: date) -> Snapshot:
    """A document of a day that the mart does not have."""
    snapshot = healthy(NOON)
    documents = snapshot.get("elasticsearch.counts", Counts)
    counts = snapshot.get("bigquery.counts", Counts)
    assert documents is not None and counts is not None
    start = min(day, counts.start)
    held = documents.series["index.mrt_risk_daily"]
    more = msgspec.structs.replace(held, by_day={**held.by_day, day: 150})
    snapshot = with_value(
        snapshot,
        "elasticsearch.counts",
        start=start,
        series={**documents.series, "index.mrt_risk_daily": more},
    )
    return with_value(snapshot, "bigquery.counts", start=start)


def ops_fed(ends: date) -> Snapshot:
    """Parity checks up to yesterday, whose mart has every day and whose index ends on one."""
    snapshot = healthy(NOON)
    counts = snapshot.get("bigquery.counts", Counts)
    documents = snapshot.get("elasticsearch.counts", Counts)
    assert counts is not None and documents is not None
    days = [NOON.date() - timedelta(days=back) for back in range(1, 10)]
    ops = Series(27, NOON, dict.fromkeys(days, 3))
    mart = Series(9, NOON, dict.fromkeys(days, 1))
    held = {one: 1 for one in days if one <= ends}
    latest = datetime(ends.year, ends.month, ends.day, tzinfo=NOON.tzinfo)
    documents_held = Series(len(held), latest, held)
    snapshot = with_value(
        snapshot,
        "bigquery.counts",
        series={**counts.series, "ops.ops_parity_checks": ops, "mart.mrt_parity_drift": mart},
    )
    return with_value(
        snapshot,
        "elasticsearch.counts",
        series={**documents.series, "index.mrt_parity_drift": documents_held},
    )


def deletes(after: str) -> Snapshot:
    """A policy that deletes the index so long after its creation."""
    return index(lifecycle=Lifecycle("keep", "policy", after, at("2026-01-01 00:00")))


def range_ends(seconds: float) -> Snapshot:
    """A dashboard whose range ends so long from midnight of the day that must show."""
    end = at("2026-11-22 00:00") + timedelta(seconds=seconds)
    return kibana(time_from="now-90d", time_to=end.isoformat())


BLOCKED = {INDEX: Index(INDEX, "green", "open", 1, 1, ("read_only_allow_delete",), fields=FIELDS)}
REFUSED = "connection refused"
TASK = Note("reconnect", "Database credentials expired")
TONIGHTS = at("2026-11-23 03:50")


def at_second(
    moment: str, make: Callable[[datetime], Snapshot]
) -> Callable[[int], tuple[Snapshot]]:
    """Looks around a moment of the day, to the second."""
    return lambda offset: (make(at(moment) + offset * SECOND),)
