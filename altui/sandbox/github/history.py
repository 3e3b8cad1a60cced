"""The nights before the first start: plausible runs that say of themselves that they are seeded."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from altui.sandbox.github import state as change
from altui.sandbox.github import workflow as syntax
from altui.sandbox.github.files import Files
from altui.sandbox.github.record import timestamp
from altui.sandbox.github.runner import step_names
from altui.sandbox.github.schedule import Schedule
from altui.sandbox.github.state import SEEDER, Job, Run, State
from altui.sandbox.github.workflow import Workflow

NIGHTS = 30
FAILED_NIGHT = 20
"""So many nights before the newest one, `FAILED_STEP` failed; health's 14 nights stay clean."""
FAILED_STEP = "Run dbt models"
WORK = ("Install dbt packages", FAILED_STEP, "Run dbt tests", "Export to Elasticsearch")
"""The steps that take time; the others are over at once."""
_QUICK = timedelta(milliseconds=300)
_NOTE = "Seeded history of the sandbox: this run was made up and never executed."


@dataclass(frozen=True)
class History:
    state: State
    files: Files
    workflow: Workflow
    schedule: Schedule
    sha: str

    def seed(self, last: date) -> None:
        """Add the runs of the nights up to and with `last`, oldest first."""
        for back in reversed(range(NIGHTS)):
            self._night(last - timedelta(days=back), failed=back == FAILED_NIGHT)

    def _night(self, night: date, *, failed: bool) -> None:
        chance = Random(f"{self.schedule.seed}/history/{night.isoformat()}")
        late = timedelta(seconds=chance.randint(9 * 60, 41 * 60))
        start = self.schedule.scheduled(night) + late
        run = self.state.add(
            path=self.workflow.path,
            name=self.workflow.name,
            event="schedule",
            sha=self.sha,
            actor=SEEDER,
            now=start,
        )
        jobs = [(job.key, job.name, step_names(job)) for job in self.workflow.jobs]
        attempt = self.state.attempt(run, SEEDER, start, jobs)
        attempt.status = "in_progress"
        for definition, job in zip(self.workflow.jobs, attempt.jobs, strict=True):
            change.start_job(job, start)
            _steps(definition, job, chance.uniform(25.0, 45.0), failed=failed)
            self._log(run, job)
            end = job.steps[-1].completed_at or start
            change.finish_job(job, "failure" if failed else "success", end)
        change.finish_attempt(attempt, max(job.completed_at or start for job in attempt.jobs))

    def _log(self, run: Run, job: Job) -> None:
        for step in job.steps:
            if step.conclusion != "skipped" and step.started_at is not None:
                self.files.append(run, job, step, f"{timestamp(step.started_at)} {_NOTE}")
                self.files.finish_log(run, job, step)


def _steps(definition: syntax.Job, job: Job, seconds: float, *, failed: bool) -> None:
    """Share the seconds among the steps that work; after a failure only `always()` goes on."""
    always = {each.name for each in definition.steps if each.condition == "always()"}
    share = timedelta(seconds=seconds) / len(WORK)
    now, broken = job.started_at, False
    for step in job.steps:
        if broken and step is not job.steps[-1] and step.name not in always:
            change.finish_step(step, "skipped", now)
            continue
        conclusion = "failure" if failed and step.name == FAILED_STEP else "success"
        broken = broken or conclusion == "failure"
        end = now + (share - _QUICK if step.name in WORK else _QUICK)
        change.start_step(step, now)
        change.finish_step(step, conclusion, end)
        now = end
