"""The poller survives services, store, clock and rules that do anything but what they should."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from altui.clock import system_clock
from altui.core.model.health import Assessment, StageId, State, VerdictState
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Connection, Reading
from altui.core.rules.unjudged import CHECK
from altui.observe import observer as observing
from altui.observe import survival
from altui.observe.observer import Observer
from altui.observe.probes import Probe
from altui.services.errors import ServiceError
from altui.store.store import Store
from tests.world import at, healthy

NOON = at("2026-11-23 12:00")
WORLD = healthy(NOON)


def value(probe: str) -> Any:
    found = WORLD.observations[probe].value
    assert found is not None
    return found


def probe(
    read: Callable[[], Awaitable[Reading]],
    name: str = "kibana.status",
    every: float = 3600,
    **more: Any,
) -> Probe:
    return Probe(name, StageId.kibana, every, 0.5, more.pop("cost", "free"), read, **more)


class Service:
    """A probe's far side: counts looks, wakes whoever waits for one, fails on command."""

    def __init__(self, name: str = "kibana.status") -> None:
        self.name = name
        self.answer: Any = value(name) if name in WORLD.observations else value("kibana.status")
        self.looks = 0
        self._looked = asyncio.Event()

    async def read(self) -> Reading:
        self.looks += 1
        self._looked.set()
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    async def looked(self, times: int) -> None:
        async with asyncio.timeout(10):
            while self.looks < times:
                self._looked.clear()
                await self._looked.wait()


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


@pytest.fixture
def screen(store: Store, tmp_path: Path) -> Store:
    """Another process's view of the same store."""
    return Store.open(tmp_path)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survival, "BREATH", 0)
    monkeypatch.setattr(observing, "RESTING_LOOK", 0.01)
    monkeypatch.setattr(observing, "REQUEST_LOOK", 0.01)
    monkeypatch.setattr(observing, "CLOCK_LOOK", 0.01)
    monkeypatch.setattr(observing, "STORE_AGAIN", 0)


def watching(store: Store, *probes: Probe, clock: Any = None) -> Observer:
    return Observer(probes, Pipeline(), store, clock or (lambda: NOON), 10 << 30)


@asynccontextmanager
async def running(observer: Observer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(observer.run())
    yield task
    assert not task.done(), "it ended by itself"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(told: Callable[[], object]) -> None:
    """What another process would do: look at the store until it says so."""
    async with asyncio.timeout(10):
        while not told():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Strange(BaseException):
    pass


ERRORS = [
    RuntimeError("bug"),
    Strange("panic"),
    asyncio.CancelledError(),
    sqlite3.OperationalError("locked"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("step", ["_turn", "_reassess", "_serve_requests", "_watch_the_clock"])
async def test_no_part_of_it_can_be_killed(
    store: Store,
    screen: Store,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: BaseException,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(survival.sys, "stderr", SimpleNamespace(write=told.append))
    survival._told.clear()
    service = Service()
    original = getattr(Observer, step)
    calls = 0

    async def failing(*given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise error
        await original(*given)

    monkeypatch.setattr(Observer, step, failing)
    async with running(watching(store, probe(service.read))):
        ticket = screen.request()
        await until(lambda: screen.served(ticket) and calls > 4 and screen.assessment())
    assert service.looks >= 1
    assert len([line for line in told if "altui observer: a step: " in line]) == 2, "1, 2 times"


async def test_a_rule_that_fails_is_said_and_forgotten_when_it_works_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    survival._told.clear()
    observer = watching(store, probe(Service().read))
    good = await observer.round()
    broken = True
    rules = observing.assess

    def bug(*given: Any) -> Assessment:
        if broken:
            raise KeyError("mrt_risk_daily")
        return rules(*given)

    monkeypatch.setattr(observing, "assess", bug)
    said = await observer.round()
    assert said.verdict.state is VerdictState.check
    assert said.verdict.headline == "altui could not judge: KeyError: 'mrt_risk_daily'"
    assert [(finding.check, finding.state) for finding in said.findings] == [(CHECK, State.unknown)]
    assert {health.state for health in said.stages.values()} == {State.unknown}
    assert store.assessment() == said, "the screen is told; it does not stay as it was"
    assert said.due == good.due
    assert set(good.since) <= set(said.since)
    assert "rules: KeyError: 'mrt_risk_daily' (bug:" in capsys.readouterr().err
    broken = False
    again = await observer.round()
    assert CHECK not in {finding.check for finding in again.findings}
    assert again.verdict == good.verdict


async def test_what_is_carried_from_look_to_look_may_be_the_fault(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = watching(store, probe(Service().read))
    await observer.round()
    rules = observing.assess

    def stumbling(snapshot: Any, pipeline: Any, now: Any, before: Any) -> Assessment:
        if before is not None:
            raise TypeError("since")
        return rules(snapshot, pipeline, now, before)

    monkeypatch.setattr(observing, "assess", stumbling)
    assert CHECK not in {finding.check for finding in (await observer.round()).findings}


@pytest.mark.parametrize("call", ["put_observations", "put_assessment"])
async def test_what_a_locked_or_full_store_refused_is_written_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    counts = Service("bigquery.counts")
    observer = watching(store, probe(counts.read, "bigquery.counts"))
    with monkeypatch.context() as patched:

        def full(*given: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        patched.setattr(Store, call, full)
        await observer.round()
    assert counts.looks == 1
    await observer.assess()
    assert store.assessment() is not None
    assert set(store.snapshot(NOON).observations) == {"bigquery.counts"}


async def test_a_store_that_another_process_locks_does_not_stop_the_looks(
    store: Store, tmp_path: Path
) -> None:
    patient = Store.open(tmp_path, patience=0.01)
    service = Service()
    other = sqlite3.connect(tmp_path / "altui.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    observer = watching(patient, probe(service.read, every=0.01))
    async with running(observer):
        await service.looked(3)
        assert store.snapshot(NOON).observations == {}
        other.execute("ROLLBACK")
        await until(lambda: store.assessment() and store.snapshot(NOON).observations)


async def test_a_store_that_cannot_be_read_at_the_start_is_no_reason_not_to_look(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(Store, "snapshot", broken)
    service = Service()
    assessment = await watching(store, probe(service.read)).round()
    assert service.looks == 1
    assert assessment.at == NOON


@pytest.mark.parametrize("hours", [5, -5])
async def test_a_clock_that_jumps_makes_everything_be_looked_at_anew(
    store: Store, hours: int
) -> None:
    service, clock = Service(), Clock()
    async with running(watching(store, probe(service.read), clock=clock)):
        await service.looked(1)
        await until(store.assessment)
        clock.now += timedelta(hours=hours)
        await service.looked(2)
        await until(lambda: (found := store.assessment()) and found.at == clock.now)
        await until(lambda: store.snapshot(NOON).observations["kibana.status"].at == clock.now)


async def test_a_clock_that_fails_is_survived(store: Store) -> None:
    service = Service()
    failing = False

    def clock() -> datetime:
        if failing:
            raise OverflowError("date value out of range")
        return NOON

    async with running(watching(store, probe(service.read, every=0.01), clock=clock)):
        await service.looked(2)
        failing = True
        await asyncio.sleep(0)
        before = service.looks
        failing = False
        await service.looked(before + 2)


async def test_what_hangs_keeps_nobody_else_from_being_looked_at(store: Store) -> None:
    async def hangs() -> Reading:
        await asyncio.Event().wait()
        raise AssertionError("never")

    service = Service()
    slow = probe(hangs, "github.runs")
    async with running(watching(store, slow, probe(service.read, every=0.01))):
        await service.looked(5)
        await until(lambda: "github.runs" in store.snapshot(NOON).observations)
    seen = store.snapshot(NOON).observations["github.runs"]
    assert seen.error and seen.error.trouble is Trouble.unreachable


# Rests that services ask for


def slow_down(seconds: float = 120, trouble: Trouble = Trouble.unreachable) -> ServiceError:
    return ServiceError(trouble, "429 slow down", "GET /", seconds)


async def test_a_rest_is_kept_by_all_probes_of_the_service_and_r_does_not_break_it(
    store: Store,
) -> None:
    clock = Clock()
    limited, sibling, other = Service(), Service("kibana.more"), Service("github.runs")
    limited.answer = slow_down()
    observer = watching(
        store,
        probe(limited.read),
        probe(sibling.read, "kibana.more"),
        probe(other.read, "github.runs"),
        clock=clock,
    )
    await observer._look(observer._probes["kibana.status"])
    await observer.round()
    await observer.round()
    assert (limited.looks, sibling.looks, other.looks) == (1, 1, 2), "never seen is looked at once"
    seen = store.snapshot(clock.now).observations["kibana.status"]
    assert seen.error
    assert seen.error.words == "429 slow down; asks to be left alone until 12:02Z"
    limited.answer = value("kibana.status")
    clock.now += timedelta(seconds=120)
    await observer.round()
    assert (limited.looks, sibling.looks) == (2, 2)
    assert store.snapshot(clock.now).observations["kibana.status"].rest_until is None


async def test_r_may_look_whether_a_service_that_is_down_is_back(store: Store) -> None:
    service = Service()
    service.answer = slow_down(600, Trouble.refused)
    observer = watching(store, probe(service.read))
    await observer.round()
    await observer._look(observer._probes["kibana.status"])
    assert service.looks == 1
    await observer.round()
    assert service.looks == 2


async def test_a_rest_outlives_the_observer(store: Store) -> None:
    service = Service()
    service.answer = slow_down()
    await watching(store, probe(service.read)).round()
    await watching(store, probe(service.read)).round()
    assert service.looks == 1


# What makes a look come early


async def test_the_end_of_a_sync_has_the_counts_read_at_once(store: Store) -> None:
    connection, counts = Service("fivetran.connection"), Service("bigquery.counts")
    async with running(
        watching(
            store,
            probe(connection.read, "fivetran.connection", every=0.02),
            probe(counts.read, "bigquery.counts"),
        )
    ):
        await connection.looked(3)
        assert counts.looks == 1
        later = healthy(NOON + timedelta(hours=1)).observations["fivetran.connection"].value
        assert isinstance(later, Connection)
        connection.answer = later
        await counts.looked(2)


async def test_when_a_service_rises_its_failing_probes_are_looked_at_at_once(store: Store) -> None:
    server, counts = Service("elasticsearch.cluster"), Service("elasticsearch.counts")
    server.answer = counts.answer = ServiceError(Trouble.denied, "401", "GET /")
    observer = watching(
        store,
        probe(server.read, "elasticsearch.cluster", every=0.02),
        probe(counts.read, "elasticsearch.counts", every=900),
    )
    async with running(observer):
        await server.looked(2)
        await counts.looked(1)
        server.answer, counts.answer = value("elasticsearch.cluster"), value("elasticsearch.counts")
        await counts.looked(2)


async def test_a_pulse_that_stops_has_the_service_looked_at_at_once(store: Store) -> None:
    pulse, counts = Service("postgres.server"), Service("postgres.counts")
    beating = probe(pulse.read, "postgres.server", every=0.02, pulse=True)
    async with running(watching(store, beating, probe(counts.read, "postgres.counts"))):
        await pulse.looked(3)
        assert counts.looks == 1
        pulse.answer = counts.answer = ServiceError(Trouble.denied, "28P01", "postgres")
        await counts.looked(2)
        await until(lambda: (found := store.assessment()) and found.findings)
        found = store.assessment()
        assert found and [item.check for item in found.findings] == ["postgres.denied"]
        pulse.answer, counts.answer = value("kibana.status"), value("postgres.counts")
        await counts.looked(3)


async def test_a_falling_service_costs_no_billed_query(store: Store) -> None:
    tables, counts = Service("bigquery.tables"), Service("bigquery.counts")
    observer = watching(
        store,
        probe(tables.read, "bigquery.tables"),
        probe(counts.read, "bigquery.counts", cost="bytes"),
    )
    await observer.round()
    for name in observer._wake:
        observer._wake[name].clear()
    tables.answer = ServiceError(Trouble.unreachable, "down", "GET /")
    await observer._look(observer._probes["bigquery.tables"])
    assert not observer._wake["bigquery.counts"].is_set()


# Details rest while nobody looks


async def test_a_resting_probe_looks_only_while_shown(store: Store, screen: Store) -> None:
    details, always = Service("kibana.details"), Service()
    resting = probe(details.read, "kibana.details", every=0.02, rests=True)
    always_on = probe(always.read, every=0.02)
    async with running(watching(store, resting, always_on, clock=system_clock)):
        await always.looked(10)
        assert details.looks == 0
        screen.show(["fivetran"])
        await always.looked(20)
        assert details.looks == 0, "another panel is shown"
        screen.show(["indices", "parity"])
        await details.looked(3)
        screen.close()
        await until(lambda: not store.shown("indices"))
        before = details.looks + 1  # one may be under way
        await always.looked(always.looks + 20)
        assert details.looks <= before
    seen = store.snapshot(NOON)
    assert set(seen.observations) == {"kibana.status"}
    assert set(seen.details) == {"kibana.details"}


async def test_a_resting_probe_is_not_asked_again_before_its_time(store: Store) -> None:
    clock, details = Clock(), Service("kibana.details")
    resting = probe(details.read, "kibana.details", every=300, rests=True)
    store.show(["indices"])
    observer = watching(store, resting, clock=clock)
    assert observer._is_wanted(resting)
    await observer._look(resting)
    assert not observer._is_wanted(resting)
    clock.now += timedelta(seconds=300)
    assert observer._is_wanted(resting)
    store.show([])
    assert not observer._is_wanted(resting)


async def test_a_resting_probe_looks_when_asked_and_while_its_stage_alerts(
    store: Store, screen: Store
) -> None:
    details, service = Service("kibana.details"), Service()
    resting = probe(details.read, "kibana.details", every=0.02, rests=True)
    observer = watching(store, resting, probe(service.read), clock=system_clock)
    await observer.round()
    assert details.looks == 1, "check asks for everything"
    async with running(observer):
        ticket = screen.request()
        await until(lambda: screen.served(ticket))
        assert details.looks == 2
        service.answer = ServiceError(Trouble.unreachable, "down", "GET /")
        ticket = screen.request("kibana.status")
        await until(lambda: screen.served(ticket))
        await details.looked(4)


async def test_a_detail_that_fails_does_not_make_its_service_unseen(store: Store) -> None:
    details, service = Service("kibana.details"), Service()
    details.answer = ServiceError(Trouble.off, "not offered", "GET /")
    resting = probe(details.read, "kibana.details", rests=True)
    assessment = await watching(store, resting, probe(service.read)).round()
    assert "kibana" not in assessment.verdict.headline
    assert not [finding for finding in assessment.findings if finding.check.startswith("kibana.")]
