"""When each table was created and last written, by the sandbox's clock."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from altui.sandbox.bigquery_proxy.statements import TableName
from altui.sandbox.world import Clock


@dataclass(frozen=True)
class Times:
    """Milliseconds since the epoch."""

    created: int
    modified: int


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def shifted(time: str | float, clock: Clock) -> int:
    """A time the engine read off the real clock, as the sandbox's clock would have had it."""
    offset = clock.now() - datetime.now(UTC)
    return int(float(time) + offset.total_seconds() * 1000)


class Ledger:
    """Table times in one file, replaced whole at each change so that a kill loses nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times: dict[TableName, Times] = {}
        if path.exists():
            for key, (created, modified) in json.loads(path.read_text()).items():
                self._times[TableName(*key.split("/"))] = Times(created, modified)

    def get(self, name: TableName) -> Times | None:
        return self._times.get(name)

    def written(self, name: TableName, now: datetime) -> None:
        known = self._times.get(name)
        self.put(name, Times(known.created if known else millis(now), millis(now)))

    def put(self, name: TableName, times: Times) -> None:
        self._times[name] = times
        self._save()

    def gone(self, name: TableName) -> None:
        if self._times.pop(name, None):
            self._save()

    def dataset_gone(self, project: str, dataset: str) -> None:
        for name in [n for n in self._times if n[:2] == (project, dataset)]:
            del self._times[name]
        self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = {"/".join(n): (t.created, t.modified) for n, t in self._times.items()}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(rows))
        new.replace(self._path)
