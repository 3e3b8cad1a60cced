"""A dashboard over a scene: its own store on disk, a clock that stands still."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altui.config import Settings
from altui.store.store import Store
from altui.tui.app import Dashboard
from tests.scenes import SCENES, Scene


class Stage:
    """A scene on its store, and what a test changes about it."""

    def __init__(self, scene: Scene, directory: Path) -> None:
        self.scene = scene
        self.now = scene.now
        self.store = Store.open(directory)
        self.other = Store.open(directory)
        """What another process, the observer, would write with."""
        self.other.put_observations(scene.snapshot.observations.values())
        self.other.put_observations(scene.snapshot.details.values())
        if scene.assessment is not None:
            self.other.put_assessment(scene.assessment)

    def app(self, observe: Callable[[], object] | None = None, **settings: Any) -> Dashboard:
        """The dashboard, with settings of the test's own over the scene's."""
        made = Settings(profile="applylens", production=True, **settings)
        started = self.scene.facts.started
        return Dashboard(made, self.store, lambda: self.now, started, observe=observe)

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def close(self) -> None:
        self.store.close()
        self.other.close()


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch):
    """The same terminal everywhere: UTF-8, colours, UTC."""
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    assert "NO_COLOR" not in os.environ


@pytest.fixture
def on_stage(tmp_path: Path) -> Iterator[Callable[[str | Scene], Stage]]:
    stages: list[Stage] = []

    def make(scene: str | Scene) -> Stage:
        made = SCENES[scene]() if isinstance(scene, str) else scene
        stages.append(Stage(made, tmp_path / str(len(stages))))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()
