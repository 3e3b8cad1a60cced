"""The help of each place: its keys, its section of the runbook, scrolled and closed."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from altui.core.runbook.sections import section_of
from altui.tui.details import DetailsScreen
from altui.tui.help import HelpScreen
from altui.tui.main import MainScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 10)])


async def asked(pilot: Pilot[int], *keys: str) -> HelpScreen:
    await pilot.press(*keys)
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, HelpScreen)
    return screen


def text(screen: HelpScreen) -> str:
    return "\n".join(row.text for row in screen.page.lines)


@SIZES
async def test_it_tells_of_its_place_only(size: tuple[int, int], on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=size) as pilot:
        page = text(await asked(pilot, "question_mark"))
        assert all(word in page for word in ("1-4", "enter", "down, j", "refresh", "quit"))
        assert "Runbook: Daily health check" in page
        assert " z  zoom" not in page, "nothing is chosen"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MainScreen)
        page = text(await asked(pilot, "1", "question_mark"))
        assert " z  zoom" in page
        page = text(await asked(pilot, "q", "enter", "question_mark"))
        assert "Runbook: Fivetran not syncing" in page
        assert "Platform team, SLA 4h" in page
        assert "pgdn" in page
        assert "quit" not in page
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DetailsScreen)


@pytest.mark.parametrize(
    ("keys", "section"),
    [
        ((), "main"),
        (("1",), "fivetran"),
        (("2",), "workflow"),
        (("3", "z"), "indices"),
        (("4",), "parity"),
        (("down",), "indices"),
        (("right",), "stage/elasticsearch"),
        (("3", "0"), "main"),
    ],
)
async def test_on_the_main_screen_it_tells_of_what_is_chosen(
    keys: tuple[str, ...], section: str, on_stage: Callable
):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        page = text(await asked(pilot, *keys, "question_mark"))
        assert f"Runbook: {section_of(section).title}" in page
        assert "quit" in page, "the keys are those of the main screen"


async def test_a_run_has_a_section_and_a_link_of_its_own(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        page = text(await asked(pilot, "2", "enter", "enter", "question_mark"))
        assert "Runbook: A failed run" in page
        assert "its page https://github.com/applylens/analytics/actions/runs/90812" in page


@SIZES
async def test_its_last_row_can_be_reached_and_its_first_again(
    size: tuple[int, int], on_stage: Callable
):
    async with on_stage("healthy").app().run_test(size=size) as pilot:
        screen = await asked(pilot, "3", "enter", "question_mark")
        page = screen.page
        most = max(len(page.lines) - page.scrollable_content_region.height, 0)

        async def at(key: str) -> float:
            await asked(pilot, key)
            return page.scroll_offset.y

        assert page.styles.max_height is not None
        assert (await at("G"), await at("g")) == (most, 0)
        assert (await at("end"), await at("home")) == (most, 0)
        if most > 2:
            assert [await at("j"), await at("down"), await at("k"), await at("up")] == [1, 2, 1, 0]
            full = page.scrollable_content_region.height - 1
            assert [await at("pagedown"), await at("pageup")] == [min(full, most), 0]
            assert await at("space") == min(full, most)


@pytest.mark.parametrize("key", ["escape", "q", "question_mark", "enter"])
async def test_its_own_keys_close_it(key: str, on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        await asked(pilot, "question_mark")
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(pilot.app.screen, MainScreen)
