"""Why, copy and open: the three keys that every place has."""

import base64
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from altui.config import (
    BigQuerySettings,
    ElasticsearchSettings,
    FivetranSettings,
    Secret,
    Settings,
)
from altui.core.present.verdict import verdict
from altui.tui import browser
from altui.tui.app import Dashboard
from altui.tui.details import DetailsScreen
from altui.tui.link import LinkScreen
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.rows import Rows
from bench.terminal import Terminal
from tests.canary import PATIENCE
from tests.tui.test_keys import pressed, text

OSC = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\a")


@pytest.fixture(autouse=True)
def _over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "a 1 b 22")
    monkeypatch.delenv("TMUX", raising=False)


def sent(app, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to the terminal from here on, decoded."""
    found: list[str] = []

    def take(sequence: str) -> None:
        found.extend(base64.b64decode(one).decode() for one in OSC.findall(sequence))

    monkeypatch.setattr(app, "send", take)
    return found


async def test_v_leads_to_the_command_in_two_keys(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "v")
        assert isinstance(screen, DetailsScreen)
        assert screen.key == "why"
        assert screen.content.chosen is not None
        assert "Connection refused" in screen.content.chosen.text
        screen = await pressed(pilot, "enter")
        assert isinstance(screen, DetailsScreen)
        assert screen.key == "why/elasticsearch.cluster"
        assert 'curl -sS -m 30 "${ES_URL%/}"' in text(screen, "content")
        assert await pressed(pilot, "v") is screen, "one is there already"
        await pressed(pilot, "escape", "escape", "2", "enter")
        screen = await pressed(pilot, "v")
        assert isinstance(screen, DetailsScreen) and screen.key == "why"
        screen = await pressed(pilot, "escape")
        assert isinstance(screen, DetailsScreen) and screen.key == "workflow"


async def test_y_sends_a_block_and_keeps_it(on_stage: Callable, monkeypatch: pytest.MonkeyPatch):
    stage = on_stage("elasticsearch_down")
    app = stage.app()
    async with app.run_test(size=(120, 40)) as pilot:
        said = sent(app, monkeypatch)
        screen = await pressed(pilot, "y")
        path = stage.store.directory / "copied.txt"
        assert said == [path.read_text()]
        assert path.stat().st_mode & 0o777 == 0o600
        told = text(screen, "keys")
        assert "sent to the terminal, and in " in told
        assert "copied to" not in told
        for row in verdict(app.feed.view()):
            assert row.text.rstrip() in said[0]
        assert isinstance(screen, Place)
        screen.tell("")
        await pressed(pilot, "2", "enter", "slash", *"812", "enter", "y")
        assert "#812" in said[-1] and "#811" not in said[-1], "as filtered"


async def test_y_on_a_command_copies_what_a_shell_takes(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    app = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        said = sent(app, monkeypatch)
        app.action_open("why/bigquery.counts")
        await pilot.pause()
        await pressed(pilot, "y")
        assert said[0].startswith('bq --project_id="$BQ_PROJECT" query ')
        assert said[0].endswith("\nSQL\n")


async def test_a_state_directory_that_takes_no_file_is_said(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with on_stage("healthy").app().run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr("altui.tui.clipboard.os.open", full)
        screen = await pressed(pilot, "y")
        assert "sent to the terminal; no file: No space left on device" in text(screen, "keys")


async def test_what_a_key_did_is_said_for_a_while(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("altui.tui.place.TOLD_FOR", 0.01)
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(120, 40)) as pilot:
        stage.other.serve(stage.other.requests())
        screen = await pressed(pilot, "y")
        while "sent to" in text(screen, "keys"):
            await pilot.pause()
        assert "v why" in text(screen, "keys")


async def test_o_shows_the_link_where_no_browser_is(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    app = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        said = sent(app, monkeypatch)
        await pressed(pilot, "2", "enter", "enter")
        screen = await pressed(pilot, "o")
        assert isinstance(screen, LinkScreen)
        url = app.feed.view().look.runs.runs[0].url  # type: ignore[union-attr]
        assert url in text(screen, "page").replace("\n ", "")
        await pressed(pilot, "y")
        assert said == [url]
        assert "sent to the terminal" in text(screen, "page")
        assert isinstance(await pressed(pilot, "escape"), DetailsScreen)


async def test_o_asks_the_browser_of_a_machine_with_a_screen(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    shown: list[str] = []
    monkeypatch.delenv("SSH_CONNECTION")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(browser, "show", lambda url: not shown.append(url))
    app = on_stage("healthy").app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await pressed(pilot, "2", "enter", "enter", "o")
        assert isinstance(screen, DetailsScreen)
        assert shown == [app.feed.view().look.runs.runs[0].url]  # type: ignore[union-attr]
        assert "asked this machine's browser" in text(screen, "keys")


async def test_o_follows_what_is_chosen_on_the_main_screen(on_stage: Callable):
    stage = on_stage("bigquery_behind")
    settings = Settings(
        fivetran=FivetranSettings(api_key=Secret("k"), api_secret=Secret("s")),
        bigquery=BigQuerySettings(project="p"),
        elasticsearch=ElasticsearchSettings(Secret("https://reader:hidden@es.prod")),
    )
    app = Dashboard(settings, stage.store, lambda: stage.now, stage.scene.facts.started)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        seen = app.feed.view()
        assert screen.link(seen).startswith("https://fivetran.com/dashboard/connections/")
        await pressed(pilot, "3")
        assert screen.link(seen) == "https://es.prod"
        await pressed(pilot, "0", "down", "down")
        chosen = screen.query_one("#findings", Rows).chosen
        assert chosen is not None and "bigquery" in chosen.text
        assert screen.link(seen).startswith("https://console.cloud.google.com/")
        await pressed(pilot, "up")
        assert screen.link(seen).startswith("https://fivetran.com/")


async def test_o_says_where_there_is_no_page(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(120, 40)) as pilot:
        screen = await pressed(pilot, "o")
        assert isinstance(screen, MainScreen)
        assert "no page of a service belongs to this" in text(screen, "keys")


def test_a_real_terminal_is_sent_what_the_file_holds(tmp_path: Path):
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "ALTUI_STATE_DIR": str(tmp_path / "state"),
        "ES_URL": "http://127.0.0.1:1",
        "TMUX": "default,1,0",
    }
    terminal = Terminal([sys.executable, "-m", "altui"], environ, 24, 80)
    try:
        terminal.read_until(b"STALE", PATIENCE)
        terminal.send(b"y")
        terminal.read_until(b"sent to the terminal", PATIENCE)
        terminal.send(b"q")
        terminal.wait(PATIENCE)
    finally:
        terminal.close()
    plain = OSC.search(terminal.output.decode("utf-8", "replace"))
    assert plain is not None
    assert b"\x1bPtmux;\x1b\x1b]52;c;" in terminal.output
    kept = tmp_path / "state" / "default" / "copied.txt"
    assert base64.b64decode(plain[1]).decode() == kept.read_text()
    assert kept.read_text().startswith("```\ndefault  ")
