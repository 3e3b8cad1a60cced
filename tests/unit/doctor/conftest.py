"""What every exam's tests need: a context, and services that answer by a script."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina

from altui.config import load, origins
from altui.core.model.doctor import Result
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


def states(results: Mapping[str, Result]) -> dict[str, Any]:
    return {name: result.state.value for name, result in results.items()}
