"""The runner: really executes the steps of a job in a copy of the project.

`run:` steps run as on GitHub. `uses:` steps are the runner image's business: `actions/checkout`
copies the project, `actions/upload-artifact` keeps files, and whatever sets up or installs is there
already, which its log says.
"""

import asyncio
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from altui.sandbox.github import workflow as syntax
from altui.sandbox.github.expressions import ExpressionError, Status, expand, holds
from altui.sandbox.github.files import copy_project
from altui.sandbox.github.record import Record
from altui.sandbox.github.shell import BASH, Shell
from altui.sandbox.github.state import Step

SET_UP, COMPLETE = "Set up job", "Complete job"
_HEREDOC = re.compile(r"([^=]+)<<(.+)")
_MANNERS = {"GITHUB_ENV": "env", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}


def step_names(job: syntax.Job) -> list[str]:
    return [SET_UP, *(step.name for step in job.steps), COMPLETE]


@dataclass(frozen=True)
class Machine:
    """What one attempt runs on."""

    project: Path
    workspace: Path
    artifacts: Path
    started: datetime
    env: Mapping[str, str]
    """The runner machine's own environment."""
    contexts: Mapping[str, Mapping[str, str]]
    """secrets, vars, inputs, github, without the job's env."""
    shell: Shell

    @property
    def checkout(self) -> Path:
        return self.workspace / "repository"

    @property
    def temp(self) -> Path:
        return self.workspace / "temp"


@dataclass
class Execution:
    """One job on one machine; `run` once."""

    job: syntax.Job
    machine: Machine
    record: Record
    workflow_env: Mapping[str, str] = field(default_factory=dict[str, str])
    failed: bool = False
    _cancel: asyncio.Event = field(default_factory=asyncio.Event)
    _force: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = "The operation was canceled."
    _env: dict[str, str] = field(default_factory=dict[str, str])
    """The job's env, then what steps have written to GITHUB_ENV."""

    def cancel(self, *, force: bool = False, why: str = "") -> None:
        """End the running step; steps with `always()` still run unless forced."""
        self._why = why or self._why
        self._cancel.set()
        if force:
            self._force.set()

    async def run(self) -> str:
        """Execute every step; the job's conclusion. Cancelling the task ends the step at once."""
        minutes = self.job.timeout_minutes
        why = f"The job has exceeded the maximum execution time of {minutes:g}m0s"
        expiry = asyncio.get_running_loop().call_later(
            minutes * 60, lambda: self.cancel(force=True, why=why)
        )
        self.record.start_job()
        try:
            conclusion = await self._all()
        finally:
            expiry.cancel()
        self.record.finish_job(conclusion)
        return conclusion

    async def _all(self) -> str:
        first, *steps, last = self.record.job.steps
        self._set_up(first)
        for definition, step in zip(self.job.steps, steps, strict=True):
            if not self._wanted(definition, step):
                self.record.finish(step, "skipped")
                continue
            self.record.start(step)
            conclusion = await self._one(definition, step)
            self.failed = self.failed or conclusion == "failure"
            self.record.finish(step, conclusion)
        self.record.start(last)
        self.record.say(last, "Cleaning up orphan processes")
        self.record.finish(last, "success")
        if self._cancel.is_set():
            return "cancelled"
        return "failure" if self.failed else "success"

    def _set_up(self, step: Step) -> None:
        self.record.start(step)
        self.machine.temp.mkdir(parents=True, exist_ok=True)
        self.machine.checkout.mkdir(parents=True, exist_ok=True)
        (self.machine.workspace / "home").mkdir(exist_ok=True)
        for line in (
            "Current runner version: 'sandbox'",
            "Runner name: 'sandbox-runner-1'",
            "The sandbox's runner: its image holds the programs that `uses:` steps install.",
            f"Complete job name: {self.record.job.name}",
        ):
            self.record.say(step, line)
        context = self._context()
        for scope in (self.workflow_env, self.job.env):
            self._env |= {name: expand(value, context) for name, value in scope.items()}
        self.record.finish(step, "success")

    def _wanted(self, definition: syntax.Step, step: Step) -> bool:
        if self._force.is_set():
            return False
        try:
            return holds(
                definition.condition,
                self._context(),
                Status(failed=self.failed, cancelled=self._cancel.is_set()),
            )
        except ExpressionError as error:
            self.record.say(step, f"##[error]{error}")
            self.failed = True
            return False

    async def _one(self, definition: syntax.Step, step: Step) -> str:
        try:
            if definition.run is None:
                await asyncio.to_thread(self._use, definition, step)
                return "success"
            code = await self._unless_stopped(definition, step)
        except (ExpressionError, OSError) as error:
            self.record.say(step, f"##[error]{error}")
            return "failure"
        if code is None:
            self.record.say(step, f"##[error]{self._why}")
            return "cancelled"
        if code != 0:
            self.record.say(step, f"##[error]Process completed with exit code {code}.")
        return "success" if code == 0 or definition.continue_on_error else "failure"

    async def _unless_stopped(self, definition: syntax.Step, step: Step) -> int | None:
        """The exit code, or None when the step was cut off."""
        # A step that runs in spite of a cancellation is cut off by a forced one only.
        signal = self._force if self._cancel.is_set() else self._cancel
        running = asyncio.create_task(self._bash(definition, step))
        stopped = asyncio.create_task(signal.wait())
        try:
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return running.result() if running.done() else None
        finally:
            for task in (running, stopped):
                task.cancel()
            await asyncio.gather(running, stopped, return_exceptions=True)

    async def _bash(self, definition: syntax.Step, step: Step) -> int:
        context = self._context()
        script = expand(definition.run or "", context)
        own = {name: expand(value, context) for name, value in definition.env.items()}
        given = self._env | own
        self._header(step, script, given)
        file = self.machine.temp / f"{step.number}.sh"
        file.write_text(script, encoding="utf-8")
        manners = {name: self._manner(step, kind) for name, kind in _MANNERS.items()}
        code = await self.machine.shell(
            file,
            cwd=self.machine.checkout / definition.directory,
            env={**self._machine_env(), **given, **{k: str(v) for k, v in manners.items()}},
            write=lambda line: self.record.output(step, line),
        )
        self._env |= read_env(manners["GITHUB_ENV"].read_text(encoding="utf-8"))
        return code

    def _header(self, step: Step, script: str, env: Mapping[str, str]) -> None:
        first, *_ = script.strip().splitlines() or [""]
        lines = [f"##[group]Run {first}"]
        lines += [f"\x1b[36;1m{line}\x1b[0m" for line in script.rstrip().splitlines()]
        lines += [f"shell: /usr/bin/{' '.join(BASH)} {{0}}"]
        lines += ["env:"] if env else []
        lines += [f"  {name}: {value}" for name, value in env.items()]
        self.record.say(step, "\n".join([*lines, "##[endgroup]"]))

    def _manner(self, step: Step, kind: str) -> Path:
        path = self.machine.temp / f"{step.number}.{kind}"
        path.touch()
        return path

    def _machine_env(self) -> dict[str, str]:
        github = self.machine.contexts["github"]
        return {
            **self.machine.env,
            **{f"GITHUB_{name.upper()}": value for name, value in github.items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_JOB": self.job.key,
            "HOME": str(self.machine.workspace / "home"),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.machine.temp),
            "TMPDIR": str(self.machine.temp),
            "SOURCE_DATE_EPOCH": str(int(self.machine.started.timestamp())),
        }

    def _context(self) -> dict[str, Mapping[str, str]]:
        runner = {"os": "Linux", "temp": str(self.machine.temp)}
        return {**self.machine.contexts, "env": self._env, "runner": runner}

    def _use(self, definition: syntax.Step, step: Step) -> None:
        action = (definition.uses or "").split("@")[0]
        self.record.say(step, f"##[group]Run {definition.uses}\n##[endgroup]")
        if action == "actions/checkout":
            copy_project(self.machine.project, self.machine.checkout)
            self.record.say(step, "Copied the sandbox's project.")
        elif action == "actions/upload-artifact":
            count = self._keep(definition.arguments)
            self.record.say(step, f"With the provided path, there will be {count} files uploaded")
        else:
            self.record.say(step, "Provided by the sandbox's runner image; nothing to do.")

    def _keep(self, arguments: Mapping[str, str]) -> int:
        """Copy the files that upload-artifact names; how many there were."""
        folder = self.machine.artifacts / arguments.get("name", "artifact")
        files: set[Path] = set()
        for pattern in arguments.get("path", "").split():
            within = f"{pattern}**/*" if pattern.endswith("/") else pattern
            files |= {path for path in self.machine.checkout.glob(within) if path.is_file()}
        for path in files:
            target = folder / path.relative_to(self.machine.checkout)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return len(files)


def read_env(text: str) -> dict[str, str]:
    """The two forms of GITHUB_ENV: `NAME=value`, and `NAME<<END` … `END` for several lines."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        heredoc = _HEREDOC.fullmatch(line)
        if heredoc is not None:
            body = list(iter(lambda end=heredoc[2]: next(lines, end), heredoc[2]))
            found[heredoc[1]] = "\n".join(body)
        elif "=" in line:
            name, _, value = line.partition("=")
            found[name] = value
    return found
