"""A dispatch on the living pipeline really runs dbt and the export; a cancel really ends them."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.sandbox

WORK = ["Install dbt packages", "Run dbt models", "Run dbt tests", "Export to Elasticsearch"]


class GitHub:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.client = httpx.Client(
            base_url=env["GITHUB_API_URL"],
            headers={
                "authorization": f"Bearer {env['GITHUB_TOKEN']}",
                "x-github-api-version": "2026-03-10",
            },
            timeout=240,
            follow_redirects=True,
        )
        self.actions = f"/repos/{env['GITHUB_REPOSITORY']}/actions"

    def get(self, path: str) -> Any:
        answer = self.client.get(f"{self.actions}{path}")
        answer.raise_for_status()
        return answer.json()

    def dispatch(self, **inputs: str) -> int:
        path = f"{self.actions}/workflows/analytics-sync.yml/dispatches"
        answer = self.client.post(path, json={"ref": "main", "inputs": inputs})
        assert answer.status_code == 200, answer.text
        return answer.json()["workflow_run_id"]

    def wait(self, run: int, step: str = "") -> None:
        """Until the run has ended, or one of its steps has begun."""
        params = {"step": step} if step else {}
        answer = self.client.get(f"/_sandbox/runs/{run}/wait", params=params)
        assert answer.status_code == 204

    def steps(self, run: int) -> dict[str, str]:
        (job,) = self.get(f"/runs/{run}/jobs")["jobs"]
        return {step["name"]: step["conclusion"] for step in job["steps"]}

    def logs(self, run: int) -> zipfile.ZipFile:
        content = self.client.get(f"{self.actions}/runs/{run}/logs").content
        return zipfile.ZipFile(io.BytesIO(content))

    def log(self, run: int, step: str) -> str:
        """One step's log without its timestamps."""
        archive = self.logs(run)
        (name,) = (name for name in archive.namelist() if name.endswith(f"_{step}.txt"))
        text = archive.read(name).decode()
        return re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", "", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def github(sandbox: Any) -> Iterator[GitHub]:
    github = GitHub(sandbox.env)
    yield github
    github.client.close()


def test_history_is_marked_as_seeded(github: GitHub):
    runs = github.get("/runs?event=schedule&per_page=100")["workflow_runs"]
    seeded = [run for run in runs if run["display_title"] == "Analytics Sync (seeded)"]
    assert len(seeded) == 30
    assert {run["actor"]["login"] for run in seeded} == {"sandbox-seed"}


def test_a_dispatch_builds_tests_and_exports(github: GitHub, sandbox: Any):
    night = github.get("/runs?event=schedule&per_page=1")["workflow_runs"][0]["created_at"][:10]
    elasticsearch = f"{sandbox.env['ES_URL']}/{sandbox.env['ES_ANALYTICS_INDEX']}_risk_daily"
    last = httpx.post(
        f"{elasticsearch}/_search", json={"size": 1, "sort": [{"d": "desc"}], "_source": ["d"]}
    ).json()["hits"]["hits"][0]["_source"]["d"]
    assert last < night
    run = github.dispatch(start=last, end=last)
    github.wait(run)
    log = github.log(run, WORK[-1])
    steps = github.steps(run)
    assert [steps[name] for name in WORK] == ["success"] * 4, log
    models = github.log(run, "Run dbt models")
    assert "Completed successfully" in models
    assert sandbox.env["BQ_PROJECT"] not in models
    printed = log[log.index("##[endgroup]\n") + len("##[endgroup]\n") :]
    result = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert result["total_errors"] == 0
    assert result["total_success"] >= 1


def test_what_is_no_day_fails_before_anything_is_touched(github: GitHub):
    run = github.dispatch(start="2026-02-30")
    github.wait(run)
    assert github.get(f"/runs/{run}")["conclusion"] == "failure"
    steps = github.steps(run)
    assert steps["Choose the days"] == "failure"
    assert [steps[name] for name in WORK] == ["skipped"] * 4
    assert "##[error]start is not a day written YYYY-MM-DD" in github.log(run, "Choose the days")


def test_a_cancel_ends_dbt(github: GitHub):
    run = github.dispatch()
    github.wait(run, step="Run dbt models")
    answer = github.client.post(f"{github.actions}/runs/{run}/cancel")
    assert answer.status_code == 202
    github.wait(run)
    assert github.get(f"/runs/{run}")["conclusion"] == "cancelled"
    steps = github.steps(run)
    assert steps["Run dbt models"] == "cancelled"
    assert steps["Run dbt tests"] == "skipped"
    assert steps["Keep dbt's logs"] == "success"
    assert "##[error]The operation was canceled." in github.log(run, "Run dbt models")
