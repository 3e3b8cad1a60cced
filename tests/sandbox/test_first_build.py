"""What a new sandbox's first build leaves behind, and what it says when it cannot."""

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.living import Sandbox

pytestmark = pytest.mark.sandbox

MARTS = {"risk_daily": 40, "parity_drift": None, "backfill_slo": None}


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[bigquery.Client]:
    made = bigquery.Client(
        sandbox.env["BQ_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.env["BIGQUERY_EMULATOR_HOST"]},
    )
    yield made
    made.close()


def rows(client: bigquery.Client, sql: str) -> list[dict[str, object]]:
    return [dict(row) for row in client.query(sql).result(timeout=30)]


@pytest.fixture
def empty(client: bigquery.Client) -> Iterator[str]:
    """A dataset without the tables of the source."""
    name = f"empty_{uuid.uuid4().hex[:8]}"
    client.create_dataset(name, timeout=30)
    yield name
    for dataset in (name, f"{name}_staging", f"{name}_marts"):
        client.delete_dataset(dataset, delete_contents=True, not_found_ok=True, timeout=30)


@pytest.mark.parametrize(
    ("table", "moment"), [("ops_parity_checks", "checked_at"), ("ops_backfill_jobs", "started_at")]
)
def test_history_before_the_sandbox_is_marked_as_seeded(
    sandbox: Sandbox, client: bigquery.Client, table: str, moment: str
):
    today = sandbox.status()["now"][:10]
    found = rows(
        client,
        f"SELECT DISTINCT source FROM applylens.{table} WHERE {moment} < TIMESTAMP '{today}'",
    )
    assert found == [{"source": "seed"}]


@pytest.mark.parametrize("suffix", MARTS)
def test_every_day_of_the_mart_is_in_the_index(
    sandbox: Sandbox, client: bigquery.Client, suffix: str
):
    days = {str(row["d"]) for row in rows(client, f"SELECT d FROM applylens_marts.mrt_{suffix}")}
    url = f"{sandbox.env['ES_URL']}/analytics_applylens_{suffix}/_search?size=1000"
    with urllib.request.urlopen(url, timeout=10) as answer:
        documents = json.load(answer)["hits"]["hits"]
    assert days
    assert {document["_id"] for document in documents} == days
    assert len(days) == (MARTS[suffix] or len(days))


def test_it_says_what_failed(sandbox: Sandbox, empty: str, tmp_path: Path):
    environ = {
        **os.environ,
        **sandbox.env,
        "BQ_DATASET": empty,
        "SANDBOX_PROJECT_DIR": str(sandbox.dir / "project"),
        "SANDBOX_DAYS": "3",
        "SANDBOX_SEED": "1",
        "SANDBOX_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "altui.sandbox.firstbuild"],
        input="go 2026-01-03\n",
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("ready\n")
    assert "export:" not in done.stdout
    assert "dbt: stg_emails: " in done.stderr
    assert f"{empty}.public_emails was not found" in done.stderr
