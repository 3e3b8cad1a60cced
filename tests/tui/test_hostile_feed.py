"""A store that fails under an open screen: the last view stays, and the screen says why."""

import sqlite3
from collections.abc import Callable

import pytest

from altui.store.store import Store
from altui.tui.app import Dashboard
from altui.tui.rows import Rows


def keys_line(app: Dashboard) -> str:
    return app.screen.query_one("#keys", Rows).lines[0].text


def days(app: Dashboard) -> list[str]:
    """The counts of each day, which no minute changes."""
    lines = [line.text for line in app.screen.query_one("#strip", Rows).lines]
    found = [line for line in lines if " Nov " in line[:8]]
    assert found
    return found


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("snapshot", sqlite3.OperationalError("database is locked")),
        ("assessment", sqlite3.DatabaseError("database disk image is malformed")),
        ("changed", sqlite3.OperationalError("disk I/O error")),
        ("request", sqlite3.OperationalError("database or disk is full")),
    ],
)
async def test_the_last_view_stays(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch, method: str, error: sqlite3.Error
):
    stage = on_stage("healthy")
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = days(app)
        stage.other.serve(stage.other.requests())
        app.look()

        def fails(*_: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Store, method, fails)
            stage.wait(minutes=1)
            app.look()
            await pilot.press("r")
            await pilot.press("enter")
            await pilot.press("escape")
            assert app.is_running
            assert str(error) in keys_line(app)
            assert days(app) == before
        await pilot.press("r")
        stage.wait(minutes=1)
        app.look()
        assert str(error) not in keys_line(app)
    assert app.return_code in (0, None)


async def test_a_store_that_fails_from_the_start(
    on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    stage = on_stage("healthy")

    def fails(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    for method in ("snapshot", "assessment", "changed", "request"):
        monkeypatch.setattr(Store, method, fails)
    app = stage.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "malformed" in keys_line(app)
        await pilot.press("r", "enter", "escape", "question_mark", "escape")
        assert app.is_running
