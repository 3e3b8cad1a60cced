import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from github_lab import NOON, make_world
from starlette.applications import Starlette

from altui.sandbox.timeline import ClockError, Timeline
from altui.sandbox.world import World
from altui.sandbox.writer import Writer


class Alarm:
    """A simulator whose events come at fixed moments."""

    app = Starlette()

    def __init__(self, name: str, world: World, *minutes: int) -> None:
        self.name, self.world = name, world
        self.due = [NOON + timedelta(minutes=count) for count in minutes]
        self.seen: Callable[[str, datetime], None] = lambda name, at: None
        self.broken = False

    async def seed(self) -> None: ...

    async def close(self) -> None: ...

    def next_event(self) -> datetime | None:
        return self.due[0] if self.due else None

    async def run_due(self) -> None:
        if self.broken:
            raise RuntimeError("out of order")
        self.due.pop(0)
        self.seen(self.name, self.world.clock.now())


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "writer.json").write_text(json.dumps({"last": NOON.isoformat(), "paused": True}))
    return make_world(tmp_path)


def timeline(world: World, *alarms: Alarm) -> tuple[Timeline, list[tuple[str, datetime]]]:
    happened: list[tuple[str, datetime]] = []
    for alarm in alarms:
        alarm.seen = lambda name, at: happened.append((name, at))
    return Timeline(world, Writer(world), {alarm.name: alarm for alarm in alarms}), happened


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def test_a_move_plays_events_in_order_each_at_its_moment(world: World):
    time, happened = timeline(
        world, Alarm("fivetran", world, 5, 65, 125), Alarm("github", world, 70)
    )
    await time.move(after(120))
    assert happened == [
        ("fivetran", after(5)),
        ("fivetran", after(65)),
        ("github", after(70)),
    ]
    assert world.clock.now() == after(120)
    assert time.next_events() == {"fivetran": after(125)}


async def test_what_is_overdue_happens_now_and_never_turns_the_clock_back(world: World):
    time, happened = timeline(world, Alarm("github", world, -30))
    await time.move(after(10))
    assert happened == [("github", NOON)]


async def test_the_clock_does_not_go_back(world: World):
    time, _ = timeline(world)
    with pytest.raises(ClockError, match="forward only"):
        await time.move(after(-1))
    assert world.clock.now() == NOON


async def test_a_simulator_that_fails_does_not_hold_up_the_clock(world: World):
    bad, good = Alarm("github", world, 10), Alarm("fivetran", world, 20)
    bad.broken = True
    time, happened = timeline(world, bad, good)
    await time.move(after(30))
    assert happened == [("fivetran", after(20))]
    assert world.clock.now() == after(30)
