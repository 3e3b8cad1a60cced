"""What every adapter's tests need."""

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen, at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield
