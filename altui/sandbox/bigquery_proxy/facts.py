"""What the proxy knows about jobs and adds to the emulator's answers."""

from collections import OrderedDict
from dataclasses import dataclass

from altui.sandbox.bigquery_proxy.engine import Json
from altui.sandbox.bigquery_proxy.ledger import millis, shifted
from altui.sandbox.bigquery_proxy.sizes import Scan
from altui.sandbox.world import Clock

KEPT = 5_000
"""Jobs remembered; older ones get their times shifted by the clock's present offset."""


@dataclass
class Facts:
    """One job's times (milliseconds, by the sandbox's clock), bytes and failure."""

    created: int
    ended: int | None = None
    scan: Scan | None = None
    dry: bool = False
    error: Json | None = None

    def times(self) -> dict[str, str]:
        times = {"creationTime": str(self.created), "startTime": str(self.created)}
        if self.ended is not None:
            times["endTime"] = str(self.ended)
        return times

    def bytes(self) -> dict[str, str]:
        if self.scan is None:
            return {}
        billed = 0 if self.dry else self.scan.billed
        return {
            "totalBytesProcessed": str(self.scan.processed),
            "totalBytesBilled": str(billed),
        }


class JobFacts:
    """Facts by project and job id; the oldest are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._facts: OrderedDict[tuple[str, str], Facts] = OrderedDict()

    def get(self, project: str, job: str) -> Facts | None:
        return self._facts.get((project, job))

    def put(self, project: str, job: str, facts: Facts) -> None:
        self._facts[project, job] = facts
        if len(self._facts) > KEPT:
            self._facts.popitem(last=False)

    def drop(self, project: str, job: str) -> None:
        self._facts.pop((project, job), None)

    def now(self) -> int:
        return millis(self._clock.now())

    def dress(self, project: str, job: Json) -> Json:
        """The engine's job resource with times, bytes and failure as BigQuery gives them."""
        known = self.get(project, job.get("jobReference", {}).get("jobId", ""))
        statistics: Json = job.setdefault("statistics", {})
        if known is None:
            for key in ("creationTime", "startTime", "endTime"):
                if key in statistics:
                    statistics[key] = str(shifted(statistics[key], self._clock))
            return job
        statistics.update(known.times())
        query: Json | None = statistics.get("query")
        if query is not None and known.scan is not None:
            query |= known.bytes() | {"totalBytesProcessedAccuracy": "UPPER_BOUND"}
            statistics["totalBytesProcessed"] = query["totalBytesProcessed"]
        return job
