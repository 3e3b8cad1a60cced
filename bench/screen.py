"""The screen over a store that this process feeds: lag, bytes a refresh, a quit in silence."""

import asyncio
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from altui.config import Settings
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.rules.assess import assess
from altui.store.store import Store
from altui.tui.app import Dashboard
from bench.figures import Figure
from bench.terminal import terminal
from tests.world import healthy

REFRESHES = 200
BEAT = 0.002
SERVICES = (
    *("POSTGRES_DSN", "FIVETRAN_URL", "GITHUB_API_URL", "BIGQUERY_EMULATOR_HOST"),
    *("ES_URL", "KIBANA_URL"),
)


def fed(store: Store, extra: int = 0) -> None:
    """What an observer would write: a healthy pipeline now, one figure `extra` higher."""
    now = datetime.now(UTC)
    snapshot = healthy(now, days=90)
    counts = snapshot.observations["postgres.counts"]
    if isinstance(counts.value, Counts):
        emails = counts.value.series["emails"]
        series = {
            **counts.value.series,
            "emails": msgspec.structs.replace(emails, rows=emails.rows + extra),
        }
        value = msgspec.structs.replace(counts.value, series=series)
        changed = msgspec.structs.replace(counts, value=value)
        snapshot = Snapshot(now, {**snapshot.observations, counts.probe: changed})
    store.put_observations(snapshot.observations.values())
    store.put_assessment(assess(snapshot, Pipeline(), now))


def lag(directory: Path) -> Iterator[Figure]:
    """Heartbeats of the event loop while refreshes come in back to back."""
    asyncio.run(_warm(directory))
    late = sorted(asyncio.run(_lag(directory)))
    yield Figure("loop lag in refreshes, p95", 1000 * late[int(len(late) * 0.95)], 10, "ms")
    yield Figure("loop lag in refreshes, worst", 1000 * late[-1], 50, "ms")


async def _warm(directory: Path) -> None:
    store = Store.open(directory)
    fed(store)
    store.close()


async def _lag(directory: Path) -> list[float]:
    store, other = Store.open(directory), Store.open(directory)
    clock = lambda: datetime.now(UTC)  # noqa: E731
    app = Dashboard(Settings(), store, clock, clock() - timedelta(hours=1))
    beats: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        feeding = asyncio.create_task(asyncio.to_thread(_feed, other))
        while not feeding.done():
            began = time.perf_counter()
            await asyncio.sleep(BEAT)
            beats.append(time.perf_counter() - began - BEAT)
    store.close()
    other.close()
    return beats


def _feed(store: Store) -> None:
    for extra in range(REFRESHES):
        fed(store, extra)
        time.sleep(0.02)


def refresh(altui: list[str], environ: Mapping[str, str], directory: Path) -> Iterator[Figure]:
    """Bytes to the terminal when one figure changes, with no observer but this process."""
    settings = Settings(state_dir=str(directory))
    store = Store.open(settings.directory)
    with store.observing(), _deaf_services() as hanging:
        fed(store)
        quiet = {**environ, **hanging, "ALTUI_STATE_DIR": str(directory), "ALTUI_CLOCK": ""}
        quiet["ALTUI_PROFILE"] = settings.profile
        with terminal(altui, quiet) as screen:
            screen.read_until(b"postgres", 20)
            screen.read_for(2)
            written: list[int] = []
            for extra in range(1, 6):
                fed(store, extra)
                written.append(screen.read_for(1))
            yield Figure("output of a refresh, one figure", statistics.median(written), 2048, "B")
    with _deaf_services() as hanging, terminal(altui, {**environ, **hanging}) as screen:
        screen.read_until(b"postgres", 20)
        screen.read_for(3)  # the observer is waiting for services that never answer
        screen.send(b"q")
        yield Figure("quit while every service hangs", screen.wait(10), 0.3, "s")
    store.close()


class _deaf_services:  # noqa: N801 - reads as a verb phrase where it is used
    """A port that accepts and never answers, in place of every service."""

    def __enter__(self) -> dict[str, str]:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        urls = dict.fromkeys(SERVICES, f"http://{host}")
        return {**urls, "POSTGRES_DSN": f"postgresql://nobody@{host}/nothing"}

    def __exit__(self, *_: object) -> None:
        self._socket.close()
