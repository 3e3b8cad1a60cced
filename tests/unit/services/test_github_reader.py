"""GitHub's answers become Runs; an unchanged answer is not paid for twice."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from altui.config import GitHubSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Workflow
from altui.services.errors import ServiceError
from altui.services.github import GitHubReader
from tests.answering import Answers

ACTIONS = "/api/v3/repos/applylens/analytics/actions"
WORKFLOW = f"{ACTIONS}/workflows/analytics-sync.yml"


def run(number: int, conclusion: str | None = "success", status: str = "completed") -> Any:
    return {
        "id": 9000 + number,
        "run_number": number,
        "run_attempt": 1,
        "event": "schedule",
        "status": status,
        "conclusion": conclusion,
        "created_at": f"2026-11-{number:02}T03:40:00Z",
        "run_started_at": f"2026-11-{number:02}T03:40:05Z",
        "updated_at": f"2026-11-{number:02}T03:46:00Z",
        "display_title": "Analytics\x1b[1m Sync",
        "actor": {"login": "robot", "type": "User"},
        "head_sha": "abc",
        "html_url": f"https://github.test/runs/{9000 + number}",
        "extra": [1],
    }


def step(name: str, conclusion: str | None) -> Any:
    return {"name": name, "status": "completed", "conclusion": conclusion, "number": 1}


def jobs(*found: Any) -> httpx.Response:
    return httpx.Response(200, json={"total_count": len(found), "jobs": found})


def job(conclusion: str | None, *steps: Any, status: str = "completed") -> Any:
    return {"status": status, "conclusion": conclusion, "steps": steps}


def reader(answers: Answers, **changed: Any) -> GitHubReader:
    settings = {
        "api_url": "http://ghes.test/api/v3",
        "token": Secret("t0ken"),
        "repository": "applylens/analytics",
        **changed,
    }
    return GitHubReader(GitHubSettings(**settings), Workflow(), 5.0, answers.transport)


@pytest.fixture
def github(answers: Answers) -> Answers:
    answers.by_path = {
        WORKFLOW: httpx.Response(200, json={"name": "Analytics Sync", "state": "active"}),
        f"{WORKFLOW}/runs": httpx.Response(
            200,
            json={"workflow_runs": [run(20), run(22, "failure"), run(21), run(19, "failure")]},
        ),
        f"{ACTIONS}/runs/9022/jobs": jobs(
            job("success", step("other", "success")),
            job("failure", step("Run dbt models", "success"), step("Export", "failure")),
        ),
        f"{ACTIONS}/runs/9019/jobs": jobs(job("failure", step("Run dbt tests", "failure"))),
    }
    return answers


async def test_runs_newest_first_with_the_steps_that_matter(github: Answers) -> None:
    seen = await reader(github).runs()
    assert (seen.workflow, seen.workflow_state) == ("Analytics Sync", "active")
    assert [item.number for item in seen.runs] == [22, 21, 20, 19]
    newest = seen.runs[0]
    assert newest.started_at == datetime(2026, 11, 22, 3, 40, 5, tzinfo=UTC)
    assert (newest.title, newest.actor, newest.conclusion) == ("Analytics Sync", "robot", "failure")
    assert [item.name for item in newest.steps] == ["Run dbt models", "Export"]
    assert [len(item.steps) for item in seen.runs] == [2, 0, 0, 1]


async def test_of_runs_of_the_same_second_the_later_one_is_the_newer(github: Answers) -> None:
    moment = run(22)["created_at"]
    twins = [{**run(number), "id": 9200 + number, "created_at": moment} for number in (3, 2, 1)]
    github.by_path[f"{WORKFLOW}/runs"] = httpx.Response(200, json={"workflow_runs": twins})
    github.by_path |= {f"{ACTIONS}/runs/{one['id']}/jobs": jobs() for one in twins}
    seen = await reader(github).runs()
    assert [one.id for one in seen.runs] == [9203, 9202, 9201]


async def test_what_is_sent(github: Answers) -> None:
    await reader(github).runs()
    sent = github.asked[1]
    assert sent.headers["x-github-api-version"] == "2022-11-28"
    assert sent.headers["authorization"] == "Bearer t0ken"
    assert sent.url.params["per_page"] == "40"


async def test_an_unchanged_answer_keeps_its_value(github: Answers) -> None:
    def unchanged(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == 'W/"1"':
            return httpx.Response(304)
        return httpx.Response(
            200, headers={"ETag": 'W/"1"'}, json={"name": "Analytics Sync", "state": "active"}
        )

    github.by_path[WORKFLOW] = unchanged
    asking = reader(github)
    first = await asking.runs()
    assert await asking.runs() == first
    conditional = [r for r in github.asked if "if-none-match" in r.headers]
    assert [r.url.path for r in conditional] == [WORKFLOW]


async def test_what_runs_shows_its_steps(github: Answers) -> None:
    github.by_path[f"{WORKFLOW}/runs"] = httpx.Response(
        200, json={"workflow_runs": [run(23, None, "in_progress"), run(22)]}
    )
    github.by_path[f"{ACTIONS}/runs/9023/jobs"] = jobs(
        job("success", step("done", "success")),
        job(None, step("Run dbt models", None), status="in_progress"),
    )
    seen = await reader(github).runs()
    assert seen.runs[0].conclusion is None
    assert [item.name for item in seen.runs[0].steps] == ["Run dbt models"]


async def test_unknown_words_and_nulls(github: Answers) -> None:
    odd = dict.fromkeys(run(1)) | {
        "id": 7,
        "created_at": "2026-11-23T00:00:00Z",
        "status": "completed",
        "conclusion": "transmogrified",
    }
    github.by_path[f"{WORKFLOW}/runs"] = httpx.Response(200, json={"workflow_runs": [odd]})
    github.by_path[f"{ACTIONS}/runs/7/jobs"] = httpx.Response(
        200, json={"jobs": [{"steps": None}, {}]}
    )
    seen = (await reader(github).runs()).runs[0]
    assert (seen.conclusion, seen.actor, seen.steps) == ("transmogrified", "", ())


async def test_no_runs_at_all(github: Answers) -> None:
    github.by_path[f"{WORKFLOW}/runs"] = httpx.Response(200, json={"workflow_runs": None})
    assert (await reader(github).runs()).runs == ()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(401, json={"message": "Bad credentials"}), Trouble.denied),
        (httpx.Response(403, json={"message": "Resource not accessible"}), Trouble.denied),
        (
            httpx.Response(403, json={"message": "You have exceeded a secondary rate limit"}),
            Trouble.unreachable,
        ),
        (httpx.Response(403, headers={"x-ratelimit-remaining": "0"}), Trouble.unreachable),
        (httpx.Response(404, json={"message": "Not Found"}), Trouble.missing),
        (httpx.Response(502), Trouble.refused),
        (httpx.Response(200, text="nonsense"), Trouble.nonsense),
    ],
)
async def test_other_answers(github: Answers, answer: httpx.Response, trouble: Trouble) -> None:
    github.by_path[WORKFLOW] = answer
    with pytest.raises(ServiceError) as raised:
        await reader(github).runs()
    assert raised.value.trouble is trouble


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"repository": ""}, "GITHUB_REPOSITORY"), ({"token": Secret("")}, "GITHUB_TOKEN")],
)
async def test_off_without_settings(answers: Answers, changed: Any, named: str) -> None:
    with pytest.raises(ServiceError, match=named) as raised:
        await reader(answers, **changed).runs()
    assert raised.value.trouble is Trouble.off
    assert not answers.asked
