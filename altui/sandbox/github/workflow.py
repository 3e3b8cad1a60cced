"""Workflow files: the part of GitHub's syntax that this project's files use, read into data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import yaml

from altui.sandbox.github.expressions import ExpressionError, expand

FOLDER = ".github/workflows"
CONTEXTS = ("env", "github", "inputs", "runner", "secrets", "vars")
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")


class WorkflowError(Exception):
    """The file is not a workflow this runner can run; the message names file and place."""


@dataclass(frozen=True)
class Input:
    name: str
    required: bool
    default: str


@dataclass(frozen=True)
class Step:
    name: str
    uses: str | None
    run: str | None
    condition: str | None
    env: Mapping[str, str]
    arguments: Mapping[str, str]
    """`with:`."""
    directory: str
    continue_on_error: bool


@dataclass(frozen=True)
class Job:
    key: str
    name: str
    needs: tuple[str, ...]
    env: Mapping[str, str]
    steps: tuple[Step, ...]
    timeout_minutes: float


@dataclass(frozen=True)
class Workflow:
    name: str
    path: str
    """Relative to the repository, as GitHub's `path`."""
    daily: time | None
    """When the schedule asks for it, UTC."""
    dispatchable: bool
    inputs: tuple[Input, ...]
    group: str | None
    """The concurrency group, an expression still."""
    cancel_in_progress: bool
    env: Mapping[str, str]
    jobs: tuple[Job, ...]

    @property
    def id(self) -> int:
        """Stable over restarts, as it follows from the path alone."""
        return 10_000_000 + crc32(self.path.encode()) % 90_000_000

    @property
    def file(self) -> str:
        return self.path.rsplit("/", 1)[-1]


def load_all(project: Path) -> list[Workflow]:
    """Every workflow of the project, by path. Raises WorkflowError for a file that is none."""
    return [load(project, found) for found in sorted((project / FOLDER).glob("*.y*ml"))]


def load(project: Path, file: Path) -> Workflow:
    path = file.relative_to(project).as_posix()
    try:
        data: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise WorkflowError(f"{path}: {error}") from error
    top = _mapping(data, path)
    # YAML 1.1 reads the bare word `on` as true.
    triggers = _triggers(top.get("on", cast(dict[Any, Any], top).get(True)))
    defaults = _directory_default(top)
    jobs = tuple(
        _job(key, _mapping(body, f"{path}: jobs.{key}"), defaults, path)
        for key, body in _mapping(top.get("jobs"), f"{path}: jobs").items()
    )
    group, cancel = _concurrency(top.get("concurrency"))
    _understood(group, path)
    return Workflow(
        name=str(top.get("name", path)),
        path=path,
        daily=_daily(triggers.get("schedule"), path),
        dispatchable="workflow_dispatch" in triggers,
        inputs=_inputs(triggers.get("workflow_dispatch")),
        group=group,
        cancel_in_progress=cancel,
        env=_texts(top.get("env")),
        jobs=jobs,
    )


def _understood(text: str | None, path: str) -> None:
    """Raises WorkflowError for an expression that could not be evaluated later."""
    try:
        expand(text or "", dict[str, object].fromkeys(CONTEXTS))
    except ExpressionError as error:
        raise WorkflowError(f"{path}: {error}") from error


def _triggers(on: object) -> dict[str, Any]:
    if isinstance(on, str):
        return {on: None}
    if isinstance(on, list):
        return {str(name): None for name in cast(list[object], on)}
    return _mapping(on, "on")


def _daily(schedule: object, path: str) -> time | None:
    if schedule is None:
        return None
    crons = [_mapping(entry, path).get("cron") for entry in cast(list[object], schedule)]
    found = _DAILY.fullmatch(str(crons[0])) if len(crons) == 1 else None
    if found is None:
        raise WorkflowError(f"{path}: this runner knows one daily schedule, not {crons}")
    return time(hour=int(found[2]), minute=int(found[1]))


def _inputs(dispatch: object) -> tuple[Input, ...]:
    if not isinstance(dispatch, dict):
        return ()
    declared: dict[str, Any] = cast(dict[str, Any], dispatch).get("inputs") or {}
    bodies: dict[str, dict[str, Any]] = {name: body or {} for name, body in declared.items()}
    return tuple(
        Input(name, body.get("required") is True, _text(body.get("default")))
        for name, body in bodies.items()
    )


def _concurrency(value: object) -> tuple[str | None, bool]:
    if isinstance(value, dict):
        body = cast(dict[str, Any], value)
        return _text(body.get("group")), body.get("cancel-in-progress") is True
    return (None if value is None else _text(value)), False


def _job(key: str, body: dict[str, Any], default_directory: str, path: str) -> Job:
    needs = body.get("needs") or ()
    directory = _directory_default(body) or default_directory
    return Job(
        key=key,
        name=_text(body.get("name")) or key,
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        env=_texts(body.get("env")),
        steps=tuple(
            _step(_mapping(step, f"{path}: a step of {key}"), directory, path)
            for step in body.get("steps") or ()
        ),
        timeout_minutes=float(body.get("timeout-minutes", 360)),
    )


def _step(body: dict[str, Any], directory: str, path: str) -> Step:
    uses, run = body.get("uses"), body.get("run")
    if (uses is None) == (run is None):
        raise WorkflowError(f"{path}: a step needs one of `uses` and `run`: {body}")
    first_line = str(run or uses).strip().splitlines()[0]
    condition = body.get("if")
    return Step(
        name=_text(body.get("name")) or f"Run {first_line}",
        uses=uses,
        run=run,
        condition=None if condition is None else _text(condition),
        env=_texts(body.get("env")),
        arguments=_texts(body.get("with")),
        directory=_text(body.get("working-directory")) or directory,
        continue_on_error=body.get("continue-on-error") is True,
    )


def _directory_default(body: Mapping[str, Any]) -> str:
    defaults: dict[str, Any] = body.get("defaults") or {}
    run: dict[str, Any] = defaults.get("run") or {}
    return _text(run.get("working-directory"))


def _mapping(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WorkflowError(f"{place}: expected a mapping")
    return cast(dict[str, Any], value)


def _texts(value: object) -> dict[str, str]:
    return {str(k): _text(v) for k, v in cast(dict[str, object], value or {}).items()}


def _text(value: object) -> str:
    """YAML's scalars as GitHub hands them on."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
