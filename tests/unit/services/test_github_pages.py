"""Nights and successes behind many runs by hand, endless lists, logs and limits of GitHub."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from altui.config import GitHubSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Workflow
from altui.core.model.reading import Runs
from altui.core.rules.schedule import usual_delay, usual_duration
from altui.services import github as adapter
from altui.services.errors import ServiceError
from altui.services.github import MOST_PAGES, NEWEST, GitHubReader
from tests.answering import Answers

ACTIONS = "/repos/o/r/actions"
WORKFLOW = f"{ACTIONS}/workflows/analytics-sync.yml"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def run(number: int, created: datetime, event: str, conclusion: str = "success") -> dict[str, Any]:
    return {
        "id": number,
        "run_number": number,
        "run_attempt": 1,
        "event": event,
        "status": "completed",
        "conclusion": conclusion,
        "created_at": created.isoformat(),
        "run_started_at": created.isoformat(),
        "updated_at": (created + timedelta(minutes=6)).isoformat(),
    }


class GitHub:
    """Lists as GitHub does: filters, at most `most` a page, Link headers, ETags."""

    def __init__(self, runs: list[dict[str, Any]], most: int = 100) -> None:
        self.runs = sorted(runs, key=lambda item: item["created_at"], reverse=True)
        self.most = most
        self.cost = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        found = [
            item
            for item in self.runs
            if query.get("event") in (None, item["event"])
            and query.get("status") in (None, item["status"], item["conclusion"])
        ]
        size, page = min(int(query["per_page"]), self.most), int(query.get("page", 1))
        shown = found[(page - 1) * size : page * size]
        headers = {"ETag": f'W/"{hash(str(shown))}"'}
        if page * size < len(found):
            # another host and path, as GitHub's own links have
            following = httpx.QueryParams({**query, "page": page + 1})
            headers["Link"] = f'<https://else.test/repositories/1/runs?{following}>; rel="next"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            return httpx.Response(304, headers=headers)
        self.cost += 1
        return httpx.Response(200, headers=headers, json={"workflow_runs": shown})


def steady(content: Any) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == 'W/"1"':
            return httpx.Response(304)
        return httpx.Response(200, headers={"ETag": 'W/"1"'}, json=content)

    return answer


def reader(answers: Answers, workflow: Workflow | None = None) -> GitHubReader:
    settings = GitHubSettings("http://gh.test", Secret("t0ken"), "o/r")
    return GitHubReader(settings, workflow or Workflow(), 5.0, answers.transport)


def serve(answers: Answers, github: Any) -> None:
    answers.by_path = {
        WORKFLOW: steady({"name": "Sync", "state": "active"}),
        f"{WORKFLOW}/runs": github,
    }
    for item in getattr(github, "runs", []):
        answers.by_path[f"{ACTIONS}/runs/{item['id']}/jobs"] = steady({"jobs": []})


def history(by_hand: int) -> list[dict[str, Any]]:
    """Forty nights, the newest three failed; then many runs by hand, all failed."""
    nights = [
        run(
            1000 - back,
            NOON - timedelta(days=back + 1, hours=8, minutes=back),
            "schedule",
            "failure" if back < 3 else "success",
        )
        for back in range(40)
    ]
    hand = [
        run(5000 + n, NOON - timedelta(minutes=n), "workflow_dispatch", "failure")
        for n in range(by_hand)
    ]
    return nights + hand


def asked(answers: Answers) -> list[str]:
    return [
        request.url.query.decode()
        for request in answers.asked
        if request.url.path == f"{WORKFLOW}/runs"
    ]


async def test_a_quiet_workflow_is_one_question(answers: Answers) -> None:
    serve(answers, GitHub(history(0)[:20]))
    seen = await reader(answers).runs()
    assert len(seen.runs) == 20
    assert asked(answers) == [f"per_page={NEWEST}"]


@pytest.mark.parametrize("most", [100, 5])
async def test_nights_and_successes_are_found_behind_a_hundred_runs_by_hand(
    answers: Answers, most: int
) -> None:
    serve(answers, GitHub(history(100), most))
    seen = await reader(answers).runs()
    nights = [item for item in seen.runs if item.event == "schedule"]
    successes = [item for item in seen.runs if item.conclusion == "success"]
    assert len(nights) >= 14
    assert len(successes) >= 10
    assert len({item.id for item in seen.runs}) == len(seen.runs), "none twice"
    created = [item.created_at for item in seen.runs]
    assert created == sorted(created, reverse=True), "newest first"
    assert seen.runs[0].event == "workflow_dispatch"
    # what the rules learn is what the whole history says
    nightly = Runs("w", "active", tuple(nights[:14]))
    assert usual_delay(seen, Workflow(), NOON) == usual_delay(nightly, Workflow(), NOON)
    assert usual_duration(seen, Workflow()) == timedelta(minutes=6)


async def test_more_nights_than_a_page_holds(answers: Answers) -> None:
    nights = [run(n, NOON - timedelta(days=n), "schedule") for n in range(300)]
    serve(answers, GitHub(nights))
    workflow = Workflow(nights=120)
    seen = await reader(answers, workflow).runs()
    assert sum(item.event == "schedule" for item in seen.runs) >= 120


@pytest.mark.parametrize("by_hand", [0, 100])
async def test_looking_again_costs_nothing_of_the_rate_limit(
    answers: Answers, by_hand: int
) -> None:
    github = GitHub(history(by_hand))
    serve(answers, github)
    asking = reader(answers)
    first = await asking.runs()
    cost, questions = github.cost, len(answers.asked)
    for _ in range(3):
        assert await asking.runs() == first
    assert github.cost == cost
    again = answers.asked[questions:]
    assert all("if-none-match" in request.headers for request in again)
    steps = [request for request in again if request.url.path.endswith("/jobs")]
    assert len(steps) <= 3 * 5, "only shown runs are asked for steps"


async def test_steps_of_an_ended_run_are_not_asked_for_again(answers: Answers) -> None:
    serve(answers, GitHub(history(0)))
    step = {"name": "dbt", "status": "completed", "conclusion": "failure"}
    for back in range(3):
        answers.by_path[f"{ACTIONS}/runs/{1000 - back}/jobs"] = httpx.Response(
            200, json={"jobs": [{"conclusion": "failure", "steps": [step]}]}
        )
    asking = reader(answers)
    first = await asking.runs()
    assert [item.steps[0].name for item in first.runs[:3]] == ["dbt"] * 3
    answers.asked.clear()
    assert await asking.runs() == first
    assert not [request for request in answers.asked if "/jobs" in request.url.path]


def endless(kind: str, item: Any) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        link = f'<http://gh.test/?page={page + 1}>; rel="next", <http://gh.test/>; rel="last"'
        return httpx.Response(200, headers={"Link": link}, json={kind: [item] if item else []})

    return answer


@pytest.mark.parametrize("item", [None, run(1, NOON, "push", "failure")])
async def test_lists_without_end_are_left(answers: Answers, item: Any) -> None:
    serve(answers, endless("workflow_runs", item))
    answers.by_path[f"{ACTIONS}/runs/1/jobs"] = endless("jobs", None)
    seen = await reader(answers).runs()
    assert len(seen.runs) == (1 if item else 0)
    assert len(asked(answers)) == 3 * MOST_PAGES
    jobs = [request for request in answers.asked if request.url.path.endswith("/jobs")]
    assert len(jobs) == (MOST_PAGES if item else 0)


async def test_the_failed_job_may_stand_on_a_later_page(answers: Answers) -> None:
    serve(answers, GitHub([run(7, NOON, "schedule", "failure")]))
    fine = [{"id": n, "conclusion": "success", "steps": []} for n in range(100)]
    bad = {"id": 500, "conclusion": "failure", "steps": [{"name": "Export"}]}

    def jobs(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("page") == "2":
            return httpx.Response(200, json={"jobs": [bad]})
        link = '<http://gh.test/x?per_page=100&page=2>; rel="next"'
        return httpx.Response(200, headers={"Link": link}, json={"jobs": fine})

    answers.by_path[f"{ACTIONS}/runs/7/jobs"] = jobs
    seen = await reader(answers).runs()
    assert [step.name for step in seen.runs[0].steps] == ["Export"]


async def test_a_link_to_another_host_never_gets_the_token(answers: Answers) -> None:
    serve(answers, GitHub(history(100), 5))
    await reader(answers).runs()
    assert {request.url.host for request in answers.asked} == {"gh.test"}


# Rate limits


IN_FIVE_MINUTES = "in 300 s"


@pytest.mark.parametrize(
    ("status", "headers", "message", "rest"),
    [
        (429, {"Retry-After": "120"}, "", 120),
        (403, {"Retry-After": "90"}, "You have exceeded a secondary rate limit", 90),
        (403, {}, "You have exceeded a secondary rate limit", 60),
        (429, {}, "slow down", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": IN_FIVE_MINUTES}, "", 300),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": IN_FIVE_MINUTES}, "", 300),
        (403, {"x-ratelimit-remaining": "0"}, "", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, "", 60),
        (403, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": "9"}, "Not accessible", None),
    ],
)
async def test_how_long_github_wants_to_be_left_alone(
    answers: Answers, status: int, headers: dict[str, str], message: str, rest: float | None
) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 300)
    sent = {name: reset if at == IN_FIVE_MINUTES else at for name, at in headers.items()}
    refusal = httpx.Response(status, headers=sent, json={"message": message})
    serve(answers, GitHub([]))
    answers.by_path[WORKFLOW] = refusal
    with pytest.raises(ServiceError) as raised:
        await reader(answers).runs()
    if rest is None:
        assert (raised.value.trouble, raised.value.retry_after) == (Trouble.denied, None)
    else:
        assert raised.value.trouble is Trouble.unreachable
        assert raised.value.retry_after == pytest.approx(rest, abs=10 if rest == 300 else 0)
    assert len(answers.asked) == 1, "no hammering"


# Logs

JOB = {
    "id": 77,
    "conclusion": "failure",
    "steps": [
        {"name": "checkout", "conclusion": "success", "started_at": "2026-11-23T03:40:00Z"},
        {"name": "Run dbt", "conclusion": "failure", "started_at": "2026-11-23T03:41:00Z"},
    ],
}
LINES = """\ufeff2026-11-23T03:40:00.1Z ##[group]Run checkout
2026-11-23T03:40:00.1Z ##[endgroup]
2026-11-23T03:41:00.1Z ##[group]Run dbt
2026-11-23T03:41:00.1Z ##[endgroup]
2026-11-23T03:41:02.1Z \x1b[31mboom\x1b[0m\x07
2026-11-23T03:41:03.1Z ##[error]Process completed with exit code 1.
2026-11-23T03:41:04.1Z Cleaning up
"""
STORED = "https://blobs.test/log?sig=s3cret"


class Blobs:
    """Where GitHub's redirect leads: another host, which knows ranges or does not."""

    def __init__(self, content: bytes, *, ranges: bool = True, status: int = 200) -> None:
        self.content, self.ranges, self.status = content, ranges, status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if (asked := request.headers.get("range")) and self.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            return httpx.Response(206, content=self.content[start:])
        return httpx.Response(self.status, content=self.content)


def with_log(answers: Answers, blobs: Any, location: str = STORED) -> None:
    answers.by_path = {
        f"{ACTIONS}/runs/812/attempts/2/jobs": httpx.Response(200, json={"jobs": [JOB]}),
        f"{ACTIONS}/jobs/77/logs": httpx.Response(302, headers={"Location": location}),
        "/log": blobs,
    }


async def test_a_log_is_fetched_without_the_token_and_cut_to_the_failing_step(
    answers: Answers,
) -> None:
    with_log(answers, Blobs(LINES.encode()))
    seen = await reader(answers).log("812/2")
    assert seen.step == "Run dbt"
    assert seen.lines == ("boom", "##[error]Process completed with exit code 1.")
    jobs, link, file = answers.asked
    assert jobs.headers["authorization"] == link.headers["authorization"] == "Bearer t0ken"
    assert file.url.host == "blobs.test"
    assert "authorization" not in file.headers


@pytest.mark.parametrize("ranges", [True, False])
async def test_of_a_long_log_only_the_end_is_read(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, ranges: bool
) -> None:
    monkeypatch.setattr(adapter, "LONGEST_LOG", len(LINES.encode()))
    with_log(answers, Blobs(b"noise\n" * 10_000 + LINES.encode(), ranges=ranges))
    assert (await reader(answers).log("812/2")).lines[0] == "boom"
    assert answers.asked[-1].headers["range"] == "bytes=60000-"


async def test_a_log_with_a_flood_of_lines_is_kept_short(answers: Answers) -> None:
    flood = "".join(f"2026-11-23T03:41:01.1Z line {n} {'x' * 2000}\n" for n in range(800))
    head, tail = LINES.split("2026-11-23T03:41:02", 1)
    with_log(answers, Blobs(f"{head}{flood}2026-11-23T03:41:02{tail}".encode()))
    seen = await reader(answers).log("812/2")
    assert len(seen.lines) == adapter.KEPT_LINES
    assert seen.lines[-2] == "boom"
    assert max(map(len, seen.lines)) <= 500


@pytest.mark.parametrize(
    ("blobs", "location", "trouble"),
    [
        (Blobs(b"AuthenticationFailed", status=403), STORED, Trouble.denied),
        (Blobs(b"gone", status=404), STORED, Trouble.missing),
        (httpx.ConnectError("refused"), STORED, Trouble.unreachable),
        (Blobs(b""), "ftp://blobs.test/log", Trouble.nonsense),
    ],
)
async def test_logs_that_cannot_be_had(
    answers: Answers, blobs: Any, location: str, trouble: Trouble
) -> None:
    with_log(answers, blobs, location)
    with pytest.raises(ServiceError) as raised:
        await reader(answers).log("812/2")
    assert raised.value.trouble is trouble
    assert "s3cret" not in str(raised.value)
    assert "t0ken" not in str(raised.value)


async def test_no_redirect_from_https_to_http(answers: Answers) -> None:
    with_log(answers, Blobs(LINES.encode()), "http://blobs.test/log")
    settings = GitHubSettings("https://gh.test", Secret("t"), "o/r")
    asking = GitHubReader(settings, Workflow(), 5.0, answers.transport)
    with pytest.raises(ServiceError, match="from https to http"):
        await asking.log("812/2")


async def test_a_log_that_was_deleted(answers: Answers) -> None:
    with_log(answers, Blobs(b""))
    answers.by_path[f"{ACTIONS}/jobs/77/logs"] = httpx.Response(410, json={"message": "Gone"})
    with pytest.raises(ServiceError, match="410 Gone") as raised:
        await reader(answers).log("812/2")
    assert raised.value.trouble is Trouble.missing


async def test_a_run_without_jobs(answers: Answers) -> None:
    with_log(answers, Blobs(b""))
    answers.by_path[f"{ACTIONS}/runs/812/attempts/2/jobs"] = httpx.Response(200, json={})
    with pytest.raises(ServiceError, match="names no job") as raised:
        await reader(answers).log("812/2")
    assert raised.value.trouble is Trouble.missing
