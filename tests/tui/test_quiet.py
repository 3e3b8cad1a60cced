"""The screen repaints what changed and nothing else, and never needs more room than there is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.geometry import Region

from altui.core.model.reading import Connection
from altui.tui.rows import Rows
from tests.scenes import SCENES


class Watch:
    """Counts the regions that widgets ask to have repainted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[tuple[str | None, int]] = []
        self.wholes: list[str | None] = []
        original = Rows.refresh

        def refresh(rows: Rows, *regions: Region, **how: bool) -> Rows:
            self.lines += [(rows.id, region.y) for region in regions]
            if not regions and not how.get("layout"):
                self.wholes.append(rows.id)
            return original(rows, *regions, **how)

        monkeypatch.setattr(Rows, "refresh", refresh)


async def test_nothing_is_repainted_while_nothing_changes(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    stage = on_stage("elasticsearch_down")
    app = stage.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        watch = Watch(monkeypatch)
        stage.other.put_assessment(stage.scene.assessment)
        stage.wait(seconds=20)
        app.look()
        assert (watch.lines, watch.wholes) == ([], [])


async def test_a_new_minute_touches_only_lines_with_ages(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        watch = Watch(monkeypatch)
        stage.wait(minutes=1)
        app.look()
        assert watch.wholes == []
        assert watch.lines == [("header", 0), ("strip", 2)]


async def test_a_changed_figure_repaints_its_lines_only(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        watch = Watch(monkeypatch)
        old = stage.scene.snapshot.observations["fivetran.connection"]
        assert isinstance(old.value, Connection)
        paused = replace(old.value, update_state="delayed")
        stage.other.put_observations([replace(old, value=paused)])
        app.look()
        assert watch.wholes == []
        assert watch.lines == [("fivetran", 5)]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("size", [(50, 12), (20, 5), (300, 90)])
async def test_no_size_crashes_a_scene(name: str, size: tuple[int, int], on_stage: Callable):
    async with on_stage(name).app().run_test(size=size) as pilot:
        await pilot.press("1", "enter")
        await pilot.pause()
        for rows in pilot.app.screen.query(Rows):
            assert rows.size.width <= size[0]


async def test_a_resize_changes_the_layout(on_stage: Callable):
    async with on_stage("healthy").app().run_test(size=(80, 24)) as pilot:
        panels = [pilot.app.screen.query_one(f"#{key}", Rows) for key in ("fivetran", "workflow")]
        assert panels[0].region.y < panels[1].region.y
        assert panels[0].lines[0].text.startswith("1 fivetran ✓ synced")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert panels[0].region.y == panels[1].region.y
        assert panels[0].lines[0].text.startswith("1 Fivetran")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert panels[0].lines[0].text.startswith("1 fivetran ✓ synced")


async def test_the_order_stands_still_while_findings_have_the_focus(on_stage: Callable):
    stage = on_stage("elasticsearch_down")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        findings = app.screen.query_one("#findings", Rows)
        before, pointed = [row.key for row in findings.lines], findings.chosen
        turned = replace(stage.scene.assessment, findings=stage.scene.assessment.findings[::-1])
        stage.other.put_assessment(turned)
        app.look()
        assert [row.key for row in findings.lines] == before
        assert findings.chosen == pointed
        await pilot.press("0")
        await pilot.pause()
        assert [row.key for row in findings.lines] == before[::-1]


async def test_last_known_values_turn_live_as_services_answer(on_stage: Callable):
    stage = on_stage("stale_start")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        verdict = app.screen.query_one("#verdict", Rows)
        assert verdict.lines[0].text.startswith("STALE")
        assert verdict.has_class("-stale")
        seen = stage.scene.snapshot.observations.values()
        stage.other.put_observations(
            replace(item, at=stage.now, tried_at=stage.now) for item in seen
        )
        stage.other.put_assessment(replace(stage.scene.assessment, at=stage.now))
        app.look()
        await pilot.pause()
        assert verdict.lines[0].text.startswith("OK")
        assert verdict.has_class("-ok")


def test_a_days_refreshes_leave_nothing_behind(tmp_path: Path):
    """960 of them, back to back: memory stays what it was once caches are full, within 5 %."""
    command = [sys.executable, "-m", "tests.refreshing", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    first, last = map(float, run.stdout.split())
    assert last < 1.05 * first
