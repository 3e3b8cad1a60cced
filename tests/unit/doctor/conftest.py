"""What every exam's tests need: a context, and services that answer by a script."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from altui.config import load, origins
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.doctor.exam import Context, Exam
from tests.answering import Answers

MakeContext = Callable[..., Context]


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen, at once."""
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture
def context(tmp_path: Path, answers: Answers) -> MakeContext:
    """A context from environment variables and, perhaps, the text of an altui.toml."""

    def make(environ: Mapping[str, str], toml: str = "") -> Context:
        state = {"ALTUI_STATE_DIR": str(tmp_path / "state"), **environ}
        file = None
        if toml:
            file = tmp_path / "altui.toml"
            file.write_text(toml)
            file.chmod(0o600)
        nowhere = tmp_path / "none.toml"
        nowhere.touch()
        found = origins(state, file or nowhere)
        settings = load(state, file or nowhere)
        return Context(settings, state, file, found, transport=answers.transport)

    return make


async def results_of(exam: Exam, context: Context) -> dict[str, Result]:
    """The results by the part of their id behind the service."""
    return {result.id.partition(".")[2]: result async for result in exam(context)}


HOTEL = b"<!doctype html><title>Welcome to our wireless network</title>"
NONSENSE: tuple[Any, ...] = (HOTEL, {}, [], {"ok": True})
"""What a captive portal, or another service altogether, says in a service's place, with 200."""
REFUSALS = (400, 401, 403, 404, 429, 500, 503)


def untold(results: Mapping[str, Result]) -> list[Result]:
    """Results that are not ok and leave a person alone with it."""
    return [
        one
        for one in results.values()
        if one.state is not State.ok and not (one.said and one.tried and one.fix)
    ]


async def judged(exam: Exam, made: Context, answers: Answers, path: str, answer: Any) -> bool:
    """Whether the exam finds something bad when `answer` is what comes of this path."""
    right = answers.by_path[path]
    answers.by_path[path] = answer
    try:
        results = await results_of(exam, made)
    finally:
        answers.by_path[path] = right
    assert untold(results) == [], (path, answer)
    return any(one.bad for one in results.values())


async def nonsense_passes(exam: Exam, made: Context, answers: Answers) -> list[tuple[str, Any]]:
    """Paths where nonsense is taken for an answer; what is refused must be told."""
    assert not untold(await results_of(exam, made))
    for path in [*answers.by_path]:
        for status in REFUSALS:
            refusal = httpx.Response(status, json={"message": "no"})
            await judged(exam, made, answers, path, refusal)
        await judged(exam, made, answers, path, httpx.ConnectError("Connection refused"))
    return [
        (path, body)
        for path in answers.by_path
        for body in NONSENSE
        if not await judged(exam, made, answers, path, _with_200(body))
    ]


def _with_200(body: Any) -> httpx.Response:
    if isinstance(body, bytes):
        return httpx.Response(200, content=body)
    return httpx.Response(200, json=body)


def states(results: Mapping[str, Result]) -> dict[str, Any]:
    return {name: result.state.value for name, result in results.items()}
