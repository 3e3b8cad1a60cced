"""One thing is told in one way, wherever it is shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import Form, State
from altui.core.model.pipeline import Pipeline
from altui.core.present.findings import not_ok
from altui.core.present.fitted import fitted
from altui.core.present.panels import boxed, listed, panel
from altui.core.present.view import view
from altui.tui.rows import Rows
from tests.scenes import SCENES, elasticsearch_down, stale_start
from tests.tui.test_keys import pressed, text
from tests.unit.present.test_scenes_in_words import seen


def test_a_panel_is_not_green_while_the_run_to_blame_failed():
    scene = elasticsearch_down()
    assert scene.assessment is not None
    kept = tuple(x for x in scene.assessment.findings if not x.check.startswith("workflow."))
    scene = scene._replace(assessment=replace(scene.assessment, findings=kept))
    assert panel(seen(scene), "workflow").state is State.broken


def test_a_size_stands_with_all_the_indices_it_is_of():
    shown = seen("healthy")
    rows = shown.fitted(listed(shown, "indices", 3), 78)
    first = rows[0].text
    assert ("kB" in first or "MB" in first) <= ("parity_drift" in first)


def test_a_name_with_digits_is_shortened_not_lost():
    said = "mart table idx_01_" + "averylongname" * 5 + " does not exist"
    words = fitted([Form("", said, " (+21 more)")], 72)
    assert words.startswith("mart table idx_01_avery")
    assert words.endswith(" (+21 more)")


async def test_one_row_of_findings_is_the_worst_of_them(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(60, 15)) as pilot:
        await pilot.pause()
        assert "elastic" in text(pilot.app.screen, "findings")
        assert "not ok (3)" in text(pilot.app.screen, "findings-rule")


async def test_o_opens_the_chosen_stages_page_or_says_there_is_none(on_stage: Callable):
    async with on_stage("elasticsearch_down").app().run_test(size=(120, 40)) as pilot:
        screen = await pressed(pilot, "right", *["left"] * 5)
        assert screen.query_one("#strip", Rows).place == "stage/postgres"  # type: ignore[attr-defined]
        screen = await pressed(pilot, "o")
        assert "no page of a service belongs to this" in text(screen, "keys")


async def test_where_nothing_opens_jumping_says_so(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        screen = await pressed(pilot, "v", "enter", "semicolon")
        assert "nothing in sight opens more" in text(screen, "keys")


@pytest.mark.parametrize("known", [True, False])
async def test_stale_tells_what_was_known_before_this_start(known: bool, on_stage: Callable):
    scene = stale_start()
    assert scene.assessment is not None
    then = scene.assessment.at
    stage = on_stage(scene if known else scene._replace(assessment=None))
    async with stage.app().run_test(size=(80, 24)) as pilot:
        first = replace(
            scene.assessment,
            at=scene.now,
            verdict=replace(scene.assessment.verdict, headline="of this start's first answers"),
        )
        stage.other.put_assessment(first)
        stage.wait(seconds=1)
        pilot.app.look()  # type: ignore[attr-defined]
        await pilot.pause()
        verdict = text(pilot.app.screen, "verdict")
        assert "first answers" not in verdict
        assert ("last seen 9h ago" if known else "nothing was seen before") in verdict
        assert stage.now - then > timedelta(hours=8)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("width", [50, 80])
async def test_nothing_of_a_page_is_cut_for_good(name: str, width: int, on_stage: Callable):
    async with on_stage(name).app().run_test(size=(width, 24)) as pilot:
        for keys in (("1", "enter"), ("2",), ("3",), ("4",), ("v",)):
            screen = await pressed(pilot, *keys)
            shown = text(screen, "content")
            ours = [row for row in shown.split("\n") if row.endswith("…")]
            assert not ours


def test_a_long_name_leaves_room_for_what_is_said_of_it():
    scene = elasticsearch_down()
    assert scene.assessment is not None
    name = "a_mart_whose_name_is_as_long_as_the_warehouse_lets_it_be_long"
    said = replace(scene.assessment.findings[0], subject=f"{name} ends 21 Nov; 22 Nov was due")
    scene = scene._replace(assessment=replace(scene.assessment, findings=(said,)))
    row = not_ok(seen(scene), 78, 3)[0].text
    assert "a_mart_whose" in row
    assert "ends 21 Nov; 22 Nov was due" in row


def test_an_index_of_a_long_name_keeps_its_figures():
    scene = SCENES["healthy"]()
    long = "an_index_whose_name_is_as_long_as_elasticsearch_lets_it_be"
    marts = Pipeline().marts
    pipeline = replace(Pipeline(), marts=(*marts[:1], replace(marts[1], index=long), *marts[2:]))
    shown = view(scene.snapshot, scene.assessment, pipeline, scene.now, scene.facts)
    rows = shown.fitted(boxed(shown, "indices", 58, 12), 58)
    assert any("risk_daily" in row.text and row.text.rstrip().endswith("green") for row in rows)
