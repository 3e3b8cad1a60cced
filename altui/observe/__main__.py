"""`python -m altui.observe`: the observer process of one profile."""

import asyncio
import contextlib
import os
import signal

from altui.clock import clock_of
from altui.config import Settings, guard_stderr, load
from altui.config.fingerprint import fingerprint
from altui.observe.observer import Observer
from altui.observe.probes import granters, probes
from altui.services.threads import Loop
from altui.store.budget import Budget
from altui.store.presence import OBSERVERS_LOG
from altui.store.store import Store

LOOK_AROUND_EVERY = 1.0
"""Seconds between looks for dashboards that are still open."""


async def observe(settings: Settings, store: Store) -> None:
    """Observes until the last dashboard is closed or SIGTERM comes."""
    clock = clock_of(settings.clock)
    observer = Observer(
        probes(settings, clock, Budget(store, clock, settings.bigquery.daily_bytes)),
        settings.pipeline,
        store,
        clock,
        settings.bigquery.daily_bytes,
        granters=granters(settings),
        fingerprint=fingerprint(settings, os.environ),
    )
    work = asyncio.create_task(observer.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    leaving = asyncio.create_task(_until_alone(store))
    await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
    if work.done() and not work.cancelled():
        work.result()


async def _until_alone(store: Store) -> None:
    while store.attended():  # noqa: ASYNC110 - other processes hold the lock; they send no event
        await asyncio.sleep(LOOK_AROUND_EVERY)


def main() -> None:
    guard_stderr()
    settings = load()
    # one that waited for long would be late for its services' answers
    store = Store.open(settings.directory, patience=1)
    with store.observing() as mine:
        if mine:
            with contextlib.suppress(OSError):  # one started by hand may write elsewhere
                os.truncate(settings.directory / OBSERVERS_LOG, 0)
            Loop().run_until_complete(observe(settings, store))
    store.close()
    # threads may still hang in a vendor's client; nothing they do is wanted any more
    os._exit(0)


if __name__ == "__main__":
    main()
