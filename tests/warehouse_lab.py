"""The dbt project on datasets of a test's own, in the sandbox's BigQuery: the fixture `lab`
of tests/sandbox/conftest.py.

The sandbox's own tables are never touched.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

ROOT = Path(__file__).parents[1]
QUICK = DEFAULT_RETRY.with_timeout(30)
TODAY = date(2026, 3, 10)
Row = dict[str, Any]

STAMPS = dict.fromkeys(("created_at", "updated_at", "_fivetran_synced"), "TIMESTAMP")
RAW: dict[str, dict[str, str]] = {
    "public_emails": {
        **{"id": "INT64", "received_at": "TIMESTAMP", "sender": "STRING", "subject": "STRING"},
        **{"body": "STRING", "risk_score": "FLOAT64", "category": "STRING"},
        **{"expires_at": "TIMESTAMP", "features_json": "STRING"},
        **STAMPS,
        "_fivetran_deleted": "BOOL",
    },
    "public_applications": {
        **{"id": "INT64", "company": "STRING", "role": "STRING", "source": "STRING"},
        **{"status": "STRING", "user_id": "INT64"},
        **STAMPS,
        "_fivetran_deleted": "BOOL",
    },
}


@dataclass(frozen=True)
class Done:
    success: bool
    exception: str
    results: list[dict[str, str]]
    nodes: dict[str, dict[str, str]]

    def named(self, *statuses: str) -> set[str]:
        return {result["name"] for result in self.results if result["status"] in statuses}


class Lab:
    def __init__(self, url: str, project: str, folder: Path) -> None:
        self.dataset = f"lab_{uuid.uuid4().hex[:8]}"
        self.folder = folder / "dbt"
        ignored = shutil.ignore_patterns("target", "logs", "dbt_packages")
        shutil.copytree(ROOT / "analytics" / "dbt", self.folder, ignore=ignored)
        self._project = project
        self._client = bigquery.Client(
            project, credentials=AnonymousCredentials(), client_options={"api_endpoint": url}
        )
        self._client.create_dataset(self.dataset, retry=QUICK, timeout=30)
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DBT_")},
            "BQ_PROJECT": project,
            "BQ_DATASET": self.dataset,
            "BQ_STAGING_DATASET": "",
            "BQ_MARTS_DATASET": "",
            "BIGQUERY_EMULATOR_HOST": url,
        }
        self._child = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "warehouse_child.py")],
            env=environ,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def dbt(self, *args: str, env: dict[str, str] | None = None, **variables: Any) -> Done:
        """Runs one dbt command, on the project as it was last parsed."""
        quiet = ("--log-level", "none", "--log-level-file", "none", "--no-static-parser")
        where = (
            "--profiles-dir",
            ".",
            "--target",
            "dev",
            "--vars",
            json.dumps(variables, default=_text),
        )
        request = {"args": [*args, *where, *quiet, "--no-partial-parse"], "env": env or {}}
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        return Done(**json.loads(self._child.stdout.readline()))

    def query(self, sql: str) -> list[Row]:
        """Rows of a query or script; {raw}, {staging} and {marts} are the datasets."""
        names = {"staging": f"{self.dataset}_staging", "marts": f"{self.dataset}_marts"}
        text = sql.format(raw=self.dataset, **names)
        job = self._client.query(text, retry=QUICK, timeout=30, job_retry=None)
        return [dict(row) for row in job.result(retry=QUICK, timeout=60, job_retry=None)]

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        """Puts these rows, and no others, into a raw or ops table."""
        name = f"{self._project}.{self.dataset}.{table}"
        columns = RAW.get(table)
        if columns is None:
            schema = self._client.get_table(name, retry=QUICK, timeout=30).schema
        else:
            schema = [bigquery.SchemaField(*column) for column in columns.items()]
        lines = "\n".join(json.dumps(row, default=_text) for row in rows)
        config = bigquery.LoadJobConfig(
            schema=schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        )
        self._client.load_table_from_file(
            io.BytesIO(lines.encode()), name, job_config=config, timeout=30
        ).result(retry=QUICK, timeout=60)

    def columns(self, dataset: str, table: str) -> list[bigquery.SchemaField]:
        name = f"{self._project}.{self.dataset}_{dataset}.{table}"
        return list(self._client.get_table(name, retry=QUICK, timeout=30).schema)

    def close(self) -> None:
        assert self._child.stdin
        self._child.stdin.close()
        self._child.wait(10)
        for dataset in (self.dataset, f"{self.dataset}_staging", f"{self.dataset}_marts"):
            self._client.delete_dataset(
                dataset, delete_contents=True, not_found_ok=True, retry=QUICK, timeout=30
            )
        self._client.close()


def email(number: int, day: date, **given: Any) -> Row:
    """A live, scored email of this day; what differs is given."""
    at = datetime.combine(day, time(number % 24, number % 60), UTC)
    row = {
        "id": number,
        "received_at": at,
        "sender": "Ana <ana@jobs.example>",
        "subject": "Grüße",
        "body": "…",
        "risk_score": float(number * 7 % 101),
        "category": ("recruiter", "interview", "offer", "rejection", None)[number % 5],
        "expires_at": None,
        "features_json": '{"links": 2}',
        "created_at": at,
        "updated_at": at,
        "_fivetran_synced": at + timedelta(hours=1),
        "_fivetran_deleted": False,
    }
    return row | given


def application(number: int, day: date) -> Row:
    at = datetime.combine(day, time(9), UTC)
    return {
        **{"id": number, "company": "Acme", "role": "SRE", "source": None, "status": "applied"},
        **{"user_id": 7, "created_at": at, "updated_at": at, "_fivetran_synced": at},
        "_fivetran_deleted": False,
    }


def check(number: int, at: datetime, checked: int, **mismatches: int) -> Row:
    """A parity check; mismatches by field."""
    fields = dict.fromkeys(("risk_score", "expires_at", "category"), 0) | mismatches
    return {
        **{"check_id": f"c{number}", "checked_at": at, "table_name": "emails", "day": at.date()},
        **{"total_checked": checked, "total_mismatches": sum(fields.values()), "source": "altui"},
        **{f"{name}_mismatches": count for name, count in fields.items()},
    }


def backfill(number: int, at: datetime, seconds: float | None, status: str = "done") -> Row:
    ended = at + timedelta(seconds=seconds or 0)
    return {
        **{"job_id": f"j{number}", "started_at": at, "finished_at": ended, "source": "altui"},
        **{"duration_seconds": seconds, "status": status, "emails_processed": 100 * number},
        **{"start_day": at.date() - timedelta(days=9), "end_day": at.date() - timedelta(days=2)},
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
