"""A GitHub simulator of its own for a test: seeded, in a folder of the test, with a fake shell."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

from altui.sandbox.github import create
from altui.sandbox.github.engine import GitHub
from altui.sandbox.github.shell import Shell
from altui.sandbox.github.state import Run
from altui.sandbox.processes import Children
from altui.sandbox.world import Clock, World

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "http://github.test"
REPO = "/repos/applylens/analytics"
SYNC = f"{REPO}/actions/workflows/analytics-sync.yml"


class FakeShell:
    """Notes what it was asked to run. A step waits while held; `codes` fail steps by text."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.started = asyncio.Event()
        self.codes: dict[str, int] = {}
        self.ran: list[tuple[str, Path, dict[str, str]]] = []

    def hold(self) -> None:
        self.open.clear()
        self.started.clear()

    async def __call__(
        self, script: Path, *, cwd: Path, env: Mapping[str, str], write: Callable[[str], None]
    ) -> int:
        text = await asyncio.to_thread(script.read_text)
        self.ran.append((text, cwd, dict(env)))
        self.started.set()
        write(f"running in {cwd.name}")
        await self.open.wait()
        return next((code for part, code in self.codes.items() if part in text), 0)


class FixedClock(Clock):
    """Stands still until it is told a new time."""

    def __init__(self, path: Path, moment: datetime) -> None:
        super().__init__(path)
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment


def make_world(folder: Path, now: datetime = NOON, seed: int = 1, url: str = URL) -> World:
    """A world around a project that holds the real workflow files."""
    project = folder / "project"
    shutil.copytree(ROOT / ".github", project / ".github", dirs_exist_ok=True)
    (project / "analytics" / "dbt").mkdir(parents=True, exist_ok=True)
    (project / "analytics" / "dbt" / "dbt_project.yml").write_text("name: applylens_analytics\n")
    nowhere = "http://127.0.0.1:1"
    return World(
        dir=folder,
        project_dir=project,
        clock=FixedClock(folder / "clock.json", now),
        children=Children(),
        days=400,
        emails_per_day=150,
        seed=seed,
        postgres_admin_dsn="",
        postgres_fivetran_dsn="",
        postgres_reader_dsn="",
        bigquery_url=nowhere,
        bigquery_engine_url=nowhere,
        bigquery_grpc="127.0.0.1:1",
        elasticsearch_url="http://sandbox:es-password@127.0.0.1:1",
        fivetran_url=nowhere,
        github_url=url,
        kibana_url=nowhere,
        pagerduty_url=nowhere,
    )


class Lab:
    """The simulator, its shell and a client with the token."""

    def __init__(self, world: World, shell: Shell | None = None) -> None:
        self.world = world
        self.fake = FakeShell()
        self.github: GitHub = create(world, shell or self.fake)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.github.app),
            base_url=URL,
            headers={"authorization": f"Bearer {world.github_token}"},
        )

    async def dispatch(self, **inputs: str) -> Run:
        """A run started by hand, not waited for."""
        answer = await self.client.post(
            f"{SYNC}/dispatches", json={"ref": "main", "inputs": inputs}
        )
        assert answer.status_code == 204, answer.text
        return self.github.state.runs[-1]

    async def finished(self, **inputs: str) -> Run:
        run = await self.dispatch(**inputs)
        await self.github.finished(run)
        return run

    async def running(self) -> Run:
        """A run whose first `run:` step has begun and waits."""
        self.fake.hold()
        run = await self.dispatch()
        await self.fake.started.wait()
        return run

    async def failed(self) -> Run:
        self.fake.codes = {"dbt run": 1}
        run = await self.finished()
        self.fake.codes = {}
        return run

    async def close(self) -> None:
        await self.client.aclose()
        await self.github.close()
