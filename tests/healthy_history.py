"""What happens in a healthy pipeline, minute by minute; one seed makes one history.

Rows arrive, change and go; hourly syncs carry what they find when they read; runs start as late as
GitHub starts them, build, and export at their end; ops tables gain a day now and then.
"""

import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from altui.core.model.days import day_of, days_between, start_of
from altui.core.model.reading import Series
from tests.world import ONE_DAY

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PER_DAY = {"emails": 30, "applications": 3}
LATE_CHANGES = timedelta(days=7)
PROMISE = timedelta(minutes=75)
LOOK_BACK = 30
"""Days before its own that a nightly build makes anew."""
QUICKEST, SLOWEST = 4, 9
"""Minutes a run takes."""
OPS = {"mrt_parity_drift": "ops_parity_checks", "mrt_backfill_slo": "ops_backfill_jobs"}
HISTORY = 18
"""Days of history, enough for fourteen nights."""
OLD_CHANGES, LONG_HISTORY = timedelta(days=42), 45
"""The same where rows change long after a nightly build has made their day for the last time."""
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


class History:
    """`first` to `last` are the days that matter; the weeks before are there to be learnt from."""

    def __init__(
        self,
        seed: int,
        first: date,
        last: date,
        dropped: date | None,
        last_sync: datetime,
        *,
        old_changes: bool = False,
    ) -> None:
        self._changes_within = OLD_CHANGES if old_changes else LATE_CHANGES
        self._seed = seed
        self._first = first
        self._dropped = dropped
        self.begin = first - (LONG_HISTORY if old_changes else HISTORY) * ONE_DAY
        self._end = last + ONE_DAY
        self._rows = {table: self._written(table) for table in PER_DAY}
        self.syncs = [sync for sync in self._hourly() if sync.started < last_sync]
        reads = [sync.read for sync in self.syncs]
        # by table, per row: the syncs that carried its birth, its change and its end
        self._carried = {
            table: [
                tuple(bisect.bisect_left(reads, moment) for moment in row[1:])
                for row in self._rows[table]
            ]
            for table in PER_DAY
        }
        self.runs = sorted([*self._scheduled(), *self._by_hand()], key=lambda run: run.created)
        self._ops = {mart: sorted(self._noted(mart)) for mart in OPS}
        self._marts = self._built()
        self._scored = [
            {
                day: score
                for day, score in self.scores("emails", run.built).items()
                if run.first <= day <= run.last
            }
            for run in self.runs
        ]

    # What there is at a moment

    def source(self, table: str, at: datetime) -> Series:
        """The table in PostgreSQL."""
        by_day: dict[date, int] = {}
        changed: dict[date, datetime] = {}
        older: dict[date, int] = {}
        latest = None
        for row in self._rows[table]:
            if row.written <= at < row.deleted:
                if row.written < at - PROMISE:
                    older[row.day] = older.get(row.day, 0) + 1
                by_day[row.day] = by_day.get(row.day, 0) + 1
                wrote = row.touched if row.touched <= at else row.written
                changed[row.day] = max(wrote, changed.get(row.day, wrote))
                latest = max(row.written, latest or row.written)
        return Series(sum(by_day.values()), latest, by_day, changed, older=older)

    def raw(self, table: str, at: datetime) -> Series:
        """Its copy in BigQuery: what the syncs that have merged by then found."""
        done = bisect.bisect([sync.merged[table] for sync in self.syncs], at) - 1
        by_day: dict[date, int] = {}
        changed: dict[date, datetime] = {}
        physical, latest = 0, None
        for row, carried in zip(self._rows[table], self._carried[table], strict=True):
            born, gone = carried[0], carried[2]
            if born > done or born == gone:
                continue  # not copied yet, or gone again before anybody copied it
            physical += 1
            last = self.syncs[max(turn for turn in carried if turn <= done)].started
            changed[row.day] = max(last, changed.get(row.day, last))
            if gone > done:
                by_day[row.day] = by_day.get(row.day, 0) + 1
                latest = max(row.written, latest or row.written)
        synced = max(changed.values(), default=None)
        return Series(sum(by_day.values()), latest, by_day, changed, synced, physical)

    def mart(self, mart: str, at: datetime, *, exported: bool) -> dict[date, int]:
        """The mart's days, or the index's where `exported`."""
        held: dict[date, int] = {}
        for run, days in zip(self.runs, self._marts[mart], strict=True):
            if (run.exported if exported else run.built) <= at:
                held |= days
        return held

    def scores(self, table: str, at: datetime) -> dict[date, float | None]:
        """Per day of staging a figure that moves with every copied change, as an average would."""
        done = bisect.bisect([sync.merged[table] for sync in self.syncs], at) - 1
        scores: dict[date, list[int]] = {}
        for row, (born, changed, gone) in zip(self._rows[table], self._carried[table], strict=True):
            if born <= done < gone:
                again = row.touched > row.written and changed <= done
                scores.setdefault(row.day, []).append(90 if again else 30)
        return {day: sum(those) / len(those) for day, those in scores.items()}

    def scored(self, at: datetime, *, exported: bool) -> dict[date, float | None]:
        """The same figure as the risk mart holds it, or its index where `exported`."""
        held: dict[date, float | None] = {}
        for run, made in zip(self.runs, self._scored, strict=True):
            if (run.exported if exported else run.built) <= at:
                held |= made
        return held

    def ops(self, mart: str, at: datetime) -> Series:
        """The ops table that feeds the mart."""
        noted = [moment for moment in self._ops[mart] if moment <= at]
        by_day: dict[date, int] = {}
        for moment in noted:
            by_day[day_of(moment)] = by_day.get(day_of(moment), 0) + 1
        return Series(len(noted), max(noted, default=None), by_day)

    # How it came about

    def _dice(self, what: str) -> Random:
        return Random(f"{self._seed}/{what}")

    def _written(self, table: str) -> list[Row]:
        rows: list[Row] = []
        for day in days_between(self.begin, self._end):
            dice = self._dice(f"{table}/{day}")
            usual = PER_DAY[table]
            quiet = table == "applications" and dice.random() < 0.25
            for _ in range(0 if quiet else max(1, round(usual * dice.uniform(0.5, 1.3)))):
                received = start_of(day) + dice.uniform(0, 86_400) * SECOND
                written = received + dice.uniform(0.2, 20) * SECOND
                later = written + dice.random() * self._changes_within
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

    def _hourly(self) -> Iterator[Sync]:
        slot = start_of(self.begin) + self._dice("minute").randint(0, 59) * MINUTE
        slowest = self._dice("slowest sync").choice((1, 4, 12))
        while slot < start_of(self._end) + ONE_DAY:
            dice = self._dice(f"sync/{slot}")
            started = slot + dice.uniform(0, 60) * SECOND
            length = dice.uniform(0.3, slowest) * MINUTE
            read = started + dice.uniform(0, 0.2) * length
            merged = {table: started + dice.uniform(0.3, 0.95) * length for table in PER_DAY}
            yield Sync(started, read, merged, started + length)
            slot += timedelta(hours=1)

    def _scheduled(self) -> Iterator[Execution]:
        once = self._first - self._dice("once").randint(2, 10) * ONE_DAY
        longest = self._dice("longest").choice((60, 60, 75, 95))
        for number, night in enumerate(days_between(self.begin + ONE_DAY, self._end)):
            dice = self._dice(f"night/{night}")
            minutes = dice.uniform(QUICKEST, SLOWEST)
            # a healthy night ends in time to be seen, however late GitHub starts it
            late = dice.uniform(0, 60 - (minutes - QUICKEST) - 3)
            late = longest if night == once else late
            created = datetime.combine(night, time(3, 15), UTC) + late * MINUTE
            if night == self._dropped:
                continue
            yield self._execution(100 + 2 * number, "schedule", created, minutes, LOOK_BACK)

    def _by_hand(self) -> Iterator[Execution]:
        for number, day in enumerate(days_between(self.begin + 2 * ONE_DAY, self._end)):
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
        for day in days_between(self.begin, self._end):
            dice = self._dice(f"ops/{mart}/{day}")
            for _ in range(dice.randint(1, 3) if dice.random() < rare else 0):
                yield start_of(day) + dice.uniform(0, 86_400) * SECOND

    def _built(self) -> dict[str, list[dict[date, int]]]:
        """Per mart and run: the days it made, with their counts."""
        made: dict[str, list[dict[date, int]]] = {mart: [] for mart in ("mrt_risk_daily", *OPS)}
        for run in self.runs:
            raw = self.raw("emails", run.built).by_day
            window = days_between(max(run.first, self.begin), run.last)
            made["mrt_risk_daily"].append({day: raw[day] for day in window if raw.get(day)})
            for mart in OPS:
                noted = {day_of(moment) for moment in self._ops[mart] if moment <= run.built}
                made[mart].append({day: 1 for day in noted if run.first <= day <= run.last})
        return made
