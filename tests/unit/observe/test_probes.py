"""The probe table: complete, light, and asking for the right window."""

import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from altui.config import Settings
from altui.core.model.observed import Trouble
from altui.core.rules.seeing import PROBES
from altui.observe.probes import probes
from altui.services.errors import ServiceError
from altui.services.postgres import PostgresReader
from tests.world import at


def test_every_probe_that_the_rules_know_and_its_stage() -> None:
    table = probes(Settings(), lambda: at("2026-11-23 12:00"))
    assert {probe.id: probe.stage for probe in table if not probe.detail} == PROBES


def test_only_the_counts_of_the_warehouse_bill() -> None:
    table = probes(Settings(), lambda: at("2026-11-23 12:00"))
    assert [probe.id for probe in table if probe.cost == "bytes"] == ["bigquery.counts"]


async def test_without_settings_every_probe_is_off() -> None:
    for probe in probes(Settings(), lambda: at("2026-11-23 12:00")):
        with pytest.raises(ServiceError) as raised:
            await probe.read()
        assert raised.value.trouble is Trouble.off, probe.id


async def test_the_window_begins_its_days_before_the_clocks_today(monkeypatch: Any) -> None:
    asked: list[date] = []

    async def counts(self: PostgresReader, start: date, now: datetime) -> Any:
        assert start == now.date() - timedelta(days=90)
        asked.append(start)

    monkeypatch.setattr(PostgresReader, "counts", counts)
    moments = iter([at("2026-11-23 00:00"), at("2026-11-22 23:59")])
    table = probes(Settings(), lambda: next(moments))
    read = next(probe.read for probe in table if probe.id == "postgres.counts")
    await read()
    await read()
    assert asked == [date(2026, 8, 25), date(2026, 8, 24)]


def test_the_table_loads_no_client() -> None:
    heavy = ("google.cloud.bigquery", "elasticsearch", "httpx", "psycopg", "stamina", "numpy")
    code = f"import sys, altui.observe.probes; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"


def test_the_clients_load_no_data_frames() -> None:
    code = (
        "import asyncio, sys\n"
        "from altui.config import load\n"
        "from altui.observe.probes import probes\n"
        "from altui.services.errors import ServiceError\n"
        "from altui.clock import system_clock\n"
        "env = {'BQ_PROJECT': 'p', 'GOOGLE_APPLICATION_CREDENTIALS': 'no', 'ES_URL': 'http://127.0.0.1:1'}\n"
        "async def ask():\n"
        "    for probe in probes(load(env), system_clock):\n"
        "        try: await probe.read()\n"
        "        except ServiceError: pass\n"
        "asyncio.run(ask())\n"
        "clients = 'google.cloud.bigquery' in sys.modules and 'elasticsearch' in sys.modules\n"
        "print(clients, [m for m in ('numpy', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True []"
