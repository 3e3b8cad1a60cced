"""What each service answers when it is well, in the shape of the real ones, small."""

import json
from typing import Any

from altui.core.model.pipeline import Mart, Measure, Pipeline, Table
from tests.bending import Lines

PIPELINE = Pipeline(
    tables=(Table("emails", "public.emails", "public_emails", "stg_emails", "received_at"),),
    marts=(
        Mart(
            "mrt_a",
            "a",
            table="emails",
            count="emails",
            measures=(Measure("emails", "COUNT(*)"),),
        ),
    ),
)
FIVETRAN: dict[str, Any] = {
    "/v1/groups": {"code": "Success", "data": {"items": [{"id": "group"}], "next_cursor": None}},
    "/v1/groups/group/connections": {
        "code": "Success",
        "data": {"items": [{"id": "warm_lantern"}], "next_cursor": None},
    },
    "/v1/connections/warm_lantern": {
        "code": "Success",
        "data": {
            "id": "warm_lantern",
            "service": "google_cloud_postgresql",
            "schema": "applylens",
            "paused": False,
            "created_at": "2025-01-01T00:00:00Z",
            "succeeded_at": "2026-11-23T11:05:00.123Z",
            "failed_at": "2026-11-01T11:05:00Z",
            "sync_frequency": 60,
            "schedule_type": "auto",
            "status": {
                "setup_state": "connected",
                "sync_state": "rescheduled",
                "update_state": "on_schedule",
                "is_historical_sync": False,
                "rescheduled_for": "2026-11-23T12:30:00Z",
                "tasks": [{"code": "reconnect", "message": "Reconnect", "details": None}],
                "warnings": [{"code": "resync", "message": "Table will be re-synced"}],
            },
        },
    },
    "/v1/connections/warm_lantern/schemas": {
        "code": "Success",
        "data": {
            "schemas": {
                "public": {
                    "enabled": True,
                    "tables": {"emails": {"enabled": True, "name_in_destination": "public_emails"}},
                }
            }
        },
    },
}
ACTIONS = "/repos/o/r/actions"
WORKFLOW = f"{ACTIONS}/workflows/analytics-sync.yml"


def _run(number: int, status: str, conclusion: str | None) -> dict[str, Any]:
    return {
        "id": 9000 + number,
        "run_number": number,
        "run_attempt": 1,
        "event": "schedule",
        "status": status,
        "conclusion": conclusion,
        "created_at": f"2026-11-{number}T03:40:00Z",
        "run_started_at": f"2026-11-{number}T03:40:05Z",
        "updated_at": f"2026-11-{number}T03:46:00Z",
        "display_title": "Analytics Sync",
        "actor": {"login": "robot"},
        "head_sha": "abc",
        "html_url": f"https://github.test/runs/{9000 + number}",
    }


GITHUB: dict[str, Any] = {
    WORKFLOW: {"name": "Analytics Sync", "state": "active"},
    f"{WORKFLOW}/runs": {
        "total_count": 2,
        "workflow_runs": [_run(23, "completed", "failure"), _run(22, "completed", "success")],
    },
    f"{ACTIONS}/runs/9023/jobs": {
        "total_count": 1,
        "jobs": [
            {
                "id": 5,
                "status": "completed",
                "conclusion": "failure",
                "steps": [
                    {
                        "name": "Run dbt models",
                        "status": "completed",
                        "conclusion": "failure",
                        "number": 1,
                        "started_at": "2026-11-23T03:41:00Z",
                        "completed_at": "2026-11-23T03:42:00Z",
                    }
                ],
            }
        ],
    },
}
_REFERENCE = {"id": "view", "type": "index-pattern", "name": "n"}
KIBANA: dict[str, Any] = {
    "/api/status": {
        "status": {"overall": {"level": "available", "summary": "All services are available"}},
        "version": {"number": "8.19.3"},
    },
    "/api/data_views": {
        "data_view": [{"id": "view", "title": "analytics_applylens_*", "timeFieldName": "d"}]
    },
    "/api/saved_objects/_export": Lines(
        [
            {
                "id": "analytics-overview",
                "type": "dashboard",
                "attributes": {
                    "title": "Analytics Overview",
                    "timeFrom": "now-90d",
                    "timeTo": "now",
                    "timeRestore": True,
                    "panelsJSON": json.dumps(
                        [{"embeddableConfig": {"attributes": {"references": [_REFERENCE]}}}]
                    ),
                },
                "references": [_REFERENCE],
            },
            {
                "id": "view",
                "type": "index-pattern",
                "attributes": {"title": "analytics_applylens_*", "timeFieldName": "d"},
                "references": [],
            },
        ]
    ),
}
_MILLIS = 1795305600000  # 22 November 2026
ELASTICSEARCH: dict[str, Any] = {
    "/_cluster/health": {
        "cluster_name": "prod",
        "status": "green",
        "number_of_nodes": 3,
        "unassigned_shards": 0,
    },
    "/_cat/indices/pre_*": [
        {
            "health": "green",
            "status": "open",
            "index": "pre_a",
            "docs.count": "399",
            "store.size": "4100",
        }
    ],
    "/pre_*": {
        "pre_a": {
            "aliases": {"pre_all": {}},
            "mappings": {
                "dynamic": "strict",
                "properties": {"d": {"type": "date"}, "emails": {"type": "integer"}},
            },
            "settings": {
                "index.blocks.write": "true",
                "index.creation_date": "1764547200000",
                "index.lifecycle.name": "keep",
            },
        },
    },
    "/_ilm/policy/keep": {
        "keep": {"policy": {"phases": {"delete": {"min_age": "30d", "actions": {"delete": {}}}}}}
    },
    "/_index_template/analytics_applylens": {
        "index_templates": [
            {
                "name": "analytics_applylens",
                "index_template": {
                    "index_patterns": ["pre_*"],
                    "priority": 100,
                    "template": {
                        "settings": {"index": {"number_of_replicas": "0"}},
                        "mappings": {"properties": {"d": {"type": "date"}}},
                    },
                },
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
    "/_cluster/settings": {
        "persistent": {"cluster.routing.allocation.disk.watermark.high": "90%"},
        "transient": {},
        "defaults": {"cluster.routing.allocation.disk.threshold_enabled": "true"},
    },
    "/pre_a/_search": {
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {
            "hits": [
                {
                    "_index": "pre_a",
                    "_id": "2026-11-22",
                    "_source": {
                        "d": "2026-11-22",
                        "emails": 150,
                        "top_domains": ["a.test", "b.test"],
                        "of": {"deep": 1.5, "none": None},
                    },
                    "sort": [1795305600000],
                }
            ]
        },
    },
    "/_msearch": {
        "took": 1,
        "responses": [
            {
                "status": 200,
                "timed_out": False,
                "_shards": {"total": 1, "successful": 1, "failed": 0},
                "hits": {
                    "total": {"value": 399, "relation": "eq"},
                    "hits": [{"_id": "2026-11-22", "fields": {"d": [str(_MILLIS)]}}],
                },
                "aggregations": {
                    "window": {
                        "doc_count": 90,
                        "days": {
                            "buckets": [
                                {
                                    "key": _MILLIS,
                                    "doc_count": 1,
                                    "n": {"value": 150.0},
                                    "m0": {"value": 150.0},
                                }
                            ]
                        },
                    }
                },
            }
        ],
    },
}


def _table(dataset: str, name: str, **columns: str) -> dict[str, Any]:
    return {
        "tableReference": {"projectId": "p", "datasetId": dataset, "tableId": name},
        "type": "TABLE",
        "numRows": "60159",
        "numBytes": "123456",
        "lastModifiedTime": "1795392000000",
        "schema": {"fields": [{"name": key, "type": kind} for key, kind in columns.items()]},
    }


def _job(dry: bool) -> dict[str, Any]:
    query = {
        "totalBytesProcessed": "5000",
        "totalBytesBilled": "10485760",
        "cacheHit": False,
        "statementType": "SELECT",
    }
    return {
        "id": "p:US.j",
        "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
        "configuration": {"query": {"query": "SELECT 1"}, "dryRun": dry},
        "status": {"state": "DONE"},
        "statistics": {"totalBytesProcessed": "5000", "query": query},
    }


_MICROS = "1795348800000000"
_FIELDS = {
    "series": "STRING",
    "day": "DATE",
    "n": "INTEGER",
    "n_rows": "INTEGER",
    "changed": "TIMESTAMP",
    "latest": "TIMESTAMP",
    "m0": "FLOAT",
}
_ROWS = [
    ["raw.emails", "2026-11-22", "150", "151", _MICROS, _MICROS, None],
    ["mart.mrt_a", "2026-11-22", "150", "1", None, _MICROS, "150.0"],
]
_BASE = "/bigquery/v2/projects/p"
BIGQUERY: dict[str, Any] = {
    f"{_BASE}/datasets/raw/tables/public_emails": _table(
        "raw", "public_emails", received_at="TIMESTAMP", _fivetran_synced="TIMESTAMP"
    ),
    f"{_BASE}/datasets/raw_marts/tables/mrt_a": _table(
        "raw_marts", "mrt_a", d="DATE", emails="INTEGER"
    ),
    "dry run": _job(dry=True),
    "query": _job(dry=False),
    f"{_BASE}/queries/j": {
        "jobComplete": True,
        "jobReference": {"projectId": "p", "jobId": "j", "location": "US"},
        "totalRows": "2",
        "schema": {"fields": [{"name": key, "type": kind} for key, kind in _FIELDS.items()]},
        "rows": [{"f": [{"v": value} for value in row]} for row in _ROWS],
    },
    f"{_BASE}/jobs/j": _job(dry=False),
}


def bigquery_question(method: str, path: str, body: bytes) -> str:
    """Jobs are all inserted at one path: what they are stands in the body."""
    if method != "POST":
        return path
    return "dry run" if json.loads(body)["configuration"].get("dryRun") else "query"
