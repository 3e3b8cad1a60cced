"""GitHub's token, repository, workflow, and the names of the workflow's secrets."""

from typing import Any

import httpx
import pytest
import time_machine

from altui.core.model.health import State
from altui.doctor.github import REQUIRED, exam
from tests.answering import Answers
from tests.unit.doctor.conftest import MakeContext, nonsense_passes, results_of, states

ENV = {
    "GITHUB_API_URL": "http://ghes.test/api/v3",
    "GITHUB_TOKEN": "github_pat_canary",
    "GITHUB_REPOSITORY": "applylens/analytics",
}
BASE = "/api/v3/repos/applylens/analytics"
RATES = {"x-ratelimit-remaining": "4990", "x-ratelimit-limit": "5000"}


def answer(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body, headers={**RATES, **(headers or {})})


def rates(headers: dict[str, str] | None = None) -> httpx.Response:
    return answer(headers=headers, resources={"core": {"limit": 5000, "remaining": 4990}})


def secrets(*names: str) -> httpx.Response:
    return answer(total_count=len(names), secrets=[{"name": name} for name in names])


@pytest.fixture
def github(answers: Answers) -> Answers:
    answers.by_path = {
        "/api/v3/rate_limit": rates(),
        BASE: answer(full_name="applylens/analytics", private=True),
        f"{BASE}/actions/workflows/analytics-sync.yml": answer(
            name="Analytics Sync", state="active"
        ),
        f"{BASE}/actions/secrets": secrets(*REQUIRED),
    }
    return answers


async def test_in_order(context: MakeContext, github: Answers):
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {
        "token": "ok",
        "repository": "ok",
        "workflow": "ok",
        "dispatch": "unknown",
        "secrets": "ok",
    }
    assert seen["token"].said == "accepted, fine-grained, 4990 of 5000 calls left"
    assert not seen["dispatch"].bad
    assert {request.method for request in github.asked} == {"GET"}
    assert "canary" not in str(seen)


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
async def test_half_is_broken_and_none_is_off(context: MakeContext, github: Answers, missing: str):
    half = await results_of(exam, context({**ENV, missing: ""}))
    assert states(half) == {"token": "broken"}
    assert half["token"].said.startswith(f"{missing} is not set")
    assert f"set {missing}" in half["token"].fix
    assert states(await results_of(exam, context({}))) == {"token": "off"}


async def test_a_refused_token(context: MakeContext, github: Answers):
    github.by_path["/api/v3/rate_limit"] = answer(401, message="Bad credentials")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"token": "denied"}
    assert seen["token"].said == "401 Bad credentials"
    assert seen["token"].fix.startswith("set GITHUB_TOKEN (now from the environment).")
    assert "Actions: read" in seen["token"].fix


async def test_a_repository_the_token_may_not_see_is_a_404(context: MakeContext, github: Answers):
    github.by_path[BASE] = answer(404, message="Not Found")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"token": "ok", "repository": "broken"}
    assert "GITHUB_REPOSITORY" in seen["repository"].fix


@pytest.mark.parametrize(
    ("scopes", "push", "expected"),
    [
        ("repo, workflow", True, (State.ok, "scope repo")),
        ("read:org", True, (State.denied, "the token lacks scope repo")),
        ("repo", False, (State.denied, "the token's owner may not write to the repository")),
        (None, True, (State.unknown, "cannot be tested here: Actions: write")),
    ],
)
async def test_whether_runs_may_be_started(
    context: MakeContext,
    github: Answers,
    scopes: str | None,
    push: bool,
    expected: tuple[State, str],
):
    headers = {} if scopes is None else {"x-oauth-scopes": scopes}
    github.by_path["/api/v3/rate_limit"] = rates(headers)
    github.by_path[BASE] = answer(full_name="a/b", permissions={"push": push})
    seen = (await results_of(exam, context(ENV)))["dispatch"]
    assert (seen.state, seen.said) == expected
    assert not seen.bad, "looking needs no more"


async def test_a_disabled_workflow(context: MakeContext, github: Answers):
    path = f"{BASE}/actions/workflows/analytics-sync.yml"
    github.by_path[path] = answer(name="Analytics Sync", state="disabled_inactivity")
    seen = (await results_of(exam, context(ENV)))["workflow"]
    assert (seen.state, seen.said) == (State.broken, "analytics-sync.yml: disabled_inactivity")
    assert seen.commands == ("gh workflow enable analytics-sync.yml --repo applylens/analytics",)


async def test_a_workflow_that_may_not_be_seen(context: MakeContext, github: Answers):
    path = f"{BASE}/actions/workflows/analytics-sync.yml"
    needs = {"x-accepted-github-permissions": "actions=read"}
    github.by_path[path] = answer(403, needs, message="Resource not accessible by token")
    seen = (await results_of(exam, context(ENV)))["workflow"]
    assert seen.state is State.denied
    assert seen.fix == "give the token actions=read"


async def test_a_secret_that_is_missing_comes_with_its_command(
    context: MakeContext, github: Answers
):
    github.by_path[f"{BASE}/actions/secrets"] = secrets("ES_URL", "OTHER")
    seen = (await results_of(exam, context(ENV)))["secrets"]
    assert seen.bad
    assert seen.said == "BQ_PROJECT, BQ_SA_JSON not among 2 secrets of the repository"
    assert seen.commands == (
        "gh secret set BQ_PROJECT --repo applylens/analytics",
        "gh secret set BQ_SA_JSON --repo applylens/analytics < key.json",
    )


@pytest.mark.parametrize("status", [403, 404])
async def test_names_that_may_not_be_seen_are_unknown(
    context: MakeContext, github: Answers, status: int
):
    needs = {"x-accepted-github-permissions": "secrets=read"}
    refusal = answer(status, needs, message="Resource not accessible by personal access token")
    github.by_path[f"{BASE}/actions/secrets"] = refusal
    seen = (await results_of(exam, context(ENV)))["secrets"]
    assert seen.state is State.unknown and not seen.bad
    assert all(name in seen.said for name in REQUIRED)
    assert seen.fix == "give the token secrets=read"


@pytest.mark.parametrize(("day", "hint"), [("01", False), ("25", True)])
async def test_a_token_that_ends_soon(context: MakeContext, github: Answers, day: str, hint: bool):
    ends = {"github-authentication-token-expiration": "2026-11-30 09:30:00 UTC"}
    github.by_path["/api/v3/rate_limit"] = rates(ends)
    with time_machine.travel(f"2026-11-{day}", tick=False):
        seen = (await results_of(exam, context(ENV)))["token"]
    assert seen.said.endswith("expires 30 Nov 2026")
    assert bool(seen.fix) is hint


async def test_a_server_without_rate_limits_is_no_trouble(context: MakeContext, github: Answers):
    github.by_path["/api/v3/rate_limit"] = httpx.Response(
        404, json={"message": "Rate limiting is not enabled."}
    )
    assert states(await results_of(exam, context(ENV)))["token"] == "ok"


async def test_nonsense_is_never_ok_and_whatever_is_not_ok_says_what_to_do(
    context: MakeContext, github: Answers
):
    assert await nonsense_passes(exam, context(ENV), github) == []


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, text="<html>Welcome</html>"),
        httpx.Response(200, json={"status": "ok"}),
        httpx.Response(404, text="<html>Not here</html>"),
    ],
)
async def test_a_page_in_githubs_place_accepts_no_token(
    context: MakeContext, github: Answers, page: httpx.Response
):
    github.by_path["/api/v3/rate_limit"] = page
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"token": "unknown"}
    assert seen["token"].bad
    assert "proxy or a captive portal" in seen["token"].fix
    assert "GITHUB_API_URL" in seen["token"].fix


async def test_another_repository_is_not_the_configured_one(context: MakeContext, github: Answers):
    github.by_path[BASE] = answer(private=True)
    seen = (await results_of(exam, context(ENV)))["repository"]
    assert (seen.state, seen.bad) == (State.unknown, True)
    assert seen.said == "the answer lacks full_name"


async def test_a_workflow_without_a_state_is_not_disabled(context: MakeContext, github: Answers):
    github.by_path[f"{BASE}/actions/workflows/analytics-sync.yml"] = answer()
    seen = (await results_of(exam, context(ENV)))["workflow"]
    assert (seen.state, seen.said) == (State.unknown, "the answer lacks state")
    assert not seen.commands
