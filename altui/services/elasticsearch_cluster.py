"""What Elasticsearch says of itself: health, indices with their mappings, template, disks.

Each part is asked on its own: one that this server does not offer or this account may not read
is named in `unseen`, and the others are read all the same.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Cluster, Disk, Index, Lifecycle, Storage, Template
from altui.core.rules.watermarks import DEFAULTS, wanted_free
from altui.services import shipped
from altui.services.text import clean, spoken

if TYPE_CHECKING:
    from elasticsearch import ApiError, Elasticsearch

Json = dict[str, Any]

NOT_OFFERED = "not offered"
"""Word for what a server (serverless, look-alikes) does not have."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_FIELDS = 2000
"""Fields of one mapping that are kept; Elasticsearch itself allows 1,000 by default."""
DEEPEST = 20
BLOCKED = re.compile(r"index \[([^\]]+)\] blocked by: \[[^\]]*index metadata")
WATERMARK = "cluster.routing.allocation.disk.watermark"


class _Parts:
    """Asks, and keeps what could not be read."""

    def __init__(self) -> None:
        self.unseen: dict[str, str] = {}

    def ask(self, part: str, ask: Callable[[], Any]) -> Any:
        """The answer, or an empty one where the server does not offer this or refuses this part."""
        from elasticsearch import ApiError

        try:
            return ask()
        except ApiError as error:
            # serverless answers 410 api_not_available_exception, look-alikes "no handler found"
            if error.status_code in {400, 404, 405, 410}:
                self.unseen[part] = NOT_OFFERED
            elif error.status_code == 403 and not blocks(error):
                self.unseen[part] = f"403 {reason(error)}"
            else:
                raise
            return {}


def read_cluster(client: "Elasticsearch", prefix: str, pipeline: Pipeline) -> Cluster:
    """Raises the client's own exceptions where the indices cannot be listed."""
    parts, pattern = _Parts(), f"{prefix}_*"
    health = parts.ask("health", lambda: client.cluster.health().body)
    listed, hidden = _around_blocks(pattern, lambda index: _listed(client, index))
    said, more = _around_blocks(
        pattern,
        lambda index: parts.ask(
            "mappings",
            lambda: (
                client.indices.get(
                    index=index,
                    flat_settings=True,
                    expand_wildcards="all",  # a closed index may be blocked too
                ).body
            ),
        ),
    )
    states: Json = {name: a_dict(state) for name, state in a_dict(said).items() if state}
    lifecycles = _lifecycles(client, parts, states)
    rows = [*listed, *({"index": name, "block": "metadata"} for name in {*hidden, *more})]
    indices = (_index(row, states, lifecycles) for row in rows)
    served = _served(client, parts, pipeline.template)
    return Cluster(
        name=clean(health.get("cluster_name"), 100),
        status=clean(health.get("status"), 40) or _without_health(parts),
        nodes=whole(health.get("number_of_nodes")),
        indices={index.name: index for index in indices},
        template=None if "template" in parts.unseen else served is not None,
        unassigned=whole(health.get("unassigned_shards")),
        prefix=prefix,
        served=served,
        shipped=_shipped(pipeline.template, prefix),
        unseen=parts.unseen,
    )


def read_storage(client: "Elasticsearch") -> Storage:
    """Disks of the data nodes, and the watermarks in force, defaults included."""
    parts = _Parts()
    said = parts.ask(
        "disk",
        lambda: (
            client.nodes.stats(
                metric="fs", filter_path="nodes.*.name,nodes.*.roles,nodes.*.fs"
            ).body
        ),
    )
    if said and "nodes" not in said:
        raise KeyError("nodes")
    settings = _settings(client, parts)
    nodes = cast(dict[str, Json], said.get("nodes") or {})
    disks = (_disk(node, settings, parts.unseen) for node in nodes.values())
    enabled = settings.get("cluster.routing.allocation.disk.threshold_enabled", "true")
    return Storage(
        disks=tuple(disk for disk in disks if disk is not None),
        watched=enabled.lower() != "false",
        blocks=tuple(
            sorted(
                name.removeprefix("cluster.blocks.")
                for name, value in settings.items()
                if name.startswith("cluster.blocks.") and value.lower() == "true"
            )
        ),
        unseen=parts.unseen,
    )


def reason(error: "ApiError") -> str:
    """The server's own words; a HEAD or a proxy gives only text."""
    body: Any = error.body
    cause: Any = cast(Json, body).get("error") if isinstance(body, dict) else body
    return words_of(cause or error.message)


def words_of(cause: Any) -> str:
    """`type: reason` of the root cause: above it stands only that shards failed."""
    if not isinstance(cause, dict):
        return spoken(cause)
    said = cast(Json, cause)
    inner = cast(list[Json], said.get("root_cause") or [])
    roots = [*inner, said]
    kind = roots[0].get("type") or said.get("type") or "error"
    why = next((root["reason"] for root in roots if root.get("reason")), "no reason given")
    return spoken(f"{kind}: {why}")


def blocks(error: "ApiError") -> bool:
    """Whether a 403 is about a block on an index, not about who asks."""
    return "cluster_block_exception" in reason(error)


def a_dict(value: Any) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def whole(value: Any) -> int:
    """A number, or 0 for what is not there: `_cat` answers text or null."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _without_health(parts: _Parts) -> str:
    return NOT_OFFERED if parts.unseen.get("health", NOT_OFFERED) == NOT_OFFERED else "not seen"


def _listed(client: "Elasticsearch", index: str) -> list[Mapping[str, str | None]]:
    columns = "health,status,index,docs.count,store.size"
    answer = client.cat.indices(index=index, format="json", bytes="b", h=columns).body
    return list(cast(list[dict[str, str | None]], answer))


def _around_blocks(pattern: str, ask: Callable[[str], Any]) -> tuple[Any, list[str]]:
    """The answer without those indices whose metadata is blocked, and their names."""
    from elasticsearch import ApiError

    try:
        return ask(pattern), []
    except ApiError as error:
        hidden = BLOCKED.findall(reason(error)) if error.status_code == 403 else []
        if not hidden:
            raise
        without = ",".join([pattern, *(f"-{name}" for name in hidden)])
        return ask(without), [clean(name, 255) for name in hidden]


def _index(row: Mapping[str, str | None], states: Json, lifecycles: Mapping[str, Json]) -> Index:
    name = row.get("index") or ""
    state = cast(Json, states.get(name) or {})
    flags = cast(Json, state.get("settings") or {})
    mapping = cast(Json, state.get("mappings") or {})
    blocked = {
        clean(flag.removeprefix("index.blocks."), 60)
        for flag, value in flags.items()
        if flag.startswith("index.blocks.") and str(value).lower() == "true"
    }
    if own_block := row.get("block"):
        blocked.add(own_block)
    return Index(
        name=clean(name, 255),
        health=clean(row.get("health"), 20),
        status=clean(row.get("status"), 20),
        docs=whole(row.get("docs.count")),
        bytes=whole(row.get("store.size")),
        blocks=tuple(sorted(blocked)),
        aliases=tuple(clean(alias, 255) for alias in sorted(state.get("aliases") or {})),
        stream=clean(state.get("data_stream"), 255),
        dynamic=clean(mapping.get("dynamic"), 20).lower(),
        fields=fields_of(mapping) if state else None,
        lifecycle=_lifecycle(flags, clean(state.get("data_stream"), 255), lifecycles),
    )


def fields_of(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Type by dotted path: properties, their multi-fields, and runtime fields."""
    found: dict[str, str] = {}

    def walk(properties: Any, before: str, depth: int) -> None:
        if not isinstance(properties, dict) or depth > DEEPEST:
            return
        for name, said in cast(Json, properties).items():
            if not isinstance(said, dict) or len(found) >= MOST_FIELDS:
                continue
            own, path = cast(Json, said), f"{before}{name}"
            if "properties" not in own or own.get("type"):
                found[clean(path, 200)] = clean(own.get("type") or "object", 40)
            walk(own.get("properties"), f"{path}.", depth + 1)
            walk(own.get("fields"), f"{path}.", depth + 1)

    walk(mapping.get("properties"), "", 0)
    walk(mapping.get("runtime"), "", 0)
    return found


# Templates


def _served(client: "Elasticsearch", parts: _Parts, name: str) -> Template | None:
    from elasticsearch import NotFoundError

    def ask() -> Json:
        try:
            return client.indices.get_index_template(name=name).body
        except NotFoundError:
            return {}

    found = cast(list[Json], parts.ask("template", ask).get("index_templates") or [])
    for one in found:
        if one.get("name") == name:
            return template_of(cast(Json, one.get("index_template") or {}))
    return None


def _shipped(name: str, prefix: str) -> Template | None:
    """The project's template, for the indices of this prefix."""
    body = shipped.template(name)
    return template_of({**body, "index_patterns": [f"{prefix}_*"]}) if body else None


def template_of(body: Json) -> Template:
    inner = cast(Json, body.get("template") or {})
    mapping = cast(Json, inner.get("mappings") or {})
    patterns = cast(list[Any], body.get("index_patterns") or [])
    return Template(
        patterns=tuple(clean(one, 255) for one in patterns),
        priority=_number(body.get("priority")),
        version=_number(body.get("version")),
        dynamic=clean(mapping.get("dynamic"), 20).lower(),
        settings=dict(_flat(cast(Json, inner.get("settings") or {}))),
        fields=fields_of(mapping),
    )


def _flat(settings: Json, before: str = "") -> list[tuple[str, str]]:
    """Settings by their whole name without `index.`; the server may nest them or not."""
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        path = f"{before}{name}"
        if isinstance(value, dict):
            found.extend(_flat(cast(Json, value), f"{path}."))
        else:
            found.append((clean(path.removeprefix("index."), 200), clean(value, 200).lower()))
    return found


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


# Retention


def _lifecycles(client: "Elasticsearch", parts: _Parts, states: Json) -> dict[str, Json]:
    """What the policies and data streams say that indices name; nothing is asked without one."""
    policies: set[str] = set()
    streams: set[str] = set()
    for state in cast(dict[str, Json], states).values():
        policies.add(cast(Json, state.get("settings") or {}).get("index.lifecycle.name") or "")
        streams.add(state.get("data_stream") or "")
    found: dict[str, Json] = {}
    if named := policies - {""}:
        asked = ",".join(sorted(named))
        found |= parts.ask("policies", lambda: client.ilm.get_lifecycle(name=asked).body)
    if named := streams - {""}:
        asked = ",".join(sorted(named))
        body = parts.ask("streams", lambda: client.indices.get_data_stream(name=asked).body)
        found |= {one["name"]: one for one in cast(list[Json], body.get("data_streams") or [])}
    return found


def _lifecycle(flags: Json, stream: str, known: Mapping[str, Json]) -> Lifecycle | None:
    began = flags.get("index.lifecycle.origination_date") or flags.get("index.creation_date")
    since = EPOCH + timedelta(milliseconds=whole(began)) if whole(began) else None
    if policy := flags.get("index.lifecycle.name"):
        said = known.get(policy) or {}
        phases = cast(Json, cast(Json, said.get("policy") or {}).get("phases") or {})
        last = cast(Json, phases.get("delete") or {})
        deletes = "delete" in cast(Json, last.get("actions") or {})
        after = clean(last.get("min_age") or "0ms", 40) if deletes else None
        return Lifecycle(clean(policy, 200), "policy", after, since)
    said: Any = known.get(stream, {}).get("lifecycle")
    if stream and isinstance(said, dict):
        own = cast(Json, said)
        after = own.get("effective_retention") or own.get("data_retention")
        kept = clean(after, 40) if after and own.get("enabled", True) is not False else None
        return Lifecycle(stream, "stream", kept, since)
    return None


# Disks


def _settings(client: "Elasticsearch", parts: _Parts) -> dict[str, str]:
    """The cluster's settings in force, by whole name."""
    said = parts.ask(
        "watermarks",
        lambda: client.cluster.get_settings(include_defaults=True, flat_settings=True).body,
    )
    found: dict[str, str] = {}
    for kind in ("defaults", "persistent", "transient"):
        for name, value in cast(Json, said.get(kind) or {}).items():
            if name.startswith(("cluster.routing.allocation.disk.", "cluster.blocks.")):
                found[clean(name, 200)] = clean(value, 60)
    return found


def _disk(node: Json, settings: Mapping[str, str], unseen: Mapping[str, str]) -> Disk | None:
    """A data node's disk; None for a node that holds none of our data, or says nothing."""
    roles = cast(list[str], node.get("roles") or ["data"])
    if not any(role.startswith("data") and role != "data_frozen" for role in roles):
        return None
    fs = cast(Json, node.get("fs") or {})
    total = cast(Json, fs.get("total") or {})
    size = whole(total.get("total_in_bytes"))
    if not size:
        return None
    paths = cast(list[Json], fs.get("data") or [])

    def mark(name: str) -> int | None:
        # the server's own figure where it gives one: it knows its settings best
        said = paths[0].get(_SAID[name]) if len(paths) == 1 else None
        if isinstance(said, int) and said >= 0:
            return said
        if not settings and "watermarks" not in unseen:
            return None  # it answers, and has no such settings
        text, most = DEFAULTS[name]
        text = settings.get(f"{WATERMARK}.{name}", text)
        most = settings.get(f"{WATERMARK}.{name}.max_headroom", most)
        return wanted_free(text, most, size)

    return Disk(
        node=clean(node.get("name"), 100),
        total=size,
        free=whole(total.get("available_in_bytes")),
        low=mark("low"),
        high=mark("high"),
        flood=mark("flood_stage"),
    )


_SAID = {
    "low": "low_watermark_free_space_in_bytes",
    "high": "high_watermark_free_space_in_bytes",
    "flood_stage": "flood_stage_free_space_in_bytes",
}
