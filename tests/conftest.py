"""What tests of several kinds share: one living pipeline, started when the first test asks."""

from collections.abc import Iterator

import pytest

from tests.living import Sandbox, started


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """40 days of history at noon."""
    with started("--days", "40", "--now", "12:00") as running:
        yield running
