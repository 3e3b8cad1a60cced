"""The real workflow files: what they promise, and what their own shell lines do."""

import json
import os
import subprocess
from datetime import time
from pathlib import Path

import pytest

from altui.sandbox.github.runner import read_env
from altui.sandbox.github.shell import BASH
from altui.sandbox.github.workflow import Step, Workflow, WorkflowError, load, load_all

ROOT = Path(__file__).parents[3]
SYNC = ROOT / ".github" / "workflows" / "analytics-sync.yml"
NASTY = """{"private_key": "-----BEGIN\\nA+/=$HOME `id` $(id) \\\\n %s %d !! * ~ 'q' \\"d\\" é☃",
  "tab": "\t", "end": "\\n"}
"""


@pytest.fixture
def sync() -> Workflow:
    return load(ROOT, SYNC)


def step_of(workflow: Workflow, name: str) -> Step:
    return next(step for step in workflow.jobs[0].steps if step.name == name)


def run_step(
    step: Step, folder: Path, **env: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Runs a step's own lines as the runner would; what it printed, and what it left in the env."""
    script, left = folder / "step.sh", folder / "env"
    script.write_text(step.run or "")
    left.write_text("")
    given = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(folder), "GITHUB_ENV": str(left)}
    done = subprocess.run(
        [*BASH, str(script)], env={**given, **env}, capture_output=True, text=True, check=False
    )
    return done, read_env(left.read_text())


def test_names_schedule_inputs_and_steps_are_the_runbooks(sync: Workflow):
    assert sync.name == "Analytics Sync"
    assert sync.path == ".github/workflows/analytics-sync.yml"
    assert sync.daily == time(3, 15)
    assert sync.dispatchable
    assert [(each.name, each.required) for each in sync.inputs] == [
        ("start", False),
        ("end", False),
    ]
    assert sync.group == "analytics-sync"
    assert not sync.cancel_in_progress
    assert sync.jobs[0].timeout_minutes <= 60
    names = [step.name for step in sync.jobs[0].steps]
    wanted = ["Install dbt packages", "Run dbt models", "Run dbt tests", "Export to Elasticsearch"]
    assert names[names.index(wanted[0]) :][:4] == wanted


def test_it_may_read_the_code_and_nothing_else():
    assert "permissions:\n  contents: read\n" in SYNC.read_text()


def test_secrets_reach_steps_by_the_environment_alone(sync: Workflow):
    text = SYNC.read_text()
    for name in ("BQ_PROJECT", "BQ_SA_JSON", "ES_URL"):
        assert f"{name}: ${{{{ secrets.{name} }}}}" in text
    assert not [step.name for step in sync.jobs[0].steps if "${{" in (step.run or "")]


def test_logs_are_kept_whatever_happened(sync: Workflow):
    last = sync.jobs[0].steps[-1]
    assert last.uses == "actions/upload-artifact@v4"
    assert last.condition == "always()"


def test_dbt_runs_where_and_as_the_runbook_says(sync: Workflow):
    for name, verb in (("Run dbt models", "run"), ("Run dbt tests", "test")):
        step = step_of(sync, name)
        assert step.directory == "analytics/dbt"
        assert (step.run or "").startswith(f"dbt {verb} --profiles-dir . --target ci --vars ")
    packages = step_of(sync, "Install dbt packages")
    assert (packages.directory, packages.run) == ("analytics/dbt", "dbt deps --profiles-dir .")


def test_the_key_reaches_its_file_byte_by_byte_and_is_private(sync: Workflow, tmp_path: Path):
    step = step_of(sync, "Write the service account's key")
    done, left = run_step(step, tmp_path, BQ_SA_JSON=NASTY)
    assert done.returncode == 0, done.stderr
    written = Path(left["GOOGLE_APPLICATION_CREDENTIALS"])
    assert written.read_text(encoding="utf-8") == NASTY
    assert written.stat().st_mode & 0o077 == 0
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("start", "end", "named"),
    [
        ("", "", {}),
        ("2026-11-01", "2026-11-07", {"start": "2026-11-01", "end": "2026-11-07"}),
        ("2024-02-29", "", {"start": "2024-02-29"}),
    ],
)
def test_days_become_dbts_vars(
    sync: Workflow, tmp_path: Path, start: str, end: str, named: dict[str, str]
):
    step = step_of(sync, "Choose the days")
    done, left = run_step(step, tmp_path, START=start, END=end, SOURCE_DATE_EPOCH="1795402800")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(left["DBT_VARS"]) == {"today": "2026-11-23", **named}
    assert (left["START"], left["END"]) == (start, end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-30", ""),
        ("yesterday", ""),
        ("2026-1-1", ""),
        ("", "$(touch made)"),
        ("", "2026-11-01\nBQ_PROJECT=other"),
        ('2026-11-01", "x": "', ""),
        ("2026-11-02", "2026-11-01"),
    ],
)
def test_what_is_no_range_of_days_stops_the_run(
    sync: Workflow, tmp_path: Path, start: str, end: str
):
    done, left = run_step(step_of(sync, "Choose the days"), tmp_path, START=start, END=end)
    assert done.returncode != 0
    assert "::error::" in done.stdout
    assert left == {}
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("start", "end", "arguments"),
    [
        ("", "", []),
        ("2026-11-01", "2026-11-07", ["--start", "2026-11-01", "--end", "2026-11-07"]),
    ],
)
def test_the_export_gets_its_days(
    sync: Workflow, tmp_path: Path, start: str, end: str, arguments: list[str]
):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done, _ = run_step(
        step_of(sync, "Export to Elasticsearch"), tmp_path, PATH=path, START=start, END=end
    )
    assert done.stdout.split() == ["analytics/export/export_to_es.py", *arguments]


def test_ci_runs_one_command_on_python_311_and_java_17():
    ci = next(each for each in load_all(ROOT) if each.file == "ci.yml")
    steps = ci.jobs[0].steps
    assert [step.run for step in steps if step.run] == [".ci/run"]
    versions = {key: value for step in steps for key, value in step.arguments.items()}
    assert (versions["python-version"], versions["java-version"]) == ("3.11", "17")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on: push\njobs: {a: {steps: [{name: x}]}}", "one of `uses` and `run`"),
        ("on: push", "jobs: expected a mapping"),
        ("on: {schedule: [{cron: '*/5 * * * *'}]}\njobs: {}", "one daily schedule"),
        ("on: push\nconcurrency: '${{ matrix.os }}'\njobs: {}", "unknown context"),
        ("{", "broken.yml"),
    ],
)
def test_a_file_that_is_no_workflow_is_named(tmp_path: Path, text: str, message: str):
    file = tmp_path / ".github" / "workflows" / "broken.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(WorkflowError, match=message):
        load(tmp_path, file)


def test_the_environment_file_knows_lines_and_blocks():
    assert read_env("A=1\nB<<END\ntwo\nlines=x\nEND\nC=a=b\n") == {
        "A": "1",
        "B": "two\nlines=x",
        "C": "a=b",
    }
