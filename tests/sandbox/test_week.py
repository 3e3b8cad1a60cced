"""A week of the living pipeline, night by night: no false state, and a dropped night told in time.

The sandbox's clock is moved from stop to stop; every sync and every night on the way really
happens, at its real pace, and is looked at meanwhile. GitHub's scheduler here is late and drops
the night of DROPPED.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from altui.clock import clock_of
from altui.config import load
from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Snapshot
from altui.core.model.reading import Connection, Runs
from altui.observe.observer import Observer
from altui.observe.probes import probes
from altui.sandbox.control import call
from altui.sandbox.github.schedule import Schedule
from altui.store.store import Store
from tests.living import Sandbox, started

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(3600)]

SEED = 8
SCHEDULE = Schedule(time(3, 15), SEED)
NIGHTS = tuple(date(2026, 11, 28) + timedelta(days=count) for count in range(7))
DROPPED = date(2026, 12, 2)
STOPS = ("00:00", "03:14", "03:20", "03:39", "04:20")
MISSING = {"workflow.missed", "index.behind.mrt_risk_daily", "parity.mart", "parity.index"}
"""What may be said of a night that GitHub dropped."""
BREATH = 1.5
"""Seconds between looks while the pipeline works: it shares the machine with them."""
SLOW_UPLOAD = {"service": "bigquery", "path": "^/upload/", "delay_s": 5.0, "times": 1}
"""Makes the next sync long enough to be looked at."""


Judge = Callable[[Assessment], None]


class Watch:
    """An observer's rounds over the living pipeline, while its clock is moved."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        settings = load(sandbox.env)
        self._sandbox = sandbox
        self._clock_file = Path(settings.clock)
        self._store = Store.open(directory)
        self.clock = clock_of(settings.clock)
        self._observer = Observer(
            probes(settings, self.clock), settings.pipeline, self._store, self.clock, 10 << 40
        )
        self.syncing = self.running = 0
        """Looks that met a sync, or a run, on its way."""

    async def look(self, judge: Judge) -> Snapshot | None:
        """One round, judged; None when the clock was moved meanwhile: answers of two times."""
        offset = self._clock_file.read_text()
        seen = await self._observer.round()
        if self._clock_file.read_text() != offset:
            return None
        judge(seen)
        snapshot = self._store.snapshot(seen.at)
        self.syncing += syncing(snapshot)
        self.running += running(snapshot)
        return snapshot

    async def to(self, moment: datetime, judge: Judge) -> None:
        """Moves the clock and looks again and again on the way, and once more there."""
        body = {"to": moment.isoformat()}
        moving = asyncio.create_task(asyncio.to_thread(self.ask, "/clock", body))
        while not moving.done():
            await self.look(judge)
            await asyncio.wait({moving}, timeout=BREATH)
        await moving
        assert await self.look(judge) is not None

    async def run_by_hand(self, judge: Judge) -> None:
        """What `gh workflow run` does; looks until the run has ended."""
        env = self._sandbox.env
        path = f"/repos/{env['GITHUB_REPOSITORY']}/actions/workflows/analytics-sync.yml/dispatches"
        headers = {"authorization": f"Bearer {env['GITHUB_TOKEN']}"}
        async with httpx.AsyncClient(base_url=env["GITHUB_API_URL"], headers=headers) as github:
            asked = await github.post(path, json={"ref": "main"})
        assert asked.is_success, asked.text
        seen = await self.look(judge)
        while seen is None or running(seen):
            seen = await self.look(judge)

    async def sync_by_hand(self, judge: Judge) -> None:
        """A sync that takes long enough to be looked at; looks until it has ended."""
        self.ask("/faults", SLOW_UPLOAD)
        with psycopg.connect(self._sandbox.env["POSTGRES_ADMIN_DSN"], autocommit=True) as source:
            source.execute("INSERT INTO emails (subject) VALUES ('something to carry')")
        env = self._sandbox.env
        account = env["FIVETRAN_API_KEY"], env["FIVETRAN_API_SECRET"]
        path = f"/v1/connections/{env['FIVETRAN_CONNECTION']}/sync"
        async with httpx.AsyncClient(base_url=env["FIVETRAN_URL"], auth=account) as fivetran:
            headers = {"accept": "application/json;version=2"}
            asked = await fivetran.post(path, json={"force": True}, headers=headers)
        assert asked.is_success, asked.text
        seen = await self.look(judge)
        while seen is None or syncing(seen):
            seen = await self.look(judge)

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return call(self._sandbox.dir, "POST", path, body, within=600)

    def close(self) -> None:
        self._store.close()


def syncing(snapshot: Snapshot) -> bool:
    connection = snapshot.get("fivetran.connection", Connection)
    return connection is not None and connection.sync_state == "syncing"


def running(snapshot: Snapshot) -> bool:
    runs = snapshot.get("github.runs", Runs)
    return runs is not None and any(run.status != "completed" for run in runs.runs)


def said(seen: Assessment) -> str:
    """The moment, what is not well, and the verdict: for whoever reads a failure."""
    stages = {
        stage.value: f"{health.state}: {health.detail}"
        for stage, health in seen.stages.items()
        if health.state not in (State.ok, State.due)
    }
    findings = [
        f"{one.check} ({one.state}): {one.subject}; " + "; ".join(it.words for it in one.evidence)
        for one in seen.findings
    ]
    told = {"at": seen.at.isoformat(), "stages": stages, "findings": findings}
    return json.dumps({**told, "verdict": [seen.verdict.state, seen.verdict.headline]}, indent=2)


def healthy(seen: Assessment) -> None:
    states = {health.state for health in seen.stages.values()}
    assert not seen.findings and states <= {State.ok, State.due}, said(seen)
    assert seen.verdict.state in (VerdictState.ok, VerdictState.wait), said(seen)
    if seen.verdict.state is VerdictState.wait:
        assert seen.due is not None and seen.at < seen.due.coming_due_at, said(seen)


def dropped(seen: Assessment) -> None:
    """Due until the allowance is used up, late then, missed half an hour later; nothing else."""
    due = seen.due
    assert due is not None
    if seen.at.date() != DROPPED or seen.at < due.coming_due_at:
        healthy(seen)
        return
    checks = {finding.check for finding in seen.findings}
    assert "index.behind.mrt_risk_daily" in checks and checks <= MISSING, said(seen)
    assert {finding.state for finding in seen.findings} == {State.late}, said(seen)
    assert seen.verdict.state is VerdictState.late, said(seen)
    missed_at = SCHEDULE.scheduled(seen.at.date()) + timedelta(seconds=due.usual_delay_s)
    missed_at += timedelta(minutes=30)
    assert ("workflow.missed" in checks) is (seen.at >= missed_at), said(seen)
    late = {stage for stage, health in seen.stages.items() if health.state is State.late}
    assert late <= {StageId.dbt, StageId.elasticsearch}, said(seen)


def recovering(seen: Assessment) -> None:
    """A run by hand is on its way: what was late stays late, and nothing is added."""
    checks = {finding.check for finding in seen.findings}
    assert checks <= MISSING, said(seen)
    assert {finding.state for finding in seen.findings} <= {State.late}, said(seen)


def moment(night: date, clock: str) -> datetime:
    return datetime.combine(night, time.fromisoformat(clock), UTC)


@contextmanager
def watched(begin: str, directory: Path) -> Iterator[Watch]:
    small = ("--days", "16", "--emails-per-day", "20", "--seed", str(SEED))
    with started(*small, "--now", begin) as sandbox:
        watch = Watch(sandbox, directory)
        yield watch
        watch.close()


def test_the_seed_drops_one_night_of_the_week_and_starts_the_others_late():
    assert [night for night in NIGHTS if SCHEDULE.dropped(night, NIGHTS[0])] == [DROPPED]
    delays = [SCHEDULE.start(night) - SCHEDULE.scheduled(night) for night in NIGHTS]
    assert max(delays) > timedelta(minutes=45)


async def test_a_week_in_which_a_night_is_dropped(tmp_path: Path):
    with watched("2026-11-27T12:00", tmp_path) as watch:
        await watch.sync_by_hand(healthy)
        assert watch.syncing, "no look met a sync on its way"
        for night in NIGHTS:
            judge = dropped if night == DROPPED else healthy
            for clock in STOPS:
                await watch.to(moment(night, clock), judge)
            if night == DROPPED:
                for clock in ("04:30", "04:44", "04:46", "06:00"):
                    await watch.to(moment(night, clock), judge)
                await watch.run_by_hand(recovering)
            await watch.to(moment(night, "12:00"), healthy)
        assert watch.running > len(NIGHTS), "looks met too few runs on their way"


async def test_the_days_around_a_leap_day(tmp_path: Path):
    with watched("2028-02-28T23:30", tmp_path) as watch:
        for night in (date(2028, 2, 29), date(2028, 3, 1)):
            for clock in (*STOPS, "12:00"):
                await watch.to(moment(night, clock), healthy)
        assert watch.running
