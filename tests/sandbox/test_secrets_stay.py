"""Over the living pipeline, all well: none of its credentials is printed, stored, logged, drawn."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from altui.config import load
from altui.config.fields import leaves
from altui.tui.app import Dashboard
from tests.canary import canary, found, found_in_files, observing
from tests.living import Sandbox

CREDENTIALS = (
    "FIVETRAN_API_KEY",
    "FIVETRAN_API_SECRET",
    "GITHUB_TOKEN",
    "KIBANA_API_KEY",
    "PAGERDUTY_ROUTING_KEY",
)


@pytest.fixture
def secrets(sandbox: Sandbox) -> list[str]:
    dsn = urlsplit(sandbox.env["POSTGRES_DSN"])
    assert dsn.password
    held = [sandbox.env[name] for name in CREDENTIALS]
    assert all(held)
    return [*held, dsn.password, canary("elastic")]


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    mine = {name for leaf in leaves() for name in leaf.names}
    settings = {name: value for name, value in sandbox.env.items() if name in mine}
    es = urlsplit(settings["ES_URL"])
    settings["ES_URL"] = urlunsplit(es._replace(netloc=f"reader:{canary('elastic')}@{es.netloc}"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALTUI_")}
    return {**kept, **settings, "ALTUI_STATE_DIR": str(tmp_path / "state"), "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "--json", "--fresh"),
        ("doctor",),
        ("doctor", "--json"),
        ("parity", "--json"),
        ("init", "--yes", "--output", "{tmp}/altui.toml"),
    ],
    ids=" ".join,
)
def test_what_is_printed_and_kept(
    environ: dict[str, str], secrets: list[str], words: tuple[str, ...], tmp_path: Path
):
    ran = subprocess.run(
        [sys.executable, "-m", "altui", *(word.format(tmp=tmp_path) for word in words)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert found(ran.stdout + ran.stderr, secrets) == []
    if (tmp_path / "state").exists():
        assert found_in_files(tmp_path / "state", secrets) == []


async def test_what_the_observer_keeps_and_the_dashboard_draws(
    environ: dict[str, str], secrets: list[str], tmp_path: Path
):
    settings = load(environ)
    directory = settings.directory
    with observing(environ, directory) as store:
        seen = store.assessment()
        assert seen is not None
        app = Dashboard(settings, store, lambda: seen.at)
        async with app.run_test(size=(200, 60)) as pilot:
            for keys in ([], ["enter"], ["1"], ["2"], ["3"], ["4"], ["q"], ["question_mark"]):
                await pilot.press(*keys)
                assert found(app.export_screenshot(), secrets) == []
    assert found_in_files(tmp_path / "state", secrets) == []
