"""Every screen in each state at every width, as text, with the clock frozen.

A frame that changed is shown line by line; `pytest --snapshot-update` keeps what it shows now.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input

from altui.core.model.health import STAGES, VerdictState
from altui.core.model.pipeline import Pipeline
from altui.core.present.commands import COMMANDS
from altui.core.present.palette import openings
from altui.core.present.places import BELOW, TOP, page
from altui.core.present.strip import strip
from altui.core.present.view import View, view
from tests.framing import framed
from tests.scenes import Scene
from tests.verdict_scenes import EVERY, FAILED

WISHED = ("github.jobs", "github.log", "elasticsearch.allocation", "elasticsearch.sample")
"""Asked of one run, shard or index, which the name of the place then ends in."""
SIZES = {50: (50, 20), 80: (80, 24), 120: (120, 40), 200: (200, 60)}

KEYS: dict[str, tuple[str, ...]] = {
    "a chosen stage": ("right",),
    "a chosen day": ("right", "down"),
    "a chosen panel": ("3",),
    "a zoomed panel": ("3", "z"),
    "another zoomed panel": ("4", "z"),
    "letters": ("semicolon",),
    "help": ("question_mark",),
    "the end of help": ("question_mark", "G"),
    "help of a page": ("1", "enter", "question_mark"),
    "commands": ("colon",),
    "commands by letters": ("colon", *"stage d"),
    "a link": ("2", "enter", "j", "enter", "o"),
    "no link": ("o",),
    "letters of a page": ("2", "enter", "semicolon"),
    "a filter": ("2", "enter", "slash", *"811"),
    "the end of a page": ("3", "enter", "G"),
}
"""How screens that are no place are reached from the main one."""

STAGE_PLACES = tuple(f"stage/{stage}" for stage in STAGES)
INDICES = tuple(f"indices/{mart.index}" for mart in Pipeline().marts)
TABLES = tuple(f"fivetran/{table.name}" for table in Pipeline().tables)
PANELS = ("findings", "fivetran", "workflow", "indices", "parity", "why")
RUN, LOG = f"workflow/{FAILED}", f"workflow/{FAILED}/log"
DAY = "parity/emails/2026-11-22"
PARITIES = (
    *(f"parity/{table.name}" for table in Pipeline().tables),
    "parity/mrt_parity_drift",
    "parity/mrt_backfill_slo",
    DAY,
)
ASKING = tuple(f"why/{probe}" for probe in COMMANDS if probe not in WISHED)
ASKING_LOG = f"why/github.log:{FAILED}/1"

PLACES: dict[str, tuple[str, ...]] = {
    "healthy": (*PANELS, *STAGE_PLACES, *TABLES, *INDICES, *PARITIES, *ASKING, RUN, LOG),
    "elasticsearch_down": (*PANELS, *STAGE_PLACES, INDICES[0], DAY, RUN),
    "bigquery_behind": (*PANELS, *STAGE_PLACES[1:3], *TABLES, DAY, "parity/emails"),
    "postgres_denied": ("parity", "why", STAGE_PLACES[0], TABLES[0], DAY, ASKING[0]),
    "all_silent": (*PANELS, *STAGE_PLACES[:2], TABLES[0], INDICES[0], *PARITIES, RUN, LOG),
    "keys_expired": (*PANELS[:3], "why", STAGE_PLACES[1], TABLES[0], RUN),
    "no_warehouse": ("fivetran", "parity", *STAGE_PLACES[2:4], TABLES[0], *PARITIES),
    "half_blind": (*PANELS, *STAGE_PLACES[1:], TABLES[0]),
    "other_half": (*PANELS, *STAGE_PLACES[:5], TABLES[0], INDICES[0], *PARITIES, ASKING[1]),
    "nothing_yet": (
        *PANELS,
        *STAGE_PLACES,
        TABLES[0],
        INDICES[0],
        PARITIES[0],
        DAY,
        RUN,
        ASKING[0],
    ),
    "stale_start": (*PANELS, *STAGE_PLACES[:2], TABLES[0], INDICES[0], PARITIES[0], RUN),
    "unattended": ("fivetran", "indices", "why", STAGE_PLACES[4]),
    "differing": ("indices", "parity", "why", *INDICES[:2], *PARITIES, "parity/emails/2026-11-19"),
    "suspected": ("findings", "workflow", "indices", "why", STAGE_PLACES[4], RUN),
    "busy": ("why",),
    "marts_denied": ("workflow", "why", STAGE_PLACES[3], RUN, LOG, DAY, ASKING_LOG),
    "dashboard_empty": ("indices", "why", STAGE_PLACES[5]),
    "under_way": ("fivetran", "workflow", "why", STAGE_PLACES[3], RUN, LOG),
    "told": (RUN, LOG),
    "due": ("findings", "workflow", "indices", "why", STAGE_PLACES[3], INDICES[0], DAY),
}
"""The places that a scene has something to say of."""


@pytest.fixture(autouse=True)
def _over_ssh(monkeypatch: pytest.MonkeyPatch):
    """No browser is there: `o` shows the link."""
    monkeypatch.setenv("SSH_CONNECTION", "a 1 b 22")


def test_every_verdict_has_a_scene():
    """STALE is what a screen says of an older one."""
    scenes = [make() for make in EVERY.values()]
    told = {one.assessment.verdict.state for one in scenes if one.assessment}
    assert told | {VerdictState.stale} == set(VerdictState)
    assert any(map(_stale, scenes))


def test_every_place_is_framed():
    """Those of the table of places, and whatever can be reached from them in any scene."""
    shown = {_kind(place) for places in PLACES.values() for place in places}
    assert shown >= TOP.keys()
    assert {place.partition("/")[0] for place in shown if "/" in place} == BELOW.keys()
    reached = {_kind(place) for make in EVERY.values() for place in _reached(_view(make()))}
    assert reached - shown == set()


def test_no_frame_is_of_nothing():
    """A place that a scene does not know is framed where that is what it shows."""
    nowhere = {"nothing_yet"}
    for name in PLACES.keys() - nowhere:
        seen = _view(EVERY[name]())
        for place in PLACES[name]:
            assert page(seen, place).rows[0].key != "nowhere", (name, place)


def _view(scene: Scene) -> View:
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)


def _stale(scene: Scene) -> bool:
    return _view(scene).stale


def _reached(seen: View) -> Iterator[str]:
    """Every place that rows open, from the panels on; of several runs or days one."""
    waiting = [*TOP, *(one.place for one in openings(seen, ""))]
    waiting += [part.opens for row in strip(seen, 80, 6) for part in row.segments if part.opens]
    known: set[str] = set()
    while waiting:
        place = waiting.pop()
        if _kind(place) in known:
            continue
        known.add(_kind(place))
        yield place
        rows = page(seen, place).rows
        waiting += [row.opens for row in rows if row.opens]
        waiting += [part.opens for row in rows for part in row.segments if part.opens]


def _kind(place: str) -> str:
    """The place without the number of a run, what a wish is about, or the day and its table."""
    place = re.sub(r"\b\d+\b", "N", place.partition(":")[0])
    return re.sub(r"^parity/\w+/N-N-N", "parity/TABLE/DAY", place)


class Looking:
    """A dashboard that is walked from screen to screen, each framed on the way."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self._pilot = pilot
        self._frames: list[str] = []

    def frame(self, title: str) -> None:
        self._frames.append(f"== {title}\n{framed(self._pilot.app)}")

    async def press(self, title: str, *keys: str) -> None:
        """From the main screen with nothing chosen, through keys, and back."""
        app = self._pilot.app
        await self._pilot.press(*keys)
        await app.workers.wait_for_complete()
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await self._pilot.pause()
        self.frame(title)
        while len(app.screen_stack) > 1:
            app.pop_screen()
        await self._pilot.pause()
        await self._pilot.press("escape", "0")

    async def go(self, place: str) -> None:
        self._pilot.app.go(place)  # type: ignore[attr-defined]
        await self._pilot.pause()
        self.frame(place)

    @property
    def frames(self) -> str:
        return "\n\n".join(self._frames)


@pytest.mark.parametrize("name", EVERY)
async def test_a_scene_and_its_places(name: str, on_stage: Callable, snapshot: SnapshotAssertion):
    """The terminal is made wider and wider meanwhile."""
    seen: dict[int, str] = {}
    async with on_stage(EVERY[name]()).app().run_test(size=SIZES[50]) as pilot:
        for size, terminal in SIZES.items():
            pilot.app.action_main()  # type: ignore[attr-defined]
            await pilot.resize_terminal(*terminal)
            looking = Looking(pilot)
            looking.frame("main")
            for place in PLACES.get(name, ()):
                await looking.go(place)
            seen[size] = looking.frames
    for size, frames in seen.items():
        assert frames == snapshot(name=str(size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["healthy", "elasticsearch_down"])
async def test_what_keys_lead_to(
    name: str, size: int, on_stage: Callable, snapshot: SnapshotAssertion
):
    async with on_stage(EVERY[name]()).app().run_test(size=SIZES[size]) as pilot:
        looking = Looking(pilot)
        for title, keys in KEYS.items():
            await looking.press(title, *keys)
    assert looking.frames == snapshot
