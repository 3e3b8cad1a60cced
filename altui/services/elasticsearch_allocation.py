"""Asking Elasticsearch why it leaves a shard unassigned."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from altui.core.model.reading import Allocation
from altui.services.elasticsearch_cluster import NOT_OFFERED, reason, whole
from altui.services.errors import off
from altui.services.text import clean

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

ABSENT = {400, 404, 405, 410}
"""Serverless answers 410 api_not_available_exception, look-alikes 400 "no handler found"."""
ANY = "*"


def read_allocation(client: "Elasticsearch", index: str, where: str) -> Allocation:
    """For one index; `*`: for any. Raises ServiceError where the server does not offer it."""
    from elasticsearch import ApiError

    # without a body Elasticsearch explains the first unassigned shard it finds
    shard = {} if index == ANY else _unassigned(client, index)
    if shard is None:
        return Allocation(index, 0, True, "", "")
    # not the client's own method: it sends a POST, and looking is done by GET
    headers = {"accept": "application/json", "content-type": "application/json"}
    try:
        said = client.perform_request(
            "GET", "/_cluster/allocation/explain", headers=headers, body=shard or None
        ).body
    except ApiError as error:
        if error.status_code == 400 and "unassigned" in reason(error):
            return Allocation(index, 0, True, "", "")  # healed meanwhile
        if error.status_code in ABSENT:
            raise off(f"{NOT_OFFERED} here: allocation explain", where) from error
        raise
    return _allocation(cast(dict[str, Any], said), index)


def _unassigned(client: "Elasticsearch", index: str) -> dict[str, Any] | None:
    """An unassigned shard of the index, a primary before a replica; None when there is none."""
    listed = cast(
        list[dict[str, str | None]],
        client.cat.shards(index=index, format="json", h="index,shard,prirep,state").body,
    )
    loose = [row for row in listed if row.get("state") == "UNASSIGNED"]
    for row in sorted(loose, key=lambda row: row.get("prirep") != "p"):
        primary = row.get("prirep") == "p"
        return {"index": row["index"], "shard": whole(row.get("shard")), "primary": primary}
    return None


def _allocation(said: Mapping[str, Any], index: str) -> Allocation:
    """Its explanation, with what the first deciders that say no say."""
    info = cast(dict[str, Any], said.get("unassigned_info") or {})
    nodes = cast(list[dict[str, Any]], said.get("node_allocation_decisions") or [])
    deciders = [decider for node in nodes for decider in node.get("deciders") or ()]
    refusals = dict.fromkeys(
        clean(decider.get("explanation"), 200)
        for decider in deciders
        if decider.get("decision") == "NO"
    )
    parts = [clean(info.get("details"), 200), *list(refusals)[:2]]
    explanation = clean(said.get("allocate_explanation") or said.get("can_allocate"), 200)
    return Allocation(
        index=clean(said.get("index") or index, 255),
        shard=whole(said.get("shard")),
        primary=said.get("primary") is not False,
        reason=clean(info.get("reason"), 60),
        explanation=clean("; ".join(filter(None, [explanation, *parts]))),
    )
