"""Reading GitHub Actions: the workflow, its newest runs, and the steps that matter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

from msgspec import Struct

from altui.config import GitHubSettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Workflow
from altui.core.model.reading import Job, Jobs, Log, Run, Runs, RunStep
from altui.core.rules.logs import failing
from altui.core.rules.schedule import FAILED
from altui.services.errors import TOO_MANY, UNSAID_REST, ServiceError, deadline, off
from altui.services.headers import next_page, retry_after, sendable, utc
from altui.services.http import Answer, Http, MakeTransport, decoded, refused
from altui.services.text import clean

NEWEST = 40
"""Runs that are read first: most pipelines' nights and successes fit, with some by hand between."""
SHOWN = 5
"""Runs whose failing step is shown."""
DONE = "completed"

LIMITED = frozenset({403, TOO_MANY})
PAGE = 100
"""Items a page; GitHub gives no more."""
MOST_PAGES = 5
LONGEST_LOG = 2 * 1024**2
"""Bytes of a log that are read, from its end."""
KEPT_LINES = 200

T = TypeVar("T")
S = TypeVar("S")
T_co = TypeVar("T_co", covariant=True)


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
    workflow_runs: list[_Run] | None  # null is none; without it this is no list of runs

    @property
    def items(self) -> list[_Run]:
        return self.workflow_runs or []


class _Step(Struct):
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class _Job(Struct):
    id: int | None = None
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    steps: list[_Step] | None = None


class _Jobs(Struct):
    jobs: list[_Job] | None = None

    @property
    def items(self) -> list[_Job]:
        return self.jobs or []


class _Page(Protocol[T_co]):
    """One page of a list."""

    @property
    def items(self) -> Sequence[T_co]: ...


class _Known(NamedTuple):
    """An answer as it was when it had this ETag."""

    etag: str
    value: Any
    following: str | None


class GitHubReader:
    """Remembers each answer with its ETag: an authorised 304 costs nothing of the rate limit."""

    def __init__(
        self,
        settings: GitHubSettings,
        workflow: Workflow,
        seconds: float = 10.0,
        transport: MakeTransport | None = None,
    ) -> None:
        """`seconds` bounds one reading with all its questions; a log is given twice that."""
        self._settings = settings
        self._workflow = workflow
        self._seconds = seconds
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": f"Bearer {settings.token.reveal()}",
        }
        self._http = Http(settings.api_url, headers, seconds, None, transport)
        self._known: dict[str, _Known] = {}
        self._asked: set[str] = set()
        self._steps: dict[tuple[int, int], tuple[RunStep, ...]] = {}

    async def runs(self) -> Runs:
        """The workflow's newest runs, and older nights and successes. Raises ServiceError."""
        where = "github runs"
        self._refuse_without_settings(where)
        base = f"{self._actions}/workflows/{quote(self._workflow.file, safe='')}"
        self._asked = set()
        async with deadline(self._seconds, where):
            workflow, _ = await self._get(base, _Workflow)
            newest_first = await self._newest(f"{base}/runs")
            telling = _telling(newest_first)
            steps = {(run.id, run.run_attempt or 1): await self._steps_of(run) for run in telling}
        # answers that were not asked for again are of no use any more
        self._known = {path: known for path, known in self._known.items() if path in self._asked}
        self._steps = {
            key: made
            for key, made in steps.items()
            if made and all(step.status == DONE for step in made)
        }
        return Runs(
            workflow=clean(workflow.name, 100) or self._workflow.file,
            workflow_state=clean(workflow.state, 40),
            runs=tuple(
                _run(run, steps.get((run.id, run.run_attempt or 1), ())) for run in newest_first
            ),
        )

    async def jobs(self, key: str) -> Jobs:
        """The jobs of a run with their steps; `key` is `run/attempt`. Raises ServiceError."""
        where = f"github jobs of run {key}"
        self._refuse_without_settings(where)
        async with deadline(self._seconds, where):
            return Jobs(tuple(_job(job) for job in await self._jobs_of(key)))

    async def log(self, key: str) -> Log:
        """What the failed job of a run wrote; `key` is `run/attempt`. Raises ServiceError."""
        where = f"github log of run {key}"
        self._refuse_without_settings(where)
        async with deadline(2 * self._seconds, where):
            job = _chosen(await self._jobs_of(key))
            if job is None or job.id is None:
                raise ServiceError(Trouble.missing, "the run names no job", where)
            raw = await self._http.tail(f"{self._actions}/jobs/{job.id}/logs", LONGEST_LOG)
        bad = next((step for step in job.steps or [] if step.conclusion in FAILED), _Step())
        text = raw.decode("utf-8", "replace").split("\n")
        return Log(
            step=clean(bad.name, 100),
            lines=failing([clean(line, 500) for line in text], utc(bad.started_at))[-KEPT_LINES:],
        )

    async def _jobs_of(self, key: str) -> list[_Job]:
        run, _, attempt = key.partition("/")
        path = f"{self._actions}/runs/{quote(run)}/attempts/{quote(attempt or '1')}/jobs"
        jobs, _ = await self._listed(f"{path}?per_page={PAGE}", _Jobs, MOST_PAGES * PAGE)
        return jobs

    @property
    def _actions(self) -> str:
        owner, _, name = self._settings.repository.partition("/")
        return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/actions"

    def _refuse_without_settings(self, where: str) -> None:
        if not self._settings.repository:
            raise off("no GITHUB_REPOSITORY: workflow runs are not read", where)
        if not self._settings.token:
            raise off("no GITHUB_TOKEN: workflow runs are not read", where)

    async def _newest(self, base: str) -> list[_Run]:
        """Newest first; nights and successes that the newest do not hold are asked for."""
        found, more = await self._listed(f"{base}?per_page={NEWEST}", _Runs, NEWEST)
        nights, successes = self._workflow.nights, self._workflow.successes
        if more and sum(run.event == "schedule" for run in found) < nights:
            path = f"{base}?event=schedule&per_page={min(nights, PAGE)}"
            found += (await self._listed(path, _Runs, nights))[0]
        if more and sum(run.conclusion == "success" for run in found) < successes:
            path = f"{base}?status=success&per_page={min(successes, PAGE)}"
            found += (await self._listed(path, _Runs, successes))[0]
        unique = {run.id: run for run in reversed(found)}
        # two runs may start in the same second; ids grow
        return sorted(unique.values(), key=lambda run: (_created(run), run.id), reverse=True)

    async def _steps_of(self, run: _Run) -> tuple[RunStep, ...]:
        """The telling job's steps; those of an ended attempt do not change and are kept."""
        key = run.id, run.run_attempt or 1
        if run.status == DONE and key in self._steps:
            return self._steps[key]
        path = f"{self._actions}/runs/{run.id}/jobs?filter=latest&per_page={PAGE}"
        jobs, _ = await self._listed(path, _Jobs, MOST_PAGES * PAGE)
        return _steps(_chosen(jobs))

    async def _listed(self, path: str, kind: "type[_Page[T]]", enough: int) -> tuple[list[T], bool]:
        """Items of as many pages as it takes, and whether there are more."""
        found: list[T] = []
        here: str | None = path
        for _ in range(MOST_PAGES):
            if here is None or len(found) >= enough:
                break
            page, following = await self._get(here, kind)
            found += page.items
            here = following and f"{path.partition('?')[0]}?{following}"
        return found, here is not None

    async def _get(self, path: str, kind: type[S]) -> tuple[S, str | None]:
        """The answer, and the query of its next page."""
        self._asked.add(path)
        known = self._known.get(path)
        headers = {"If-None-Match": known.etag} if known else {}
        answer = await self._http.get(path, headers=headers, answers=LIMITED)
        if answer.status == 304 and known:
            return known.value, known.following
        if answer.status in LIMITED:
            raise _limited(answer)
        value, following = decoded(answer, kind), next_page(answer.headers)
        etag = answer.headers.get("etag")
        if etag and sendable(etag):
            self._known[path] = _Known(etag, value, following)
        return value, following


def _created(run: _Run) -> datetime:
    return utc(run.created_at) or run.created_at


def _limited(answer: Answer) -> ServiceError:
    """A refusal, or GitHub's rate limit, which says nothing about the pipeline.

    How long to wait: `retry-after`, else `x-ratelimit-reset` where nothing remains, else a minute.
    """
    error = refused(answer)
    now = datetime.now(UTC)
    rest = retry_after(answer.headers, now)
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    reset = answer.headers.get("x-ratelimit-reset", "")
    if rest is None and spent and reset.isascii() and reset.isdigit():
        rest = max(0.0, float(reset[:11]) - now.timestamp())
    limited = answer.status == TOO_MANY or spent or rest is not None
    if not (limited or "rate limit" in error.words.lower()):
        return error
    rest = UNSAID_REST if rest is None else rest
    return ServiceError(Trouble.unreachable, error.words, error.where, rest)


def _telling(newest_first: Sequence[_Run]) -> list[_Run]:
    """Runs whose steps are worth a question: the newest, what runs, and shown failures."""
    return [
        run
        for place, run in enumerate(newest_first[: SHOWN + 1])
        if place == 0
        or run.status != DONE
        or (place < SHOWN and run.conclusion not in {"success", "skipped", "cancelled"})
    ]


def _chosen(jobs: Sequence[_Job]) -> _Job | None:
    """The job that failed, else the one that runs, else the first."""
    failed = [job for job in jobs if job.conclusion not in {None, "success", "skipped", "neutral"}]
    running = [job for job in jobs if job.status != DONE and job.steps]
    return next(iter([*failed, *running, *jobs]), None)


def _steps(chosen: _Job | None) -> tuple[RunStep, ...]:
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


def _job(wire: _Job) -> Job:
    return Job(
        name=clean(wire.name, 100),
        status=clean(wire.status, 40),
        conclusion=clean(wire.conclusion, 40) or None,
        started_at=utc(wire.started_at),
        completed_at=utc(wire.completed_at),
        steps=_steps(wire),
    )


def _run(wire: _Run, steps: tuple[RunStep, ...]) -> Run:
    return Run(
        id=wire.id,
        number=wire.run_number or 0,
        attempt=wire.run_attempt or 1,
        event=clean(wire.event, 40),
        status=clean(wire.status, 40),
        conclusion=clean(wire.conclusion, 40) or None,
        created_at=_created(wire),
        started_at=utc(wire.run_started_at),
        updated_at=utc(wire.updated_at),
        title=clean(wire.display_title or wire.name, 120),
        actor=clean(wire.actor.login if wire.actor else None, 60),
        head_sha=clean(wire.head_sha, 64),
        url=clean(wire.html_url, 300),
        steps=steps,
    )
