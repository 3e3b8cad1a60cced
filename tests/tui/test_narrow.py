"""Below 80 columns: the verdict goes on in further rows, and the list gives them up."""

from collections.abc import Callable

import pytest

from altui.core.present.verdict import verdict
from altui.tui.rows import Rows

SCENES = ["elasticsearch_down", "bigquery_behind", "all_silent", "stale_start", "due"]


@pytest.mark.parametrize("scene", SCENES)
async def test_at_50_by_20_the_whole_verdict_is_read(scene: str, on_stage: Callable):
    app = on_stage(scene).app()
    async with app.run_test(size=(50, 20)) as pilot:
        await pilot.pause()
        shown = app.screen.query_one("#verdict", Rows)
        assert len(shown.lines) == shown.region.height <= 6
        told = " ".join(row.text[8:].strip() for row in shown.lines)
        assert told == " ".join(row.text[8:].strip() for row in verdict(app.feed.view()))
        assert app.screen.query_one("#keys").region.bottom == 20
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert shown.region.height == len(shown.lines) == 3
