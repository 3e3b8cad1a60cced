"""The pages of an index and of a table, opened from the main screen."""

from collections.abc import Callable

import pytest

from altui.tui.details import DetailsScreen
from tests.differing import DOCUMENT, WRONG, differing
from tests.tui.test_pages import answer, shown, text

SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
async def test_an_index_is_opened_and_its_document_asked_for(
    on_stage: Callable, size: tuple[int, int]
):
    stage = on_stage("healthy")
    wish = "elasticsearch.sample:risk_daily"
    async with stage.app().run_test(size=size) as pilot:
        screen = await shown(pilot, "3", "enter", "enter")
        assert screen.key == "indices/risk_daily"
        assert "its newest document: being read..." in text(screen)
        assert wish in stage.other.requests().values()
        answer(stage, wish, DOCUMENT)
        screen = await shown(pilot)
        assert "newest document 2026-11-22, read 12:00Z" in text(screen)
        screen = await shown(pilot, "G")
        assert screen.content.chosen is not None
        assert screen.content.chosen.text.split() == ["slo_status", "null"]
        await shown(pilot, "slash", *"avg_risk", "enter")
        assert len(screen.content.lines) == 1
        await pilot.press("escape")
        assert (await shown(pilot, "escape")).key == "indices"


@pytest.mark.parametrize("size", SIZES)
async def test_a_table_one_of_its_days_and_the_index_it_ends_in(
    on_stage: Callable, size: tuple[int, int]
):
    stage = on_stage(differing())
    async with stage.app().run_test(size=size) as pilot:
        screen = await shown(pilot, "4", "enter", "enter")
        assert screen.key == "parity/emails"
        assert "days that differ (6)" in text(screen)
        assert "…" not in text(screen), "nothing is cut, beside the scroll bar either"
        screen = await shown(pilot, "slash", *"avg_risk", "enter", "enter")
        assert screen.key == f"parity/emails/{WRONG}"
        screen = await opened(pilot, screen, "indices/risk_daily")
        assert "mapping: 4 differences" in text(screen)
        assert "…" not in text(screen)
        screen = await opened(pilot, screen, "parity/emails")
        assert screen.key == "parity/emails"


async def test_a_day_is_opened_from_the_panel(on_stage: Callable):
    stage = on_stage(differing())
    async with stage.app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "4", "enter")
        assert (await opened(pilot, screen, "parity/emails/2026-11-18")).key.endswith("-18")


@pytest.mark.parametrize("size", SIZES)
async def test_a_day_of_the_strip_opens_its_own_page(on_stage: Callable, size: tuple[int, int]):
    stage = on_stage(differing())
    async with stage.app().run_test(size=size) as pilot:
        screen = await shown(pilot, "right", "down", "down", "enter")
        assert screen.key == "parity/emails/2026-11-22"
        assert "22 Nov" in text(screen) and "avg_risk" in text(screen)


async def opened(pilot, screen: DetailsScreen, place: str) -> DetailsScreen:
    """Goes down to the row that opens the place, and opens it."""
    rows = [row for row in screen.content.lines if not row.heading]
    down = next(n for n, row in enumerate(rows) if row.opens == place)
    now = rows.index(screen.content.chosen) if screen.content.chosen in rows else 0
    assert down >= now
    return await shown(pilot, *["j"] * (down - now), "enter")
