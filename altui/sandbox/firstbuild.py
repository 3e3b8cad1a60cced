"""The first build of a sandbox: ops history, every mart day, tests, export.

`python -m altui.sandbox.firstbuild` imports dbt and parses the project while the engines start,
and prints `ready`. The line `go YYYY-MM-DD` on stdin then says which day the build takes for today.
What has been done is printed line by line; what failed stands on stderr, with exit code 1.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from altui.sandbox.opsseed import Row, ops_rows

SECONDS = 60.0
"""The longest one load of history may take."""
EXPORT_NEEDS = ("google.cloud.bigquery", "elasticsearch")
Environment = dict[str, str]


class Dbt:
    """dbt with the project parsed once; models see the vars of each call."""

    def __init__(self, project: Path, logs: Path) -> None:
        # Nothing here needs them, and without them the adapter is imported in half the time.
        for unwanted in ("pandas", "pyarrow"):
            cast(dict[str, Any], sys.modules)[unwanted] = None
        from dbt.cli.main import dbtRunner

        self._new: Any = dbtRunner
        self._options = [
            *("--project-dir", str(project), "--profiles-dir", str(project), "--target", "dev"),
            "--no-static-parser",
        ]
        self._global = [
            *("--log-level", "none", "--log-level-file", "info", "--log-path", str(logs)),
            *("--no-use-colors-file", "--no-write-json", "--no-send-anonymous-usage-stats"),
        ]
        self._manifest: Any = None
        self._manifest = self.run("parse")

    def run(self, *command: str, **variables: str) -> Any:
        """The command's result. SystemExit with dbt's words when it failed."""
        arguments = [*self._global, *command, *self._options, "--vars", json.dumps(variables)]
        done = self._new(manifest=self._manifest).invoke(arguments)
        if not done.success:
            sys.exit("\n".join(_failures(done)))
        return done.result


def main() -> None:
    environ = dict(os.environ)
    project = Path(environ["SANDBOX_PROJECT_DIR"])
    dbt = Dbt(project / "analytics" / "dbt", Path(environ["SANDBOX_DIR"]) / "log" / "firstbuild")
    export = _waiting_export(project / "analytics" / "export" / "export_to_es.py")
    _say("ready")
    words = sys.stdin.readline().split()
    if words[:1] != ["go"]:
        sys.exit(f"expected `go YYYY-MM-DD`, got {' '.join(words)!r}")
    today = date.fromisoformat(words[1])
    first, last = today - timedelta(days=int(environ["SANDBOX_DAYS"])), today - timedelta(days=1)
    dbt.run("run-operation", "create_ops_tables")
    _seed_ops(environ, first, last)
    built = dbt.run("build", today=today.isoformat(), start=first.isoformat())
    _say(_summary(built))
    _export(export, first, last)


def _seed_ops(environ: Environment, first: date, last: date) -> None:
    """Fills the ops tables, which hold nothing else yet; a second first build fills them anew."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    checks, jobs = ops_rows(first, last, int(environ["SANDBOX_SEED"]))
    client = bigquery.Client(
        environ["BQ_PROJECT"],
        credentials=AnonymousCredentials(),  # pyright: ignore[reportNoUntypedCall]
        client_options={"api_endpoint": environ["BIGQUERY_EMULATOR_HOST"]},
    )
    dataset = f"{environ['BQ_PROJECT']}.{environ['BQ_DATASET']}"
    _load(client, f"{dataset}.ops_parity_checks", checks)
    _load(client, f"{dataset}.ops_backfill_jobs", jobs)
    client.close()
    _say(f"ops history (seeded): {len(checks)} parity checks, {len(jobs)} backfills")


def _load(client: Any, table: str, rows: Sequence[Row]) -> None:
    if not rows:  # a short history has no backfills, and the emulator takes no empty upload
        return
    from google.cloud import bigquery
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    lines = "\n".join(json.dumps(row, default=str) for row in rows)
    if not lines:
        return  # nothing can be uploaded
    retry = DEFAULT_RETRY.with_timeout(SECONDS)
    job = client.load_table_from_file(
        io.BytesIO(lines.encode()),
        table,
        num_retries=0,
        timeout=SECONDS,
        job_config=bigquery.LoadJobConfig(
            schema=client.get_table(table, retry=retry, timeout=SECONDS).schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        ),
    )
    job.result(retry=retry, timeout=SECONDS)


def _waiting_export(script: Path) -> "subprocess.Popen[str]":
    """The export's process, which imports what it needs while dbt works."""
    return subprocess.Popen(
        [sys.executable, "-m", "altui.sandbox.later", str(script), *EXPORT_NEEDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _export(process: "subprocess.Popen[str]", first: date, last: date) -> None:
    said, errors = process.communicate(f"--start {first} --end {last}\n")
    if process.returncode != 0:
        sys.exit(f"export: exit code {process.returncode}: {errors.strip() or said.strip()}")
    _say(f"export: {json.loads(said)['total_success']} documents")


def _summary(result: Any) -> str:
    kinds = [str(node.node.resource_type) for node in result.results]
    return f"dbt: {kinds.count('model')} models built, {kinds.count('test')} tests passed"


def _failures(done: Any) -> list[str]:
    """What dbt says, node by node; its exception when it did not come to nodes."""
    if done.exception is not None:
        return [f"dbt: {done.exception}"]
    return [
        f"dbt: {node.node.name}: {node.message}"
        for node in getattr(done.result, "results", [])
        if node.status in {"error", "fail", "runtime error"}
    ] or ["dbt: failed without a word"]


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
