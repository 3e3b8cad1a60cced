"""One look of one probe: whatever happens, an observation comes out."""

import asyncio
import math
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from altui.clock import Clock
from altui.core.model.observed import Observation, ProbeError, Trouble, service_of
from altui.core.model.odd import odd
from altui.core.model.reading import Reading
from altui.observe.probes import Probe
from altui.services.errors import ServiceError
from altui.services.text import spoken

LONGEST_PAUSE = 300.0
"""Seconds between tries of a probe that keeps failing, at most; or its own interval."""
LONGEST_REST = 900.0
"""Seconds: no failing probe, and no service that asked for a rest, is left alone for longer."""
LARGEST = 8 * 1024**2
"""Bytes of a reading as the store keeps it; the largest expected has some 300 kB."""
SOON = {Trouble.unreachable, Trouble.refused}
"""Troubles that may pass by themselves; the others do not go away sooner by asking sooner."""

_encode = msgspec.json.Encoder().encode
_reading = msgspec.json.Decoder(Reading)


UnderWay = dict[str, "asyncio.Task[Reading]"]
"""Readings that have not ended yet, by probe."""


async def look(
    probe: Probe,
    before: Observation | None,
    clock: Clock,
    under_way: UnderWay | None = None,
) -> Observation:
    """Reads once within the probe's timeout; the last good value stays beside an error.

    Ends in time even where the reading does not: one that ignores its cancellation is left behind,
    and while it is `under_way` no other is put beside it.
    """
    before = before or Observation(probe.id, detail=probe.detail)
    began = time.monotonic()
    tried_at = clock()
    try:
        value = await _answer(probe, {} if under_way is None else under_way)
        if words := odd(value, tried_at):
            raise ServiceError(Trouble.nonsense, words, probe.id)
    except ServiceError as error:
        if error.error.trouble is Trouble.off:  # nobody asks for it any more: nothing is kept of it
            before = msgspec.structs.replace(before, value=None, at=None)
        seen = _failed(before, probe, error.error, tried_at, error.retry_after, costly=error.costly)
    except Exception as error:  # noqa: BLE001 - the poller's edge: no answer may end a probe
        words = spoken(f"{type(error).__name__}: {error}", 200)
        seen = _failed(before, probe, ProbeError(Trouble.nonsense, words, probe.id), tried_at)
    else:
        seen = Observation(
            probe=probe.id,
            value=value,
            at=tried_at,
            tried_at=tried_at,
            next_try=tried_at + timedelta(seconds=probe.every),
            detail=probe.detail,
        )
    return msgspec.structs.replace(seen, took=time.monotonic() - began)


def spent(probe: Probe, before: Observation | None, words: str, now: datetime) -> Observation:
    """An observation without a look: the day's byte budget is spent, the last value stays."""
    error = ProbeError(Trouble.budget, words, probe.id)
    return _failed(before or Observation(probe.id), probe, error, now)


def pause(probe: Probe, seen: Observation) -> float:
    """Seconds until the next try: the interval, shorter at first after a failure, then longer."""
    if seen.error is None or seen.error.trouble in (Trouble.off, Trouble.budget):
        return probe.every
    longest = min(max(probe.every, min(LONGEST_PAUSE, 4 * probe.every)), LONGEST_REST)
    soon = seen.error.trouble in SOON and not seen.costly
    first = min(probe.every, 5.0 if soon else longest)
    # the exponent is bounded: a float has an end, a service that is gone has none
    return min(longest, first * 2 ** min(seen.failures - 1, 32))


def rest(probe: str, seen: Iterable[Observation], now: datetime) -> Observation | None:
    """The observation by which the probe's service asked to be left alone, while that holds.

    An end further away than the longest rest was not meant: the clock was set back since.
    """
    for item in seen:
        until = item.rest_until
        if until is None or service_of(item.probe) != service_of(probe):
            continue
        if now < until <= now + timedelta(seconds=LONGEST_REST):
            return item
    return None


async def _answer(probe: Probe, under_way: UnderWay) -> Reading:
    """What the probe reads, sound. Raises ServiceError, or whatever the reading raised."""
    if probe.id in under_way:
        raise _unheard(probe, "the last look still hangs; another is not put beside it")
    reading = under_way[probe.id] = asyncio.create_task(_read(probe))
    reading.add_done_callback(lambda ended: _forget(ended, probe.id, under_way))
    try:
        done, _ = await asyncio.wait({reading}, timeout=probe.timeout)
    finally:
        reading.cancel()
    if not done:
        raise _unheard(probe, f"no answer within {probe.timeout:g} s")
    if reading.cancelled():
        raise RuntimeError("the client gave up (CancelledError)")
    error = reading.exception()
    if error is not None:
        raise error if isinstance(error, Exception) else RuntimeError(repr(error))
    return reading.result()


def _unheard(probe: Probe, words: str) -> ServiceError:
    error = ServiceError(Trouble.unreachable, words, probe.id)
    # who was cut short cannot say how far it came
    error.costly = probe.cost == "bytes"
    return error


async def _read(probe: Probe) -> Reading:
    try:
        return _sound(await probe.read())
    except SystemExit as error:
        # asyncio would end the whole program by them
        raise RuntimeError(repr(error)) from error


def _forget(ended: "asyncio.Task[Reading]", probe: str, under_way: UnderWay) -> None:
    under_way.pop(probe, None)
    if not ended.cancelled():
        ended.exception()  # of one left behind; asyncio complains where nobody asks


def _sound(value: object) -> Reading:
    """The value as the store gives it back; a wrong type or a huge one is no reading."""
    raw = _encode(value)
    if len(raw) > LARGEST:
        raise ValueError(f"the reading is too large to keep: {len(raw) // 1024**2} MB")
    return _reading.decode(raw)


def _failed(
    before: Observation,
    probe: Probe,
    error: ProbeError,
    tried_at: datetime,
    retry_after: float | None = None,
    *,
    costly: bool = False,
) -> Observation:
    failing = msgspec.structs.replace(
        before,
        tried_at=tried_at,
        error=error,
        failures=before.failures + 1,
        failing_since=min(before.failing_since or tried_at, tried_at),
        rest_until=None,
        costly=costly,
    )
    wait = pause(probe, failing)
    if retry_after is None or not math.isfinite(retry_after) or retry_after <= 0:
        return msgspec.structs.replace(failing, next_try=tried_at + timedelta(seconds=wait))
    until = tried_at + timedelta(seconds=min(retry_after, LONGEST_REST))
    words = f"{error.words}; asks to be left alone until {_minute_after(until):%H:%M}Z"
    return msgspec.structs.replace(
        failing,
        error=msgspec.structs.replace(error, words=words),
        rest_until=until,
        next_try=max(until, tried_at + timedelta(seconds=wait)),
    )


def _minute_after(moment: datetime) -> datetime:
    """The first whole minute that is not before the moment."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
