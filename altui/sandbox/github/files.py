"""The simulator's folder: state.json and the logs of every step."""

import hashlib
import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import IO

import msgspec

from altui.sandbox.github.state import Attempt, Job, Run, State, Step

_SKIPPED = ("target", "logs", "dbt_packages", ".git", "__pycache__", ".user.yml")


class Files:
    """Reads and writes below one folder, which it makes; state is replaced whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._state = folder / "state.json"
        self._open: dict[Path, IO[str]] = {}

    def read(self) -> State:
        """The state of the last start, or a new one."""
        if not self._state.exists():
            return State()
        return msgspec.json.decode(self._state.read_bytes(), type=State)

    def write(self, state: State) -> None:
        new = self._state.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(msgspec.json.encode(state))
        new.replace(self._state)

    def append(self, run: Run, job: Job, step: Step, line: str) -> None:
        """One line of a step's log, as it stands. The file stays open until `finish_log`."""
        path = self._log(run, job, step)
        if path not in self._open:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[path] = path.open("a", encoding="utf-8", buffering=1)
        self._open[path].write(line + "\n")

    def finish_log(self, run: Run, job: Job, step: Step) -> None:
        handle = self._open.pop(self._log(run, job, step), None)
        if handle is not None:
            handle.close()

    def job_log(self, run: Run, job: Job) -> str:
        """Every step's lines, one after the other."""
        return "".join(self._step_log(run, job, step) for step in job.steps)

    def run_log(self, run: Run, attempt: Attempt) -> bytes:
        """A zip as GitHub's: a file a job, and in a folder a job a file a step."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for place, job in enumerate(attempt.jobs):
                name = job.name.replace("/", "_")
                archive.writestr(f"{place}_{name}.txt", self.job_log(run, job))
                for step in job.steps:
                    text = self._step_log(run, job, step)
                    if text:
                        title = step.name.replace("/", "")
                        archive.writestr(f"{name}/{step.number}_{title}.txt", text)
        return out.getvalue()

    def workspace(self, run: Run) -> Path:
        """A folder for one attempt's files; `clear` removes it."""
        path = self.folder / "work" / f"{run.id}-{run.last.number}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def artifacts(self, run: Run) -> Path:
        return self.folder / "artifacts" / str(run.id)

    def clear(self, workspace: Path) -> None:
        shutil.rmtree(workspace, ignore_errors=True)

    def clear_all(self) -> None:
        """What runs of an earlier start left behind."""
        self.clear(self.folder / "work")

    def _step_log(self, run: Run, job: Job, step: Step) -> str:
        path = self._log(run, job, step)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _log(self, run: Run, job: Job, step: Step) -> Path:
        return self.folder / "logs" / f"{run.id}-{job.attempt}" / f"{job.id}-{step.number}.txt"


def copy_project(project: Path, to: Path) -> None:
    """What a checkout gives: the project's files without what its tools have made."""
    shutil.copytree(
        project, to, ignore=shutil.ignore_patterns(*_SKIPPED), dirs_exist_ok=True, symlinks=True
    )


def fingerprint(project: Path) -> str:
    """Stands for the commit: 40 hex digits that change with any file of the project."""
    digest = hashlib.sha1(usedforsecurity=False)
    for folder, folders, names in os.walk(project):
        folders[:] = sorted(set(folders) - set(_SKIPPED))
        for path in sorted(Path(folder, name) for name in names if name not in _SKIPPED):
            content = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
            digest.update(f"{path.relative_to(project).as_posix()} {content}\n".encode())
    return digest.hexdigest()
