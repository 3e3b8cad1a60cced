"""What a filter or a search says of itself: in the title, on an empty page, in what is copied."""

from collections.abc import Callable

from textual.pilot import Pilot

from altui.core.model.reading import Log
from altui.core.present.block import block
from altui.tui.details import DetailsScreen
from altui.tui.rows import Rows
from tests.tui.test_pages import LINES, answer, shown, text


def part(screen: DetailsScreen, name: str) -> str:
    return "\n".join(row.text for row in screen.query_one(f"#{name}", Rows).lines)


def copied(screen: DetailsScreen) -> str:
    seen = screen.feed.view()
    return block(seen, screen.shown_page(seen))


async def on_a_log(pilot: Pilot[int], stage) -> DetailsScreen:
    screen = await shown(pilot, "2", "enter", "enter", "enter")
    run = screen.key.removeprefix("workflow/").partition("/")[0]
    answer(stage, f"github.log:{run}/1", Log("", LINES))
    return await shown(pilot)


async def test_a_filter_stands_in_the_title_and_in_what_is_copied(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter")
        every = sum(bool(row.text.strip()) for row in screen.shown_page(screen.feed.view()).rows)
        plain = part(screen, "title")
        await shown(pilot, "slash", *"22 Nov", "enter")
        kept = len(screen.content.lines)
        words = f'filter "22 Nov": {kept} of {every} rows'
        assert 0 < kept < every
        assert words in part(screen, "title")
        assert words in copied(screen)
        await shown(pilot, "escape")
        assert part(screen, "title") == plain
        assert "filter" not in copied(screen)


async def test_rows_are_counted_as_the_page_has_them_not_as_they_fold(on_stage: Callable):
    async with on_stage("all_silent").app().run_test(size=(50, 20)) as pilot:
        screen = await shown(pilot, "v")
        await shown(pilot, "slash", *"resolution", "enter")
        kept = len(screen.shown_page(screen.feed.view()).rows)
        assert kept < len(screen.content.lines)
        assert f'filter "resolution": {kept} of ' in copied(screen)


async def test_where_no_row_has_the_letters_one_row_says_so(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter")
        await shown(pilot, "slash", *"zzz", "enter")
        assert text(screen) == 'no row holds "zzz": esc shows all'
        assert 'filter "zzz": 0 of ' in part(screen, "title")


async def test_a_search_that_finds_nothing_says_so(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(80, 24)) as pilot:
        screen = await on_a_log(pilot, stage)
        await shown(pilot, "slash", *"row 3", "enter")
        assert "no line holds" not in part(screen, "keys")
        assert "filter" not in part(screen, "title")
        await shown(pilot, "escape")
        await shown(pilot, "slash", *"zzz", "enter")
        assert part(screen, "keys").endswith('no line holds "zzz"')
        assert len(screen.content.lines) == len(LINES)


async def test_the_last_line_has_the_pages_keys_again_when_the_field_is_gone(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter")
        plain = part(screen, "keys")
        for end in ("enter", "escape"):
            await pilot.press("slash", *"nightly", end)
            await pilot.pause()
            assert part(screen, "keys") == plain, end
            assert screen.focused is screen.content


async def test_of_a_log_the_key_is_called_search(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(120, 24)) as pilot:
        assert "/ filter" in part(await shown(pilot, "2", "enter"), "keys")
        await pilot.press("escape")
        assert "/ search" in part(await on_a_log(pilot, stage), "keys")
        await pilot.press("question_mark")
        await pilot.pause()
        page = pilot.app.screen.query_one("#page", Rows)
        assert any("search" in row.text for row in page.lines)
        assert not any(" filter " in row.text for row in page.lines)
