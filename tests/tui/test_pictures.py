"""The screens as they look, with the clock frozen."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from altui.config import ScreenSettings
from tests.differing import differing
from tests.given import BUSY, suspected
from tests.scenes import Scene

SIZES = {"list": (80, 24), "grid": (120, 40), "wide": (200, 60)}
Compare = Callable[..., bool]
INTO = ("enter", "enter")
"""From a panel to the place of its first row that has one."""


@pytest.fixture
def looks_as_before(on_stage: Callable, snap_compare: Callable) -> Compare:
    def compare(scene: str | Scene, size: str, *keys: str, **settings: Any) -> bool:
        stage = on_stage(scene)
        app = stage.app(**settings)

        async def looked(pilot: Pilot[int]) -> None:
            """The refresh that a start asks for has come back."""
            stage.other.serve(stage.other.requests())
            app.look()
            await pilot.pause()

        return snap_compare(app, press=keys, run_before=looked, terminal_size=SIZES[size])

    return compare


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["healthy", "elasticsearch_down"])
def test_main_screen(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size)


@pytest.mark.parametrize(
    "name", ["due", "bigquery_behind", "postgres_denied", "all_silent", "stale_start", "half_blind"]
)
def test_main_screen_at_80_columns(name: str, looks_as_before: Compare):
    assert looks_as_before(name, "list")


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("name", ["keys_expired", "no_warehouse"])
def test_main_screen_half_blind(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size)


def test_details_of_the_workflow(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "grid", "2", "enter")


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("name", ["healthy", "elasticsearch_down"])
def test_why(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size, "v")


def test_how_to_ask_by_hand(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "list", "v", "enter")


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("name", ["healthy", "bigquery_behind"])
def test_the_place_of_fivetran(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size, "1", "enter")


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("name", ["healthy", "bigquery_behind"])
def test_a_table_of_fivetran(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size, "1", *INTO)


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("name", ["healthy", "elasticsearch_down"])
def test_a_stage(name: str, size: str, looks_as_before: Compare):
    assert looks_as_before(name, size, "right", "enter")


def test_a_chosen_stage(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "list", "right")


def test_help(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "list", "question_mark")


def test_help_of_the_indices(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "list", "3", "enter", "question_mark", "G")


def test_letters_to_jump_by(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "list", "semicolon")


def test_a_zoomed_panel(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "grid", "3", "z")


@pytest.mark.parametrize("theme", ["altui-light", "altui-colour-blind"])
def test_other_themes(theme: str, looks_as_before: Compare):
    """The usual one is that of every other picture."""
    screen = ScreenSettings(theme=theme)
    assert looks_as_before("elasticsearch_down", "list", "down", screen=screen)


def test_a_chosen_panel(looks_as_before: Compare):
    assert looks_as_before("elasticsearch_down", "grid", "4")


def test_an_ascii_terminal_without_colour(
    looks_as_before: Compare, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LANG", "C")
    monkeypatch.setenv("NO_COLOR", "1")
    assert looks_as_before("elasticsearch_down", "list")


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("scene", ["healthy", differing], ids=["healthy", "differing"])
def test_an_index(scene: str | Callable, size: str, looks_as_before: Compare):
    assert looks_as_before(scene if isinstance(scene, str) else scene(), size, "3", *INTO)


@pytest.mark.parametrize("size", ["list", "grid"])
@pytest.mark.parametrize("scene", ["healthy", differing], ids=["healthy", "differing"])
def test_a_table(scene: str | Callable, size: str, looks_as_before: Compare):
    assert looks_as_before(scene if isinstance(scene, str) else scene(), size, "4", *INTO)


@pytest.mark.parametrize("size", SIZES)
def test_what_later_rules_give(size: str, looks_as_before: Compare):
    assert looks_as_before(suspected(), size)


@pytest.mark.parametrize("keys", [(), ("v",)], ids=["main", "why"])
def test_a_team_at_work(keys: tuple[str, ...], looks_as_before: Compare):
    assert looks_as_before(suspected(BUSY), "list", *keys)
