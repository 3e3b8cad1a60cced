"""`/api/status`: Kibana is as well as the Elasticsearch behind it."""

from typing import Any

from altui.sandbox.kibana.elasticsearch import Elasticsearch, UnreachableError

NUMBER = "8.15.3"
"""The version of the Elasticsearch look-alike: Kibana runs beside its own version only."""
NAME = "sandbox-kibana"
_UUID = "5a6ff2a4-0c2e-4c5a-9f43-0d3c8a7d6b11"


async def status(elasticsearch: Elasticsearch, *, known: bool) -> tuple[int, dict[str, Any]]:
    """HTTP status and body. A caller without credentials (not `known`) is told the level only."""
    try:
        await elasticsearch.reach()
        services = {
            "elasticsearch": _service("available", "Elasticsearch is available"),
            "savedObjects": _service(
                "available", "SavedObjects service has completed migrations and is available"
            ),
        }
        overall = _service("available", "All services and plugins are available")
    except UnreachableError as error:
        services = {
            "elasticsearch": _service(
                "unavailable",
                f"Unable to retrieve version information from Elasticsearch nodes. {error}",
            ),
            "savedObjects": _service(
                "unavailable",
                "SavedObjects service is not available without a healthy Elasticsearch connection",
            ),
        }
        named = ", ".join(services)
        overall = _service(
            "unavailable",
            f"{len(services)} service(s) and 0 plugin(s) are unavailable: {named}",
        )
    level = overall["level"]
    code = 200 if level == "available" else 503
    if not known:
        return code, {"status": {"overall": {"level": level}}}
    return code, {
        "name": NAME,
        "uuid": _UUID,
        "version": {
            "number": NUMBER,
            "build_hash": "0" * 40,
            "build_number": 0,
            "build_snapshot": False,
            "build_flavor": "traditional",
            "build_date": "2024-10-09T00:00:00.000Z",
        },
        "status": {"overall": overall, "core": services, "plugins": {}},
    }


def _service(level: str, summary: str) -> dict[str, Any]:
    return {"level": level, "summary": summary, "meta": {}}
