"""The screens as they look, with the clock frozen."""

from collections.abc import Callable

import pytest

SIZES = {"list": (80, 24), "grid": (120, 40), "wide": (200, 60)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["healthy", "elasticsearch_down"])
def test_main_screen(name: str, size: str, on_stage: Callable, snap_compare: Callable):
    assert snap_compare(on_stage(name).app(), terminal_size=SIZES[size])


@pytest.mark.parametrize(
    "name", ["due", "bigquery_behind", "postgres_denied", "all_silent", "stale_start", "half_blind"]
)
def test_main_screen_at_80_columns(name: str, on_stage: Callable, snap_compare: Callable):
    assert snap_compare(on_stage(name).app(), terminal_size=SIZES["list"])


@pytest.mark.parametrize(
    ("keys", "size"), [(["2", "enter"], "grid"), (["question_mark"], "list"), (["4"], "grid")]
)
def test_other_places(keys: list[str], size: str, on_stage: Callable, snap_compare: Callable):
    """Details of the workflow, help, and a chosen panel."""
    app = on_stage("elasticsearch_down").app()
    assert snap_compare(app, press=keys, terminal_size=SIZES[size])


def test_an_ascii_terminal_without_colour(
    on_stage: Callable, snap_compare: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LANG", "C")
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(on_stage("elasticsearch_down").app(), terminal_size=SIZES["list"])
