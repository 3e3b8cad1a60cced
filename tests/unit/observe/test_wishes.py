"""Two rounds, never three: what rules wish for is read once, kept while of use, and dropped."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from altui.core.model.health import Assessment, StageId
from altui.core.model.observed import Snapshot, Trouble, Wish
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Log, Reading
from altui.observe import observer as observing
from altui.observe import wishes as granting
from altui.observe.observer import Observer
from altui.observe.probes import FOR_EVER, Granter, Probe
from altui.services.errors import ServiceError
from altui.store.store import Store
from tests.world import at

NOON = at("2026-11-23 12:00")
LOG = Log("Run dbt models", ("no",))
WISH = Wish("github.log", "812/1")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Granting:
    """Stands for GitHub's logs: notes what was asked for, and answers as told."""

    def __init__(self, every: float = FOR_EVER) -> None:
        self.every = every
        self.asked: list[str] = []
        self.answer: Any = LOG
        self.open = asyncio.Event()
        self.open.set()

    def granter(self, key: str) -> Probe:
        read = partial(self.read, key)
        return Probe(f"github.log:{key}", StageId.dbt, self.every, 5, "free", read)

    async def read(self, key: str) -> Reading:
        self.asked.append(key)
        await self.open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Rules:
    """Wishes for whatever it is told to, and notes each snapshot it was shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wishes: list[Wish] = [WISH]
        self.shown: list[Snapshot] = []
        self.judge: Callable[..., Assessment] = observing.assess
        monkeypatch.setattr(observing, "assess", self)

    def __call__(self, snapshot: Snapshot, *given: Any) -> Assessment:
        from msgspec.structs import replace

        self.shown.append(snapshot)
        return replace(self.judge(snapshot, *given), wishes=tuple(self.wishes))

    @property
    def granted(self) -> list[set[str]]:
        return [set(snapshot.details) for snapshot in self.shown]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    return Rules(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def observer(store: Store, granter: Granter, clock: Any) -> Observer:
    return Observer([], Pipeline(), store, clock, 0, granters={"github.log": granter})


async def test_a_wish_is_granted_in_the_same_refresh_and_then_known(
    rules: Rules, store: Store
) -> None:
    github, clock = Granting(), Clock()
    watching = observer(store, github.granter, clock)
    await watching.round()
    assert rules.granted == [set(), {WISH.id}], "two rounds"
    assert rules.shown[1].get(WISH.id, Log) == LOG
    for _ in range(5):
        clock.now += timedelta(hours=12)
        await watching.round()
    assert github.asked == ["812/1"], "the log of an ended run does not change"
    assert rules.granted[2:] == [{WISH.id}] * 5, "nothing new to read: one round"
    assert store.snapshot(NOON).details[WISH.id].value == LOG
    assert store.snapshot(NOON).observations == {}


async def test_never_three_rounds(rules: Rules, store: Store) -> None:
    github = Granting()
    watching = observer(store, github.granter, Clock())
    judge = rules.judge

    def insatiable(snapshot: Snapshot, *given: Any) -> Assessment:
        rules.wishes = [Wish("github.log", str(number)) for number in range(len(rules.shown) + 1)]
        return judge(snapshot, *given)

    rules.judge = insatiable
    await watching.round()
    assert len(rules.shown) == 2
    assert github.asked == ["0", "1"]


async def test_a_few_wishes_a_round(rules: Rules, store: Store) -> None:
    github = Granting()
    rules.wishes = [Wish("github.log", str(number)) for number in range(10)]
    watching = observer(store, github.granter, Clock())
    counts: list[int] = []
    for _ in range(4):
        await watching.round()
        counts.append(len(github.asked))
    assert counts == [4, 8, 10, 10]


async def test_what_nobody_can_grant_is_no_trouble(rules: Rules, store: Store) -> None:
    rules.wishes = [Wish("oracle.future", "1")]
    await observer(store, Granting().granter, Clock()).round()
    assert rules.granted == [set()]


async def test_a_wish_that_fails_is_an_error_and_tried_again_later_and_later(
    rules: Rules, store: Store
) -> None:
    github, clock = Granting(), Clock()
    github.answer = ServiceError(Trouble.missing, "410 the log is gone", "GET /logs")
    watching = observer(store, github.granter, clock)
    tries: list[int] = []
    for _ in range(200):
        await watching.round()
        tries.append(len(github.asked))
        clock.now += timedelta(seconds=20)
    seen = store.snapshot(NOON).details[WISH.id]
    assert seen.error and seen.error.words == "410 the log is gone"
    assert tries[-1] == 5, "every 15 minutes at most"
    github.answer = LOG
    clock.now += timedelta(minutes=15)
    await watching.round()
    assert rules.shown[-1].get(WISH.id, Log) == LOG
    assert store.snapshot(NOON).details[WISH.id].failures == 0


async def test_a_service_that_rests_is_not_asked(rules: Rules, store: Store) -> None:
    github, clock = Granting(), Clock()
    github.answer = ServiceError(Trouble.unreachable, "429", "GET /logs", 120)
    watching = observer(store, github.granter, clock)
    await watching.round()
    rules.wishes = [Wish("github.log", "813/1")]
    clock.now += timedelta(seconds=119)
    await watching.round()
    assert github.asked == ["812/1"]
    clock.now += timedelta(seconds=1)
    await watching.round()
    assert github.asked == ["812/1", "813/1"]


async def test_what_can_change_is_read_anew(rules: Rules, store: Store) -> None:
    github, clock = Granting(every=60), Clock()
    watching = observer(store, github.granter, clock)
    for _ in range(10):
        await watching.round()
        clock.now += timedelta(seconds=20)
    assert len(github.asked) == 4


async def test_what_nobody_wishes_for_any_more_is_dropped(
    rules: Rules, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = Granting()
    watching = observer(store, github.granter, Clock())
    await watching.round()
    rules.wishes = []
    await watching.round()
    assert rules.granted[-1] == {WISH.id}, "a rule may be blind for a moment"
    monkeypatch.setattr(granting, "KEPT", -1.0)
    await watching.round()
    await watching.round()
    assert rules.granted[-1] == set()
    assert store.snapshot(NOON).details == {}


async def test_answers_outlive_the_observer(rules: Rules, store: Store) -> None:
    github = Granting()
    await observer(store, github.granter, Clock()).round()
    await observer(store, github.granter, Clock()).round()
    assert github.asked == ["812/1"]


async def test_a_slow_answer_does_not_hold_up_the_verdict(
    rules: Rules, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "GRANTED_WITHIN", 0.01)
    github = Granting()
    github.open.clear()
    watching = observer(store, github.granter, Clock())
    await watching.assess(0.01)
    await watching.assess(0.01)
    assert github.asked == ["812/1"], "one that is under way is not asked for again"
    assert set(rules.granted[-1]) == set()
    github.open.set()
    await asyncio.wait_for(watching._moved.wait(), 5)
    await watching.assess()
    assert rules.granted[-1] == {WISH.id}


async def test_a_page_that_somebody_opens_has_wishes_too(
    rules: Rules, store: Store, tmp_path: Path
) -> None:
    """The screen asks through the store, and its answer comes as any other observation."""
    granting, screen = Granting(), Store.open(tmp_path)
    watching = observer(store, granting.granter, Clock())
    running = asyncio.create_task(watching.run())
    ticket = screen.request(WISH.id)
    async with asyncio.timeout(5):
        while (seen := screen.snapshot(NOON).look(WISH.id)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (seen.value, granting.asked) == (LOG, [WISH.key])
    async with asyncio.timeout(5):
        while not screen.served(ticket):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
