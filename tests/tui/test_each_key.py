"""Every key of the table, on every kind of screen where it works, does what it says.

An id of `KEYS` without a row here fails, and so does a kind of screen that a row leaves out.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.pilot import Pilot

from altui.core.present.keymap import KEYMAP, KEYS, OURS, Where, key_of
from altui.core.present.panels import PANELS
from altui.tui.details import DetailsScreen
from altui.tui.help import HelpScreen
from altui.tui.link import LinkScreen
from altui.tui.main import MainScreen
from altui.tui.rows import Rows
from tests.given import OFFERS, suspected
from tests.tui.conftest import Stage

SIZE = (80, 24)
PLACES: Mapping[Where, tuple[str, ...]] = {
    Where.main: (),
    Where.page: ("panel-indices", "open"),
    Where.help: ("panel-indices", "open", "help"),
    Where.link: ("panel-workflow", "open", "open", "link"),
}
"""A screen of each kind, and the ids of the keys that lead there."""


class Seen(NamedTuple):
    """What an engineer sees, and what others find, after a key."""

    screen: str
    """Kind of screen, with the place of a page."""
    focus: str
    row: int
    """Of the chosen line, or of the first one shown where nothing is chosen."""
    said: str
    """At the right end of the last line."""
    asked: tuple[str, ...]
    kept: str
    """What was copied."""
    zoomed: str = ""
    ended: bool = False


class Expected(NamedTuple):
    where: Where
    before: tuple[str, ...]
    """Ids of keys that are pressed on the screen first."""
    after: Callable[[Seen, Seen], bool]
    """What holds of what was seen before and after the key."""


MAIN, PAGE, HELP, LINK = Where


def screen(name: str) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: before.screen != after.screen == name


def focus(name: str) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: (
        before.screen == after.screen and before.focus != after.focus == name
    )


def row(moved: Callable[[int, int], bool]) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: before.screen == after.screen and moved(before.row, after.row)


def said(words: str) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: words not in before.said and words in after.said


def copied(words: str) -> Callable[[Seen, Seen], bool]:
    return lambda before, after: words in after.kept and words not in before.kept


def _asked(before: Seen, after: Seen) -> bool:
    return "*" not in before.asked and "*" in after.asked and "refreshing" in after.said


def _zoomed(before: Seen, after: Seen) -> bool:
    return not before.zoomed and after.zoomed == "indices"


def _ended(before: Seen, after: Seen) -> bool:
    return after.ended and not before.ended


DOWN, UP = row(lambda old, new: new == old + 1), row(lambda old, new: new == old - 1)
FAR_DOWN, FAR_UP = row(lambda old, new: new > old + 1), row(lambda old, new: new < old - 1)
FIRST = row(lambda old, new: old > new == 0)

TABLE: Mapping[str, tuple[Expected, ...]] = {
    **{
        f"panel-{key}": (
            Expected(MAIN, (), focus(key)),
            Expected(PAGE, ("why",), screen(f"page {key}")),
        )
        for key in PANELS
    },
    **{
        offer.key: (
            Expected(MAIN, (), screen(f"page {offer.opens}")),
            Expected(PAGE, (), screen(f"page {offer.opens}")),
        )
        for offer in OFFERS
    },
    "open": (
        Expected(MAIN, ("panel-parity",), screen("page parity")),
        Expected(PAGE, ("panel-workflow",), screen("page workflow/90812")),
    ),
    "back": (Expected(PAGE, (), screen("main")),),
    "find": (Expected(PAGE, (), focus("find")),),
    "find-next": (Expected(PAGE, ("find", "'d", "'enter"), row(lambda old, new: new > old)),),
    "find-last": (
        Expected(PAGE, ("find", "'d", "'enter", "end"), row(lambda old, new: new < old)),
    ),
    "zoom": (Expected(MAIN, ("panel-indices",), _zoomed),),
    "main": (
        Expected(MAIN, ("panel-indices",), focus("")),
        Expected(PAGE, ("why",), screen("main")),
    ),
    "leave": (Expected(MAIN, ("panel-indices",), focus("")),),
    "help": (Expected(MAIN, (), screen("help")), Expected(PAGE, (), screen("help"))),
    "why": (Expected(MAIN, (), screen("page why")), Expected(PAGE, (), screen("page why"))),
    "copy": (
        Expected(MAIN, (), copied("BROKEN")),
        Expected(PAGE, (), copied("3 Index freshness")),
        Expected(LINK, (), copied("https://github.com/applylens/analytics/actions/runs/90812")),
    ),
    "link": (
        Expected(MAIN, (), said("no page of a service")),
        Expected(PAGE, ("panel-workflow", "open"), screen("link")),
    ),
    "quit": (Expected(MAIN, (), _ended),),
    "refresh": (Expected(MAIN, (), _asked), Expected(PAGE, (), _asked)),
    "commands": (
        Expected(MAIN, (), screen("commands")),
        Expected(PAGE, (), screen("commands")),
    ),
    "close": (
        Expected(HELP, (), screen("page indices")),
        Expected(LINK, (), screen("page workflow/90812")),
    ),
    "down": (
        Expected(MAIN, ("panel-workflow",), focus("indices")),
        Expected(PAGE, (), DOWN),
        Expected(HELP, (), DOWN),
    ),
    "up": (
        Expected(MAIN, ("panel-workflow",), focus("fivetran")),
        Expected(PAGE, ("down", "down"), UP),
        Expected(HELP, ("down", "down"), UP),
    ),
    "right": (Expected(MAIN, (), focus("strip")),),
    "left": (Expected(MAIN, (), focus("strip")),),
    "part-next": (Expected(MAIN, ("panel-workflow",), focus("indices")),),
    "part-last": (Expected(MAIN, ("panel-workflow",), focus("fivetran")),),
    "page-down": (Expected(PAGE, (), FAR_DOWN), Expected(HELP, (), FAR_DOWN)),
    "page-up": (Expected(PAGE, ("end",), FAR_UP), Expected(HELP, ("end",), FAR_UP)),
    "top": (Expected(PAGE, ("end",), FIRST), Expected(HELP, ("end",), FIRST)),
    "end": (Expected(PAGE, (), FAR_DOWN), Expected(HELP, (), FAR_DOWN)),
    "jump": (Expected(MAIN, (), focus("letters")), Expected(PAGE, (), focus("letters"))),
}

CASES = [
    pytest.param(id_, one, name, id=f"{id_}-{one.where.name}-{name}")
    for id_, rows in TABLE.items()
    for one in rows
    for name in KEYMAP[id_].keys
]

FREE = [
    *(f"f{number}" for number in range(1, 13)),
    *"ABCDEFHIJKLMOPQRSTUVWXYZ56789",
]
OTHERS = {key.id: FREE[place] for place, key in enumerate(KEYS)}
"""For each id a key that no id has."""


@pytest.fixture(autouse=True)
def _over_ssh(monkeypatch: pytest.MonkeyPatch):
    """No browser is there: `o` shows the link."""
    monkeypatch.setenv("SSH_CONNECTION", "a 1 b 22")


def test_every_key_is_expected_to_do_something_wherever_it_works():
    assert {key.id: set(key.where) for key in KEYS} == {
        id_: {one.where for one in rows} for id_, rows in TABLE.items()
    }


def test_other_keys_are_free():
    used = {name for key in KEYS for name in key.keys} | OURS.keys()
    assert used.isdisjoint(OTHERS.values())
    assert len(set(OTHERS.values())) == len(KEYS)
    assert all(key_of(name) == name for name in OTHERS.values())


@pytest.mark.parametrize(("id_", "expected", "name"), CASES)
async def test_a_key_does_what_is_expected(
    id_: str, expected: Expected, name: str, on_stage: Callable
):
    usual = {key.id: key.keys[0] for key in KEYS}
    before, after = await _pressed(on_stage(suspected()), expected, usual, name)
    assert expected.after(before, after), (before, after)


@pytest.mark.parametrize("id_", TABLE)
async def test_another_key_does_the_same(id_: str, on_stage: Callable):
    """Every id has another key meanwhile; first the usual one is pressed, which does nothing."""
    names = KEYMAP[id_].keys[0], OTHERS[id_]
    for expected in TABLE[id_]:
        before, unmoved, after = await _pressed(
            on_stage(suspected()), expected, OTHERS, *names, keys=OTHERS
        )
        assert unmoved == before
        assert expected.after(before, after), (before, after)


async def _pressed(
    stage: Stage, expected: Expected, keys_of: Mapping[str, str], *names: str, **settings: Any
) -> list[Seen]:
    """What is seen on the screen in question, and after each of the keys."""
    app = stage.app(**settings)
    async with app.run_test(size=SIZE) as pilot:
        stage.other.serve(stage.other.requests())
        app.look()
        for id_ in (*PLACES[expected.where], *expected.before):
            # what is typed is no key of the table
            await pilot.press(id_[1:] if id_.startswith("'") else keys_of[id_])
            await pilot.pause()
        seen = [_seen(pilot, stage)]
        for name in names:
            await pilot.press(name)
            await pilot.pause()
            seen.append(_seen(pilot, stage))
    return seen


def _seen(pilot: Pilot[int], stage: Stage) -> Seen:
    app: App[int] = pilot.app
    here = app.screen
    kept = stage.store.directory / "copied.txt"
    return Seen(
        screen=_name(here),
        focus=(here.focused.id or "") if here.focused else "",
        row=_row(here),
        said=_last_line(here),
        asked=tuple(stage.other.requests().values()),
        kept=kept.read_text() if kept.exists() else "",
        zoomed=here.zoomed if isinstance(here, MainScreen) else "",
        ended=app.return_code == 0 and app._exit,
    )


def _name(here: object) -> str:
    match here:
        case MainScreen():
            return "main"
        case DetailsScreen():
            return f"page {here.key}"
        case HelpScreen():
            return "help"
        case LinkScreen():
            return "link"
        case CommandPalette():
            return "commands"
        case _:
            return type(here).__name__


def _row(here: object) -> int:
    if isinstance(here, HelpScreen):
        return round(here.page.scroll_offset.y)
    if isinstance(here, DetailsScreen) and here.content.chosen is not None:
        return here.content.lines.index(here.content.chosen)
    return 0


def _last_line(here: Any) -> str:
    lines = here.query_one("#keys", Rows).lines if here.query("#keys") else ()
    return lines[0].text if lines else ""
