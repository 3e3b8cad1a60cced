"""GitHub Actions of one repository: what starts runs, lets them wait, executes and ends them."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path

from starlette.applications import Starlette

from altui.sandbox.github import state as change
from altui.sandbox.github.expressions import expand
from altui.sandbox.github.files import Files, fingerprint
from altui.sandbox.github.history import History
from altui.sandbox.github.record import Record
from altui.sandbox.github.runner import Execution, Machine, step_names
from altui.sandbox.github.schedule import Schedule
from altui.sandbox.github.shell import Shell
from altui.sandbox.github.state import BRANCH, OPERATOR, Job, Run, State
from altui.sandbox.github.workflow import FOLDER, Workflow, load
from altui.sandbox.world import World

_PASSED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_KEY = '{{"type": "service_account", "project_id": "{project}", "private_key": "sandbox\\n"}}'
_LOST = (
    "##[error]The runner has received a shutdown signal or was lost: "
    "the sandbox ended while this step ran."
)


_RERUN_WITHIN = timedelta(days=30)


class RefusedError(Exception):
    """GitHub says no: the answer's status and words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class GitHub:
    """The simulator. `app` is set by `create`; everything else is here."""

    app: Starlette

    def __init__(self, world: World, shell: Shell) -> None:
        self.world = world
        self.files = Files(world.dir / "github")
        self.state: State = self.files.read()
        self._shell = shell
        self._executions: dict[int, Execution] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._parsed: dict[Path, tuple[int, Workflow]] = {}
        self._closing = False
        self._repair()

    # What the supervisor calls.

    async def seed(self) -> None:
        if self.state.created_at is not None:
            return
        now = self.now()
        workflow = self._scheduled()
        if workflow is not None:
            schedule = self._schedule(workflow)
            last = schedule.last_history(now)
            sha = fingerprint(self.world.project_dir)
            History(self.state, self.files, workflow, schedule, sha).seed(last)
            self.state.first_night = self.state.next_night = last + timedelta(days=1)
        self.state.created_at = now - timedelta(days=self.world.days)
        self.save()

    def next_event(self) -> datetime | None:
        workflow = self._scheduled()
        if workflow is None or self.state.next_night is None or self.state.first_night is None:
            return None
        schedule = self._schedule(workflow)
        night = schedule.next_night(self.state.next_night, self.state.first_night)
        return schedule.start(night)

    async def run_due(self) -> None:
        """Start the scheduled run that is due, if one is, and wait for its end.

        After a time in which nobody looked, the newest night alone runs: its build looks back.
        """
        workflow, state = self._scheduled(), self.state
        if workflow is None or state.next_night is None or state.first_night is None:
            return
        schedule = self._schedule(workflow)
        night = schedule.newest_due(state.next_night, state.first_night, self.now())
        if night is None:
            return
        state.next_night = night + timedelta(days=1)
        run = self.trigger(workflow, "schedule", {})
        await self.finished(run)

    async def close(self) -> None:
        self._closing = True
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._repair()
        self.save()

    # What people and drills may change.

    def set_punctual(self, on: bool) -> None:
        """Whether later nights start on the minute and none is dropped."""
        self.state.punctual = on
        self.save()

    def set_secret(self, name: str, value: str | None) -> None:
        """Change a secret of the repository; None removes it."""
        self.state.secrets[name] = value
        self.save()

    def disable(self, workflow: Workflow, how: str = "disabled_manually") -> None:
        self.state.disabled[workflow.path] = how
        self.save()

    def enable(self, workflow: Workflow) -> None:
        """Nights that passed meanwhile are not made up for."""
        if self.state.disabled.pop(workflow.path, None) is None:
            return
        state, now = self.state, self.now()
        if workflow.daily is not None and state.next_night is not None:
            schedule = self._schedule(workflow)
            while schedule.start(state.next_night) <= now:
                state.next_night += timedelta(days=1)
        self.save()

    # Runs.

    def workflows(self) -> list[Workflow]:
        """As the files stand now. Raises WorkflowError when one of them is broken."""
        found = sorted((self.world.project_dir / FOLDER).glob("*.y*ml"))
        return [self._load(path) for path in found]

    def workflow_of(self, run: Run) -> Workflow:
        found = next((each for each in self.workflows() if each.path == run.path), None)
        if found is None:
            raise RefusedError(403, "The workflow file of this run no longer exists.")
        return found

    def secrets(self) -> dict[str, str]:
        world = self.world
        given: dict[str, str | None] = {
            "BQ_PROJECT": world.project_id,
            "BQ_SA_JSON": _KEY.format(project=world.project_id),
            "ES_URL": world.elasticsearch_url,
        }
        merged = given | self.state.secrets
        return {name: value for name, value in merged.items() if value is not None}

    def trigger(self, workflow: Workflow, event: str, inputs: Mapping[str, str]) -> Run:
        """A new run; it starts at once unless its concurrency group is busy."""
        declared = {each.name: each.default for each in workflow.inputs}
        run = self.state.add(
            path=workflow.path,
            name=workflow.name,
            event=event,
            sha=fingerprint(self.world.project_dir),
            actor=OPERATOR,
            now=self.now(),
            inputs={**declared, **inputs} if event == "workflow_dispatch" else {},
        )
        group = workflow.group
        run.group = None if group is None else expand(group, self._contexts(run, 1))
        self._attempt(run, workflow, {job.key for job in workflow.jobs})
        return run

    def rerun(self, run: Run, job_keys: set[str] | None = None) -> None:
        """Another attempt of a finished run: all its jobs, or these and those that need them."""
        if not run.done:
            raise RefusedError(403, "The workflow run is already running")
        if run.created_at < self.now() - _RERUN_WITHIN:
            raise RefusedError(403, "Unable to retry a workflow run created over a month ago")
        workflow = self.workflow_of(run)
        wanted = {job.key for job in workflow.jobs} if job_keys is None else set(job_keys)
        for job in workflow.jobs:
            if wanted & set(job.needs):
                wanted.add(job.key)
        self._attempt(run, workflow, wanted)

    def cancel(self, run: Run, *, force: bool = False) -> None:
        if run.done:
            raise RefusedError(409, "Cannot cancel a workflow run that is completed.")
        execution = self._executions.get(run.id)
        if execution is not None:
            execution.cancel(force=force)
        else:
            self._end(run, "cancelled")

    async def finished(self, run: Run) -> None:
        """Return when the run's last attempt is completed."""
        await self.until(lambda: run.done)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when something about the runs has become true."""
        while not holds():
            await self._changed.wait()

    def now(self) -> datetime:
        return self.world.clock.now()

    def save(self) -> None:
        self.files.write(self.state)
        self._changed.set()
        self._changed = asyncio.Event()

    # Inside.

    def _attempt(self, run: Run, workflow: Workflow, keys: set[str]) -> None:
        jobs = [(job.key, job.name, step_names(job)) for job in workflow.jobs if job.key in keys]
        kept = [job for job in run.last.jobs if job.key not in keys] if run.attempts else []
        attempt = self.state.attempt(run, OPERATOR, self.now(), jobs, kept)
        busy = [each for each in self._active(run.group) if each is not run]
        for waiting in self.state.of_group(run.group, "pending"):
            self._end(waiting, "cancelled")
        if busy:
            attempt.status = "pending"
            if workflow.cancel_in_progress:
                for each in busy:
                    self.cancel(each)
        else:
            self._start(run)
        self.save()

    def _active(self, group: str | None) -> list[Run]:
        return self.state.of_group(group, "queued", "in_progress")

    def _start(self, run: Run) -> None:
        run.last.status = "queued"
        self._tasks[run.id] = asyncio.create_task(self._execute(run))

    async def _execute(self, run: Run) -> None:
        conclusion = None
        try:
            if run.done:  # cancelled before it began
                return
            run.last.status = "in_progress"
            workflow = self.workflow_of(run)
            for job in run.last.running_jobs:
                if await self._job(run, workflow, job) == "cancelled":
                    conclusion = "cancelled"
                    break
        except asyncio.CancelledError:
            conclusion = "cancelled"
            self._note_loss(run)
        except Exception:
            # A fault of ours must not leave a run that never ends.
            conclusion = "failure"
            raise
        finally:
            self._executions.pop(run.id, None)
            del self._tasks[run.id]
            if not run.done:
                self._end(run, conclusion)
            waiting = self.state.of_group(run.group, "pending")
            if waiting and not self._closing:
                self._start(waiting[0])

    async def _job(self, run: Run, workflow: Workflow, job: Job) -> str:
        definition = next(each for each in workflow.jobs if each.key == job.key)
        done = {each.key: each.conclusion for each in run.last.jobs}
        if any(done.get(need) != "success" for need in definition.needs):
            change.finish_job(job, "skipped", self.now())
            return "skipped"
        workspace = self.files.workspace(run)
        contexts = self._contexts(run, run.last.number)
        machine = Machine(
            project=self.world.project_dir,
            workspace=workspace,
            artifacts=self.files.artifacts(run),
            started=self.now(),
            env=self._machine_env(),
            contexts={
                **contexts,
                "github": {**contexts["github"], "workspace": str(workspace / "repository")},
            },
            shell=self._shell,
        )
        record = self._record(run, job, contexts["secrets"])
        execution = Execution(definition, machine, record, workflow.env)
        self._executions[run.id] = execution
        try:
            return await execution.run()
        finally:
            self.files.clear(workspace)

    def _record(self, run: Run, job: Job, secrets: Mapping[str, str]) -> Record:
        return Record(run, job, self.files, now=self.now, save=self.save, secrets=secrets.values())

    def _end(self, run: Run, conclusion: str | None) -> None:
        change.finish_attempt(run.last, self.now(), conclusion)
        self.save()

    def _note_loss(self, run: Run) -> None:
        for job in run.last.running_jobs:
            record = self._record(run, job, self.secrets())
            for step in job.steps:
                if step.status == "in_progress":
                    record.say(step, _LOST)
                    self.files.finish_log(run, job, step)

    def _repair(self) -> None:
        """End what a sandbox that was killed has left unfinished."""
        self.files.clear_all()
        for run in self.state.runs:
            if not run.done:
                started = run.last.status == "in_progress"
                self._note_loss(run)
                self._end(run, "failure" if started else "cancelled")

    def _scheduled(self) -> Workflow | None:
        """The workflow with a schedule, unless it is disabled."""
        found = next((each for each in self.workflows() if each.daily is not None), None)
        return None if found is None or found.path in self.state.disabled else found

    def _schedule(self, workflow: Workflow) -> Schedule:
        return Schedule(workflow.daily or time(), self.world.seed, self.state.punctual)

    def _load(self, path: Path) -> Workflow:
        changed = path.stat().st_mtime_ns
        known = self._parsed.get(path)
        if known is None or known[0] != changed:
            known = self._parsed[path] = (changed, load(self.world.project_dir, path))
        return known[1]

    def _contexts(self, run: Run, attempt: int) -> dict[str, dict[str, str]]:
        world = self.world
        return {
            "secrets": self.secrets(),
            "vars": {"BQ_DATASET": world.dataset, "ES_ANALYTICS_INDEX": world.index_prefix},
            "inputs": run.inputs,
            "github": {
                "actor": run.actor,
                "api_url": world.github_url,
                "event_name": run.event,
                "ref": f"refs/heads/{BRANCH}",
                "ref_name": BRANCH,
                "repository": world.github_repository,
                "repository_owner": world.github_repository.split("/")[0],
                "run_attempt": str(attempt),
                "run_id": str(run.id),
                "run_number": str(run.number),
                "server_url": world.github_url,
                "sha": run.sha,
                "workflow": run.name,
            },
        }

    def _machine_env(self) -> dict[str, str]:
        programs = str(Path(sys.executable).parent)
        return {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
            "TZ": "UTC",
            "BIGQUERY_EMULATOR_HOST": self.world.bigquery_url,
            "ALTUI_CLOCK": str(self.world.clock.path),
        }
