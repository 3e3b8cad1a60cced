"""The export over the living pipeline: what is in the indices is what the marts hold."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "analytics" / "export" / "export_to_es.py"
QUICK = DEFAULT_RETRY.with_timeout(10)
MARTS = {
    "mrt_risk_daily": "risk_daily",
    "mrt_parity_drift": "parity_drift",
    "mrt_backfill_slo": "backfill_slo",
}


class Bench:
    """A prefix of its own, so that the pipeline's indices stay as they are."""

    def __init__(self, env: dict[str, str]) -> None:
        self.prefix = f"export_test_{uuid.uuid4().hex[:8]}"
        self.env = env | {"ES_ANALYTICS_INDEX": self.prefix}
        self.elastic = Elasticsearch(env["ES_URL"], request_timeout=10)
        self.warehouse = bigquery.Client(
            env["BQ_PROJECT"],
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": env["BIGQUERY_EMULATOR_HOST"]},
        )
        self.marts = f"{env['BQ_DATASET']}_marts"

    def rows(self, sql: str) -> list[dict[str, Any]]:
        job = self.warehouse.query(sql, retry=QUICK, timeout=10, job_retry=None)
        return [dict(row.items()) for row in job.result(retry=QUICK, timeout=30, job_retry=None)]

    def run(self, *arguments: str, **changed: str) -> tuple[int, dict[str, int], str]:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            env=self.env | changed,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout), done.stderr

    def index(self, suffix: str) -> str:
        return f"{self.prefix}_{suffix}"

    def documents(self, suffix: str) -> dict[str, dict[str, Any]]:
        if not self.elastic.indices.exists(index=self.index(suffix)):
            return {}
        found = self.elastic.search(index=self.index(suffix), size=1000)
        return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


@pytest.fixture
def bench(sandbox) -> Iterator[Bench]:
    bench = Bench(dict(sandbox.env))
    yield bench
    for suffix in MARTS.values():
        bench.elastic.options(ignore_status=404).indices.delete(index=bench.index(suffix))
    bench.elastic.close()


@pytest.fixture
def own_marts(bench: Bench) -> Iterator[str]:
    """Marts of the test's own: three good days and one whose note is no date."""
    raw = f"export_{uuid.uuid4().hex[:8]}"
    marts = f"{raw}_marts"
    bench.warehouse.create_dataset(marts, retry=QUICK, timeout=10)
    for mart in MARTS:
        bench.rows(f"CREATE TABLE {marts}.{mart} (d DATE, emails INT64, note STRING)")
    bench.rows(
        f"INSERT INTO {marts}.mrt_risk_daily VALUES ('2026-03-01', 1, NULL), "
        "('2026-03-02', 2, 'never'), ('2026-03-03', 3, NULL), ('2026-03-04', 4, '2026-03-04')"
    )
    yield raw
    bench.warehouse.delete_dataset(marts, delete_contents=True, retry=QUICK, timeout=10)


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def same(document: object, value: object) -> bool:
    if isinstance(value, datetime):
        return datetime.fromisoformat(str(document)) == value
    return document == plain(value)


def test_the_indices_hold_what_the_marts_hold(bench: Bench):
    days = ("--start", "2000-01-01", "--end", "2100-01-01")
    code, totals, errors = bench.run(*days)
    assert (code, errors) == (0, "")
    exported = 0
    for mart, suffix in MARTS.items():
        rows = {str(row["d"]): row for row in bench.rows(f"SELECT * FROM {bench.marts}.{mart}")}
        documents = bench.documents(suffix)
        assert documents.keys() == rows.keys()
        for day, row in rows.items():
            assert documents[day].keys() == row.keys()
            wrong = {
                k: (documents[day][k], v) for k, v in row.items() if not same(documents[day][k], v)
            }
            assert wrong == {}, day
        exported += len(rows)
    assert exported > 0
    assert totals == {"total_success": exported, "total_errors": 0}


def test_twice_is_the_same_as_once(bench: Bench):
    _, first, _ = bench.run()
    once = {suffix: bench.documents(suffix) for suffix in MARTS.values()}
    code, second, _ = bench.run()
    assert (code, second) == (0, first)
    assert {suffix: bench.documents(suffix) for suffix in MARTS.values()} == once
    assert first["total_success"] == sum(map(len, once.values())) > 0


def test_only_the_days_asked_for(bench: Bench, own_marts: str):
    days = ("--start", "2026-03-03", "--end", "2026-03-04")
    code, totals, _ = bench.run(*days, BQ_DATASET=own_marts)
    assert (code, totals["total_success"]) == (0, 2)
    assert bench.documents("risk_daily").keys() == {"2026-03-03", "2026-03-04"}


def test_a_refused_document_fails_the_run_and_the_others_are_indexed(bench: Bench, own_marts: str):
    index = bench.index("risk_daily")
    bench.elastic.indices.create(index=index, mappings={"properties": {"note": {"type": "date"}}})
    days = ("--start", "2026-03-01", "--end", "2026-03-31")
    code, totals, errors = bench.run(*days, BQ_DATASET=own_marts)
    assert (code, totals) == (1, {"total_success": 3, "total_errors": 1})
    assert f"{index}: document_parsing_exception" in errors
    assert bench.documents("risk_daily").keys() == {"2026-03-01", "2026-03-03", "2026-03-04"}


def test_a_missing_mart_fails_the_run_and_the_others_are_exported(bench: Bench, own_marts: str):
    bench.rows(f"DROP TABLE {own_marts}_marts.mrt_parity_drift")
    days = ("--start", "2026-03-01", "--end", "2026-03-31")
    code, totals, errors = bench.run(*days, BQ_DATASET=own_marts)
    assert (code, totals) == (1, {"total_success": 4, "total_errors": 1})
    assert "mrt_parity_drift" in errors
    assert "dbt run" in errors


def test_read_only_changes_nothing(bench: Bench):
    code, totals, errors = bench.run(ALTUI_READ_ONLY="1")
    assert (code, totals) == (1, {"total_success": 0, "total_errors": 1})
    assert "read-only" in errors
    assert all(bench.documents(suffix) == {} for suffix in MARTS.values())
