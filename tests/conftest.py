"""What tests of several kinds share: one living pipeline, started when the first test asks."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from altui.config import masking
from tests.living import Sandbox, started

# how long an example takes says how busy the machine is, not that something is wrong
settings.register_profile("altui", deadline=None)
settings.load_profile("altui")


@pytest.hookimpl(tryfirst=True)  # the groups are read after it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together when they run side by side: a file's, and the sandbox's own."""
    for item in items:
        shared = "sandbox" in getattr(item, "fixturenames", ())
        group = "sandbox" if shared else item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _nothing_to_hide() -> None:
    """What one test made known as secret is not masked in the words of the next."""
    masking.forget()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """40 days of history at noon."""
    with started("--days", "40", "--now", "12:00") as running:
        yield running
