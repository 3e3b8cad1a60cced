"""The observer survives every answer a service can give, and asks again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from altui.core.model.health import Assessment, StageId, VerdictState
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Connection, Counts, Reading
from altui.observe.looking import pause
from altui.observe.observer import Observer, ended
from altui.observe.probes import Probe
from altui.services.errors import ServiceError
from altui.store.store import Store
from tests.healthy_world import EVERY, HealthyWorld
from tests.world import at, healthy

NOON = at("2026-11-23 12:00")
WORLD = healthy(NOON)


def value(probe: str) -> Reading:
    found = WORLD.observations[probe].value
    assert found is not None
    return found


def probe(
    read: Callable[[], Awaitable[Reading]],
    name: str = "kibana.status",
    every: float = 30.0,
    cost: str = "free",
) -> Probe:
    return Probe(name, StageId.kibana, every, 0.05, cost, read)


async def answers() -> Reading:
    return value("kibana.status")


async def test_a_round_looks_at_everything_once_and_stores_what_came(tmp_path: Path):
    store = Store.open(tmp_path)

    def of(name: str) -> Probe:
        async def read() -> Reading:
            return value(name)

        return probe(read, name)

    observer = Observer([*map(of, WORLD.observations)], Pipeline(), store, lambda: NOON, 10 << 30)
    assessment = await observer.round()
    assert assessment.findings == ()
    assert set(store.snapshot(NOON).observations) == set(WORLD.observations)
    assert store.assessment() == assessment


async def test_the_days_byte_budget_stops_queries_that_bill(tmp_path: Path):
    store = Store.open(tmp_path)
    asked = 0

    async def read() -> Reading:
        nonlocal asked
        asked += 1
        store.bill(NOON.date(), 10 << 20)
        return value("bigquery.counts")

    counting = probe(read, "bigquery.counts", cost="bytes")
    observer = Observer([counting], Pipeline(), store, lambda: NOON, 15 << 20)
    for _ in range(4):
        await observer.round()
    assert asked == 2
    seen = store.snapshot(NOON).observations["bigquery.counts"]
    assert seen.value == value("bigquery.counts"), "the last exact counts stay"
    assert seen.error is not None
    assert seen.error.trouble is Trouble.budget
    assert seen.error.words == "today's 15 MiB are spent, next at 00:00Z"
    assert pause(counting, seen) == counting.every, "it is our own limit, not a failure to retry"


async def test_a_budget_of_nothing_asks_nothing_even_the_first_time(tmp_path: Path):
    store = Store.open(tmp_path)
    counting = probe(answers, "bigquery.counts", cost="bytes")
    await Observer([counting], Pipeline(), store, lambda: NOON, 0).round()
    seen = store.snapshot(NOON).observations["bigquery.counts"]
    assert (seen.value, seen.error and seen.error.trouble) == (None, Trouble.budget)


async def test_who_asks_gets_a_whole_reading(tmp_path: Path):
    store, screen = Store.open(tmp_path), Store.open(tmp_path)
    forgotten: list[str] = []
    asking = replace(probe(answers, every=3600), forget=lambda: forgotten.append("all"))
    observer = Observer([asking], Pipeline(), store, lambda: NOON, 0)
    running = asyncio.create_task(observer.run())
    ticket = screen.request()
    async with asyncio.timeout(5):
        while not screen.served(ticket):  # noqa: ASYNC110 - what another process would see
            await asyncio.sleep(0.01)
    assert forgotten == ["all"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_request_is_served_after_a_look_that_began_after_it(tmp_path: Path):
    store, screen = Store.open(tmp_path), Store.open(tmp_path)
    looks = 0
    looked = asyncio.Event()

    async def read() -> Reading:
        nonlocal looks
        looks += 1
        looked.set()
        return value("kibana.status")

    observer = Observer([probe(read, every=3600)], Pipeline(), store, lambda: NOON, 0)
    running = asyncio.create_task(observer.run())
    await asyncio.wait_for(looked.wait(), 5)
    ticket = screen.request()
    async with asyncio.timeout(5):
        while not screen.served(ticket):  # noqa: ASYNC110 - what another process would see
            await asyncio.sleep(0.01)
    assert looks == 2
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_the_end_of_a_sync_or_a_run_makes_counts_worth_reading():
    connection = WORLD.observations["fivetran.connection"]
    assert not ended(connection, connection)
    later = healthy(NOON + timedelta(hours=1)).observations["fivetran.connection"]
    assert isinstance(later.value, Connection)
    assert ended(connection, later)
    runs = WORLD.observations["github.runs"]
    tomorrow = healthy(NOON + timedelta(days=1)).observations["github.runs"]
    assert ended(runs, tomorrow)
    counts = WORLD.observations["bigquery.counts"]
    assert isinstance(counts.value, Counts)
    assert not ended(counts, counts)


async def assessed(store: Store, holds: Callable[[Assessment], bool]) -> Assessment:
    """The first assessment in the store of which that is true."""
    async with asyncio.timeout(5):
        while (seen := store.assessment()) is None or not holds(seen):  # noqa: ASYNC110 - by poll
            await asyncio.sleep(0.01)
    return seen


async def test_an_observer_that_wakes_after_hours_asks_everything_before_it_calls_anything_late(
    tmp_path: Path,
):
    """The host slept through the night; the first assessment is made before any new answer."""
    world = HealthyWorld(7, at("2026-11-22 00:00").date(), at("2026-11-23 00:00").date())
    now, morning = at("2026-11-22 22:10"), at("2026-11-23 06:12")
    store = Store.open(tmp_path)
    asked = asyncio.Event()
    answering = asyncio.Event()

    def of(name: str) -> Probe:
        async def read() -> Reading:
            asked.set()
            await answering.wait()
            found = world.snapshot(now).observations[name].value
            assert found is not None
            return found

        return Probe(name, StageId.kibana, EVERY[name], 30, "free", read)

    observer = Observer([*map(of, EVERY)], Pipeline(), store, lambda: now, 0)
    answering.set()
    assert (await observer.round()).findings == ()
    answering.clear()
    asked.clear()
    running = asyncio.create_task(observer.run())
    await asyncio.wait_for(asked.wait(), 5)
    now = morning
    woken = await assessed(store, lambda seen: seen.at == morning)
    assert woken.findings == ()
    assert woken.verdict.state is VerdictState.stale
    answering.set()
    woken = await assessed(store, lambda seen: seen.verdict.state is not VerdictState.stale)
    assert (woken.findings, woken.verdict.state) == ((), VerdictState.ok)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_kibana_is_asked_at_once_when_elasticsearch_answers_again(tmp_path: Path):
    """It was unavailable for that reason alone, and would be shown as broken until its turn."""
    down = True
    refused, looked = asyncio.Event(), asyncio.Semaphore(0)

    async def elastic() -> Reading:
        if down:
            refused.set()
            raise ServiceError(Trouble.unreachable, "refused", "GET /")
        return value("elasticsearch.cluster")

    async def kibana() -> Reading:
        looked.release()
        return value("kibana.status")

    table = [probe(elastic, "elasticsearch.cluster", 3600), probe(kibana, every=3600)]
    screen = Store.open(tmp_path)
    observer = Observer(table, Pipeline(), Store.open(tmp_path), lambda: NOON, 0)
    running = asyncio.create_task(observer.run())
    await asyncio.wait_for(refused.wait(), 5)
    await asyncio.wait_for(looked.acquire(), 5)
    down = False
    screen.request("elasticsearch.cluster")
    await asyncio.wait_for(looked.acquire(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
