"""Fixtures of the tests on the living pipeline."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.living import Sandbox

if TYPE_CHECKING:
    from tests.warehouse_lab import Lab


@pytest.fixture(scope="session")
def lab(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Lab]":
    """The dbt project on datasets of its own, in a dbt process that is kept for all tests."""
    from tests.warehouse_lab import Lab

    url, project = sandbox.env["BIGQUERY_EMULATOR_HOST"], sandbox.env["BQ_PROJECT"]
    made = Lab(url, project, tmp_path_factory.mktemp("dbt"))
    yield made
    made.close()
