"""A pipeline in which nothing is wrong, at any minute: what its services would answer, and when.

One seed makes one history: rows arrive, change and go; hourly syncs carry what they find when they
read; runs start as late as GitHub starts them, build, and export at their end; ops tables gain a
day now and then. `snapshot` is what an observer holds at a moment: every probe was read at its own
time, so figures of different ages meet.
"""

import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple

from altui.core.model.days import day_of, days_between, start_of
from altui.core.model.observed import Observation, Snapshot
from altui.core.model.reading import (
    Connection,
    Counts,
    Reading,
    Run,
    Runs,
    RunStep,
    Series,
    TableMeta,
    Warehouse,
)
from tests.world import ONE_DAY, STEPS, healthy

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PER_DAY = {"emails": 30, "applications": 3}
LATE_CHANGES = timedelta(days=7)
LOOK_BACK = 30
"""Days before its own that a nightly build makes anew."""
QUICKEST, SLOWEST = 4, 9
"""Minutes a run takes."""
EVERY = {
    "postgres.counts": 900.0,
    "fivetran.connection": 30.0,
    "bigquery.tables": 60.0,
    "bigquery.counts": 900.0,
    "github.runs": 30.0,
    "elasticsearch.cluster": 30.0,
    "elasticsearch.counts": 30.0,
    "kibana.status": 60.0,
}
COUNTS = ("postgres.counts", "bigquery.counts", "elasticsearch.counts")
OPS = {"mrt_parity_drift": "ops_parity_checks", "mrt_backfill_slo": "ops_backfill_jobs"}
NEVER = datetime.max.replace(tzinfo=UTC)


class Row(NamedTuple):
    day: date
    written: datetime
    touched: datetime
    deleted: datetime


class Sync(NamedTuple):
    started: datetime
    """Also its `_fivetran_synced`."""
    read: datetime
    """When it reads the source."""
    merged: dict[str, datetime]
    """When each table's rows are in the warehouse."""
    ended: datetime


class Execution(NamedTuple):
    """One run of the workflow: by the schedule or by hand."""

    number: int
    event: str
    created: datetime
    built: datetime
    exported: datetime
    ended: datetime
    first: date
    last: date
    """The days it makes anew."""


class Read(NamedTuple):
    """One reading by the observer: begun, seen by the service, and back here."""

    at: datetime
    seen: datetime
    landed: datetime


class HealthyWorld:
    """`first` to `last` are the days whose minutes may be asked for; history lies before."""

    def __init__(self, seed: int, first: date, last: date, *, history: int = 18) -> None:
        self._seed = seed
        dice = self._dice("world")
        self._first = first
        self._begin = first - history * ONE_DAY
        self._end = last + ONE_DAY
        self._rows = {table: self._written(table) for table in PER_DAY}
        self._syncs = self._hourly(dice.randint(0, 59))
        reads = [sync.read for sync in self._syncs]
        # by table, per row: the syncs that carried its birth, its change and its end
        self._carried = {
            table: [
                tuple(bisect.bisect_left(reads, moment) for moment in row[1:])
                for row in self._rows[table]
            ]
            for table in PER_DAY
        }
        self.longest = dice.choice((60, 60, 60, 75, 95))
        """Minutes that GitHub once was late in these weeks, never under the usual 60."""
        self.runs = sorted([*self._scheduled(), *self._by_hand()], key=lambda run: run.created)
        self._ops = {mart: sorted(self._noted(mart)) for mart in OPS}
        self._marts = self._built()
        plain = healthy(start_of(first)).observations
        self._steady = {probe: seen.value for probe, seen in plain.items() if seen.value}

    # What an observer holds

    def snapshot(self, now: datetime) -> Snapshot:
        return Snapshot(now, {probe: self._observation(probe, now) for probe in EVERY})

    def settled(self, now: datetime) -> bool:
        """Whether everything that happened was seen, and nothing is under way."""
        quiet = now - timedelta(minutes=4)
        busy = [(sync.started, sync.ended) for sync in self._syncs]
        busy += [(run.created, run.ended) for run in self.runs]
        return not any(began <= now and ended >= quiet for began, ended in busy)

    def exported(self, day: date, now: datetime) -> bool:
        return any(run.exported <= now and run.first <= day <= run.last for run in self.runs)

    def carried_all(self, now: datetime) -> bool:
        """Whether the marts hold what the raw table holds, day by day."""
        raw = self._raw("emails", now).by_day
        mart = self._mart_at("mrt_risk_daily", now, exported=False)
        return all(mart.get(day) == raw.get(day) for day in mart)

    def _observation(self, probe: str, now: datetime) -> Observation:
        read = self._newest(probe, now)
        every = timedelta(seconds=EVERY[probe])
        took = (read.landed - read.at).total_seconds()
        return Observation(
            probe,
            self._answer(probe, read.seen),
            read.at,
            read.at,
            next_try=read.at + every,
            took=took,
        )

    def _newest(self, probe: str, now: datetime) -> Read:
        """The newest reading that has come back: the turn's, or one after a sync or run ended."""
        known = [*self._turns(probe, now), *(self._woken(now) if probe in COUNTS else ())]
        return max((read for read in known if read.landed <= now), key=lambda read: read.at)

    def _turns(self, probe: str, now: datetime) -> Iterator[Read]:
        every = EVERY[probe]
        phase = self._dice(probe).uniform(0, every)
        turn = int((now.timestamp() - phase) // every)
        for number in range(turn - 2, turn + 1):
            began = datetime.fromtimestamp(phase + number * every, UTC)
            yield self._read(began, f"{probe}/{number}")

    def _woken(self, now: datetime) -> Iterator[Read]:
        ends = [("fivetran.connection", sync.ended) for sync in self._syncs]
        ends += [("github.runs", run.ended) for run in self.runs]
        for probe, ended in ends:
            if now - timedelta(minutes=20) < ended <= now:
                turns = self._turns(probe, ended + timedelta(seconds=EVERY[probe] + 5))
                noticed = min(read.landed for read in turns if read.seen >= ended)
                yield self._read(noticed, f"woken/{ended}")

    def _read(self, began: datetime, what: str) -> Read:
        dice = self._dice(what)
        took = dice.choice((0.2, 1.0, 1.0, 8.0))
        return Read(began, began + dice.uniform(0, took) * SECOND, began + took * SECOND)

    # What each service answers

    def _answer(self, probe: str, at: datetime) -> Reading:
        match probe:
            case "postgres.counts":
                return Counts(self._begin, {t: self._source(t, at) for t in PER_DAY}, "SELECT 1")
            case "fivetran.connection":
                return self._connection(at)
            case "github.runs":
                return self._workflow(at)
            case "bigquery.tables":
                return self._tables(at)
            case "bigquery.counts":
                return Counts(self._begin, self._warehouse(at), "SELECT 1", 10 << 20)
            case "elasticsearch.counts":
                series = {
                    f"index.{mart}": _series(self._mart_at(mart, at, exported=True))
                    for mart in self._marts
                }
                return Counts(self._begin, series, "_msearch")
            case _:
                return self._steady[probe]

    def _source(self, table: str, at: datetime) -> Series:
        by_day: dict[date, int] = {}
        changed: dict[date, datetime] = {}
        latest = None
        for row in self._rows[table]:
            if row.written <= at < row.deleted:
                by_day[row.day] = by_day.get(row.day, 0) + 1
                wrote = row.touched if row.touched <= at else row.written
                changed[row.day] = max(wrote, changed.get(row.day, wrote))
                latest = max(row.written, latest or row.written)
        return Series(sum(by_day.values()), latest, by_day, changed)

    def _raw(self, table: str, at: datetime) -> Series:
        done = bisect.bisect([sync.merged[table] for sync in self._syncs], at) - 1
        by_day: dict[date, int] = {}
        changed: dict[date, datetime] = {}
        physical, latest = 0, None
        for row, carried in zip(self._rows[table], self._carried[table], strict=True):
            born, gone = carried[0], carried[2]
            if born > done or born == gone:
                continue  # not copied yet, or gone again before anybody copied it
            physical += 1
            last = self._syncs[max(turn for turn in carried if turn <= done)].started
            changed[row.day] = max(last, changed.get(row.day, last))
            if gone > done:
                by_day[row.day] = by_day.get(row.day, 0) + 1
                latest = max(row.written, latest or row.written)
        synced = max(changed.values(), default=None)
        return Series(sum(by_day.values()), latest, by_day, changed, synced, physical)

    def _warehouse(self, at: datetime) -> dict[str, Series]:
        series: dict[str, Series] = {}
        for table in PER_DAY:
            raw = self._raw(table, at)
            series[f"raw.{table}"] = raw
            series[f"staging.{table}"] = Series(raw.rows, raw.latest, raw.by_day)
        for mart in self._marts:
            series[f"mart.{mart}"] = _series(self._mart_at(mart, at, exported=False))
        for mart, table in OPS.items():
            noted = [moment for moment in self._ops[mart] if moment <= at]
            by_day: dict[date, int] = {}
            for moment in noted:
                by_day[day_of(moment)] = by_day.get(day_of(moment), 0) + 1
            series[f"ops.{table}"] = Series(len(noted), max(noted, default=None), by_day)
        return series

    def _mart_at(self, mart: str, at: datetime, *, exported: bool) -> dict[date, int]:
        """The mart's days, or the index's where `exported`."""
        held: dict[date, int] = {}
        for run, days in zip(self.runs, self._marts[mart], strict=True):
            if (run.exported if exported else run.built) <= at:
                held |= days
        return held

    def _tables(self, at: datetime) -> Warehouse:
        built = max(run.built for run in self.runs if run.built <= at)
        names = (f"applylens_marts.{mart}" for mart in self._marts)
        return Warehouse({name: TableMeta(1, 1, built) for name in names})

    def _connection(self, at: datetime) -> Connection:
        last = max(sync.ended for sync in self._syncs if sync.ended <= at)
        syncing = any(sync.started <= at < sync.ended for sync in self._syncs)
        return Connection(
            id="warm_lantern",
            schema="applylens",
            setup_state="connected",
            sync_state="syncing" if syncing else "scheduled",
            update_state="on_schedule",
            succeeded_at=last,
            failed_at=None,
            sync_frequency=60,
            schedule_type="auto",
            paused=False,
            created_at=start_of(self._begin),
        )

    def _workflow(self, at: datetime) -> Runs:
        known = [run for run in self.runs if run.created <= at]
        return Runs("analytics-sync.yml", "active", tuple(_run(run, at) for run in known[::-1]))

    # How it all came about

    def _dice(self, what: str) -> Random:
        return Random(f"{self._seed}/{what}")

    def _written(self, table: str) -> list[Row]:
        rows: list[Row] = []
        for day in days_between(self._begin, self._end):
            dice = self._dice(f"{table}/{day}")
            usual = PER_DAY[table]
            quiet = table == "applications" and dice.random() < 0.25
            for _ in range(0 if quiet else max(1, round(usual * dice.uniform(0.5, 1.3)))):
                received = start_of(day) + dice.uniform(0, 86_400) * SECOND
                written = received + dice.uniform(0.2, 20) * SECOND
                later = written + dice.random() * LATE_CHANGES
                fate = dice.random()
                rows.append(
                    Row(
                        day,
                        written,
                        later if fate < 0.1 else written,
                        later if fate > 0.97 else NEVER,
                    )
                )
        return rows

    def _hourly(self, minute: int) -> list[Sync]:
        syncs: list[Sync] = []
        slot = start_of(self._begin) + minute * MINUTE
        while slot < start_of(self._end) + ONE_DAY:
            dice = self._dice(f"sync/{slot}")
            started = slot + dice.uniform(0, 60) * SECOND
            length = dice.uniform(20, 270) * SECOND
            read = started + dice.uniform(0, 0.2) * length
            merged = {table: started + dice.uniform(0.3, 0.95) * length for table in PER_DAY}
            syncs.append(Sync(started, read, merged, started + length))
            slot += timedelta(hours=1)
        return syncs

    def _scheduled(self) -> Iterator[Execution]:
        once = self._first - self._dice("longest").randint(2, 10) * ONE_DAY
        for number, night in enumerate(days_between(self._begin + ONE_DAY, self._end)):
            dice = self._dice(f"night/{night}")
            minutes = dice.uniform(QUICKEST, SLOWEST)
            # a healthy night ends in time to be seen, however late GitHub starts it
            late = dice.uniform(0, 60 - (minutes - QUICKEST) - 3)
            late = self.longest if night == once else late
            created = datetime.combine(night, time(3, 15), UTC) + late * MINUTE
            yield self._execution(100 + 2 * number, "schedule", created, minutes, LOOK_BACK)

    def _by_hand(self) -> Iterator[Execution]:
        for number, day in enumerate(days_between(self._begin + 2 * ONE_DAY, self._end)):
            dice = self._dice(f"by hand/{day}")
            created = start_of(day) + dice.choice((0.5, 1.7, 6, 11, 15, 22.5)) * timedelta(hours=1)
            if dice.random() < 0.2:
                days = dice.choice((LOOK_BACK, LOOK_BACK, 3))
                yield self._execution(
                    103 + 2 * number, "workflow_dispatch", created, dice.uniform(4, 9), days
                )

    def _execution(
        self, number: int, event: str, created: datetime, minutes: float, days: int
    ) -> Execution:
        dice = self._dice(f"run/{created}")
        length = minutes * MINUTE
        last = day_of(created) - ONE_DAY
        return Execution(
            number=number,
            event=event,
            created=created,
            built=created + dice.uniform(0.2, 0.5) * length,
            exported=created + dice.uniform(0.7, 0.95) * length,
            ended=created + length,
            first=last - (days - 1) * ONE_DAY,
            last=last,
        )

    def _noted(self, mart: str) -> Iterator[datetime]:
        rare = self._dice(f"ops/{mart}").choice((0.0, 0.2, 0.6))
        for day in days_between(self._begin, self._end):
            dice = self._dice(f"ops/{mart}/{day}")
            for _ in range(dice.randint(1, 3) if dice.random() < rare else 0):
                yield start_of(day) + dice.uniform(0, 86_400) * SECOND

    def _built(self) -> dict[str, list[dict[date, int]]]:
        """Per mart and run: the days it made, with their counts."""
        made: dict[str, list[dict[date, int]]] = {mart: [] for mart in ("mrt_risk_daily", *OPS)}
        for run in self.runs:
            raw = self._raw("emails", run.built).by_day
            window = days_between(max(run.first, self._begin), run.last)
            made["mrt_risk_daily"].append({day: raw[day] for day in window if raw.get(day)})
            for mart in OPS:
                noted = {day_of(moment) for moment in self._ops[mart] if moment <= run.built}
                made[mart].append({day: 1 for day in noted if run.first <= day <= run.last})
        return made


def _series(by_day: dict[date, int]) -> Series:
    latest = start_of(max(by_day)) if by_day else None
    return Series(sum(by_day.values()), latest, dict(by_day))


def _run(run: Execution, at: datetime) -> Run:
    """The run as GitHub shows it: queued for some seconds, then step by step."""
    done = run.ended <= at
    queued = at < run.created + 8 * SECOND
    ends = (run.created + 15 * SECOND, run.built, (run.built + (run.exported - run.built) / 2))
    moments = (run.created + 8 * SECOND, *ends, run.exported)
    steps = tuple(
        RunStep(
            name,
            "completed" if ended <= at else "in_progress" if began <= at else "queued",
            "success" if ended <= at else None,
            began if began <= at else None,
            ended if ended <= at else None,
        )
        for name, (began, ended) in zip(STEPS, pairwise(moments), strict=True)
    )
    return Run(
        id=1000 + run.number,
        number=run.number,
        attempt=1,
        event=run.event,
        status="completed" if done else "queued" if queued else "in_progress",
        conclusion="success" if done else None,
        created_at=run.created.replace(microsecond=0),
        started_at=run.created.replace(microsecond=0),
        updated_at=min(at, run.ended).replace(microsecond=0),
        title="Analytics Sync",
        actor="octocat",
        head_sha="a" * 40,
        url=f"https://github.com/o/r/actions/runs/{1000 + run.number}",
        steps=() if queued else steps,
    )
