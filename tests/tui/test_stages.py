"""From the main screen to a stage, a table or a day: the strip is a part to choose from."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from altui.core.model.health import STAGES, StageId
from altui.tui.details import DetailsScreen
from altui.tui.main import MainScreen
from altui.tui.rows import Rows
from altui.tui.strip import StripRows
from tests.scenes import SCENES

BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


async def pressed(pilot: Pilot[int], *keys: str) -> str:
    """The id of what has the focus after these keys."""
    await pilot.press(*keys)
    await pilot.pause()
    focused = pilot.app.screen.focused
    return focused.id or "" if focused else ""


def strip(pilot: Pilot[int]) -> StripRows:
    return pilot.app.screen.query_one("#strip", StripRows)


def content(pilot: Pilot[int]) -> str:
    screen = pilot.app.screen
    assert isinstance(screen, DetailsScreen)
    return "\n".join(row.text for row in screen.content.lines)


def place(pilot: Pilot[int]) -> str:
    screen = pilot.app.screen
    assert isinstance(screen, DetailsScreen)
    return screen.key


@BOTH
async def test_sideways_leads_to_the_stage_of_the_first_loss(
    size: tuple[int, int], on_stage: Callable
):
    async with on_stage("elasticsearch_down").app().run_test(size=size) as pilot:
        assert await pressed(pilot, "right") == "strip"
        assert strip(pilot).place == "stage/elasticsearch"
        await pressed(pilot, "enter")
        assert place(pilot) == "stage/elasticsearch"
        assert "Connection refused: es-prod-1:9200" in content(pilot)
        await pressed(pilot, "escape")
        assert isinstance(pilot.app.screen, MainScreen)
        assert strip(pilot).place == "stage/elasticsearch"


@BOTH
async def test_every_stage_is_reached_from_the_first(size: tuple[int, int], on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=size) as pilot:
        await pressed(pilot, "left")
        found = [strip(pilot).place]
        for _ in STAGES:
            await pressed(pilot, "right")
            found.append(strip(pilot).place)
        names = [f"stage/{stage}" for stage in STAGES]
        assert found == [*names, names[-1]]
        await pressed(pilot, "left", "enter")
        assert place(pilot) == "stage/elasticsearch"
        assert "rests on" in content(pilot)


async def test_the_chosen_stage_wears_the_sign_before_it(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        states = next(y for y, row in enumerate(strip(pilot).lines) if row.key == "strip.states")

        def drawn() -> str:
            return strip(pilot).render_line(states).text

        before = drawn()
        assert "›" not in before
        await pressed(pilot, "right")
        assert "›✗ DOWN 19m" in drawn()
        await pressed(pilot, "left", "left", "left", "left", "left")
        assert drawn().startswith("       ›✓ ok 1m")
        assert drawn().replace("›", " ") == before
        await pressed(pilot, "0")
        assert drawn() == before


async def test_a_days_row_is_chosen_below_the_stages_and_opens_the_parity(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        await pressed(pilot, "right", "down", "down")
        row = strip(pilot).chosen
        assert row is not None
        assert row.text.startswith("22 Nov")
        y = strip(pilot).lines.index(row)
        assert strip(pilot).render_line(y).text.startswith("22 Nov ›")
        await pressed(pilot, "enter")
        assert place(pilot).partition("/")[0] == "parity"


async def test_up_from_what_is_not_ok_leads_to_the_strip_and_down_leaves_it(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(80, 24)) as pilot:
        assert await pressed(pilot, "down") == "findings"
        assert await pressed(pilot, "up") == "strip"
        assert await pressed(pilot, "up") == "strip"
        for _ in range(len(strip(pilot).choosable) - 1):
            assert await pressed(pilot, "down") == "strip"
        assert await pressed(pilot, "down") == "findings"
        assert await pressed(pilot, "up", "right") == "strip"
        assert strip(pilot).place == "stage/elasticsearch", "sideways comes back to the stages"


async def test_the_choice_stays_when_another_stage_becomes_the_worst(on_stage: Callable):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pressed(pilot, "right")
        down = SCENES["elasticsearch_down"]().assessment
        assert down is not None
        stage.other.put_assessment(down)
        app.look()
        await pilot.pause()
        assert strip(pilot).place == f"stage/{StageId.postgres}"


@pytest.mark.parametrize(
    "size", [(50, 12), (60, 15), (80, 13), (80, 16), (80, 24), (120, 40), (200, 60)]
)
async def test_where_stages_are_named_their_states_are_said(
    size: tuple[int, int], on_stage: Callable
):
    async with on_stage("elasticsearch_down").app().run_test(size=size) as pilot:
        shown = [row.key for row in strip(pilot).seen_lines]
        assert "strip.names" in shown
        assert "strip.states" in shown
        assert strip(pilot).region.height == len(shown), "no row of it is left empty"
        said = next(row for row in strip(pilot).lines if row.key == "strip.states")
        assert sum("✗" in part.text for part in said.segments) >= 1
        assert await pressed(pilot, "right") == "strip"


async def test_what_had_the_focus_may_vanish(on_stage: Callable):
    stage = on_stage("elasticsearch_down")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert await pressed(pilot, "down") == "findings"
        assert stage.scene.assessment is not None
        stage.other.put_assessment(replace(stage.scene.assessment, findings=()))
        app.look()
        await pilot.pause()
        assert await pressed(pilot, "down") == "fivetran"


@BOTH
async def test_a_table_is_opened_from_fivetrans_place(size: tuple[int, int], on_stage: Callable):
    async with on_stage("bigquery_behind").app().run_test(size=size) as pilot:
        await pressed(pilot, "1", "enter")
        assert place(pilot) == "fivetran"
        screen = pilot.app.screen
        assert isinstance(screen, DetailsScreen)
        assert "syncs seen to end, 14 days: 40, 1 failed" in content(pilot)
        await pressed(pilot, "enter")
        assert place(pilot) == "fivetran/emails"
        assert "2d 14h, by the newest received_at; limit 1h15" in content(pilot)
        title = pilot.app.screen.query_one("#title", Rows).lines[0].text
        assert title.split("  ")[0] == "1 Fivetran, emails"
        await pressed(pilot, "escape")
        assert place(pilot) == "fivetran"


async def test_schemas_are_looked_at_while_a_table_is_shown(on_stage: Callable):
    stage = on_stage("healthy")
    async with stage.app().run_test(size=(80, 24)) as pilot:
        await pressed(pilot, "1", "enter", "enter")
        assert place(pilot) == "fivetran/emails"
        assert stage.other.shown("fivetran")
        assert not stage.other.shown("indices")
