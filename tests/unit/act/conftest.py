"""A BigQuery and an Elasticsearch that say what a test tells them to."""

import json
import re
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.answering import Scripted

Item = dict[str, Any]


@dataclass
class FakeElasticsearch:
    server: Scripted
    refusals: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    """What a document is told at its next attempts, by id: status, type, reason."""
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Indexed sources by `index/id`."""
    status: int = 200
    """Status of every answer; an error body comes with any other than 200."""
    refresh_status: int = 200

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def refreshes(self) -> list[str]:
        return [path for _, path in self.server.asked if "_refresh" in path]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status = self.refresh_status if "_refresh" in path else self.status
        if status != 200:
            error = {"type": "some_exception", "reason": "as told"}
            return status, {"error": error, "status": status}
        if "_bulk" in path:
            lines = body.decode().splitlines()
            index = path.split("/")[1]
            pairs = zip(lines[::2], lines[1::2], strict=True)
            items = [self._item(index, json.loads(a), json.loads(b)) for a, b in pairs]
            return 200, {"errors": any("error" in i["index"] for i in items), "items": items}
        return 200, {"version": {"number": "8.19.3"}, "_shards": {}}

    def _item(self, index: str, action: Item, source: dict[str, Any]) -> Item:
        key = action["index"]["_id"]
        told = self.refusals.get(key)
        if told:
            status, kind, reason = told.pop(0)
            cause = {"type": "illegal_argument_exception", "reason": "for this"}
            error = {"type": kind, "reason": reason, "caused_by": cause}
            return {"index": {"_id": key, "status": status, "error": error}}
        self.documents[f"{index}/{key}"] = source
        return {"index": {"_id": key, "status": 201, "result": "created"}}


@dataclass
class FakeBigQuery:
    server: Scripted
    marts: dict[str, list[str] | None] = field(default_factory=dict)
    """Days by mart; None for a mart that does not exist."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Configurations of the jobs."""

    @property
    def url(self) -> str:
        return self.server.url

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST":
            return self._insert(json.loads(body))
        days = next(days for mart, days in self.marts.items() if mart in path) or []
        return 200, {
            "jobComplete": True,
            "totalRows": str(len(days)),
            "schema": {"fields": [{"name": "d", "type": "DATE"}, {"name": "n", "type": "INTEGER"}]},
            "rows": [{"f": [{"v": day}, {"v": str(at)}]} for at, day in enumerate(days)],
        }

    def _insert(self, job: dict[str, Any]) -> tuple[int, Any]:
        configuration = job["configuration"]
        self.asked.append(configuration)
        found = re.search(r"\.(mrt_\w+)`", configuration["query"]["query"])
        assert found is not None
        mart = found[1]
        if self.marts.get(mart) is None:
            message = f"Not found: Table p:applylens_marts.{mart}"
            problem = {"reason": "notFound", "message": message}
            return 404, {"error": {"code": 404, "message": message, "errors": [problem]}}
        return 200, {
            "jobReference": {"projectId": "p", "jobId": f"{mart}-1", "location": "US"},
            "configuration": configuration,
            "status": {"state": "DONE"},
            "statistics": {
                "totalBytesProcessed": "5",
                "query": {"statementType": "SELECT", "totalBytesProcessed": "5"},
            },
        }


def _serve(server: Scripted) -> None:
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def elastic() -> Generator[FakeElasticsearch]:
    server = Scripted()
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    fake = FakeElasticsearch(server)
    server.script = fake.answer
    _serve(server)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def warehouse() -> Generator[FakeBigQuery]:
    server = Scripted()
    fake = FakeBigQuery(server)
    fake.marts = {
        "mrt_risk_daily": ["2026-11-21", "2026-11-22"],
        "mrt_parity_drift": ["2026-11-22"],
        "mrt_backfill_slo": [],
    }
    server.script = fake.answer
    _serve(server)
    yield fake
    server.shutdown()
    server.server_close()
