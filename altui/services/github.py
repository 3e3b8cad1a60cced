"""Reading GitHub Actions: the workflow, its newest runs, and the steps that matter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import Struct

from altui.config import GitHubSettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Workflow
from altui.core.model.reading import Run, Runs, RunStep
from altui.services.errors import ServiceError, deadline, off
from altui.services.http import Answer, Http, MakeTransport, decoded, refused, utc
from altui.services.text import clean

NEWEST = 40
"""Runs that are read: 14 scheduled nights and 10 successes fit, with some by hand between."""
SHOWN = 5
"""Runs whose failing step is shown."""
DONE = "completed"

T = TypeVar("T")


class _Workflow(Struct):
    name: str | None = None
    state: str | None = None


class _Actor(Struct):
    login: str | None = None


class _Run(Struct):
    id: int
    created_at: datetime
    run_number: int | None = None
    run_attempt: int | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    run_started_at: datetime | None = None
    updated_at: datetime | None = None
    display_title: str | None = None
    name: str | None = None
    actor: _Actor | None = None
    head_sha: str | None = None
    html_url: str | None = None


class _Runs(Struct):
    workflow_runs: list[_Run] | None = None


class _Step(Struct):
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class _Job(Struct):
    status: str | None = None
    conclusion: str | None = None
    steps: list[_Step] | None = None


class _Jobs(Struct):
    jobs: list[_Job] | None = None


class GitHubReader:
    """Remembers each answer with its ETag: an authorised 304 costs nothing of the rate limit."""

    def __init__(
        self,
        settings: GitHubSettings,
        workflow: Workflow,
        seconds: float = 10.0,
        transport: MakeTransport | None = None,
    ) -> None:
        """`seconds` bounds one reading with all its questions."""
        self._settings = settings
        self._workflow = workflow
        self._seconds = seconds
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": f"Bearer {settings.token.reveal()}",
        }
        self._http = Http(settings.api_url, headers, seconds, None, transport)
        self._known: dict[str, tuple[str, Any]] = {}

    async def runs(self) -> Runs:
        """The workflow's newest runs, newest first. Raises ServiceError."""
        where = "github runs"
        if not self._settings.repository:
            raise off("no GITHUB_REPOSITORY: workflow runs are not read", where)
        if not self._settings.token:
            raise off("no GITHUB_TOKEN: workflow runs are not read", where)
        owner, _, name = self._settings.repository.partition("/")
        repository = f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/actions"
        base = f"{repository}/workflows/{quote(self._workflow.file, safe='')}"
        asked: set[str] = set()
        async with deadline(self._seconds, where):
            workflow = await self._get(base, _Workflow, asked)
            listed = await self._get(f"{base}/runs?per_page={NEWEST}", _Runs, asked)
            newest_first = sorted(
                listed.workflow_runs or [], key=lambda run: run.created_at, reverse=True
            )
            steps: dict[int, tuple[RunStep, ...]] = {}
            for run in _telling(newest_first):
                path = f"{repository}/runs/{run.id}/jobs?filter=latest&per_page=100"
                steps[run.id] = _steps((await self._get(path, _Jobs, asked)).jobs or [])
        # answers that were not asked for again are of no use any more
        self._known = {path: known for path, known in self._known.items() if path in asked}
        return Runs(
            workflow=clean(workflow.name, 100) or self._workflow.file,
            workflow_state=clean(workflow.state, 40),
            runs=tuple(_run(run, steps.get(run.id, ())) for run in newest_first),
        )

    async def _get(self, path: str, kind: type[T], asked: set[str]) -> T:
        asked.add(path)
        known = self._known.get(path)
        headers = {"If-None-Match": known[0]} if known else {}
        answer = await self._http.get(path, headers=headers, answers=frozenset({403}))
        if answer.status == 304 and known:
            return known[1]
        if answer.status == 403:
            raise _forbidden(answer)
        value = decoded(answer, kind)
        if etag := answer.headers.get("etag"):
            self._known[path] = (etag, value)
        return value


def _forbidden(answer: Answer) -> ServiceError:
    """403 is a refusal, or GitHub's rate limit, which says nothing about the pipeline."""
    error = refused(answer)
    limited = (
        answer.headers.get("x-ratelimit-remaining") == "0"
        or "retry-after" in answer.headers
        or "rate limit" in error.words.lower()
    )
    return ServiceError(Trouble.unreachable, error.words, error.where) if limited else error


def _telling(newest_first: Sequence[_Run]) -> list[_Run]:
    """Runs whose steps are worth a question: the newest, what runs, and shown failures."""
    return [
        run
        for place, run in enumerate(newest_first[: SHOWN + 1])
        if place == 0
        or run.status != DONE
        or (place < SHOWN and run.conclusion not in {"success", "skipped", "cancelled"})
    ]


def _steps(jobs: Sequence[_Job]) -> tuple[RunStep, ...]:
    """Steps of the job that failed, else of the one that runs, else of the first."""
    failed = [job for job in jobs if job.conclusion not in {None, "success", "skipped", "neutral"}]
    running = [job for job in jobs if job.status != DONE and job.steps]
    chosen = next(iter([*failed, *running, *jobs]), None)
    return tuple(
        RunStep(
            name=clean(step.name, 100),
            status=clean(step.status, 40),
            conclusion=clean(step.conclusion, 40) or None,
            started_at=utc(step.started_at),
            completed_at=utc(step.completed_at),
        )
        for step in (chosen.steps or [] if chosen else [])
    )


def _run(wire: _Run, steps: tuple[RunStep, ...]) -> Run:
    return Run(
        id=wire.id,
        number=wire.run_number or 0,
        attempt=wire.run_attempt or 1,
        event=clean(wire.event, 40),
        status=clean(wire.status, 40),
        conclusion=clean(wire.conclusion, 40) or None,
        created_at=utc(wire.created_at) or wire.created_at,
        started_at=utc(wire.run_started_at),
        updated_at=utc(wire.updated_at),
        title=clean(wire.display_title or wire.name, 120),
        actor=clean(wire.actor.login if wire.actor else None, 60),
        head_sha=clean(wire.head_sha, 64),
        url=clean(wire.html_url, 300),
        steps=steps,
    )
