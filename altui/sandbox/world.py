"""What every part of the sandbox knows, and the shape its simulators share."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette

from altui.sandbox.processes import Children


class Clock:
    """The sandbox's time: the real one plus the offset kept in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: int | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return datetime.now(UTC)
        if stamp != self._stamp:
            self._offset = timedelta(seconds=json.loads(self.path.read_text())["offset_s"])
            self._stamp = stamp
        return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """From this instant on, time runs at its real pace from `moment`."""
        offset = (moment - datetime.now(UTC)).total_seconds()
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({"offset_s": offset}))
        new.replace(self.path)
        self._stamp = None


@dataclass(frozen=True)
class World:
    """Addresses, names and credentials of one running sandbox."""

    dir: Path
    """Holds all state; each part keeps its own in a folder of its name."""
    project_dir: Path
    """The sandbox's own copy of the project's files: analytics/, es/, kibana/, .github/."""
    clock: Clock
    children: Children
    days: int
    emails_per_day: int
    seed: int
    postgres_admin_dsn: str
    postgres_fivetran_dsn: str
    """Role fivetran_user."""
    postgres_reader_dsn: str
    """Role altui_reader, read-only."""
    bigquery_url: str
    """The proxy in front of the emulator; what BIGQUERY_EMULATOR_HOST names."""
    bigquery_engine_url: str
    """The emulator itself; for the proxy only."""
    bigquery_grpc: str
    """host:port."""
    elasticsearch_url: str
    fivetran_url: str
    github_url: str
    kibana_url: str
    pagerduty_url: str
    project_id: str = "applylens-sandbox"
    dataset: str = "applylens"
    index_prefix: str = "analytics_applylens"
    fivetran_key: str = "sandbox-key"
    fivetran_secret: str = "sandbox-secret"
    fivetran_connection: str = "warm_lantern"
    github_token: str = "sandbox-token"
    github_repository: str = "applylens/analytics"
    kibana_key: str = "sandbox-kibana-key"
    pagerduty_key: str = "0123456789abcdef0123456789abcdef"


class Simulator(Protocol):
    """A service no package holds: a Starlette app plus what happens in it by itself."""

    app: Starlette

    def seed(self) -> Awaitable[None]:
        """Make the history before the first start, marked as seeded. A second call is a no-op."""
        ...

    def next_event(self) -> datetime | None:
        """When, in simulated time, something happens by itself; None for never."""
        ...

    def run_due(self) -> Awaitable[None]:
        """Do what is due at the clock's time; returns when it has finished, at real pace."""
        ...

    def close(self) -> Awaitable[None]:
        """Stop what runs and put the state on disk."""
        ...
