"""Screens over a store full of what no honest service sends: drawn as plain text, or not at all."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.content import Content

from altui.config import Settings
from altui.core.model.health import Assessment
from altui.core.model.observed import Observation
from altui.store.store import Store
from altui.tui.app import Dashboard
from altui.tui.palette import Palette
from altui.tui.rows import Rows
from tests.drawing import SIZES, unfit
from tests.hostile import EVERYTHING, POISONS, filled, made
from tests.scenes import NOON, PROBES, SCENES
from tests.world import healthy

SCENE = SCENES["elasticsearch_down"]()
OTHERS = ["1", "2", "3", "4"]
NEXT = [
    *(["2", "semicolon"], ["f5"], ["question_mark"], ["G"], ["escape"], ["q"]),
    *(["semicolon"], ["f5"], ["tab", "down"], ["z"], ["j"]),
]


def poisoned(directory: Path, poison: str, *, whole: bool) -> Store:
    """A store whose every text is the poison: a scene's, or of every field there is."""
    store = Store.open(directory)
    if whole:
        told = replace(made(Observation, lambda place: poison), detail=False)
        world = healthy(NOON, days=5).observations
        values = {
            probe: filled(seen.value, type(seen.value), lambda place: poison)
            for probe, seen in world.items()
        }
        store.put_observations(
            replace(told, probe=probe, value=values[probe], tried_at=NOON) for probe in PROBES
        )
        store.put_assessment(made(Assessment, lambda place: poison))
        return store
    store.put_observations(
        replace(filled(seen, Observation, lambda place: poison), probe=probe)
        for probe, seen in SCENE.snapshot.observations.items()
    )
    assert SCENE.assessment is not None
    store.put_assessment(filled(SCENE.assessment, Assessment, lambda place: poison))
    return store


def looked_at(app: App[int]) -> None:
    """Every line of every part is one line, as wide as its part, without a link or an action."""
    for rows in app.screen.query(Rows):
        width, height = rows.scrollable_content_region.size
        for y in range(height if rows.display else 0):
            strip = rows.render_line(y)
            assert not (wrong := unfit(strip.text, width)), f"{rows.id}: {wrong}"
            for segment in strip:
                style = segment.style
                assert segment.control is None
                assert style is None or (style.link is None and not style.meta), segment
    ET.fromstring(app.export_screenshot())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("whole", [False, True], ids=["a scene", "every field"])
@pytest.mark.parametrize("name", ["everything", "wide"])
async def test_every_screen_draws_it(tmp_path: Path, name: str, whole: bool, size: tuple[int, int]):
    store = poisoned(tmp_path, POISONS.get(name, EVERYTHING), whole=whole)
    scene = SCENE
    app = Dashboard(Settings(), store, lambda: scene.now, scene.facts.started)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        looked_at(app)
        for keys in (["enter"], *OTHERS, *NEXT):
            await pilot.press(*keys)
            looked_at(app)
        app.look()
        looked_at(app)
        assert app.is_running
        await pilot.click("#verdict")
        await pilot.click("#findings", offset=(20, 0))
        assert app.is_running, "no markup became an action"
    assert app.return_code in (0, None)
    store.close()


async def test_a_hundred_kilobytes_in_every_field_are_drawn(tmp_path: Path):
    store = poisoned(tmp_path, POISONS["100 kB"], whole=False)
    app = Dashboard(Settings(), store, lambda: SCENE.now, SCENE.facts.started)
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.pause()
        looked_at(app)
        await pilot.press("enter")
        looked_at(app)
    store.close()


async def test_the_palette_shows_services_words_as_plain_text(tmp_path: Path):
    """Textual reads names of commands as markup unless they come as content."""
    store = poisoned(tmp_path, EVERYTHING, whole=False)
    app = Dashboard(Settings(), store, lambda: SCENE.now, SCENE.facts.started)
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.press("colon")
        palette = Palette(pilot.app.screen_stack[0])
        offered = [hit async for hit in palette.discover()]
        found = [hit async for hit in palette.search("e")]
        assert len(offered) > len(SCENE.snapshot.observations)
        for hit in (*offered, *found):
            assert isinstance(hit.prompt, Content)
            assert hit.prompt.plain.isprintable()
            assert "[" not in (hit.help or "")
        assert not any(hit.prompt.spans for hit in offered if isinstance(hit.prompt, Content))
        await pilot.press("e")
        await app.workers.wait_for_complete()
        await pilot.pause()
        ET.fromstring(app.export_screenshot())
    store.close()
