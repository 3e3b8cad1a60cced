"""What every adapter's tests need."""

import threading
from collections.abc import Iterator

import pytest
import stamina

from tests.answering import Answers, Scripted


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen, at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield scripted
        scripted.released.set()
        scripted.shutdown()
        thread.join()


@pytest.fixture
def answers() -> Answers:
    return Answers()
