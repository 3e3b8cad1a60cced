"""What the rules do not make yet, drawn from an assessment that has it, and absent without."""

from collections.abc import Callable

import pytest

from altui.tui.details import DetailsScreen
from altui.tui.help import HelpScreen
from altui.tui.main import MainScreen
from altui.tui.palette import commands
from altui.tui.rows import Rows
from tests.given import BUSY, OFFERS, suspected
from tests.scenes import SCENES
from tests.tui.test_keys import pressed, text

BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
OFFERED = [("f", "fix"), ("t", "trace"), ("i", "incident"), ("h", "health")]


@BOTH
async def test_keys_of_what_is_offered_stand_in_the_last_line_and_help(
    size: tuple[int, int], on_stage: Callable
):
    async with on_stage(suspected()).app().run_test(size=size) as pilot:
        await pilot.pause()
        last = text(pilot.app.screen, "keys")
        assert all(f"{key} {word}" in last for key, word in OFFERED)
        assert "? help" in last and "q quit" in last
        known = [name for name, _, _ in commands(pilot.app, pilot.app.screen)]
        assert {word for _, word in OFFERED} <= {*known}
        screen = await pressed(pilot, "question_mark")
        assert isinstance(screen, HelpScreen)
        assert all(word in text(screen, "page") for _, word in OFFERED)


@pytest.mark.parametrize("name", SCENES)
async def test_without_an_offer_its_keys_are_nowhere_and_do_nothing(name: str, on_stage: Callable):
    async with on_stage(name).app().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        last = text(pilot.app.screen, "keys")
        assert not any(f" {key} {word}" in last for key, word in OFFERED)
        known = [name for name, _, _ in commands(pilot.app, pilot.app.screen)]
        assert not {word for _, word in OFFERED} & {*known}
        for key, _ in OFFERED:
            assert isinstance(await pressed(pilot, key), MainScreen)
        assert not pilot.app.screen.query_one("#team", Rows).display


@pytest.mark.parametrize(("key", "offer"), zip("ftih", OFFERS, strict=True))
async def test_such_a_key_opens_what_is_offered_from_main_and_from_a_page(
    key: str, offer: object, on_stage: Callable
):
    async with on_stage(suspected()).app().run_test(size=(80, 24)) as pilot:
        for before in ((), ("3", "enter")):
            await pressed(pilot, "escape", "escape", "0", *before)
            screen = await pressed(pilot, key)
            assert isinstance(screen, DetailsScreen)
            assert screen.here == offer.opens  # type: ignore[attr-defined]
            await pressed(pilot, "escape")


@BOTH
async def test_the_team_stands_below_the_panels(size: tuple[int, int], on_stage: Callable):
    async with on_stage(suspected()).app().run_test(size=size) as pilot:
        await pilot.pause()
        team, keys = (pilot.app.screen.query_one(f"#{part}", Rows) for part in ("team", "keys"))
        assert team.region.bottom == keys.region.y == size[1] - 1
        assert text(pilot.app.screen, "team").split("\n")[1] == (
            "  incident #31 open 03:29Z, nobody has it      backfill: none      locks: none"
        )
        assert "not shared" not in text(pilot.app.screen, "header")


async def test_a_team_that_does_not_see_this_machine(on_stage: Callable):
    async with on_stage(suspected(BUSY)).app().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        screen = pilot.app.screen
        assert "READ-ONLY  not shared" in text(screen, "header")
        assert "mara has it      backfill: 1 Feb - 31 Oct by jo" in text(screen, "team")


async def test_causes_with_their_evidence_and_what_tells_them_apart(on_stage: Callable):
    async with on_stage(suspected()).app().run_test(size=(120, 60)) as pilot:
        screen = await pressed(pilot, "v")
        shown = text(screen, "content")
        first, second = shown.index("cause export.mapping"), shown.index("cause export.partial")
        assert first < second
        assert "(1 of 2 that fit)" in shown
        for words in (
            "figure    refused 1, documents 270",
            "mapper_parsing_exception",
            "told by   the refused document is in the log",
            "told by   the log ends at 91 %",
        ):
            assert words in shown


async def test_the_copied_block_tells_of_the_incident(on_stage: Callable):
    stage = on_stage(suspected())
    async with stage.app().run_test(size=(80, 24)) as pilot:
        await pressed(pilot, "y")
        copied = (stage.store.directory / "copied.txt").read_text()
        assert "BROKEN? 22 Nov missing in risk_daily only" in copied
        assert "incident #31 open 03:29Z, nobody has it" in copied
