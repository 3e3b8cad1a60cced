"""A run that really fails, and the words of its log in what `altui check` says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from altui.config import load
from altui.store.store import Store
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox


class Workflow:
    """Runs the nightly workflow by hand and waits for its end."""

    def __init__(self, sandbox: Sandbox) -> None:
        env = sandbox.env
        token = {"authorization": f"Bearer {env['GITHUB_TOKEN']}"}
        self.client = httpx.Client(base_url=env["GITHUB_API_URL"], headers=token, timeout=240)
        self.actions = f"/repos/{env['GITHUB_REPOSITORY']}/actions"

    def run(self) -> int:
        path = f"{self.actions}/workflows/analytics-sync.yml/dispatches"
        wanted = {"ref": "main", "return_run_details": True}
        run = self.client.post(path, json=wanted).json()["workflow_run_id"]
        assert self.client.get(f"/_sandbox/runs/{run}/wait").status_code == 204
        return run


def check(sandbox: Sandbox) -> Any:
    result = subprocess.run(
        [sys.executable, "-m", "altui", "check", "--json"],
        env={**os.environ, **sandbox.env},
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(result.stdout)


@pytest.fixture
def failed(sandbox: Sandbox) -> Iterator[int]:
    """The newest day is gone from the index and Elasticsearch was down while a run exported it."""
    workflow = Workflow(sandbox)
    index = f"{sandbox.env['ES_URL']}/{sandbox.env['ES_ANALYTICS_INDEX']}_risk_daily"
    found = httpx.post(f"{index}/_search", json={"size": 1, "sort": [{"d": "desc"}]}).json()
    newest = found["hits"]["hits"][0]["_id"]
    assert httpx.delete(f"{index}/_doc/{newest}?refresh=true").status_code == 200
    sandbox.do("engine", "stop", "elasticsearch")
    try:
        run = workflow.run()
    finally:
        sandbox.do("engine", "start", "elasticsearch")
    yield run
    workflow.run()  # exports every day again
    workflow.client.close()


def test_the_failing_steps_words_are_quoted_and_read_once(failed: int, sandbox: Sandbox) -> None:
    report = check(sandbox)
    found = next(item for item in report["findings"] if item["check"] == "workflow.failed")
    words = found["evidence"][0]["words"]
    assert "ConnectionError: Connection refused" in words, words
    assert found["evidence"][0]["where"].startswith("log of run ")
    store = Store.open(load(sandbox.env).directory)
    name = f"github.log:{failed}/1"
    seen = store.snapshot(store.assessment().at).details[name]  # type: ignore[union-attr]
    assert seen.error is None
    assert check(sandbox)["findings"]
    again = store.snapshot(seen.at).details[name]  # type: ignore[arg-type]
    store.close()
    assert again == seen, "the log of an ended run is read once"
