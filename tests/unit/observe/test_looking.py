"""One look: whatever the reading does, it ends in time with an observation."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from altui.core.model.health import StageId
from altui.core.model.observed import Observation, Trouble
from altui.core.model.reading import Connection, Note, Reading
from altui.observe.looking import LONGEST_REST, SOON, UnderWay, look, pause, rest
from altui.observe.probes import Probe
from altui.services.errors import ServiceError
from tests.world import at, healthy

NOON = at("2026-11-23 12:00")
WORLD = healthy(NOON)


def value(probe: str = "kibana.status") -> Reading:
    found = WORLD.observations[probe].value
    assert found is not None
    return found


async def answers() -> Reading:
    return value()


def probe(
    read: Callable[[], Awaitable[Any]] = answers, name: str = "kibana.status", every: float = 30.0
) -> Probe:
    return Probe(name, StageId.kibana, every, 0.05, "free", read)


class Strange(BaseException):
    """Such as a panic in a library written in another language."""


def raising(error: BaseException) -> Callable[[], Awaitable[Reading]]:
    async def read() -> Reading:
        raise error

    return read


def giving(thing: object) -> Callable[[], Awaitable[Any]]:
    async def read() -> Any:
        return thing

    return read


async def ignores_its_end() -> Reading:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if released.is_set():
                raise


released = asyncio.Event()


async def hangs() -> Reading:
    await asyncio.Event().wait()
    raise AssertionError("never")


async def refuses() -> Reading:
    raise ServiceError(Trouble.refused, "no", "GET /")


async def breaks() -> Reading:
    raise KeyError("\x1b[31mred")


@pytest.mark.parametrize(
    ("read", "trouble"),
    [
        (hangs, Trouble.unreachable),
        (refuses, Trouble.refused),
        (breaks, Trouble.nonsense),
    ],
)
async def test_a_failed_look_keeps_the_last_good_value(
    read: Callable[[], Awaitable[Reading]], trouble: Trouble
):
    good = await look(probe(answers), None, lambda: NOON)
    later = NOON + timedelta(minutes=1)
    failed = await look(probe(read), good, lambda: later)
    assert failed.value == good.value
    assert (failed.at, failed.tried_at, failed.failing_since) == (NOON, later, later)
    assert failed.error is not None
    assert failed.error.trouble is trouble
    assert "\x1b" not in failed.error.words
    again = await look(probe(read), failed, lambda: later + timedelta(minutes=1))
    assert (again.failures, again.failing_since) == (2, later)
    recovered = await look(probe(answers), again, lambda: later)
    assert (recovered.error, recovered.failures, recovered.failing_since) == (None, 0, None)


HUGE = Connection(
    **{
        name: getattr(value("fivetran.connection"), name)
        for name in Connection.__struct_fields__
        if name != "tasks"
    },
    tasks=(Note("code", "x" * (9 << 20)),),
)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (raising(ValueError("no")), "ValueError: no"),
        (raising(ExceptionGroup("several", [OSError("a")])), "several"),
        (raising(RecursionError()), "RecursionError"),
        (raising(MemoryError()), "MemoryError"),
        (raising(asyncio.CancelledError()), "the client gave up"),
        (raising(SystemExit(3)), "SystemExit(3)"),
        (raising(StopAsyncIteration()), "StopAsyncIteration"),
        (raising(Strange("panic")), "Strange('panic')"),
        (giving(None), "Expected"),
        (giving({"a": 1}), "Object missing"),
        (giving(object()), "TypeError"),
        (giving(HUGE), "too large to keep: 9 MB"),
        (
            giving(
                Connection("i", "s", "x", "y", "z", "soon", None, 60, "auto", False)  # type: ignore
            ),
            "ValidationError",
        ),
        (lambda: 7, "TypeError"),
    ],
)
async def test_what_is_no_answer_is_nonsense(read: Any, words: str) -> None:
    good = await look(probe(), None, lambda: NOON)
    seen = await look(probe(read), good, lambda: NOON)
    assert seen.error is not None
    assert seen.error.trouble is Trouble.nonsense
    assert words in seen.error.words
    assert seen.value == good.value


async def test_one_that_ignores_its_end_is_left_behind_and_not_joined_by_a_second() -> None:
    released.clear()
    under_way: UnderWay = {}
    first = await look(probe(ignores_its_end), None, lambda: NOON, under_way)
    assert first.error and first.error.words == "no answer within 0.05 s"
    (hanging,) = under_way.values()
    second = await look(probe(), first, lambda: NOON, under_way)
    assert second.error and "still hangs" in second.error.words
    assert (second.failures, second.error.trouble) == (2, Trouble.unreachable)
    released.set()
    hanging.cancel()
    await asyncio.wait({hanging})
    assert (await look(probe(), second, lambda: NOON, under_way)).error is None
    assert under_way == {}


async def test_a_cancelled_look_ends_and_takes_its_reading_along() -> None:
    under_way: UnderWay = {}
    started, ended = asyncio.Event(), asyncio.Event()

    async def read() -> Reading:
        started.set()
        try:
            return await asyncio.Event().wait()  # type: ignore[return-value]
        finally:
            ended.set()

    looking = asyncio.create_task(
        look(replace(probe(read), timeout=60), None, lambda: NOON, under_way)
    )
    await started.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await asyncio.wait_for(ended.wait(), 5)


def limited(seconds: float | None, trouble: Trouble = Trouble.unreachable) -> Any:
    return raising(ServiceError(trouble, "429 slow down", "GET /", seconds))


@pytest.mark.parametrize(
    ("asked", "until", "said"),
    [
        (120, "12:02:00", "12:02Z"),
        (61, "12:01:01", "12:02Z"),
        (7200, "12:15:00", "12:15Z"),
        (1e300, "12:15:00", "12:15Z"),
    ],
)
async def test_a_rest_is_as_long_as_asked_for_and_bounded(
    asked: float, until: str, said: str
) -> None:
    seen = await look(probe(limited(asked)), None, lambda: NOON)
    assert seen.rest_until == at(f"2026-11-23 {until}")
    assert seen.next_try == seen.rest_until
    assert seen.error and seen.error.words.endswith(f"; asks to be left alone until {said}")
    recovered = await look(probe(), seen, lambda: NOON)
    assert recovered.rest_until is None


@pytest.mark.parametrize("asked", [None, 0.0, -5.0, float("nan"), float("inf")])
async def test_what_is_no_length_of_time_is_no_rest(asked: float | None) -> None:
    seen = await look(probe(limited(asked)), None, lambda: NOON)
    assert seen.rest_until is None
    assert seen.next_try == NOON + timedelta(seconds=5)


async def test_probes_of_one_service_rest_together() -> None:
    seen = [await look(probe(limited(120)), None, lambda: NOON)]
    soon = NOON + timedelta(seconds=119)
    assert rest("kibana.status", seen, soon) is seen[0]
    assert rest("kibana.other", seen, soon) is seen[0]
    assert rest("github.runs", seen, soon) is None
    assert rest("kibana.status", seen, NOON + timedelta(seconds=120)) is None


async def test_a_rest_ends_with_a_clock_that_is_set_back() -> None:
    seen = [await look(probe(limited(LONGEST_REST)), None, lambda: NOON)]
    assert rest("kibana.status", seen, NOON - timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("trouble", "every", "pauses"),
    [
        (Trouble.unreachable, 30, [5, 10, 20, 40, 80, 120, 120]),
        (Trouble.refused, 900, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]),
        (Trouble.denied, 30, [30, 60, 120, 120]),
        (Trouble.nonsense, 60, [60, 120, 240, 240]),
        (Trouble.missing, 900, [900, 900]),
        (Trouble.unreachable, 365 * 86400, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]),
        (Trouble.off, 30, [30, 30, 30]),
    ],
)
async def test_pauses(trouble: Trouble, every: float, pauses: list[float]) -> None:
    failing = probe(limited(None, trouble), every=every)
    seen: Observation | None = None
    found: list[float] = []
    for _ in pauses:
        seen = await look(failing, seen, lambda: NOON)
        found.append(pause(failing, seen))
    assert found == pauses


@pytest.mark.parametrize("trouble", sorted(SOON))
async def test_what_may_be_billed_is_not_tried_again_before_its_interval(trouble: Trouble) -> None:
    async def read() -> Reading:
        error = ServiceError(trouble, "no rows", "counts query")
        error.costly = True
        raise error

    counting = probe(read, every=900)
    seen = await look(counting, None, lambda: NOON)
    assert pause(counting, seen) == 900
    assert seen.next_try == NOON + timedelta(seconds=900)


@pytest.mark.parametrize(("cost", "wait"), [("bytes", 900), ("free", 5)])
async def test_a_look_that_was_cut_short_may_be_billed(
    cost: Literal["bytes", "free"], wait: float
) -> None:
    counting = replace(probe(asyncio.Event().wait, every=900), cost=cost, timeout=0.01)
    assert pause(counting, await look(counting, None, lambda: NOON)) == wait


async def test_failing_for_months_is_no_overflow() -> None:
    seen = Observation("kibana.status", failures=10**9)
    failing = probe(limited(None))
    assert pause(failing, await look(failing, seen, lambda: NOON)) == 120


async def test_of_what_is_off_nothing_is_kept():
    """Its last figures would stand beside what is read now, as if they were."""
    before = await look(probe(answers), None, lambda: NOON)
    off = ServiceError(Trouble.off, "not configured", "kibana.url")
    seen = await look(probe(raising(off)), before, lambda: NOON + timedelta(minutes=1))
    assert (seen.value, seen.at) == (None, None)
    assert seen.error is not None
    assert seen.error.trouble is Trouble.off
