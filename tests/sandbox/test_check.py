"""`altui check --json` over the living pipeline: every figure is what the engines say."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.living import Sandbox

WINDOW = 90


def altui(sandbox: Sandbox, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "altui", *words],
        env={**os.environ, **sandbox.env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def quiet(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The pipeline while nothing arrives at the source."""
    sandbox.do("writer", "pause")
    yield sandbox
    sandbox.do("writer", "resume")


@pytest.fixture(scope="module")
def report(quiet: Sandbox) -> dict[str, Any]:
    result = altui(quiet, "check", "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def warehouse(sandbox: Sandbox) -> bigquery.Client:
    return bigquery.Client(
        sandbox.env["BQ_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.env["BIGQUERY_EMULATOR_HOST"]},
    )


def rows(warehouse: bigquery.Client, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.query_and_wait(query)]


def by_day(report: dict[str, Any], table: str, stage: str) -> dict[date, int]:
    return {
        date.fromisoformat(row["day"]): row["counts"][stage]
        for row in report["trace"]
        if row["table"] == table and row["counts"].get(stage)
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_stage_is_ok_and_the_state_says_so(report: dict[str, Any]):
    assert {name: stage["state"] for name, stage in report["stages"].items()} == dict.fromkeys(
        ("postgres", "fivetran", "bigquery", "dbt", "elasticsearch", "kibana"), "ok"
    )
    assert (report["state"], report["verdict"]["state"], report["findings"]) == ("ok", "ok", [])


@pytest.mark.parametrize(
    ("table", "day"), [("emails", "received_at"), ("applications", "created_at")]
)
def test_the_source_is_what_psql_counts(
    quiet: Sandbox, report: dict[str, Any], table: str, day: str
):
    with psycopg.connect(quiet.env["POSTGRES_DSN"]) as connection:
        count, latest = connection.execute(
            f"SELECT count(*), max({day}) FROM {table}"
        ).fetchone() or (0, None)
        days = dict(
            connection.execute(
                f"SELECT ({day} AT TIME ZONE 'UTC')::date, count(*) FROM {table} GROUP BY 1"
            ).fetchall()
        )
    side = report["panels"]["parity"]["tables"][table]["postgres"]
    assert (side["rows"], moment(side["latest"])) == (count, latest)
    start = min(date.fromisoformat(row["day"]) for row in report["trace"])
    assert by_day(report, table, "postgres") == {
        day: number for day, number in days.items() if day >= start
    }


@pytest.mark.parametrize(
    ("table", "day"), [("emails", "received_at"), ("applications", "created_at")]
)
def test_the_warehouse_is_what_its_client_counts(
    warehouse: bigquery.Client, report: dict[str, Any], table: str, day: str
):
    raw, staging = f"public_{table}", f"stg_{table}"
    ((live, physical, latest, synced),) = rows(
        warehouse,
        f"SELECT COUNTIF(NOT _fivetran_deleted), COUNT(*), "
        f"MAX(IF(_fivetran_deleted, NULL, {day})), MAX(_fivetran_synced) FROM applylens.{raw}",
    )
    figures = report["panels"]["parity"]["tables"][table]
    side = figures["bigquery"]
    assert (side["rows"], side["physical"]) == (live, physical)
    assert (moment(side["latest"]), moment(side["synced"])) == (latest, synced)
    ((staged,),) = rows(warehouse, f"SELECT COUNT(*) FROM applylens_staging.{staging}")
    assert figures["staging"]["rows"] == staged
    assert figures["delta_rows"] == live - figures["postgres"]["rows"]
    days = dict(
        rows(
            warehouse,
            f"SELECT DATE({day}), COUNT(*) FROM applylens.{raw} "
            "WHERE NOT _fivetran_deleted GROUP BY 1",
        )
    )
    start = min(date.fromisoformat(row["day"]) for row in report["trace"])
    expected = {day: number for day, number in days.items() if day >= start}
    assert by_day(report, table, "fivetran") == expected
    assert by_day(report, table, "bigquery") == expected


@pytest.mark.parametrize("mart", ["mrt_risk_daily", "mrt_parity_drift", "mrt_backfill_slo"])
def test_marts_and_indices_are_what_the_engines_hold(
    quiet: Sandbox, warehouse: bigquery.Client, report: dict[str, Any], mart: str
):
    ((count, latest),) = rows(warehouse, f"SELECT COUNT(*), MAX(d) FROM applylens_marts.{mart}")
    figures = report["panels"]["parity"]["marts"][mart]
    assert figures == {"rows": count, "latest": latest and latest.isoformat()}
    name = f"{quiet.env['ES_ANALYTICS_INDEX']}_{mart.removeprefix('mrt_')}"
    index = report["panels"]["indices"]["indices"][mart]
    assert index["name"] == name
    found = httpx.get(f"{quiet.env['ES_URL']}/{name}/_count").json()["count"]
    assert index["documents"] == found == count
    (cat,) = httpx.get(f"{quiet.env['ES_URL']}/_cat/indices/{name}?format=json&bytes=b").json()
    assert (index["health"], index["bytes"]) == (cat["health"], int(cat["store.size"]))
    body = {"size": 1, "sort": [{"d": "desc"}]}
    newest = httpx.post(f"{quiet.env['ES_URL']}/{name}/_search", json=body).json()
    hits = newest["hits"]["hits"]
    assert index["latest"] == (hits[0]["_source"]["d"] if hits else None)


def test_the_days_of_mart_and_index_are_what_they_hold(
    quiet: Sandbox, warehouse: bigquery.Client, report: dict[str, Any]
):
    start = min(row["day"] for row in report["trace"])
    days = dict(
        rows(
            warehouse,
            f"SELECT d, emails FROM applylens_marts.mrt_risk_daily WHERE d >= DATE '{start}'",
        )
    )
    assert by_day(report, "emails", "dbt") == days
    name = f"{quiet.env['ES_ANALYTICS_INDEX']}_risk_daily"
    hits = httpx.post(
        f"{quiet.env['ES_URL']}/{name}/_search",
        json={"size": 1000, "query": {"range": {"d": {"gte": start}}}},
    ).json()["hits"]["hits"]
    stored = {date.fromisoformat(hit["_source"]["d"]): hit["_source"]["emails"] for hit in hits}
    assert by_day(report, "emails", "elasticsearch") == stored
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    assert report["panels"]["parity"]["equal_through"] == yesterday.isoformat()


def test_fivetran_and_the_workflow_are_what_their_services_say(
    quiet: Sandbox, report: dict[str, Any]
):
    env = quiet.env
    connection = httpx.get(
        f"{env['FIVETRAN_URL']}/v1/connections/{env['FIVETRAN_CONNECTION']}",
        auth=(env["FIVETRAN_API_KEY"], env["FIVETRAN_API_SECRET"]),
        headers={"accept": "application/json;version=2"},
    ).json()["data"]
    shown = report["panels"]["fivetran"]["connection"]
    assert shown["id"] == connection["id"]
    assert moment(shown["succeeded_at"]) == moment(connection["succeeded_at"])
    assert shown["sync_state"] == connection["status"]["sync_state"]
    runs = httpx.get(
        f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}"
        "/actions/workflows/analytics-sync.yml/runs?per_page=5",
        headers={"authorization": f"Bearer {env['GITHUB_TOKEN']}"},
    ).json()["workflow_runs"]
    fields = ("id", "conclusion", "status", "event")
    assert [[run[field] for field in fields] for run in report["panels"]["workflow"]["runs"]] == [
        [run[field] for field in fields] for run in runs
    ]


def test_rows_inserted_by_hand_are_a_due_difference_until_fivetran_carried_them(quiet: Sandbox):
    with psycopg.connect(quiet.env["POSTGRES_ADMIN_DSN"]) as connection:
        connection.execute(
            "INSERT INTO emails (subject) SELECT 'by hand' FROM generate_series(1, 7)"
        )
    before = json.loads(altui(quiet, "check", "--json").stdout)
    assert before["panels"]["parity"]["tables"]["emails"]["delta_rows"] == -7
    assert before["findings"] == []
    today = before["trace"][0]
    assert (today["table"], today["states"]["fivetran"]) == ("emails", "due")
    quiet.do("clock", "advance", "61m")
    after = json.loads(altui(quiet, "check", "--json").stdout)
    assert after["panels"]["parity"]["tables"]["emails"]["delta_rows"] == 0


def test_elasticsearch_down_is_broken_with_its_last_values_and_comes_back(quiet: Sandbox):
    quiet.do("engine", "stop", "elasticsearch")
    try:
        down = altui(quiet, "check", "--json")
    finally:
        quiet.do("engine", "start", "elasticsearch")
    report = json.loads(down.stdout)
    assert down.returncode == 1
    assert report["stages"]["elasticsearch"]["state"] == "broken"
    assert report["panels"]["indices"]["indices"]["mrt_risk_daily"]["documents"] > 0
    assert report["stages"]["postgres"]["state"] == "ok"
    assert altui(quiet, "check").returncode == 0
