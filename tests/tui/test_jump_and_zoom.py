"""Jumping by letters, and one part on the whole screen."""

from collections.abc import Callable, Sequence

import pytest
from textual.pilot import Pilot

from altui.core.model.health import StageId
from altui.core.present.rows import Segment, columns
from altui.tui.details import DetailsScreen
from altui.tui.jump import LETTERS, Letters
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.rows import Rows
from altui.tui.strip import StripRows


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


def ends(parts: Sequence[Segment]) -> list[int]:
    """Characters before each part that opens a place."""
    found, before = [], 0
    for part in parts:
        if part.opens:
            found.append(before)
        before += len(part.text)
    return found


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


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("scene", ["healthy", "elasticsearch_down", "bigquery_behind"])
async def test_whatever_opens_a_place_has_a_letter(
    scene: str, size: tuple[int, int], on_stage: Callable
):
    async with on_stage(scene).app().run_test(size=size) as pilot:
        screen = await pressed(pilot)
        drawn = [
            place
            for rows in screen.query(Rows)
            if rows.region.height
            for number, row in enumerate(rows.lines[: rows.region.height])
            for place in (
                rows.id if not number and rows.id in screen.fronts else row.opens,
                *(part.opens for part in row.segments),
            )
            if place
        ]
        await pressed(pilot, "semicolon")
        assert sorted(screen.query_one(Letters)._places.values()) == sorted(drawn)
        assert {f"stage/{stage}" for stage in StageId} <= set(drawn)


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (120, 40)])
async def test_a_stage_and_a_day_of_the_strip_wear_theirs(
    size: tuple[int, int], on_stage: Callable
):
    async with on_stage("healthy").app().run_test(size=size) as pilot:
        screen = await pressed(pilot)
        strip = screen.query_one("#strip", StripRows)
        before = [strip.render_line(y).text for y in range(strip.size.height)]
        await pressed(pilot, "semicolon")
        after = [strip.render_line(y).text for y in range(strip.size.height)]
        places = screen.query_one(Letters)._places
        y = [row.key for row in strip.lines].index("strip.states")
        states, newest = strip.lines[y].segments, strip.lines[y + 1]
        worn = {place: letter for letter, place in places.items()}
        letters = [worn[part.opens] for part in states if part.opens]
        at = [place for place, sign in enumerate(after[y]) if sign != before[y][place]]
        assert [after[y][place] for place in at] == letters
        assert len(letters) == len(StageId)
        # each right before its stage's state
        starts = [columns(strip.lines[y].text[:end]) for end in ends(states)]
        assert [place + 1 for place in at] == starts
        label = columns(newest.segments[0].text)
        letter = after[y + 1][label - 1]
        assert places[letter] == newest.opens
        screen = await pressed(pilot, worn["stage/dbt"])
        assert screen.here == "stage/dbt"
        screen = await pressed(pilot, "escape", "semicolon", letter)
        assert screen.here == newest.opens


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
        screen = await pressed(pilot, "2", "enter", "semicolon")
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
