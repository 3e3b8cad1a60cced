"""The palette: what applies where one is, and nothing of the framework's."""

from collections.abc import Callable

from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen

from altui.core.model.pipeline import Pipeline
from altui.core.present.glyphs import STAGE_NAMES
from altui.core.present.themes import THEMES
from altui.tui.app import Dashboard
from altui.tui.help import HelpScreen
from altui.tui.palette import commands
from altui.tui.place import Place

THEMES_LEFT = {f"theme {name}" for name in THEMES} - {"theme altui-dark"}
OPEN = {
    *("fivetran", "workflow runs", "index freshness", "row parity", "not ok"),
    *(f"stage {names[0]}" for names in STAGE_NAMES.values()),
    *(f"1 Fivetran, {table.name}" for table in Pipeline().tables),
    *(f"parity {table.name}" for table in Pipeline().tables),
    *(f"parity {mart.name}" for mart in Pipeline().marts if mart.ops),
    *(f"index {mart.index}" for mart in Pipeline().marts),
}
ALWAYS = {"refresh", "help", "quit", "details", "why", "copy", "open", *THEMES_LEFT}


def names(app: Dashboard) -> set[str]:
    return {command.name for command in commands(app, app.screen)}


async def chosen(pilot: Pilot[int], words: str) -> Screen[object]:
    """Opens the palette, types the words and takes the first that is found."""
    await pilot.press("colon", *words)
    await pilot.app.workers.wait_for_complete()
    while CommandPalette.is_open(pilot.app) and pilot.app.is_running:
        await pilot.press("enter")
        await pilot.pause()
    return pilot.app.screen


async def run(pilot: Pilot[int], words: str) -> Place:
    screen = await chosen(pilot, words)
    assert isinstance(screen, Place)
    return screen


async def test_it_holds_what_applies_and_nothing_else(on_stage: Callable):
    app: Dashboard = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        runs = {f"run #{number}" for number in range(799, 813)}
        assert names(app) == ALWAYS | OPEN | runs
        await pilot.press("2")
        assert names(app) == ALWAYS | OPEN | runs | {"zoom"}
        await pilot.press("enter")
        await pilot.pause()
        here = ALWAYS | OPEN | runs | {"back", "filter", "main"}
        assert names(app) == here - {"workflow runs"}


async def test_ctrl_p_and_colon_open_it_and_escape_leaves(on_stage: Callable):
    app: Dashboard = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("colon", "ctrl+p"):
            await pilot.press(key)
            await pilot.pause()
            assert type(app.screen).__name__ == "CommandPalette"
            verdict = app.screen_stack[0].query_one("#verdict").region
            assert app.screen.query_one("CommandInput").region.y >= verdict.bottom
            await pilot.press("escape")
            await pilot.pause()
            assert isinstance(app.screen, Place)


async def test_places_are_opened_by_name_from_anywhere(on_stage: Callable):
    app: Dashboard = on_stage("elasticsearch_down").app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert (await run(pilot, "parity")).here == "parity"
        assert (await run(pilot, "#811")).here == "workflow/90811"
        assert len(app.screen_stack) == 2, "it is back to the main screen"
        assert (await run(pilot, "Kibana's status")).here == "indices"
        assert (await run(pilot, "main")).here == ""


async def test_keys_are_commands_too(on_stage: Callable):
    stage = on_stage("healthy")
    app: Dashboard = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        stage.other.serve(stage.other.requests())
        app.look()
        await run(pilot, "refresh")
        assert list(stage.other.requests().values()) == ["*"]
        assert isinstance(await chosen(pilot, "help"), HelpScreen)


async def test_a_theme_is_chosen_for_as_long_as_altui_runs(on_stage: Callable):
    app: Dashboard = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await run(pilot, "light")
        assert app.theme == "altui-light"
        assert "theme altui-dark" in names(app)


async def test_quit_is_there_in_every_place(on_stage: Callable):
    app: Dashboard = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "enter")
        await pilot.pause()
        await chosen(pilot, "quit")
    assert app.return_code == 0
