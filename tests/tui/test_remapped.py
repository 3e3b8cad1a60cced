"""Keys of altui.toml: they work, the usual ones do not, and what names them follows."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from altui.config import ScreenSettings
from altui.core.present.themes import THEMES
from altui.tui.details import DetailsScreen
from altui.tui.help import HelpScreen
from altui.tui.main import MainScreen
from altui.tui.rows import Rows

KEYS: dict[str, Any] = {
    "refresh": "f5",
    "down": ("+", "down"),
    "panel-fivetran": "f1",
    "back": "x",
    "close": "f2",
    "help": "f2",
    "zoom": "r",
    "commands": "z",
}


def text(screen: Any, part: str) -> str:
    return "\n".join(row.text for row in screen.query_one(f"#{part}", Rows).lines)


async def test_chosen_keys_work_and_the_usual_ones_do_not(on_stage: Callable):
    stage = on_stage("healthy")
    app = stage.app(keys=KEYS)
    async with app.run_test(size=(80, 24)) as pilot:
        stage.other.serve(stage.other.requests())
        await pilot.press("r", "1", "j", "question_mark", "colon")
        await pilot.pause()
        assert stage.other.requests() == {}
        assert isinstance(app.screen, MainScreen)
        assert app.screen.focused is None
        await pilot.press("f5")
        assert list(stage.other.requests().values()) == ["*"]
        await pilot.press("f1", "r")
        await pilot.pause()
        assert app.screen.zoomed == "fivetran"
        await pilot.press("r", "+")
        await pilot.pause()
        assert app.screen.focused is not None
        assert app.screen.focused.id == "workflow"
        await pilot.press("enter", "q", "escape")
        await pilot.pause()
        assert isinstance(app.screen, DetailsScreen)
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        await pilot.press("z")
        await pilot.pause()
        assert type(app.screen).__name__ == "CommandPalette"


async def test_footer_and_help_name_the_chosen_keys(on_stage: Callable):
    app = on_stage("healthy").app(keys=KEYS)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "f1 panel  f2 help  q quit  enter details" in text(app.screen, "keys")
        await pilot.press("f2")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        page = text(app.screen, "page")
        assert page.startswith(" Keys of this place, f2 closes this")
        assert re.search(r"f5  refresh", page)
        assert re.search(r"\+, down  down", page)
        assert "f1, 2, 3, 4  panel" in page
        await pilot.press("f2")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)


@pytest.mark.parametrize("name", THEMES)
async def test_the_theme_of_altui_toml_colours_the_screen(name: str, on_stage: Callable):
    app = on_stage("elasticsearch_down").app(screen=ScreenSettings(theme=name))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        header = app.screen.query_one("#header", Rows).render_line(0)
        prod = next(segment for segment in header if segment.text == "PROD")
        assert prod.style is not None
        assert prod.style.bgcolor is not None
        assert prod.style.bgcolor.name == THEMES[name].prod


@pytest.mark.parametrize("keys", [["j"], ["3"], ["2", "enter"], ["semicolon"]])
async def test_without_colour_the_chosen_row_is_reversed(
    keys: list[str], on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    app = on_stage("elasticsearch_down").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        picture = app.export_screenshot()
        fills = set(re.findall(r"-r\d+ \{ fill: (#\w+)", picture))
        assert len(fills) == 2, "the terminal's own two colours"
        painted = [
            segment
            for rows in app.screen.query(Rows)
            for y in range(rows.region.height)
            for segment in rows.render_line(y)
            if rows.id not in {"header", "keys"}
        ]
        assert any(one.style and one.style.reverse for one in painted)


@pytest.mark.parametrize(
    "keys", [["question_mark", "G"], ["colon"], ["colon", "d"], ["semicolon"], ["2", "z"]]
)
async def test_new_parts_are_ascii_where_the_locale_is(
    keys: list[str], on_stage: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LANG", "C")
    app = on_stage("elasticsearch_down").app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await app.workers.wait_for_complete()
        await pilot.pause()
        drawn = re.findall(r"<text [^>]*>([^<]*)<", app.export_screenshot())
        odd = {one for text in drawn for one in text if not one.isascii()} - {"\xa0"}
        assert odd == set()


@pytest.mark.parametrize(("given", "seconds"), [(None, 0.05), ("200", 0.2)])
def test_esc_acts_fast_unless_the_terminal_is_said_to_be_slow(given: str | None, seconds: float):
    program = (
        "import altui.tui as tui, sys, types\n"
        "class App:\n"
        "    def __init__(self, *_, **__): self.return_code = 0\n"
        "    def run(self):\n"
        "        from textual.constants import ESCAPE_DELAY\n"
        "        print(ESCAPE_DELAY)\n"
        "sys.modules['altui.tui.app'] = types.SimpleNamespace(Dashboard=App)\n"
        "tui.run(*[None] * 5)"
    )
    environ = {name: value for name, value in os.environ.items() if name != "ESCDELAY"}
    environ |= {"ESCDELAY": given} if given else {}
    out = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert float(out.stdout) == seconds
