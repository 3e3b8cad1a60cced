"""The shape the project promises: small files, light start-up, secrets that do not show."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "google.auth",
    "google.api_core",
    "google.cloud.bigquery",
    "elasticsearch",
    "dbt",
    "pydantic",
    "httpx",
    "psycopg",
    "starlette",
    "pandas",
)


def loaded_by(program: str) -> set[str]:
    """Modules that a fresh interpreter holds after running `program`."""
    code = program + "\nimport sys; print(' '.join(sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(out.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("folder", ["altui", "bench"])
def test_no_file_is_longer_than_400_lines(folder: str):
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_the_screen_loads_no_service_client():
    assert loaded_by("import altui.tui.app, altui.cli.dashboard").isdisjoint(HEAVY)


def test_the_dashboard_opens_without_the_parser_of_verbs():
    program = (
        "import sys; sys.argv = ['altui']\nfrom altui.cli import main\n"
        "try: main()\nexcept SystemExit as ended: assert ended.code == 2, ended.code"
    )
    loaded = loaded_by(program)  # without a terminal it is refused
    assert "altui.cli.dashboard" in loaded
    assert loaded.isdisjoint({*HEAVY, "typer"})


def test_the_version_loads_next_to_nothing():
    program = "import sys; sys.argv = ['altui', '--version']; from altui.cli import main; main()"
    assert loaded_by(program).isdisjoint({*HEAVY, "typer", "msgspec", "textual", "rich", "asyncio"})


def test_the_rules_load_only_data_libraries():
    loaded = loaded_by("import altui.core.rules.assess, altui.core.present.report")
    assert loaded.isdisjoint({*HEAVY, "textual", "rich", "sqlite3", "asyncio", "socket"})


def test_the_adapters_load_their_clients_on_first_use_only():
    assert loaded_by("import altui.observe.probes").isdisjoint(
        {"google.auth", "google.cloud.bigquery", "elasticsearch", "dbt"}
    )
