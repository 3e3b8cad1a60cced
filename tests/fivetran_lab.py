"""A Fivetran simulator of its own for a test: a copier without databases, a clock that stands."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from altui.sandbox.fivetran import Fivetran
from altui.sandbox.fivetran.copier import Check, CopyError, Order, StoppedError, TableCopy
from altui.sandbox.fivetran.gate import Allowance, Gate
from altui.sandbox.fivetran.render import GROUP
from altui.sandbox.fivetran.state import Column, LogRow, Mark, Table
from altui.sandbox.processes import Children
from altui.sandbox.world import World
from tests.github_lab import NOON, FixedClock

CONNECTION = "/v1/connections/warm_lantern"
DESTINATION = f"/v1/destinations/{GROUP}"
COLUMNS = (Column("id", "INT64", key=True), Column("subject", "STRING"))
TABLES = (Table("public", "applications", COLUMNS), Table("public", "emails", COLUMNS))


class FakeCopier:
    """Does as the test says, in the thread a real one would work in."""

    def __init__(self) -> None:
        self.tables = TABLES
        self.copied: list[Order] = []
        self.started = threading.Event()
        self.released = threading.Event()
        self.held = ""
        self.refusal: CopyError | None = None
        self.log_refusal: CopyError | None = None
        self.log: list[LogRow] = []

    def hold_until_stopped(self) -> None:
        self.started.clear()
        self.held = "stopped"

    def hold_until_released(self) -> None:
        """As one that is told to stop and does not."""
        self.started.clear()
        self.released.clear()
        self.held = "released"

    def release(self) -> None:
        self.held = ""
        self.released.set()

    def copy(self, order: Order) -> None:
        self.copied.append(order)
        held = self.held
        self.started.set()
        if held == "stopped":
            order.stop.wait()
        elif held == "released":
            self.released.wait()
        if order.stop.is_set():
            raise StoppedError
        if self.refusal:
            raise self.refusal
        known = {table.source: table for table in order.tables}
        for table in self.tables:
            new = known.get(table.source, table).mark is None
            mark = Mark(xmin=100 + len(self.copied), rows=600)
            done = Table(table.schema, table.name, table.columns, mark)
            order.done.append(TableCopy(done, upserted=600 if new else 3, created=new))

    def discover(self, config: dict[str, str]) -> tuple[Table, ...]:
        if self.refusal:
            raise self.refusal
        return self.tables

    def check_source(self, tables: Sequence[Table], config: dict[str, str]) -> list[Check]:
        words = str(self.refusal) if self.refusal and self.refusal.side == "source" else ""
        return [Check("Connecting to the database", words)]

    def check_destination(self) -> list[Check]:
        words = str(self.refusal) if self.refusal and self.refusal.side == "destination" else ""
        return [Check("Connecting to BigQuery", words)]

    def append_log(self, rows: Sequence[LogRow]) -> None:
        if self.log_refusal:
            raise self.log_refusal
        self.log.extend(rows)


class Lab:
    """One simulator with its client."""

    def __init__(self, folder: Path, now: datetime = NOON, *, calls: int = 20_000) -> None:
        self.clock = FixedClock(folder / "clock.json", now)
        self.world = make_world(folder, self.clock)
        self.copier = FakeCopier()
        key, secret = self.world.fivetran_key, self.world.fivetran_secret
        gate = Gate(key, secret, self.clock.now, Allowance(calls, timedelta(hours=1)))
        self.fivetran = Fivetran(self.world, self.copier, gate=gate, stop_seconds=0)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.fivetran.app),
            base_url="http://fivetran.test",
            auth=(key, secret),
        )

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, path, **more)

    async def data(self, path: str = CONNECTION) -> dict[str, Any]:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def status(self) -> dict[str, Any]:
        return (await self.data())["status"]

    async def sync(self, **body: Any) -> None:
        """Ask for a sync and see it to its end."""
        await self.ask("POST", f"{CONNECTION}/sync", json=body)
        await self.fivetran.idle()

    async def begun(self) -> None:
        """Until the copier is at work."""
        await asyncio.to_thread(self.copier.started.wait, 10)

    async def close(self) -> None:
        self.copier.release()
        await self.fivetran.idle()
        await self.client.aclose()


def make_world(folder: Path, clock: FixedClock) -> World:
    nowhere = "http://127.0.0.1:1"
    return World(
        dir=folder,
        project_dir=folder,
        clock=clock,
        children=Children(),
        days=400,
        emails_per_day=150,
        seed=1,
        postgres_admin_dsn="",
        postgres_fivetran_dsn="postgresql://fivetran_user:pw@127.0.0.1:1/applylens",
        postgres_reader_dsn="",
        bigquery_url=nowhere,
        bigquery_engine_url=nowhere,
        bigquery_grpc="127.0.0.1:1",
        elasticsearch_url=nowhere,
        fivetran_url=nowhere,
        github_url=nowhere,
        kibana_url=nowhere,
        pagerduty_url=nowhere,
    )
