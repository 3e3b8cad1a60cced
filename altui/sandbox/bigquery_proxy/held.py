"""Query jobs that stay RUNNING: read and cancelled while they have not reached the engine."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from altui.sandbox.bigquery_proxy.engine import API, Engine, Json, job_failure
from altui.sandbox.bigquery_proxy.facts import Facts

STOPPED = {
    "reason": "stopped",
    "message": "Job execution was cancelled: User requested cancellation",
}


@dataclass(frozen=True)
class Hold:
    """Holds each query whose text matches, for so many real seconds from its start."""

    match: re.Pattern[str]
    seconds: float | None = None
    """None: until released."""


@dataclass(eq=False)
class OwnJob:
    """A job the proxy answers for: held, stopped or refused before the engine saw it."""

    project: str
    id: str
    configuration: Json
    facts: Facts
    released: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    on_engine: bool = False
    task: asyncio.Task[None] | None = None

    def finish(self, now: int, error: Json | None) -> None:
        self.facts.ended = now
        self.facts.error = error
        self.done.set()

    def reference(self) -> Json:
        return {"projectId": self.project, "jobId": self.id, "location": "US"}

    def resource(self) -> Json:
        """The job resource as jobs.get gives it."""
        status: Json = {"state": "DONE" if self.done.is_set() else "RUNNING"}
        if self.facts.error:
            status |= {"errorResult": self.facts.error, "errors": [self.facts.error]}
        return {
            "kind": "bigquery#job",
            "id": f"{self.project}:US.{self.id}",
            "jobReference": self.reference(),
            "configuration": self.configuration,
            "status": status,
            "statistics": {**self.facts.times(), "query": {"cacheHit": False}},
        }

    async def run(self, hold: Hold, engine: Engine, finished: "Finished") -> None:
        """Wait as told, then let the engine run the job under the same id."""
        try:
            async with asyncio.timeout(hold.seconds):
                await self.released.wait()
        except TimeoutError:
            pass
        self.on_engine = True
        body = {"configuration": self.configuration, "jobReference": self.reference()}
        try:
            status, job = await engine.call("POST", f"{API}/projects/{self.project}/jobs", body)
        except httpx.TransportError as error:
            message = f"The engine does not answer: {type(error).__name__}"
            finished(self, {}, {"reason": "backendError", "message": message})
            return
        finished(self, job, job_failure(status, job) if status >= 400 else None)


Finished = Callable[[OwnJob, Json, Json | None], None]
"""Called with the held job, the engine's job resource and the failure, if it refused."""
