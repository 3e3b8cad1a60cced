"""All services with an HTTP interface as one scripted server, healthy or misbehaving on command."""

import json
from collections.abc import Callable
from typing import Any

from altui.config import (
    BigQuerySettings,
    ElasticsearchSettings,
    FivetranSettings,
    GitHubSettings,
    KibanaSettings,
    Secret,
    Settings,
)
from altui.core.model.pipeline import Mart, Pipeline, Table

PIPELINE = Pipeline(
    tables=(Table("emails", "public.emails", "public_emails", "stg_emails", "received_at"),),
    marts=(Mart("mrt_a", "a", table="emails", count="emails"),),
)
LOG = b"""2026-11-22T03:24:00.1Z ##[group]Run dbt run
2026-11-22T03:24:00.1Z ##[endgroup]
2026-11-22T03:24:05.1Z ZeroDivisionError: division by zero
2026-11-22T03:24:06.1Z ##[error]Process completed with exit code 1.
"""
COLUMNS = {
    "public_emails": {"received_at": "TIMESTAMP", "_fivetran_synced": "TIMESTAMP"},
    "stg_emails": {"received_at": "TIMESTAMP"},
    "mrt_a": {"d": "DATE", "emails": "INTEGER"},
}
STEP = {
    "name": "Run dbt models",
    "status": "completed",
    "conclusion": "failure",
    "started_at": "2026-11-22T03:24:00Z",
    "completed_at": "2026-11-22T03:24:06Z",
}
JOBS = {"jobs": [{"id": 77, "status": "completed", "conclusion": "failure", "steps": [STEP]}]}
RUN = {
    "id": 812,
    "run_number": 12,
    "run_attempt": 1,
    "event": "schedule",
    "status": "completed",
    "conclusion": "failure",
    "created_at": "2026-11-22T03:20:00Z",
    "run_started_at": "2026-11-22T03:20:05Z",
    "updated_at": "2026-11-22T03:26:00Z",
    "display_title": "Analytics Sync",
    "actor": {"login": "robot"},
    "head_sha": "abc",
    "html_url": "https://github.test/runs/812",
}
CONNECTION = {
    "id": "warm",
    "schema": "applylens",
    "paused": False,
    "succeeded_at": "2026-11-23T03:05:00Z",
    "failed_at": None,
    "sync_frequency": 60,
    "schedule_type": "auto",
    "status": {"setup_state": "connected", "sync_state": "scheduled", "tasks": [], "warnings": []},
}
EXPLAINED = {
    "index": "pre_a",
    "shard": 0,
    "primary": True,
    "unassigned_info": {"reason": "NODE_LEFT", "details": "node left"},
    "can_allocate": "no_valid_shard_copy",
    "allocate_explanation": "no copy of the shard was found",
    "node_allocation_decisions": [
        {"deciders": [{"decider": "disk", "decision": "NO", "explanation": "disk is full"}]}
    ],
}
HITS = {"total": {"value": 0, "relation": "eq"}, "hits": []}
SEARCH = {
    "status": 200,
    "timed_out": False,
    "_shards": {"total": 1, "successful": 1, "failed": 0},
    "hits": HITS,
    "aggregations": {"window": {"days": {"buckets": []}}},
}
GITHUB = "/gh/repos/o/r/actions"
ANSWERS: dict[str, Any] = {
    "/ft/v1/connections/warm": {"data": CONNECTION},
    "/ft/v1/connections/warm/schemas": {
        "data": {
            "schemas": {
                "public": {"enabled": True, "tables": {"emails": {"name_in_destination": "e"}}}
            }
        }
    },
    f"{GITHUB}/workflows/analytics-sync.yml": {"name": "Analytics Sync", "state": "active"},
    f"{GITHUB}/workflows/analytics-sync.yml/runs": {"workflow_runs": [RUN]},
    f"{GITHUB}/runs/812/jobs": JOBS,
    f"{GITHUB}/runs/812/attempts/1/jobs": JOBS,
    f"{GITHUB}/jobs/77/logs": LOG,
    "/kb/api/status": {
        "status": {"overall": {"level": "available", "summary": "fine"}},
        "version": {"number": "8.19.3"},
    },
    "/kb/api/data_views": {
        "data_view": [{"id": "v", "title": "analytics_applylens_*", "timeFieldName": "d"}]
    },
    "/kb/api/saved_objects/_export": {
        "id": "analytics-overview",
        "type": "dashboard",
        "attributes": {"title": "Overview"},
        "references": [{"id": "v", "type": "index-pattern", "name": "n"}],
    },
    "/_cluster/health": {"cluster_name": "prod", "status": "green", "number_of_nodes": 1},
    "/_cat/indices/pre_*": [{"health": "green", "status": "open", "index": "pre_a"}],
    "/pre_*": {"pre_a": {"aliases": {}, "mappings": {}, "settings": {}}},
    "/_index_template/analytics_applylens": {
        "index_templates": [
            {
                "name": "analytics_applylens",
                "index_template": {"index_patterns": ["pre_*"], "template": {}, "priority": 100},
            }
        ]
    },
    "/_nodes/stats/fs": {
        "nodes": {
            "a": {
                "name": "es-1",
                "roles": ["data"],
                "fs": {"total": {"total_in_bytes": 1000, "available_in_bytes": 600}},
            }
        }
    },
    "/_cluster/settings": {"persistent": {}, "transient": {}, "defaults": {}},
    "/_msearch": {"responses": [SEARCH]},
    "/pre_a/_search": {**SEARCH, "hits": {"hits": [{"_index": "pre_a", "_source": {"of": {}}}]}},
    "/_cat/shards/pre_a": [
        {"index": "pre_a", "shard": "0", "prirep": "r", "state": "UNASSIGNED"},
        {"index": "pre_a", "shard": "0", "prirep": "p", "state": "UNASSIGNED"},
    ],
    "/_cluster/allocation/explain": EXPLAINED,
}


def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
    """What healthy services say."""
    plain = path.split("?", maxsplit=1)[0]
    if plain.startswith("/bigquery/v2/"):
        return 200, _warehouse(method, plain, body)
    return (200, ANSWERS[plain]) if plain in ANSWERS else (404, {"message": f"no {plain}"})


def bent(change: Callable[[Any], Any]) -> Callable[[str, str, bytes], tuple[int, Any]]:
    """A script whose JSON answers are changed."""

    def script(method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = answer(method, path, body)
        return status, content if isinstance(content, bytes) else change(content)

    return script


def settings(url: str) -> Settings:
    return Settings(
        fivetran=FivetranSettings(f"{url}/ft", Secret("k"), Secret("s"), "warm"),
        bigquery=BigQuerySettings(project="p", dataset="raw", emulator_host=url),
        github=GitHubSettings(f"{url}/gh", Secret("t"), "o/r"),
        elasticsearch=ElasticsearchSettings(Secret(url), "pre"),
        kibana=KibanaSettings(f"{url}/kb"),
        pipeline=PIPELINE,
    )


_job: dict[str, Any] = {}


def _warehouse(method: str, path: str, body: bytes) -> Any:
    """The few methods of BigQuery's REST API that a reading uses; every query has no rows."""
    if "/datasets/" in path:
        _, _, dataset, _, name = path.removeprefix("/bigquery/v2/projects/").split("/")
        fields = [{"name": key, "type": kind} for key, kind in COLUMNS[name].items()]
        return {
            "tableReference": {"projectId": "p", "datasetId": dataset, "tableId": name},
            "type": "TABLE",
            "numRows": "1",
            "numBytes": "1",
            "lastModifiedTime": "1795392000000",
            "schema": {"fields": fields},
        }
    if method == "POST":
        _job.update(json.loads(body))
    statistics = {
        "totalBytesProcessed": "1",
        "query": {"totalBytesProcessed": "1", "totalBytesBilled": "1", "statementType": "SELECT"},
    }
    if "/queries/" in path:
        schema = {"fields": [{"name": "series", "type": "STRING"}]}
        answer = {"jobComplete": True, "schema": schema, "rows": [], "totalRows": "0"}
        return {"jobReference": _job["jobReference"], **answer}
    return {**_job, "id": "p:j", "status": {"state": "DONE"}, "statistics": statistics}
