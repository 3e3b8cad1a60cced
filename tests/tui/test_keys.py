"""Each key of each place, driven as an engineer would."""

from collections.abc import Callable

import pytest
from textual import events
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen

from altui.core.present.keymap import KEYMAP, Where
from altui.core.present.panels import PANELS
from altui.tui.details import DetailsScreen
from altui.tui.help import HelpScreen
from altui.tui.link import LinkScreen
from altui.tui.main import MainScreen
from altui.tui.place import Place
from altui.tui.rows import Rows

BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def chosen(screen: Screen[object]) -> str | None:
    return screen.focused.id if screen.focused else None


def text(screen: Screen[object], part: str) -> str:
    return "\n".join(row.text for row in screen.query_one(f"#{part}", Rows).lines)


async def pressed(pilot: Pilot[int], *keys: str) -> Screen[object]:
    await pilot.press(*keys)
    await pilot.pause()
    return pilot.app.screen


@BOTH
async def test_numbers_choose_panels_and_0_lets_go(size: tuple[int, int], on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=size) as pilot:
        for number, key in enumerate(PANELS, 1):
            assert chosen(await pressed(pilot, str(number))) == key
        assert chosen(await pressed(pilot, "0")) is None
        await pilot.press("3")
        assert chosen(await pressed(pilot, "escape")) is None


async def test_down_and_up_go_through_one_list(on_stage: Callable):
    async with on_stage("bigquery_behind").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "down")
        findings = screen.query_one("#findings", Rows)
        assert chosen(screen) == "findings"
        first = findings.chosen
        await pressed(pilot, "j")
        assert (chosen(screen), findings.chosen is first) == ("findings", False)
        assert [chosen(await pressed(pilot, "j")) for _ in PANELS] == list(PANELS)
        assert chosen(await pressed(pilot, "down")) == "parity"
        assert chosen(await pressed(pilot, "k")) == "indices"
        assert chosen(await pressed(pilot, "right")) == "indices"


async def test_arrows_move_both_ways_where_panels_stand_two_by_two(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(120, 40)) as pilot:
        assert chosen(await pressed(pilot, "1", "right")) == "workflow"
        assert chosen(await pressed(pilot, "right")) == "workflow"
        assert chosen(await pressed(pilot, "down")) == "parity"
        assert chosen(await pressed(pilot, "left")) == "indices"
        assert chosen(await pressed(pilot, "up")) == "fivetran"
        assert chosen(await pressed(pilot, "k")) == "findings"


async def test_tab_goes_round(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        parts = ["strip", *PANELS]
        assert [chosen(await pressed(pilot, "tab")) for _ in parts] == parts
        assert chosen(await pressed(pilot, "shift+tab")) == "indices"


@pytest.mark.parametrize("key", ["escape", "q", "0"])
async def test_enter_opens_details_and_back(key: str, on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "3", "enter")
        assert isinstance(screen, DetailsScreen)
        assert "check     elasticsearch.unreachable" in text(screen, "content")
        assert "GET /_cluster/health" in text(screen, "content")
        screen = await pressed(pilot, key)
        assert isinstance(screen, MainScreen)
        assert chosen(screen) == "indices"


async def test_enter_on_a_finding_opens_its_panel(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "down", "down", "enter")
        assert text(screen, "title").startswith("2 Workflow runs")


async def test_enter_on_nothing_opens_all_that_is_not_ok(on_stage: Callable):
    async with on_stage("all_silent").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "enter")
        assert text(screen, "title") == "not ok (1)"


async def test_details_scroll_and_change_panel(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "4", "enter")
        assert isinstance(screen, DetailsScreen)
        content = screen.content

        async def at(key: str) -> int:
            await pressed(pilot, key)
            assert content.chosen is not None
            return content.lines.index(content.chosen)

        assert content.chosen is content.lines[1], "the first that opens something"
        assert [await at("j"), await at("down"), await at("k")] == [2, 3, 2]
        last, height = len(content.lines) - 1, content.size.height
        assert [await at("G"), await at("g")] == [last, 0]
        assert content.scroll_offset.y == 0
        assert [await at("end"), content.scroll_offset.y] == [last, last + 1 - height]
        assert [await at("home"), content.scroll_offset.y] == [0, 0]
        assert await at("space") == min(height - 1, last)
        assert await at("pageup") == 0
        screen = await pressed(pilot, "G", "2")
        assert text(screen, "title").startswith("2 Workflow runs")
        assert isinstance(screen, DetailsScreen)
        assert screen.content.scroll_offset.y == 0
        assert isinstance(await pressed(pilot, "escape"), MainScreen)


async def test_keys_of_nothing_do_nothing(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        before = pilot.app.screen
        for key in (*"ftadebwsihcpz", "slash", "n", "space"):
            assert (await pressed(pilot, key), chosen(before)) == (before, None), key


async def test_r_asks_the_observer_once_and_says_when_it_has_looked(on_stage: Callable):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        stage.other.serve(stage.other.requests())
        app.look()
        screen = await pressed(pilot, "r", "r")
        assert list(stage.other.requests().values()) == ["*"]
        assert text(screen, "keys").endswith("refreshing...")
        stage.other.serve(stage.other.requests())
        app.look()
        assert "refreshing" not in text(screen, "keys")


async def test_a_start_beside_a_living_observer_asks_for_a_fresh_look(on_stage: Callable):
    for name in ("healthy", "stale_start", "nothing_yet"):
        stage = on_stage(name)
        async with stage.app().run_test(size=(80, 24)):
            assert not stage.other.requests(), "a new one reads everything anyway"
        with stage.other.observing():
            async with stage.app().run_test(size=(80, 24)):
                assert list(stage.other.requests().values()) == ["*"]


async def test_q_quits_from_the_main_screen(on_stage: Callable):
    app = on_stage("healthy").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.parametrize(
    ("screen", "where"),
    [
        (Place, None),
        (MainScreen, Where.main),
        (DetailsScreen, Where.page),
        (HelpScreen, Where.help),
        (LinkScreen, Where.link),
    ],
)
def test_bindings_are_the_tables(screen: type[Screen[object]], where: Where | None):
    for binding in screen.BINDINGS:
        assert isinstance(binding, Binding)
        key = KEYMAP[binding.id or ""]
        assert binding.key == ",".join(key.keys)
        assert (binding.description, binding.tooltip) == (key.word, key.sentence)
        assert binding.group is not None
        assert binding.group.description == key.group
        assert where in key.where or where is None
    if where is not None:
        of_all = Place.BINDINGS if issubclass(screen, Place) else []
        bound = {one.id for one in (*screen.BINDINGS, *of_all) if isinstance(one, Binding)}
        assert bound == {key.id for key in KEYMAP.values() if where in key.where}


async def test_keys_that_come_at_once_are_taken_one_after_the_other(on_stage: Callable):
    """As a terminal sends what was typed while the screen was busy."""
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        for key, character in (("j", "j"), ("j", "j"), ("enter", "\r")):
            pilot.app.post_message(events.Key(key, character))
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, DetailsScreen)
        assert screen.key == PANELS[1]


async def test_enter_where_there_is_no_more_says_so(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "1", "enter", "g", "enter")
        assert isinstance(screen, DetailsScreen)
        assert screen.here == "fivetran"
        assert "there is no more to this row; ; shows which have more" in text(screen, "keys")
