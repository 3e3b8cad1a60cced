"""A public client, PyGithub, talks to the simulator over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import github
import pytest
import uvicorn

from tests.github_lab import NOON, Lab, make_world


@pytest.fixture(params=["", "/api/v3"])
async def served(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Lab, str]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        lab = Lab(make_world(tmp_path, NOON, url=url))
        await lab.github.seed()
        server = uvicorn.Server(uvicorn.Config(lab.github.app, log_level="warning"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield lab, url + request.param
        server.should_exit = True
        await serving
        await lab.close()


def look(url: str, token: str) -> dict[str, object]:
    """What a program of PyGithub's would do, from finding the workflow to its logs."""
    client = github.Github(auth=github.Auth.Token(token), base_url=url, retry=None)
    repo = client.get_repo("applylens/analytics")
    workflow = repo.get_workflow("analytics-sync.yml")
    runs = workflow.get_runs(event="schedule")
    newest = runs[0]
    job = next(iter(newest.jobs()))
    found: dict[str, object] = {
        "name": workflow.name,
        "state": workflow.state,
        "workflows": [each.name for each in repo.get_workflows()],
        "count": runs.totalCount,
        "all": len(list(runs)),
        "conclusion": newest.conclusion,
        "title": newest.display_title,
        "steps": [step.name for step in job.steps],
        "log": job.logs_url().split("?")[0],
        "secrets": [secret.name for secret in repo.get_secrets()],
        "limit": client.get_rate_limit().resources.core.limit,
        "dispatched": workflow.create_dispatch("main", {"start": "2026-11-01"}),
    }
    client.close()
    return found


async def test_pygithub_reads_runs_and_dispatches(served: tuple[Lab, str]):
    lab, url = served
    found = await asyncio.to_thread(look, url, lab.world.github_token)
    assert found["name"] == "Analytics Sync"
    assert found["state"] == "active"
    assert found["workflows"] == ["Analytics Sync", "CI"]
    assert found["count"] == found["all"] == 30
    assert found["conclusion"] == "success"
    assert found["title"] == "Analytics Sync (seeded)"
    assert "Export to Elasticsearch" in found["steps"]
    assert found["secrets"] == ["BQ_PROJECT", "BQ_SA_JSON", "ES_URL"]
    assert found["limit"] == 5000
    assert found["dispatched"] is True
    run = lab.github.state.runs[-1]
    await lab.github.finished(run)
    assert run.inputs == {"start": "2026-11-01", "end": ""}
    assert run.last.conclusion == "success"


async def test_pygithub_is_refused_with_a_wrong_token(served: tuple[Lab, str]):
    _, url = served
    with pytest.raises(github.BadCredentialsException):
        await asyncio.to_thread(look, url, "wrong")
