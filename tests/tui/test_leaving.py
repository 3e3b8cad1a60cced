"""On the way out nothing is drawn any more."""

from collections.abc import Callable

import pytest

from altui.tui.rows import Rows


async def test_a_tick_meets_a_screen_that_is_emptied_part_by_part(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    stage = on_stage("healthy")
    app = stage.app()
    ticks: list[str | None] = []

    def on_unmount(self: Rows) -> None:
        ticks.append(self.id)
        stage.wait(minutes=1)
        app.look()

    monkeypatch.setattr(Rows, "on_unmount", on_unmount, raising=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert {"header", "findings", "keys"} <= set(ticks)
    assert app.return_code == 0
