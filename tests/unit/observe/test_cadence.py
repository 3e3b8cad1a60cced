"""The probe table against the numbers it is meant to keep: how often, how long, at what cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from altui.clock import system_clock
from altui.config import Cadence, ConfigError, GitHubSettings, Secret, Settings, load
from altui.core.model.pipeline import Workflow
from altui.observe.looking import look
from altui.observe.probes import FOR_EVER, Probe, granters, probes
from altui.services.github import GitHubReader
from tests import pipeline_lab as lab
from tests.answering import Scripted
from tests.github_lab import URL, Lab, make_world

QUARTER = 15 * 60
EVERY = {
    "postgres.server": 60,
    "postgres.counts": QUARTER,
    "fivetran.connection": 30,
    "fivetran.schemas": 300,
    "bigquery.tables": 60,
    "bigquery.counts": QUARTER,
    "github.runs": 30,
    "elasticsearch.cluster": 30,
    "elasticsearch.counts": 30,
    "elasticsearch.storage": 300,
    "kibana.status": 60,
}


def table(settings: Settings | None = None) -> dict[str, Probe]:
    return {probe.id: probe for probe in probes(settings or Settings(), system_clock)}


def test_how_often() -> None:
    assert {name: probe.every for name, probe in table().items()} == EVERY


def test_a_look_ends_before_the_next_is_due() -> None:
    assert [name for name, probe in table().items() if probe.timeout > probe.every] == []


def test_only_exact_counts_of_the_warehouse_bill() -> None:
    assert [name for name, probe in table().items() if probe.cost == "bytes"] == ["bigquery.counts"]


RESTING = ["fivetran.schemas", "elasticsearch.storage"]


def test_only_details_rest() -> None:
    assert [name for name, probe in table().items() if probe.rests] == RESTING


def test_the_log_of_an_ended_run_is_read_once_and_an_explanation_each_minute() -> None:
    granted = granters(Settings())
    assert granted["github.log"]("812/1").every == FOR_EVER
    assert granted["elasticsearch.allocation"]("a").every == 60
    assert granted["elasticsearch.sample"]("a").every == Settings().cadence.details


def test_intervals_are_settings() -> None:
    told = table(load({"ALTUI_CADENCE_GITHUB": "45", "ALTUI_CADENCE_COUNTS": "3600"}))
    assert told["github.runs"].every == 45
    assert told["postgres.counts"].every == told["bigquery.counts"].every == 3600


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Cadence)])
@pytest.mark.parametrize("value", ["0", "-1", "4"])
def test_no_interval_is_a_hammer(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load({f"ALTUI_CADENCE_{name.upper()}": value})


HOURLY = {
    # what an account of Fivetran may ask in an hour: 20,000, on trial 500
    "/ft/": 500,
    # GITHUB_TOKEN: 1,000; this server gives no ETag, with which it would be next to none
    "/gh/": 1000,
    "/kb/": 500,
    "/_": 1000,
    "/pre_": 500,
    "/bigquery/": 1500,
}


async def test_what_an_hour_costs(server: Scripted) -> None:
    """Every probe looks as often as in an hour, each look counted as the server sees it."""
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    server.script = lab.answer
    spent = dict.fromkeys(HOURLY, 0.0)
    for probe in table(lab.settings(server.url)).values():
        if probe.id.startswith("postgres."):
            continue
        await look(probe, None, system_clock)
        server.asked.clear()
        seen = await look(probe, None, system_clock)
        assert seen.error is None, seen.error
        for start in spent:
            asked = sum(path.startswith(start) for _, path in server.asked)
            spent[start] += asked * 3600 / probe.every
    assert spent["/ft/"] == 120 + 12
    assert all(spent[start] <= most for start, most in HOURLY.items()), spent


async def test_github_by_etag_costs_nothing_on_the_simulator(tmp_path: Any) -> None:
    simulated = Lab(make_world(tmp_path, datetime(2026, 11, 23, 12, tzinfo=UTC)))
    await simulated.github.seed()
    await simulated.failed()
    settings = GitHubSettings(
        URL, Secret(simulated.world.github_token), simulated.world.github_repository
    )
    transport = httpx.ASGITransport(simulated.github.app)
    reader = GitHubReader(settings, Workflow(), 5.0, lambda: transport)
    rate = simulated.github.app.state.gate.rates["token"]
    first = await reader.runs()
    spent = rate.used
    assert spent > 0
    for _ in range(20):
        assert await reader.runs() == first
    assert rate.used == spent
    assert rate.reset - simulated.world.clock.now() <= timedelta(hours=1)
    await simulated.close()
