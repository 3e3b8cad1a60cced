"""From the main screen to the evidence, in the keys that tests/paths.py names."""

from collections.abc import Callable

import pytest
from textual.app import App

from tests.paths import MOST_KEYS, PATHS, STATES, Path


def painted(app: App[int]) -> str:
    """What stands on the screen, row by row, as it was painted."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.scene} by {path.keys}")
async def test_a_path_leads_to_the_evidence(path: Path, on_stage: Callable):
    keys = path.keys.split()
    assert len(keys) <= MOST_KEYS
    app = on_stage(STATES[path.scene]()).app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = painted(app)
        await pilot.press(*keys)
        await pilot.pause()
        shown = painted(app)
    assert shown != before
    for words in (path.figure, path.said, path.read):
        assert words == "-" or words in shown, shown


@pytest.mark.parametrize("scene", STATES)
def test_every_scene_has_a_path_by_the_verdict_and_one_by_a_row(scene: str):
    by_verdict = [path for path in PATHS if path.scene == scene and path.keys == "v"]
    by_row = [path for path in PATHS if path.scene == scene and path.keys.endswith("enter")]
    assert by_verdict and by_row


@pytest.mark.parametrize("scene", STATES)
def test_a_service_that_failed_is_quoted(scene: str):
    made = STATES[scene]()
    said = {item.words for found in findings(made) for item in found.evidence if item.words}
    quoted = [path.said for path in PATHS if path.scene == scene]
    assert not said or "-" not in quoted


def findings(scene):
    return scene.assessment.findings if scene.assessment else ()
