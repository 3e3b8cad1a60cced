"""The lines that `why` gives out, run as they are in a shell against the living pipeline."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from altui.config import Settings, load
from altui.core.model.observed import Observation
from altui.core.model.reading import Counts
from altui.core.present.commands import COMMANDS, KEYED, command
from altui.core.present.view import Facts, View, view
from altui.store.store import Store
from altui.tui.feed import addresses
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox

WHOLE = sorted(set(COMMANDS) - KEYED)


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox) -> Settings:
    return load(sandbox.env)


@pytest.fixture(scope="module")
def seen(sandbox: Sandbox, settings: Settings) -> Iterator[View]:
    """What `altui check` has just read."""
    words = [sys.executable, "-m", "altui", "check", "--fresh", "--json"]
    environ = {**os.environ, **sandbox.env}
    result = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    store = Store.open(settings.directory)
    made = store.assessment()
    assert made is not None
    snapshot = store.snapshot(made.at)
    store.close()
    facts = Facts("sandbox", addresses=addresses(settings))
    yield view(snapshot, made, settings.pipeline, made.at, facts)


def shell(sandbox: Sandbox, text: str, directory: Path) -> str:
    """What an engineer's shell prints, in which the credentials are set and nothing else is."""
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **sandbox.env}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env=environ,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), text
    return ran.stdout


def a_reading(seen: View, probe: str) -> Observation:
    found = seen.observation(probe)
    assert found is not None and found.error is None, probe
    return found


def test_the_programs_are_there():
    assert [name for name in ("psql", "curl") if shutil.which(name) is None] == []


@pytest.mark.parametrize("probe", WHOLE)
def test_every_line_is_answered(probe: str, seen: View, sandbox: Sandbox, tmp_path: Path):
    said = shell(sandbox, command(seen, probe), tmp_path)
    assert said.strip()
    assert not re.search(r'"status" ?: ?[45]\d\d\b|Unauthorized|not found', said), said[:500]


def test_psql_counts_what_altui_counted(seen: View, sandbox: Sandbox, tmp_path: Path):
    counts = a_reading(seen, "postgres.counts").value
    assert isinstance(counts, Counts)
    text = command(seen, "postgres.counts").replace("psql -X", "psql -X -t -A -F '|'")
    rows = [row.split("|") for row in shell(sandbox, text, tmp_path).splitlines() if "|" in row]
    by_day = {(row[0], row[1]): int(row[2]) for row in rows}
    oldest = {name: min(series.by_day) for name, series in counts.series.items()}
    for name, series in counts.series.items():
        day = oldest[name]  # a writer may be at work on the newest ones
        assert by_day[name, day.isoformat()] == series.by_day[day]


def test_curl_counts_the_documents_that_altui_counted(seen: View, sandbox: Sandbox, tmp_path: Path):
    counts = a_reading(seen, "elasticsearch.counts").value
    assert isinstance(counts, Counts)
    said = json.loads(shell(sandbox, command(seen, "elasticsearch.counts"), tmp_path))
    totals = [one["hits"]["total"]["value"] for one in said["responses"] if "hits" in one]
    assert totals == [series.rows for series in counts.series.values()]


def test_curl_counts_the_rows_that_altui_counted_in_bigquery(
    seen: View, sandbox: Sandbox, tmp_path: Path
):
    counts = a_reading(seen, "bigquery.counts").value
    assert isinstance(counts, Counts)
    said = json.loads(shell(sandbox, command(seen, "bigquery.counts"), tmp_path))
    assert said["jobComplete"]
    rows = [[cell["v"] for cell in row["f"]] for row in said["rows"]]
    by_day = {(row[0], row[1]): int(row[2]) for row in rows}
    for name, series in counts.series.items():
        for day in sorted(series.by_day)[:1]:  # a sync may be at work on the newest ones
            assert by_day[name, day.isoformat()] == series.by_day[day]


def test_fivetran_says_what_altui_read(seen: View, sandbox: Sandbox, tmp_path: Path):
    connection = seen.look.connection
    assert connection is not None
    said = json.loads(shell(sandbox, command(seen, "fivetran.connection"), tmp_path))["data"]
    assert (said["id"], said["schema"]) == (connection.id, connection.schema)
    assert datetime.fromisoformat(said["succeeded_at"]).astimezone(UTC) >= connection.created_at


def test_jobs_and_log_of_a_run(seen: View, sandbox: Sandbox, tmp_path: Path):
    assert seen.look.runs is not None
    run = seen.look.runs.runs[0]
    key = f"{run.id}/{run.attempt}"
    said = json.loads(shell(sandbox, command(seen, f"github.jobs:{key}"), tmp_path))
    assert said["jobs"][0]["run_id"] == run.id
    shell(sandbox, command(seen, f"github.log:{key}"), tmp_path)
    with zipfile.ZipFile(tmp_path / f"run-{run.id}-{run.attempt}.zip") as files:
        assert files.namelist()


def test_the_newest_document_of_an_index(seen: View, sandbox: Sandbox, tmp_path: Path):
    said = json.loads(shell(sandbox, command(seen, "elasticsearch.sample:risk_daily"), tmp_path))
    (hit,) = said["hits"]["hits"]
    documents = seen.look.documents
    assert documents is not None
    newest = documents.series["index.mrt_risk_daily"].latest
    assert newest is not None
    assert hit["_source"]["d"][:10] == newest.date().isoformat()


def test_no_line_holds_a_credential(seen: View, sandbox: Sandbox):
    names = ("POSTGRES_DSN", "FIVETRAN_API_KEY", "FIVETRAN_API_SECRET", "GITHUB_TOKEN")
    secrets = [sandbox.env[name] for name in (*names, "KIBANA_API_KEY")]
    for probe in COMMANDS:
        text = command(seen, f"{probe}:1/1" if probe in KEYED else probe)
        assert [one for one in secrets if one in text] == []


def test_a_line_with_a_wrong_credential_is_denied(seen: View, sandbox: Sandbox, tmp_path: Path):
    """The lines ask as the shell's own variables say, not as altui did."""
    text = f"FIVETRAN_API_KEY=wrong\n{command(seen, 'fivetran.connection')}"
    assert "data" not in json.loads(shell(sandbox, text, tmp_path))
