"""What the reading adapter makes of a real server, against what the server says itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from altui.config import Settings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Cluster, Counts, Index
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.elasticsearch_writer import Document, ElasticsearchWriter
from altui.services.errors import ServiceError
from altui.services.permit import permit
from tests.real.conftest import OURS, Real

RISK, PARITY, SLO = (f"analytics_applylens_{mart.index}" for mart in Pipeline().marts)
LAST = date(2026, 11, 22)
DAYS = [LAST - timedelta(days=back) for back in range(40)]
START = date(2026, 10, 24)
"""Within DAYS: some documents are older than the window."""


@pytest.fixture
async def filled(real: Real) -> AsyncIterator[Real]:
    """Forty days of risk, three of parity; nothing was ever written to the third index."""
    await real.fill(RISK, [{"d": f"{day}", "emails": 100 + day.day} for day in DAYS])
    await real.fill(PARITY, [{"d": f"{day}", "total_checked": 5000} for day in DAYS[4:7]])
    yield real


def reader(real: Real, seconds: float = 8.0) -> ElasticsearchReader:
    return ElasticsearchReader(real.settings, Pipeline(), seconds)


async def block(real: Real, index: str, name: str) -> None:
    await real.ask(f"/{index}/_settings", {f"index.blocks.{name}": True}, "PUT")


async def indices_as_said(real: Real) -> dict[str, Index]:
    columns = "health,status,index,docs.count,store.size"
    listed = await real.ask(f"/_cat/indices/{OURS}?format=json&bytes=b&h={columns}")
    return {
        row["index"]: Index(
            name=row["index"],
            health=row["health"],
            status=row["status"],
            docs=int(row["docs.count"] or 0),
            bytes=int(row["store.size"] or 0),
        )
        for row in listed
    }


def listed(seen: Cluster) -> dict[str, Index]:
    """Of each index only what `_cat/indices` says."""
    more = {"aliases": (), "dynamic": "", "fields": None, "lifecycle": None}
    return {name: replace(index, **more) for name, index in seen.indices.items()}


async def days_as_said(real: Real, index: str, field: str | None = None) -> dict[date, int]:
    """Day by day from the documents themselves, without an aggregation."""
    hits = (await real.ask(f"/{index}/_search?size=1000"))["hits"]["hits"]
    found = {date.fromisoformat(hit["_source"]["d"]): hit["_source"] for hit in hits}
    return {day: one[field] if field else 1 for day, one in found.items() if day >= START}


async def test_the_cluster(filled: Real):
    before = await indices_as_said(filled)
    seen = await reader(filled).cluster()
    # the server works the size on disk out anew every few seconds
    assert listed(seen) in (before, await indices_as_said(filled))
    assert {name: index.docs for name, index in seen.indices.items()} == {RISK: 40, PARITY: 3}
    health = await filled.ask("/_cluster/health")
    assert (seen.name, seen.status) == (health["cluster_name"], health["status"])
    assert seen.nodes == health["number_of_nodes"] == 1
    assert seen.unassigned == health["unassigned_shards"] == 0
    assert seen.template is True


async def test_a_template_that_is_not_there(filled: Real):
    await filled.ask("/_index_template/analytics_applylens", method="DELETE")
    assert (await reader(filled).cluster()).template is False


async def test_a_shard_without_a_node_is_red_and_its_index_is_not_counted(filled: Real):
    nowhere = {"settings": {"index.routing.allocation.require._name": "nobody"}}
    await filled.ask(f"/{SLO}?wait_for_active_shards=0", nowhere, "PUT")
    seen = await reader(filled).cluster()
    assert (seen.status, seen.unassigned) == ("red", 1)
    assert (seen.indices[SLO].health, seen.indices[RISK].health) == ("red", "green")
    with pytest.raises(ServiceError) as raised:
        await reader(filled).counts(START)
    assert raised.value.trouble == Trouble.refused
    assert raised.value.where == f"POST /_msearch, {SLO}"
    assert raised.value.words.startswith("503 no_shard_available_action_exception")


async def test_the_flood_stages_block_shows(filled: Real):
    await block(filled, RISK, "read_only_allow_delete")
    await block(filled, PARITY, "write")
    seen = await reader(filled).cluster()
    assert seen.indices[RISK].blocks == ("read_only_allow_delete",)
    assert seen.indices[PARITY].blocks == ("write",)
    counted = await reader(filled).counts(START)
    assert counted.series["index.mrt_risk_daily"].rows == len(DAYS), "a block is on writing alone"


async def test_counts(filled: Real):
    seen = await reader(filled).counts(START)
    risk, parity = seen.series["index.mrt_risk_daily"], seen.series["index.mrt_parity_drift"]
    assert risk.rows == (await filled.ask(f"/{RISK}/_count"))["count"] == len(DAYS)
    assert risk.by_day == await days_as_said(filled, RISK, "emails")
    assert len(risk.by_day) == 30
    assert risk.latest == datetime(2026, 11, 22, tzinfo=UTC)
    assert parity.rows == (await filled.ask(f"/{PARITY}/_count"))["count"] == 3
    assert parity.by_day == await days_as_said(filled, PARITY)
    assert parity.latest == datetime(2026, 11, 18, tzinfo=UTC)


async def test_an_index_that_is_not_there_is_missing_in_the_servers_words(filled: Real):
    seen = await reader(filled).counts(START)
    error = (await filled.http.get(f"/{SLO}/_search")).json()["error"]
    assert seen.missing == {"index.mrt_backfill_slo": f"{error['type']}: {error['reason']}"}
    assert "index.mrt_backfill_slo" not in seen.series


async def test_an_index_without_documents_has_no_newest_day(filled: Real):
    await filled.ask(f"/{SLO}", {}, "PUT")
    empty = (await reader(filled).counts(START)).series["index.mrt_backfill_slo"]
    assert (empty.rows, empty.latest, empty.by_day) == (0, None, {})


async def test_a_closed_index(filled: Real):
    await filled.ask(f"/{PARITY}/_close", method="POST")
    seen = await reader(filled).cluster()
    assert seen.indices[PARITY].status == "close"
    assert listed(seen) == await indices_as_said(filled)
    with pytest.raises(ServiceError) as raised:
        await reader(filled).counts(START)
    assert raised.value.trouble == Trouble.refused
    assert raised.value.error.where == f"POST /_msearch, {PARITY}"
    assert raised.value.words == "400 index_closed_exception: closed"


async def test_more_documents_than_a_search_counts_by_itself(real: Real):
    """Elasticsearch stops counting hits at 10,000 unless told otherwise."""
    lines = "".join(f'{{"index":{{}}}}\n{{"d":"{LAST}"}}\n' for _ in range(10_001))
    kind = {"content-type": "application/x-ndjson"}
    answer = await real.http.post(f"/{PARITY}/_bulk?refresh=true", content=lines, headers=kind)
    assert answer.json()["errors"] is False
    seen = (await reader(real).counts(START)).series["index.mrt_parity_drift"]
    assert (seen.rows, seen.by_day) == (10_001, {LAST: 10_001})


async def test_a_server_that_hangs_is_unreachable_in_time_and_back_by_itself(filled: Real):
    reading = reader(filled, seconds=1)
    before = await reading.counts(START)
    assert filled.engine.pid is not None
    os.killpg(filled.engine.pid, signal.SIGSTOP)
    try:
        assert await trouble(reading) == Trouble.unreachable
    finally:
        os.killpg(filled.engine.pid, signal.SIGCONT)
    await filled.ask("/_cluster/health")
    assert await heard(reading) == before


async def heard(reading: ElasticsearchReader) -> Counts:
    """What it says as soon as its question to the hanging server has ended."""
    async with asyncio.timeout(15):
        while True:
            try:
                return await reading.counts(START)
            except ServiceError:
                await asyncio.sleep(0.02)


async def test_a_killed_server_is_unreachable_in_time_and_back_by_itself(filled: Real):
    reading = reader(filled)
    before = await reading.counts(START)
    writer = ElasticsearchWriter(permit(Settings()), filled.settings)
    assert filled.engine.pid is not None
    os.killpg(filled.engine.pid, signal.SIGKILL)
    try:
        assert await trouble(reading) == Trouble.unreachable
        with pytest.raises(ServiceError) as raised:
            async with asyncio.timeout(20):
                await asyncio.to_thread(writer.index, RISK, [Document("1", b'{"d":"2026-11-22"}')])
        assert raised.value.trouble == Trouble.unreachable
        assert raised.value.where == f"POST /{RISK}/_bulk"
    finally:
        writer.close()
        await filled.engine.stop()
        await filled.engine.start(within=90)
    assert await reading.counts(START) == before


async def trouble(reading: ElasticsearchReader) -> Any:
    """What both readings say is wrong; a test fails that waits for them much beyond their time."""
    seen: list[Any] = []
    async with asyncio.timeout(10):
        for ask in (reading.cluster(), reading.counts(START)):
            with pytest.raises(ServiceError) as raised:
                await ask
            seen.append(raised.value.trouble)
    assert seen[0] == seen[1]
    return seen[0]
