"""Brings the living pipeline up, keeps it alive, takes it down."""

import asyncio
import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, cast

from starlette.types import ASGIApp

from altui.sandbox import control, envfile, ports, project, source
from altui.sandbox.engines import Engine, EngineError, bigquery, elasticsearch, postgres
from altui.sandbox.faults import FaultDoor, Faults
from altui.sandbox.processes import Children
from altui.sandbox.serving import Servers
from altui.sandbox.timeline import Timeline
from altui.sandbox.world import Clock, Simulator, World
from altui.sandbox.writer import Writer

SIMULATORS = {
    "bigquery_proxy": "altui.sandbox.bigquery_proxy",
    "fivetran": "altui.sandbox.fivetran",
    "github": "altui.sandbox.github",
    "kibana": "altui.sandbox.kibana",
    "pagerduty": "altui.sandbox.pagerduty",
}
NIGHTLY = clock_time(3, 15, tzinfo=UTC)
NIGHTLY_IS_OVER = timedelta(minutes=65)
BUILT = "built"
CLOSE_WITHIN = 4.0
"""Seconds a simulator may take to close."""
log = logging.getLogger("altui.sandbox")


@dataclass(frozen=True)
class Options:
    days: int = 400
    emails_per_day: int = 150
    seed: int = 1
    now: datetime | None = None
    es_url: str = ""


class SandboxError(Exception):
    """The sandbox did not come up; the message says why and what to do."""


class Sandbox:
    """One sandbox in one directory; `run` is its whole life."""

    def __init__(
        self,
        directory: Path,
        options: Options,
        env_file: Path | None,
        lock: int,
        *,
        temporary: bool = False,
    ) -> None:
        """`lock`: the open file whose lock keeps others out; `temporary`: nothing is kept."""
        self._temporary = temporary
        self._dir = directory
        self._lock = lock
        self._env_file = env_file
        self._fresh = not (directory / BUILT).exists()
        self._options = options if self._fresh else _kept(directory, options)
        self._children = Children()
        self._servers = Servers()
        self._faults = Faults()
        self._engines: dict[str, Engine] = {}
        self._simulators: dict[str, Simulator] = {}
        self._healthy = False
        self._began = time.monotonic()
        self._stop = asyncio.Event()

    async def run(self, ready: Callable[[], None]) -> None:
        """Up, alive until told to stop, down. Raises SandboxError when it does not come up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        if self._env_file is not None:
            self._env_file.unlink(missing_ok=True)
        coming_up = asyncio.create_task(self._up())
        stopping = asyncio.create_task(self._stop.wait())
        live: asyncio.Task[None] | None = None
        try:
            await asyncio.wait({coming_up, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if coming_up.done():
                live = asyncio.create_task(coming_up.result().live())
                ready()
                await stopping
        except (EngineError, SandboxError) as error:
            raise SandboxError(str(error)) from error
        except Exception as error:  # the program's edge: words for people, the rest in the log
            log.exception("the sandbox did not come up")
            said = f"{type(error).__name__}: {error}"
            raise SandboxError(f"{said}; more in {self._dir / 'log'}") from error
        finally:
            tasks: list[asyncio.Task[Any]] = [coming_up, stopping, *([live] if live else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._down()

    async def _up(self) -> Timeline:
        self._say("starting")
        world = self._world()
        await self._children.open(self._lock)
        if self._temporary:
            self._children.remove_at_the_end(self._dir)
        build = await self._start_build(world) if self._fresh else None
        await self._start_engines(world)
        writer = Writer(world)
        if self._fresh:
            writer.begin(await asyncio.to_thread(source.build, world))
            await elasticsearch.load_template(world.elasticsearch_url, world.project_dir)
            self._say(f"source: {world.days} days of rows")
        else:
            self._say(
                f"source: kept, {world.days} days of {world.emails_per_day}, seed {world.seed}"
            )
            await asyncio.to_thread(source.set_clock, world)
        await self._start_simulators(world)
        timeline = Timeline(world, writer, self._simulators)
        await self._serve_control(world, timeline, writer)
        if build is not None:
            await self._simulators["fivetran"].seed()
            self._say("fivetran: first sync")
            others = ("github", "kibana", "pagerduty", "bigquery_proxy")
            seeds = (self._simulators[name].seed() for name in others)
            await asyncio.gather(self._build(build, world), *seeds)
            (self._dir / BUILT).touch()
        else:
            await timeline.catch_up(self._last_seen(), self._say)
        await self._check(world)
        self._healthy = True
        if self._env_file is not None:
            envfile.write(self._env_file, world)
        self._say("healthy")
        return timeline

    async def _down(self) -> None:
        if self._env_file is not None:
            self._env_file.unlink(missing_ok=True)
        (self._dir / control.FILE).unlink(missing_ok=True)
        await asyncio.gather(*(_closed(*item) for item in self._simulators.items()))
        await self._servers.close()
        await self._children.close()

    def _world(self) -> World:
        for folder in ("log", "state"):
            (self._dir / folder).mkdir(parents=True, exist_ok=True)
        project.copy(self._dir / "project")
        chosen = ports.choose(self._dir / "ports.json")
        clock = Clock(self._dir / "clock.json")
        if self._fresh:
            clock.set(self._options.now or datetime.now(UTC))
        elif self._options.now is not None and self._options.now > clock.now():
            clock.set(self._options.now)
        self._ports = chosen
        kept = {key: str(value) for key, value in asdict(self._options).items()}
        (self._dir / "options.json").write_text(json.dumps(kept))

        def http(name: str) -> str:
            return f"http://127.0.0.1:{chosen[name]}"

        return World(
            dir=self._dir,
            project_dir=self._dir / "project",
            clock=clock,
            children=self._children,
            days=self._options.days,
            emails_per_day=self._options.emails_per_day,
            seed=self._options.seed,
            postgres_admin_dsn=postgres.dsn(chosen["postgres"], postgres.ADMIN),
            postgres_fivetran_dsn=postgres.dsn(chosen["postgres"], postgres.FIVETRAN),
            postgres_reader_dsn=postgres.dsn(chosen["postgres"], postgres.READER),
            bigquery_url=http("bigquery_proxy"),
            bigquery_engine_url=http("bigquery"),
            bigquery_grpc=f"127.0.0.1:{chosen['bigquery_grpc']}",
            elasticsearch_url=self._options.es_url or http("elasticsearch"),
            fivetran_url=http("fivetran"),
            github_url=http("github"),
            kibana_url=http("kibana"),
            pagerduty_url=http("pagerduty"),
        )

    async def _start_engines(self, world: World) -> None:
        logs, at = self._dir / "log", self._ports
        self._engines["postgres"] = postgres.engine(
            self._children, self._dir / "postgres", at["postgres"], logs / "postgres.log"
        )
        self._engines["bigquery"] = bigquery.engine(
            self._children,
            self._dir / "bigquery",
            (at["bigquery"], at["bigquery_grpc"]),
            project=world.project_id,
            log=logs / "bigquery.log",
        )
        if not self._options.es_url:
            self._engines["elasticsearch"] = elasticsearch.engine(
                self._children,
                self._dir / "elasticsearch",
                at["elasticsearch"],
                logs / "elasticsearch.log",
            )
        elif not await elasticsearch.answers_at(world.elasticsearch_url):
            raise EngineError(f"{world.elasticsearch_url} does not answer; is the server up?")
        await asyncio.gather(*(self._timed(engine) for engine in self._engines.values()))

    async def _timed(self, engine: Engine) -> None:
        await engine.start()
        self._say(f"{engine.name}: up")

    async def _start_simulators(self, world: World) -> None:
        for name, module in SIMULATORS.items():
            create = cast(Callable[[World], Simulator], importlib.import_module(module).create)
            simulator = create(world)
            self._simulators[name] = simulator
            door: ASGIApp = FaultDoor(simulator.app, name.removesuffix("_proxy"), self._faults)
            await self._servers.serve(door, self._ports[name])

    async def _serve_control(self, world: World, timeline: Timeline, writer: Writer) -> None:
        token = control.publish(self._dir, self._ports["control"])
        github: Any = self._simulators["github"]
        hands = control.Hands(
            status=lambda: self._status(world, writer, timeline),
            move=timeline.move,
            punctual=github.set_punctual,
            writer=lambda paused: writer.pause() if paused else writer.resume(),
            engine=self._switch,
            shut_down=self._stop.set,
            faults=self._faults,
        )
        await self._servers.serve(control.app(hands, token), self._ports["control"])

    async def _switch(self, name: str, what: str) -> None:
        engine = self._engines.get(name)
        if engine is None:
            raise ValueError(f"no engine {name}; there are: {', '.join(self._engines)}")
        if what not in ("start", "stop", "restart"):
            raise ValueError(f"{what}: say start, stop or restart")
        if what != "start":
            await engine.stop()
        if what != "stop" and not engine.running:
            await engine.start()

    async def _check(self, world: World) -> None:
        """Raises SandboxError unless every engine answers and the export has left documents."""
        for engine in self._engines.values():
            if not await engine.healthy():
                raise SandboxError(f"{engine.name} stopped answering; see its log")
        index = f"{world.index_prefix}_risk_daily"
        if not await elasticsearch.documents(world.elasticsearch_url, index):
            raise SandboxError(f"the first build left nothing in {index}; see firstbuild.log")

    async def _status(self, world: World, writer: Writer, timeline: Timeline) -> dict[str, Any]:
        healthy = await asyncio.gather(*(engine.healthy() for engine in self._engines.values()))
        return {
            "dir": str(self._dir),
            "pid": os.getpid(),
            "healthy": self._healthy and all(item.running for item in self._engines.values()),
            "now": world.clock.now().isoformat(timespec="seconds"),
            "writer": "paused" if writer.paused else "writing",
            "engines": {
                engine.name: {"running": engine.running, "answers": answers, "pid": engine.pid}
                for engine, answers in zip(self._engines.values(), healthy, strict=True)
            },
            "next": {name: str(moment) for name, moment in timeline.next_events().items()},
            "faults": self._faults.listed(),
            "env_file": str(self._env_file) if self._env_file else None,
            "environment": envfile.environment(world) if self._healthy else {},
        }

    async def _start_build(self, world: World) -> Process:
        """The first build imports dbt while the engines start."""
        environ = {
            **os.environ,
            **envfile.environment(world),
            "SANDBOX_PROJECT_DIR": str(world.project_dir),
            "SANDBOX_DAYS": str(world.days),
            "SANDBOX_SEED": str(world.seed),
            "SANDBOX_DIR": str(world.dir),
        }
        with (self._dir / "log" / "firstbuild.log").open("wb") as errors:
            return await self._children.start(
                *(sys.executable, "-m", "altui.sandbox.firstbuild"),
                env=environ,
                stdin=PIPE,
                stdout=PIPE,
                stderr=errors,
            )

    async def _build(self, build: Process, world: World) -> None:
        if build.stdin is None or build.stdout is None:
            raise SandboxError("the first build was started without pipes")
        build.stdin.write(f"go {_last_night(world.clock.now())}\n".encode())
        async for line in build.stdout:
            words = line.decode(errors="replace").strip()
            if words and words != "ready":
                self._say(f"build: {words}")
        if await build.wait() != 0:
            written = (self._dir / "log" / "firstbuild.log").read_text(errors="replace")
            last = " / ".join(written.strip().splitlines()[-5:])
            raise SandboxError(f"the first build failed: {last}")

    def _last_seen(self) -> datetime:
        """When the sandbox last ran, in simulated time: the last moment its writer wrote."""
        state = json.loads((self._dir / "writer.json").read_text())
        return datetime.fromisoformat(state["last"])

    def _say(self, words: str) -> None:
        spent = time.monotonic() - self._began
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"sandbox {spent:5.1f}s  {words}\n")
            sys.stderr.flush()


async def _closed(name: str, simulator: Simulator) -> None:
    try:
        await asyncio.wait_for(simulator.close(), CLOSE_WITHIN)
    except Exception:  # the others are still to be closed
        log.exception("closing %s", name)


def _last_night(now: datetime) -> str:
    """The day on which the latest nightly run that is over by now started."""
    tonight = datetime.combine(now.date(), NIGHTLY)
    over = now >= tonight + NIGHTLY_IS_OVER
    return (now.date() if over else now.date() - timedelta(days=1)).isoformat()


def _kept(directory: Path, options: Options) -> Options:
    """The size and seed a sandbox was built with; only the clock and addresses may differ."""
    kept = json.loads((directory / "options.json").read_text())
    return Options(
        days=int(kept["days"]),
        emails_per_day=int(kept["emails_per_day"]),
        seed=int(kept["seed"]),
        now=options.now,
        es_url=options.es_url or kept["es_url"],
    )
