"""The screen tells which panels it shows, so that the observer looks at their details."""

from collections.abc import Callable

from altui.core.present.panels import PANELS


async def test_what_is_shown_follows_the_screens(on_stage: Callable):
    stage = on_stage("healthy")
    app = stage.app()

    def shown() -> set[str]:
        return {panel for panel in PANELS if stage.other.shown(panel)}

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert shown() == set(PANELS), "the main screen shows them all"
        await pilot.press("1", "enter")
        await pilot.pause()
        assert shown() == {"fivetran"}
        await pilot.press("3")
        await pilot.pause()
        assert shown() == {"indices"}
        await pilot.press("question_mark")
        await pilot.pause()
        assert shown() == {"indices"}, "help lies on top"
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert shown() == set(PANELS)
    stage.store.close()
    assert shown() == set()
