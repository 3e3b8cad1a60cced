"""Pages below the panels: opened, waited for, filtered, searched, and left again."""

from collections.abc import Callable
from datetime import timedelta

from textual.pilot import Pilot

from altui.core.model.observed import Observation
from altui.core.model.reading import Job, Jobs, Log, Reading, RunStep
from altui.tui.details import DetailsScreen
from altui.tui.main import MainScreen
from tests.scenes import NOON

RUN = 812
LINES = ("05:00 Found 6 models", "05:01 OK created stg_emails", *[f"row {n}" for n in range(40)])
STEP = RunStep("Run dbt tests", "completed", "failure", NOON, NOON + timedelta(seconds=75))


def answer(stage, name: str, value: Reading) -> None:
    """What the observer writes when it has granted a wish."""
    seen = Observation(name, value, stage.now, stage.now, detail=True)
    stage.other.put_observations([seen])


async def shown(pilot: Pilot[int], *keys: str) -> DetailsScreen:
    await pilot.press(*keys)
    await pilot.pause()
    pilot.app.look()  # type: ignore[attr-defined]
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, DetailsScreen)
    return screen


def text(screen: DetailsScreen) -> str:
    return "\n".join(row.text for row in screen.content.lines)


async def test_a_run_is_opened_from_its_row_and_its_jobs_are_asked_for(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter", "enter")
        assert screen.key.startswith("workflow/")
        run = screen.key.partition("/")[2]
        assert "its jobs: being read..." in text(screen)
        asked = list(stage.other.requests().values())
        assert f"github.jobs:{run}/1" in asked
        job = Job("sync", "completed", "failure", NOON, NOON + timedelta(minutes=6), (STEP,))
        answer(stage, f"github.jobs:{run}/1", Jobs((job,)))
        screen = await shown(pilot)
        assert "being read" not in text(screen)
        assert "Run dbt tests" in text(screen) and "1m15" in text(screen)
        again = [name for name in stage.other.requests().values() if name not in asked]
        assert again == []
        await pilot.press("escape")
        assert (await shown(pilot)).key == "workflow"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MainScreen)


async def test_a_log_is_searched_and_a_list_filtered(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter", "enter", "enter")
        run, _, below = screen.key.removeprefix("workflow/").partition("/")
        assert below == "log"
        answer(stage, f"github.log:{run}/1", Log("", LINES))
        screen = await shown(pilot)
        await shown(pilot, "slash", *"row 3", "enter")
        assert screen.content.chosen is not None
        assert screen.content.chosen.text == "row 3"
        assert len(screen.content.lines) == len(LINES)
        await shown(pilot, "n", "n")
        assert screen.content.chosen.text == "row 31"
        await shown(pilot, "N")
        assert screen.content.chosen.text == "row 30"
        await shown(pilot, "escape")
        assert screen.wanted == ""
        screen = await shown(pilot, "escape", "escape")
        before = len(screen.content.lines)
        await shown(pilot, "slash", *"nightly")
        assert 0 < len(screen.content.lines) < before
        assert all("nightly" in row.text for row in screen.content.lines)
        await shown(pilot, "escape")
        assert len(screen.content.lines) == before
        assert screen.key == "workflow"


async def test_a_wish_that_is_not_answered_is_made_again(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, "2", "enter", "enter")
        asked = stage.other.requests()
        stage.other.serve(asked)
        stage.wait(seconds=20)
        screen.draw(screen.feed.view())
        assert set(stage.other.requests().values()) == set(asked.values()) - {"*"}


async def test_words_that_a_page_has_no_room_for_go_on_below(on_stage: Callable):
    stage = on_stage("all_silent")
    words = "Temporary failure in name resolution"
    async with stage.app().run_test(size=(50, 20)) as pilot:
        for keys in (["1", "enter"], ["v"], ["0", "right", "enter"]):
            screen = await shown(pilot, *keys)
            rows = [row.text.strip() for row in screen.content.lines]
            assert words in " ".join(" ".join(rows).split()), keys
            assert words in "\n".join(
                row.text for row in screen.shown_page(screen.feed.view()).rows
            )
