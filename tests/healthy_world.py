"""A pipeline in which nothing is wrong, at any minute: what an observer holds of it.

Every probe was read at its own time, at its own cadence, and took its time: figures of different
ages meet, as they do in the store.
"""

import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from altui.clock import system_clock
from altui.config import Settings
from altui.core.model.days import day_of, start_of
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
from altui.observe.observer import COUNTS
from altui.observe.probes import probes
from tests.healthy_history import NEVER, ONE_DAY, OPS, PER_DAY, PROMISE, SECOND, Execution, History
from tests.world import STEPS, healthy

MARTS = ("mrt_risk_daily", *OPS)
ANSWERED = healthy(datetime(2026, 1, 1, 12, tzinfo=UTC)).observations
EVERY = {p.id: p.every for p in probes(Settings(), system_clock) if p.id in ANSWERED}
"""Seconds between two readings of each probe whose answer is told here."""


class Read(NamedTuple):
    """One reading by the observer: begun, seen by the service, and back here."""

    at: datetime
    seen: datetime
    landed: datetime


class HealthyWorld:
    """`first` to `last` are the days whose minutes may be asked for."""

    def __init__(
        self,
        seed: int,
        first: date,
        last: date,
        *,
        dropped: date | None = None,
        last_sync: datetime = NEVER,
        old_changes: bool = False,
    ) -> None:
        """Healthy but for a night that GitHub drops, syncs that end, or old days that change."""
        self._seed = seed
        self.history = History(seed, first, last, dropped, last_sync, old_changes=old_changes)
        self._ends = sorted(
            [
                *((sync.ended, "fivetran.connection") for sync in self.history.syncs),
                *((run.ended, "github.runs") for run in self.history.runs),
            ]
        )
        plain = healthy(start_of(first)).observations
        self._steady = {probe: seen.value for probe, seen in plain.items() if seen.value}
        self._window = first - self.history.begin - 2 * ONE_DAY

    def snapshot(self, now: datetime) -> Snapshot:
        return Snapshot(now, {probe: self._observation(probe, now) for probe in self._steady})

    def settled(self, now: datetime) -> bool:
        """Whether everything that happened was seen, and nothing is under way."""
        quiet = now - timedelta(minutes=4)
        busy = [(sync.started, sync.ended) for sync in self.history.syncs]
        busy += [(run.created, run.ended) for run in self.history.runs]
        return not any(began <= now and ended >= quiet for began, ended in busy)

    def exported(self, day: date, now: datetime) -> bool:
        """Whether the index holds the day."""
        return day in self.history.mart("mrt_risk_daily", now, exported=True)

    def carried_all(self, now: datetime) -> bool:
        """Whether the marts hold what the raw table holds, day by day."""
        raw = self.history.raw("emails", now).by_day
        mart = self.history.mart("mrt_risk_daily", now, exported=False)
        scores = self.history.scores("emails", now)
        scored = self.history.scored(now, exported=False)
        return all(mart.get(day) == raw.get(day) and scored[day] == scores.get(day) for day in mart)

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
        first = bisect.bisect(self._ends, (now - timedelta(minutes=20), ""))
        for ended, probe in self._ends[first : bisect.bisect(self._ends, (now, "~"))]:
            turns = self._turns(probe, ended + timedelta(seconds=EVERY[probe] + 5))
            noticed = min(read.landed for read in turns if read.seen >= ended)
            yield self._read(noticed, f"woken/{ended}")

    def _read(self, began: datetime, what: str) -> Read:
        dice = self._dice(what)
        took = dice.choice((0.2, 1.0, 1.0, 8.0))
        return Read(began, began + dice.uniform(0, took) * SECOND, began + took * SECOND)

    def _dice(self, what: str) -> Random:
        return Random(f"{self._seed}/{what}")

    # What each service answers

    def _answer(self, probe: str, at: datetime) -> Reading:
        match probe:
            case "postgres.counts":
                source = {table: self.history.source(table, at) for table in PER_DAY}
                return self._counts(at, source, older_than=at - PROMISE)
            case "fivetran.connection":
                return self._connection(at)
            case "github.runs":
                return self._workflow(at)
            case "bigquery.tables":
                return self._tables(at)
            case "bigquery.counts":
                return self._counts(at, self._warehouse(at), bytes=10 << 20)
            case "elasticsearch.counts":
                series = {f"index.{mart}": self._mart(mart, at, exported=True) for mart in MARTS}
                return self._counts(at, series)
            case _:
                return self._steady[probe]

    def _counts(self, at: datetime, series: dict[str, Series], **more: Any) -> Counts:
        """The days of a window that moves on at midnight, for each service when it is asked."""
        start = day_of(at) - self._window
        within = {
            name: replace(
                one,
                by_day={day: rows for day, rows in one.by_day.items() if day >= start},
                changed={day: when for day, when in one.changed.items() if day >= start},
                measures={
                    name: {day: value for day, value in values.items() if day >= start}
                    for name, values in one.measures.items()
                },
            )
            for name, one in series.items()
        }
        return Counts(start, within, "SELECT 1", **more)

    def _mart(self, mart: str, at: datetime, *, exported: bool) -> Series:
        series = _series(self.history.mart(mart, at, exported=exported))
        if mart != "mrt_risk_daily":
            return series
        return replace(series, measures={"avg_risk": self.history.scored(at, exported=exported)})

    def _warehouse(self, at: datetime) -> dict[str, Series]:
        series: dict[str, Series] = {}
        for table in PER_DAY:
            raw = self.history.raw(table, at)
            series[f"raw.{table}"] = raw
            scores = {"avg_risk": self.history.scores(table, at)}
            series[f"staging.{table}"] = Series(raw.rows, raw.latest, raw.by_day, measures=scores)
        for mart in MARTS:
            series[f"mart.{mart}"] = self._mart(mart, at, exported=False)
        for mart, table in OPS.items():
            series[f"ops.{table}"] = self.history.ops(mart, at)
        return series

    def _tables(self, at: datetime) -> Warehouse:
        built = max(run.built for run in self.history.runs if run.built <= at)
        names = (f"applylens_marts.{mart}" for mart in MARTS)
        return Warehouse({name: TableMeta(1, 1, built) for name in names})

    def _connection(self, at: datetime) -> Connection:
        last = max(sync.ended for sync in self.history.syncs if sync.ended <= at)
        syncing = any(sync.started <= at < sync.ended for sync in self.history.syncs)
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
            created_at=start_of(self.history.begin),
        )

    def _workflow(self, at: datetime) -> Runs:
        known = [run for run in self.history.runs if run.created <= at]
        return Runs("analytics-sync.yml", "active", tuple(_run(run, at) for run in known[::-1]))


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
