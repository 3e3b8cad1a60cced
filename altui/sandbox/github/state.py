"""What GitHub remembers of one repository: runs, attempts, jobs, steps, and how they change."""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct, field

OPERATOR = "sandbox-operator"
"""Who owns the token, and in whose name the schedule runs."""
SEEDER = "sandbox-seed"
"""The actor of history that was never executed."""
BRANCH = "main"
FIRST_ID = 17_000_000_000


class Step(Struct):
    number: int
    name: str
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(Struct):
    id: int
    key: str
    """Its name in the workflow file."""
    name: str
    created_at: datetime
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    steps: list[Step] = field(default_factory=list[Step])
    attempt: int = 1
    """The attempt that executed it: a partial re-run keeps the jobs that succeeded."""


class Attempt(Struct):
    number: int
    actor: str
    started_at: datetime
    updated_at: datetime
    status: str = "queued"
    """queued, pending (its concurrency group is busy), in_progress, completed."""
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list[Job])

    @property
    def seeded(self) -> bool:
        """Made up, never executed."""
        return self.actor == SEEDER

    @property
    def running_jobs(self) -> list[Job]:
        """The jobs this attempt executes itself."""
        return [job for job in self.jobs if job.attempt == self.number]


class Run(Struct):
    id: int
    number: int
    path: str
    """Of its workflow."""
    name: str
    event: str
    sha: str
    actor: str
    created_at: datetime
    group: str | None
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def done(self) -> bool:
        return self.last.status == "completed"


class State(Struct):
    next_id: int = FIRST_ID
    runs: list[Run] = field(default_factory=list[Run])
    """Oldest first."""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """Per workflow path, the last run's number."""
    disabled: dict[str, str] = field(default_factory=dict[str, str])
    """Per workflow path, in which way: disabled_manually, disabled_inactivity."""
    secrets: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """Secrets that were changed, or removed (None), since the sandbox was made."""
    created_at: datetime | None = None
    """When history begins; None: not seeded yet."""
    first_night: date | None = None
    """The first night that is real."""
    next_night: date | None = None
    """The next one that the schedule has to look at."""
    punctual: bool = False

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def run(self, run_id: int) -> Run | None:
        return next((run for run in self.runs if run.id == run_id), None)

    def job(self, job_id: int) -> tuple[Run, Attempt, Job] | None:
        """The job with the attempt that executed it."""
        return next((found for found in self.jobs() if found[2].id == job_id), None)

    def jobs(self) -> Iterator[tuple[Run, Attempt, Job]]:
        for run in self.runs:
            for attempt in run.attempts:
                for job in attempt.running_jobs:
                    yield run, attempt, job

    def add(
        self,
        *,
        path: str,
        name: str,
        event: str,
        sha: str,
        actor: str,
        now: datetime,
        group: str | None = None,
        inputs: dict[str, str] | None = None,
    ) -> Run:
        """A new run, without an attempt yet."""
        self.numbers[path] = self.numbers.get(path, 0) + 1
        run = Run(
            id=self.new_id(),
            number=self.numbers[path],
            path=path,
            name=name,
            event=event,
            sha=sha,
            actor=actor,
            created_at=now,
            group=group,
            inputs=inputs or {},
        )
        self.runs.append(run)
        return run

    def attempt(
        self,
        run: Run,
        actor: str,
        now: datetime,
        jobs: list[tuple[str, str, list[str]]],
        kept: list[Job] | None = None,
    ) -> Attempt:
        """The run's next attempt, queued.

        `jobs` are (key, name, names of the steps) to execute, `kept` those an earlier one did.
        """
        number = len(run.attempts) + 1
        attempt = Attempt(number=number, actor=actor, started_at=now, updated_at=now)
        attempt.jobs = list(kept or ())
        for key, name, steps in jobs:
            job = Job(self.new_id(), key, name, created_at=now, started_at=now, attempt=number)
            job.steps = [Step(place, step) for place, step in enumerate(steps, start=1)]
            attempt.jobs.append(job)
        run.attempts.append(attempt)
        return attempt

    def of_group(self, group: str | None, *statuses: str) -> list[Run]:
        """Runs of a concurrency group whose last attempt is in one of these statuses."""
        if group is None:
            return []
        return [run for run in self.runs if run.group == group and run.last.status in statuses]


def start_step(step: Step, now: datetime) -> None:
    step.status, step.started_at = "in_progress", now


def finish_step(step: Step, conclusion: str, now: datetime) -> None:
    step.started_at = step.started_at or now
    step.status, step.conclusion = "completed", conclusion
    step.completed_at = max(now, step.started_at)


def start_job(job: Job, now: datetime) -> None:
    job.status, job.started_at = "in_progress", now


def finish_job(job: Job, conclusion: str, now: datetime) -> None:
    """Steps that never came to an end share the job's fate."""
    for step in job.steps:
        if step.status != "completed":
            ran = step.status == "in_progress"
            finish_step(step, conclusion if ran else "skipped", now)
    job.status, job.conclusion = "completed", conclusion
    job.completed_at = max(now, job.started_at)


def finish_attempt(attempt: Attempt, now: datetime, conclusion: str | None = None) -> None:
    """Without a given conclusion the jobs decide: failure before cancelled before success."""
    for job in attempt.running_jobs:
        if job.status != "completed":
            finish_job(job, conclusion or "cancelled", now)
    found = {job.conclusion for job in attempt.jobs}
    worst = next((each for each in ("failure", "cancelled") if each in found), "success")
    attempt.status, attempt.conclusion = "completed", conclusion or worst
    attempt.updated_at = max(now, attempt.started_at)
