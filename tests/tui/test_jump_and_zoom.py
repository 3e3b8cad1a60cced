"""Jumping by letters, and one part on the whole screen."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from altui.tui.details import DetailsScreen
from altui.tui.jump import LETTERS, Letters
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.rows import Rows


async def pressed(pilot: Pilot[int], *keys: str) -> Place:
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app.screen, Place)
    return pilot.app.screen


def gutters(screen: Place) -> dict[str, str]:
    """Letter → the text of the row that wears it, as painted."""
    found: dict[str, str] = {}
    for rows in screen.query(Rows):
        for y in range(rows.size.height if rows.can_focus and rows.display else 0):
            text = rows.render_line(y).text
            if text[:1] in LETTERS and text[1:2] == " ":
                found[text[0]] = text[2:].strip()
    return {letter: text for letter, text in found.items() if text}


def shown(screen: Place) -> set[str | None]:
    return {rows.id for rows in screen.query(Rows) if rows.region.height}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_row_that_opens_wears_a_letter(size: tuple[int, int], on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=size) as pilot:
        screen = await pressed(pilot, "3", "semicolon")
        worn = gutters(screen)
        assert list(worn)[:3] == ["a", "s", "d"]
        assert worn["a"].startswith("✗ elastic")
        for title in ("1 ", "2 ", "3 ", "4 "):
            assert any(text.startswith(title) for text in worn.values()), title
        assert any("#812" in text for text in worn.values()), "a run in its panel"
        letter = next(one for one, text in worn.items() if text.startswith("2 "))
        screen = await pressed(pilot, letter)
        assert screen.here == "workflow"
        screen = await pressed(pilot, "escape")
        assert isinstance(screen, MainScreen)
        assert gutters(screen) == {}
        assert screen.focused is not None
        assert screen.focused.id == "indices", "the choice is where it was"


async def test_a_row_of_a_page_is_opened_by_its_letter(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "2", "enter", "semicolon")
        worn = gutters(screen)
        letter = next(one for one, text in worn.items() if "#811" in text)
        screen = await pressed(pilot, letter)
        assert screen.here == "workflow/90811"
        assert (await pressed(pilot, "escape")).here == "workflow"


@pytest.mark.parametrize("key", ["escape", "q", "0", "1", "Z", "enter", "space", "up", "f5"])
async def test_any_other_key_leaves_and_does_nothing_else(key: str, on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        before = await pressed(pilot, "3")
        screen = await pressed(pilot, "semicolon", key)
        assert screen is before
        assert gutters(screen) == {}
        assert not screen.query(Letters)
        assert screen.focused is not None
        assert screen.focused.id == "indices"


async def test_letters_stand_only_beside_rows_in_sight_and_stay_through_news(on_stage: Callable):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(80, 12)) as pilot:
        screen = await pressed(pilot, "2", "enter", "semicolon")
        before = gutters(screen)
        assert len(before) < 9
        stage.wait(minutes=1)
        app.look()
        await pilot.pause()
        assert gutters(screen) == before
        await pressed(pilot, "escape", "G", "semicolon")
        assert gutters(screen) != before


async def test_a_place_where_nothing_opens_has_no_letters(on_stage: Callable):
    async with on_stage("nothing_yet").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "4", "enter", "semicolon")
        assert isinstance(screen, DetailsScreen)
        assert not screen.query(Letters)


async def test_ctrl_q_leaves_altui_while_jumping(on_stage: Callable):
    app = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("semicolon", "ctrl+q")
    assert app.return_code == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("back", ["z", "escape", "0"])
async def test_a_panel_takes_the_screen_and_gives_it_back(
    size: tuple[int, int], back: str, on_stage: Callable
):
    async with on_stage("elasticsearch_down").app().run_test(size=size) as pilot:
        screen = await pressed(pilot, "2")
        before = {rows.id: rows.region for rows in screen.query(Rows)}
        await pressed(pilot, "z")
        assert shown(screen) == {"header", "verdict", "workflow", "keys"}
        panel = screen.query_one("#workflow", Rows)
        assert panel.region.width == size[0]
        assert panel.region.height == size[1] - 5
        assert panel.lines[0].text.startswith("2 Workflow runs")
        await pressed(pilot, back)
        assert {rows.id: rows.region for rows in screen.query(Rows)} == before
        kept = None if back == "0" else "workflow"
        assert (screen.focused.id if screen.focused else None) == kept


async def test_zoom_follows_the_choice(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "1", "z")
        assert isinstance(screen, MainScreen)
        for key, part in (("3", "indices"), ("j", "parity"), ("down", "parity"), ("k", "indices")):
            await pressed(pilot, key)
            assert (screen.zoomed, screen.focused and screen.focused.id) == (part, part)
        await pressed(pilot, "k", "k", "k")
        assert screen.zoomed == "findings"
        findings = screen.query_one("#findings", Rows)
        assert findings.region.height == 19
        chosen = findings.chosen
        await pressed(pilot, "j")
        assert findings.chosen is not chosen
        assert (await pressed(pilot, "enter")).here == "workflow"
        assert (await pressed(pilot, "escape")) is screen
        assert screen.zoomed == "findings"


async def test_only_the_zoomed_part_wears_letters(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "j", "z", "semicolon")
        assert len(gutters(screen)) == 3
        hint = screen.query_one(Letters)
        assert set(hint._places) == set("asd"), "no letter without a row that wears it"


async def test_nothing_chosen_is_not_zoomed(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "z")
        assert "strip" in shown(screen)
