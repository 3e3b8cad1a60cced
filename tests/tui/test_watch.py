"""An observer that ended is noticed by its lock, and another one takes its place."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from altui.store.store import Store
from altui.tui.watch import LOOK_EVERY, PATIENCE, PATIENCE_AT_MOST, Watch


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Scene:
    def __init__(self, directory: Path) -> None:
        self.store, self.other = Store.open(directory), Store.open(directory)
        self.time, self.starts = Time(), list[float]()
        self.watch = Watch(self.store, lambda: self.starts.append(self.time()), self.time)

    def looks(self, seconds: float) -> None:
        """Looks four times a second for so long, as the screen does."""
        for _ in range(round(seconds * 4)):
            self.time.pass_by(0.25)
            self.watch.moved()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.store.close()
    made.other.close()


def test_none_is_started_and_none_is_missed_before_the_first_paint(scene: Scene):
    scene.looks(20)
    assert scene.starts == []
    assert scene.watch.attended


def test_one_that_died_is_missed_and_replaced_at_once(scene: Scene):
    scene.watch.start()
    with scene.other.observing():
        scene.looks(60)
        assert scene.starts == [0]
        assert scene.watch.attended
    scene.looks(LOOK_EVERY)
    assert len(scene.starts) == 2
    assert not scene.watch.attended
    with scene.other.observing():
        scene.looks(LOOK_EVERY)
        assert scene.watch.attended
    assert len(scene.starts) == 2


def test_one_that_is_just_starting_is_waited_for(scene: Scene):
    scene.watch.start()
    scene.looks(PATIENCE - 0.25)
    assert scene.starts == [0]
    assert scene.watch.attended
    with scene.other.observing():
        scene.looks(LOOK_EVERY)
    assert scene.starts == [0]


def test_one_that_never_comes_is_tried_more_and_more_rarely(scene: Scene):
    scene.watch.start()
    scene.looks(600)
    assert not scene.watch.attended
    gaps = [after - before for before, after in zip(scene.starts, scene.starts[1:], strict=False)]
    assert gaps[0] < PATIENCE + LOOK_EVERY
    assert gaps == sorted(gaps)
    assert PATIENCE_AT_MOST <= gaps[-1] <= PATIENCE_AT_MOST + LOOK_EVERY


def test_a_person_who_asks_waits_for_no_pause(scene: Scene):
    scene.watch.start()
    scene.looks(PATIENCE + LOOK_EVERY)
    assert len(scene.starts) == 2
    scene.watch.hurry()
    assert len(scene.starts) == 2, "one is just starting"
    scene.looks(PATIENCE)
    assert len(scene.starts) == 2, "its pause has grown"
    scene.watch.hurry()
    assert len(scene.starts) == 3


def test_the_lock_is_looked_at_rarely(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    looks: list[bool] = []
    monkeypatch.setattr(Store, "observed", lambda _: looks.append(True) or True)
    scene.watch.start()
    scene.looks(60)
    assert len(looks) <= 60 / LOOK_EVERY


async def test_a_screen_whose_observer_died_says_so_and_r_starts_another(on_stage: Callable):
    from altui.tui.rows import Rows

    stage = on_stage("healthy")
    started: list[bool] = []
    app = stage.app(lambda: started.append(True))
    time = app.feed.watch._now = Time()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        verdict, header = (app.screen.query_one(name, Rows) for name in ("#verdict", "#header"))
        with stage.other.observing():
            time.pass_by(LOOK_EVERY)
            app.look()
            assert verdict.lines[0].text.startswith("OK")
        # a check from another terminal keeps the assessment young
        stage.other.put_assessment(stage.scene.assessment)
        time.pass_by(LOOK_EVERY)
        app.look()
        assert verdict.lines[0].text.startswith("STALE")
        assert "NOBODY LOOKS" in header.lines[0].text
        assert started == [True, True]
        time.pass_by(PATIENCE)
        await pilot.press("r")
        assert started == [True, True, True]
        assert "refreshing" not in app.screen.query_one("#keys", Rows).lines[0].text
