"""One look of one probe: whatever happens, an observation comes out."""

import asyncio
import time
from datetime import datetime, timedelta

import msgspec

from altui.clock import Clock
from altui.core.model.observed import Observation, ProbeError, Trouble
from altui.observe.probes import Probe
from altui.services.errors import ServiceError
from altui.services.text import clean

LONGEST_PAUSE = 300.0
"""Seconds between tries of a probe that keeps failing, at most; or its own interval."""


async def look(probe: Probe, before: Observation | None, clock: Clock) -> Observation:
    """Reads once within the probe's timeout; the last good value stays beside an error."""
    before = before or Observation(probe.id)
    began = time.monotonic()
    tried_at = clock()
    try:
        value = await asyncio.wait_for(probe.read(), probe.timeout)
    except ServiceError as error:
        return _failed(before, probe, error.error, tried_at, time.monotonic() - began)
    except TimeoutError:
        words = f"no answer within {probe.timeout:g} s"
        silence = ProbeError(Trouble.unreachable, words, probe.id)
        return _failed(before, probe, silence, tried_at, time.monotonic() - began)
    except Exception as error:  # noqa: BLE001 - the poller's edge: no answer may end a probe
        words = clean(f"{type(error).__name__}: {error}", 200)
        nonsense = ProbeError(Trouble.nonsense, words, probe.id)
        return _failed(before, probe, nonsense, tried_at, time.monotonic() - began)
    took = time.monotonic() - began
    return Observation(
        probe=probe.id,
        value=value,
        at=tried_at,
        tried_at=tried_at,
        next_try=tried_at + timedelta(seconds=probe.every),
        took=took,
    )


def pause(probe: Probe, seen: Observation) -> float:
    """Seconds until the next try: the interval, shorter at first after a failure, then longer."""
    if seen.error is None or seen.error.trouble is Trouble.off:
        return probe.every
    longest = max(probe.every, min(LONGEST_PAUSE, 4 * probe.every))
    return min(longest, min(probe.every, 5.0) * 2 ** (seen.failures - 1))


def _failed(
    before: Observation, probe: Probe, error: ProbeError, tried_at: datetime, took: float
) -> Observation:
    failing = msgspec.structs.replace(
        before,
        tried_at=tried_at,
        error=error,
        failures=before.failures + 1,
        failing_since=before.failing_since or tried_at,
        took=took,
    )
    return msgspec.structs.replace(
        failing, next_try=tried_at + timedelta(seconds=pause(probe, failing))
    )
