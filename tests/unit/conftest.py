"""Services that answer by a script, for whatever asks one."""

import threading
from collections.abc import Iterator

import pytest

from tests.answering import Answers, Scripted


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield scripted
        scripted.released.set()
        scripted.shutdown()
        thread.join()
