"""The first build of a new sandbox: ops history, models, tests, export.

A program of its own, so that dbt is imported while the engines still start: it says `ready`, waits
for a line `go YYYY-MM-DD` (the day of the nightly run whose work this stands for) and works.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

BLOCKED = ("pandas", "pyarrow", "numpy")
"""Imported by Google's and dbt's clients where present, never needed here, and slow."""
BACKFILL_EVERY = 9
CHECKED_SHARE = 0.9


def main() -> int:
    for name in BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment] - makes the import fail at once
    project = Path(os.environ["SANDBOX_PROJECT_DIR"])
    from dbt.cli.main import dbtRunner

    runner: Any = dbtRunner()
    where = _where(project)
    if not _succeeded(runner.invoke(["parse", *where])):
        return 1
    _say("ready")
    word, _, day = sys.stdin.readline().strip().partition(" ")
    if word != "go":
        return 1
    if not _succeeded(runner.invoke(["run-operation", "create_ops_tables", *where])):
        return 1
    _write_history(date.fromisoformat(day))
    variables = json.dumps({"today": day})
    if not _succeeded(runner.invoke(["build", *where, "--vars", variables])):
        return 1
    _say("models built and tested")
    return _export(project, day)


def _where(project: Path) -> list[str]:
    place = str(project / "analytics" / "dbt")
    logs = str(Path(os.environ["SANDBOX_DIR"]) / "log")
    return [
        *("--project-dir", place, "--profiles-dir", place, "--target", "ci"),
        *("--log-path", logs, "--log-level", "warn"),
    ]


def _succeeded(result: Any) -> bool:
    if result.success:
        return True
    sys.stderr.write(f"{result.exception or 'dbt failed'}\n")
    for node in result.result or ():
        if str(node.status) in {"error", "fail"}:
            sys.stderr.write(f"{node.node.name}: {node.message}\n")
    return False


def _export(project: Path, day: str) -> int:
    """Runs the project's own export program over the whole history."""
    start = date.fromisoformat(day) - timedelta(days=int(os.environ["SANDBOX_DAYS"]) + 1)
    script = project / "analytics" / "export" / "export_to_es.py"
    command = [sys.executable, str(script), "--start", start.isoformat()]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    _say(f"exported {done.stdout.strip()}")
    return done.returncode


def _write_history(today: date) -> None:
    """Verifications of most days and a backfill now and then, all marked as seeded."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    project = os.environ["BQ_PROJECT"]
    client = bigquery.Client(
        project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": os.environ["BIGQUERY_EMULATOR_HOST"]},
    )
    dataset = f"{project}.{os.environ['BQ_DATASET']}"
    dice = random.Random(f"{os.environ['SANDBOX_SEED']}/ops")
    first = today - timedelta(days=int(os.environ["SANDBOX_DAYS"]))
    history: dict[str, Iterator[dict[str, Any]]] = {
        "ops_parity_checks": _checks(first, today, dice),
        "ops_backfill_jobs": _backfills(first, today, dice),
    }
    for table, rows in history.items():
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            schema=client.get_table(f"{dataset}.{table}", timeout=20).schema,
        )
        job: Any = client.load_table_from_json(
            list(rows), f"{dataset}.{table}", job_config=config, timeout=20
        )
        job.result(timeout=30)


def _checks(first: date, today: date, dice: random.Random) -> Iterator[dict[str, Any]]:
    for offset in range((today - first).days):
        day = first + timedelta(days=offset)
        if dice.random() > CHECKED_SHARE:
            continue
        scores = dice.choices((0, 1), (97, 3))[0]
        yield {
            "check_id": f"seed-{day}",
            "checked_at": _at(day, 6, dice),
            "day": (day - timedelta(days=1)).isoformat(),
            "total_checked": dice.randint(120, 190),
            "risk_score_mismatches": scores,
            "expires_at_mismatches": 0,
            "category_mismatches": 0,
            "total_mismatches": scores,
            "source": "seed",
        }


def _backfills(first: date, today: date, dice: random.Random) -> Iterator[dict[str, Any]]:
    for offset in range(0, (today - first).days, BACKFILL_EVERY):
        day = first + timedelta(days=offset)
        seconds = round(dice.uniform(60, 290), 1)
        began = datetime.fromisoformat(_at(day, 9, dice))
        yield {
            "job_id": f"seed-{day}",
            "started_at": began.isoformat(),
            "finished_at": (began + timedelta(seconds=seconds)).isoformat(),
            "duration_seconds": seconds,
            "status": "done",
            "emails_processed": dice.randint(900, 1200),
            "start_day": (day - timedelta(days=7)).isoformat(),
            "end_day": (day - timedelta(days=1)).isoformat(),
            "source": "seed",
        }


def _at(day: date, hour: int, dice: random.Random) -> str:
    return datetime.combine(day, time(hour, dice.randint(0, 59)), UTC).isoformat()


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
