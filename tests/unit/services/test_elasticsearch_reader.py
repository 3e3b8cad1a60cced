"""The client of Elastic against a server that answers by a script."""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from altui.config import ElasticsearchSettings, Secret
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Pipeline
from altui.core.model.reading import Disk, Index, Lifecycle, Storage, Template
from altui.services.elasticsearch import ElasticsearchReader
from altui.services.elasticsearch_client import with_port
from altui.services.errors import ServiceError
from tests.answering import Scripted

START = date(2026, 8, 25)
PIPELINE = Pipeline(marts=(Mart("mrt_a", "a", count="emails"), Mart("mrt_b", "b")))


def millis(day: int) -> int:
    return int(datetime(2026, 11, day, tzinfo=UTC).timestamp() * 1000)


def found(total: int, *buckets: Any, newest: int | None = None) -> Any:
    hits = [] if newest is None else [{"fields": {"d": [str(millis(newest))]}}]
    return {
        "status": 200,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"total": {"value": total, "relation": "eq"}, "hits": hits},
        "aggregations": {"window": {"days": {"buckets": list(buckets)}}},
    }


def refused(status: int, kind: str, reason: str) -> Any:
    return {"status": status, "error": {"type": kind, "reason": reason}}


MAPPING = {
    "dynamic": "strict",
    "properties": {
        "d": {"type": "date"},
        "who": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
        "of": {"properties": {"deep": {"type": "long"}}},
    },
    "runtime": {"later": {"type": "double"}},
}
TEMPLATE = {
    "name": "analytics_applylens",
    "index_template": {
        "index_patterns": ["pre_*"],
        "priority": 500,
        "template": {
            "settings": {"index": {"number_of_shards": "1", "auto_expand_replicas": "0-1"}},
            "mappings": MAPPING,
        },
        "composed_of": [],
    },
}
ANSWERS: dict[str, tuple[int, Any]] = {
    "/_cluster/health": (
        200,
        {
            "cluster_name": "prod\x1b[1m",
            "status": "chartreuse",
            "number_of_nodes": 3,
            "unassigned_shards": 2,
        },
    ),
    "/_cat/indices/pre_*": (
        200,
        [
            {
                "health": "green",
                "status": "open",
                "index": "pre_a",
                "docs.count": "399",
                "store.size": "4100",
            },
            {
                "health": None,
                "status": "close",
                "index": "pre_b",
                "docs.count": None,
                "store.size": None,
            },
        ],
    ),
    "/pre_*": (
        200,
        {
            "pre_a": {
                "aliases": {"pre_all": {}},
                "mappings": MAPPING,
                "settings": {
                    "index.blocks.read_only_allow_delete": "true",
                    "index.blocks.write": "false",
                    "index.creation_date": "1764547200000",
                    "index.lifecycle.name": "keep",
                },
            },
            "pre_b": {"aliases": {}, "mappings": {}, "settings": {}},
        },
    ),
    "/_ilm/policy/keep": (
        200,
        {"keep": {"policy": {"phases": {"delete": {"min_age": "30d", "actions": {"delete": {}}}}}}},
    ),
    "/_index_template/analytics_applylens": (200, {"index_templates": [TEMPLATE]}),
    "/_msearch": (
        200,
        {
            "responses": [
                found(
                    399,
                    {"key": millis(21), "doc_count": 1, "n": {"value": 163.0}},
                    {"key": millis(22), "doc_count": 1, "n": {"value": 150.0}},
                    newest=22,
                ),
                found(2, {"key": millis(22), "doc_count": 2}, newest=22),
            ]
        },
    ),
}


def reader(url: str, seconds: float = 5.0) -> ElasticsearchReader:
    return ElasticsearchReader(ElasticsearchSettings(Secret(url), "pre"), PIPELINE, seconds)


@pytest.fixture
def elastic(server: Scripted) -> Callable[..., ElasticsearchReader]:
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}

    def answering(**changed: tuple[int, Any]) -> ElasticsearchReader:
        answers = {**ANSWERS, **{f"/{name}": answer for name, answer in changed.items()}}
        server.script = lambda method, path, body: answers[path.split("?")[0]]
        return reader(server.url)

    return answering


async def test_the_cluster(elastic: Any) -> None:
    seen = await elastic().cluster()
    assert (seen.name, seen.status, seen.nodes, seen.unassigned) == ("prod", "chartreuse", 3, 2)
    fields = {"d": "date", "who": "text", "who.keyword": "keyword", "of.deep": "long"}
    fields["later"] = "double"
    created = datetime(2025, 12, 1, tzinfo=UTC)
    assert seen.indices == {
        "pre_a": Index(
            "pre_a",
            "green",
            "open",
            399,
            4100,
            ("read_only_allow_delete",),
            ("pre_all",),
            "",
            "strict",
            fields,
            Lifecycle("keep", "policy", "30d", created),
        ),
        "pre_b": Index("pre_b", "", "close", 0, 0, fields={}),
    }
    assert (seen.template, seen.prefix, seen.unseen) == (True, "pre", {})
    assert seen.served == Template(
        ("pre_*",),
        500,
        None,
        "strict",
        {"number_of_shards": "1", "auto_expand_replicas": "0-1"},
        fields,
    )
    assert seen.shipped is not None
    assert seen.shipped.patterns == ("pre_*",), "the shipped one, for the indices of this prefix"
    assert seen.shipped.fields["d"] == "date"


async def test_counts(elastic: Any, server: Scripted) -> None:
    seen = await elastic().counts(START)
    a, b = seen.series["index.mrt_a"], seen.series["index.mrt_b"]
    assert (a.rows, a.latest) == (399, datetime(2026, 11, 22, tzinfo=UTC))
    assert a.by_day == {date(2026, 11, 21): 163, date(2026, 11, 22): 150}
    assert (b.rows, b.by_day) == (2, {date(2026, 11, 22): 2})
    assert [path.split("?")[0] for _, path in server.asked] == ["/_msearch"], "one query"


async def test_an_index_that_is_not_there_is_missing_and_the_rest_is_counted(elastic: Any) -> None:
    gone = refused(404, "index_not_found_exception", "no such index [pre_a]")
    seen = await elastic(_msearch=(200, {"responses": [gone, found(0)]})).counts(START)
    assert seen.missing == {"index.mrt_a": "index_not_found_exception: no such index [pre_a]"}
    assert (seen.series["index.mrt_b"].rows, seen.series["index.mrt_b"].latest) == (0, None)


ROOT_CAUSE = {
    "status": 400,
    "error": {
        "type": "search_phase_execution_exception",
        "reason": "all shards failed",
        "root_cause": [
            {"type": "illegal_argument_exception", "reason": "Fielddata is disabled on [d]"}
        ],
    },
}
PARTIAL = found(10) | {"_shards": {"total": 2, "successful": 1, "failed": 1}}


@pytest.mark.parametrize(
    ("item", "trouble", "words"),
    [
        (PARTIAL, Trouble.refused, "1 of 2 shards failed"),
        (found(1) | {"timed_out": True}, Trouble.refused, "0 of 1 shards failed"),
        (
            refused(403, "security_exception", "not authorised"),
            Trouble.denied,
            "403 security_exception: not authorised",
        ),
        (
            refused(503, "search_phase_execution_exception", "all shards failed"),
            Trouble.refused,
            "503 search_phase_execution_exception: all shards failed",
        ),
        (
            ROOT_CAUSE,
            Trouble.refused,
            "400 illegal_argument_exception: Fielddata is disabled on [d]",
        ),
        ({}, Trouble.nonsense, "the answer has another shape than expected: KeyError '_shards'"),
    ],
)
async def test_a_part_of_the_documents_is_not_a_count(
    elastic: Any, item: Any, trouble: Trouble, words: str
) -> None:
    with pytest.raises(ServiceError) as raised:
        await elastic(_msearch=(200, {"responses": [item, found(0)]})).counts(START)
    assert (raised.value.trouble, raised.value.words) == (trouble, words)
    if item:
        assert raised.value.where == "POST /_msearch, pre_a"


async def test_serverless_offers_no_cluster_health(elastic: Any, server: Scripted) -> None:
    asking = elastic()
    script = server.script
    server.script = lambda method, path, body: (
        (410, refused(410, "api_not_available_exception", "not available in serverless"))
        if "health" in path and "cluster" in path
        else script(method, path, body)
    )
    seen = await asking.cluster()
    assert (seen.status, seen.nodes, len(seen.indices)) == ("not offered", 0, 2)


async def test_a_template_that_is_not_there(elastic: Any, server: Scripted) -> None:
    asking = elastic()
    script = server.script
    gone = refused(404, "resource_not_found_exception", "index template matching [x] not found")
    server.script = lambda method, path, body: (
        (404, gone) if "_index_template" in path else script(method, path, body)
    )
    seen = await asking.cluster()
    assert (seen.template, seen.served, seen.unseen) == (False, None, {})


NO_HANDLER = {"error": "no handler found for uri [/x] and method [GET]"}
DENIED = {
    "error": {"type": "security_exception", "reason": "action is unauthorized"},
    "status": 403,
}


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("health", "_cluster/health"),
        ("mappings", "pre_*"),
        ("template", "_index_template/analytics_applylens"),
        ("policies", "_ilm/policy/keep"),
    ],
)
async def test_a_part_that_is_denied_or_not_offered_leaves_the_rest(
    elastic: Any, part: str, place: str
) -> None:
    for status, body, said in (
        (400, NO_HANDLER, "not offered"),
        (405, NO_HANDLER, "not offered"),
        (410, refused(410, "api_not_available_exception", "not in serverless"), "not offered"),
        (403, DENIED, "403 security_exception: action is unauthorized"),
    ):
        seen = await elastic(**{place: (status, body)}).cluster()
        assert seen.unseen == {part: said}
        assert len(seen.indices) == 2
        assert (seen.template is None) is (part == "template"), "never loaded by pretence"
        assert (seen.indices["pre_a"].fields is None) is (part == "mappings")
        lifecycle = seen.indices["pre_a"].lifecycle
        assert part in ("policies", "mappings") or (lifecycle and lifecycle.delete_after == "30d")


async def test_a_metadata_block_hides_one_index_not_the_others(
    elastic: Any, server: Scripted
) -> None:
    asking = elastic()
    words = "index [pre_b] blocked by: [FORBIDDEN/9/index metadata (api)];"
    blocked = refused(403, "cluster_block_exception", words)
    answers = {
        **ANSWERS,
        "/pre_*": (403, blocked),
        "/_cat/indices/pre_*": (403, blocked),
        "/pre_*,-pre_b": (200, {"pre_a": ANSWERS["/pre_*"][1]["pre_a"]}),
        "/_cat/indices/pre_*,-pre_b": (200, ANSWERS["/_cat/indices/pre_*"][1][:1]),
    }
    server.script = lambda method, path, body: answers[unquote(path.split("?")[0])]
    seen = await asking.cluster()
    assert seen.indices["pre_b"].blocks == ("metadata",)
    assert seen.indices["pre_a"].fields is not None


async def test_a_block_is_no_denial(elastic: Any) -> None:
    words = "index [pre_a] blocked by: [FORBIDDEN/7/index read (api)];"
    item = refused(403, "cluster_block_exception", words)
    with pytest.raises(ServiceError) as raised:
        await elastic(_msearch=(403, item)).counts(START)
    assert raised.value.trouble is Trouble.refused


def stats(**fs: Any) -> dict[str, Any]:
    total = {"total_in_bytes": 1000, "available_in_bytes": 120}
    return {"nodes": {"x": {"name": "es-1", "roles": ["data_hot"], "fs": {"total": total, **fs}}}}


DISK = "cluster.routing.allocation.disk"
SAID = {
    "low_watermark_free_space_in_bytes": 150,
    "high_watermark_free_space_in_bytes": 100,
    "flood_stage_free_space_in_bytes": 50,
}


@pytest.mark.parametrize(
    ("nodes", "settings", "expected"),
    [
        (
            stats(data=[SAID]),
            (200, {"defaults": {f"{DISK}.threshold_enabled": "true"}}),
            Storage((Disk("es-1", 1000, 120, 150, 100, 50),)),
        ),
        (
            stats(),
            (
                200,
                {
                    "defaults": {
                        f"{DISK}.watermark.low": "85%",
                        f"{DISK}.watermark.high": "90%",
                        f"{DISK}.watermark.flood_stage": "95%",
                        f"{DISK}.watermark.flood_stage.max_headroom": "20b",
                    },
                    "persistent": {f"{DISK}.watermark.low": "300b"},
                    "transient": {
                        f"{DISK}.watermark.low": "400b",
                        "cluster.blocks.read_only": "true",
                    },
                },
            ),
            Storage((Disk("es-1", 1000, 120, 400, 100, 20),), blocks=("read_only",)),
        ),
        (
            stats(),
            (200, {"persistent": {f"{DISK}.threshold_enabled": "false"}}),
            Storage((Disk("es-1", 1000, 120, 150, 100, 50),), watched=False),
        ),
        (
            stats(),
            (200, {"persistent": {}, "transient": {}}),
            Storage((Disk("es-1", 1000, 120),)),
        ),
        (
            stats(),
            (403, DENIED),
            Storage(
                (Disk("es-1", 1000, 120, 150, 100, 50),),
                unseen={"watermarks": "403 security_exception: action is unauthorized"},
            ),
        ),
        ({"nodes": {"x": {"name": "m", "roles": ["master"]}}}, (200, {}), Storage()),
        ({"nodes": {"x": {"name": "f", "roles": ["data_frozen"]}}}, (200, {}), Storage()),
        (
            {"nodes": {"x": {"name": None, "fs": {"total": None, "data": None}}}},
            (200, {}),
            Storage(),
        ),
    ],
)
async def test_disks_and_the_watermarks_in_force(
    elastic: Any, nodes: Any, settings: Any, expected: Storage
) -> None:
    asking = elastic(**{"_nodes/stats/fs": (200, nodes), "_cluster/settings": settings})
    assert await asking.storage() == expected


async def test_disks_that_this_server_does_not_offer(elastic: Any) -> None:
    gone = (410, refused(410, "api_not_available_exception", "not in serverless"))
    seen = await elastic(**{"_nodes/stats/fs": gone, "_cluster/settings": gone}).storage()
    assert seen == Storage(unseen={"disk": "not offered", "watermarks": "not offered"})


async def test_a_data_stream_names_its_retention(elastic: Any) -> None:
    backing = ".ds-pre_a-2026.11.01-000001"
    row = {"health": "green", "status": "open", "index": backing, "docs.count": "3"}
    state = {"data_stream": "pre_a", "settings": {}, "mappings": {}, "aliases": {}}
    stream = {"name": "pre_a", "lifecycle": {"enabled": True, "data_retention": "7d"}}
    seen = await elastic(
        **{
            "_cat/indices/pre_*": (200, [row]),
            "pre_*": (200, {backing: state}),
            "_data_stream/pre_a": (200, {"data_streams": [stream]}),
        }
    ).cluster()
    assert seen.indices[backing].stream == "pre_a"
    assert seen.indices[backing].lifecycle == Lifecycle("pre_a", "stream", "7d", None)


async def test_nulls_unknown_words_and_extra_fields_are_no_error(elastic: Any) -> None:
    deep: Any = {"type": "keyword"}
    for _ in range(60):
        deep = {"properties": {"x": deep}}
    odd = {
        "aliases": None,
        "mappings": {"properties": {"a": None, "b": {"type": None}, "deep": deep, "c": 3}},
        "settings": {"index.creation_date": "soon", "index.lifecycle.name": None},
        "novelty": {},
    }
    seen = await elastic(
        **{
            "pre_*": (200, {"pre_a": odd, "pre_b": None}),
            "_index_template/analytics_applylens": (
                200,
                {"index_templates": [{"name": "analytics_applylens", "index_template": None}]},
            ),
        }
    ).cluster()
    assert seen.indices["pre_a"].fields == {"b": "object"}
    assert seen.indices["pre_b"].fields is None
    assert seen.served == Template((), None, None, "", {}, {})


SECURITY = {"error": {"type": "security_exception", "reason": "missing credentials"}}


@pytest.mark.parametrize(
    ("answer", "trouble", "words"),
    [
        ((401, SECURITY), Trouble.denied, "401 security_exception: missing credentials"),
        ((403, SECURITY), Trouble.denied, "403 security_exception: missing credentials"),
        ((503, b"<html>bad gateway"), Trouble.refused, "503"),
        ((429, {"error": "busy"}), Trouble.unreachable, "429 busy"),
        ((200, b"{half"), Trouble.nonsense, "cannot be understood"),
        ((200, b"<html>"), Trouble.nonsense, "shape"),
        ((200, {}), Trouble.nonsense, "KeyError"),
    ],
)
async def test_other_answers(elastic: Any, answer: Any, trouble: Trouble, words: str) -> None:
    with pytest.raises(ServiceError) as raised:
        await elastic(_msearch=answer).counts(START)
    assert raised.value.trouble is trouble
    assert words in raised.value.words


async def test_another_product_is_named_in_words(elastic: Any, server: Scripted) -> None:
    asking = elastic()
    server.headers_sent = {}
    with pytest.raises(ServiceError, match="this is not Elasticsearch") as raised:
        await asking.counts(START)
    assert raised.value.trouble is Trouble.nonsense


async def test_silence_ends_at_the_deadline(server: Scripted) -> None:
    server.script = server.hang
    began = time.monotonic()
    with pytest.raises(ServiceError) as raised:
        await reader(server.url.replace("//", "//me:hunter2@"), 0.2).counts(START)
    assert raised.value.trouble is Trouble.unreachable
    assert time.monotonic() - began < 3.0
    assert "hunter2" not in str(raised.value)


async def test_nobody_listens() -> None:
    with Scripted() as gone:
        url = gone.url
    with pytest.raises(ServiceError) as raised:
        await reader(url).cluster()
    assert raised.value.trouble is Trouble.unreachable
    assert "refused" in raised.value.words


async def test_off_without_url() -> None:
    with pytest.raises(ServiceError, match="ES_URL") as raised:
        await reader("").cluster()
    assert raised.value.trouble is Trouble.off


@pytest.mark.parametrize(
    ("url", "with_a_port"),
    [
        ("https://es.test", "https://es.test:443"),
        ("https://u:p@es.test/path", "https://u:p@es.test:443/path"),
        ("http://es.test", "http://es.test:80"),
        ("http://es.test:9200", "http://es.test:9200"),
    ],
)
def test_the_port_that_a_scheme_stands_for(url: str, with_a_port: str) -> None:
    assert with_port(url) == with_a_port


def test_what_is_sent_is_what_is_shown() -> None:
    from altui.core.queries.elasticsearch import counts

    query = counts(PIPELINE.marts, "pre", START)
    assert query.repeat == f"POST /_msearch\n{query.text}"
    assert [json.loads(line) for line in query.text.splitlines()][2] == {"index": "pre_b"}


SHARDS = [
    {"index": "pre_a", "shard": "0", "prirep": "r", "state": "UNASSIGNED"},
    {"index": "pre_a", "shard": "1", "prirep": "p", "state": "UNASSIGNED"},
    {"index": "pre_a", "shard": "0", "prirep": "p", "state": "STARTED"},
]
EXPLAINED = {
    "index": "pre_a",
    "shard": 1,
    "primary": True,
    "current_state": "unassigned",
    "unassigned_info": {"reason": "ALLOCATION_FAILED", "details": "disk\x1b[1m full"},
    "can_allocate": "no",
    "allocate_explanation": "cannot allocate to any of the nodes",
    "node_allocation_decisions": [
        {
            "deciders": [
                {"decider": "same_shard", "decision": "YES", "explanation": "fine"},
                {"decider": "disk_threshold", "decision": "NO", "explanation": "above 85%"},
            ]
        },
        {"deciders": None},
    ],
}
EXPLAIN = "_cluster/allocation/explain"


async def test_why_a_shard_is_unassigned(elastic: Any, server: Scripted) -> None:
    sent: list[tuple[str, str, bytes]] = []
    asking = elastic(**{"_cat/shards/pre_a": (200, SHARDS), EXPLAIN: (200, EXPLAINED)})
    script = server.script
    server.script = lambda *given: (sent.append(given), script(*given))[1]
    seen = await asking.allocation("pre_a")
    assert (seen.index, seen.shard, seen.primary, seen.reason) == (
        "pre_a",
        1,
        True,
        "ALLOCATION_FAILED",
    )
    assert seen.explanation == "cannot allocate to any of the nodes; disk full; above 85%"
    method, path, body = sent[-1]
    assert (method, path) == ("GET", f"/{EXPLAIN}"), "looking is done by GET"
    assert json.loads(body) == {"index": "pre_a", "shard": 1, "primary": True}


async def test_why_any_shard_is_unassigned(elastic: Any, server: Scripted) -> None:
    seen = await elastic(**{EXPLAIN: (200, EXPLAINED)}).allocation("*")
    assert seen.explanation.startswith("cannot allocate")
    assert [path for _, path in server.asked] == [f"/{EXPLAIN}"]


@pytest.mark.parametrize(
    "answers",
    [
        {"_cat/shards/pre_a": (200, SHARDS[2:])},
        {
            "_cat/shards/pre_a": (200, SHARDS),
            EXPLAIN: refused(
                400, "illegal_argument_exception", "unable to find any unassigned shards to explain"
            ),
        },
    ],
    ids=["before", "meanwhile"],
)
async def test_a_shard_that_healed_has_no_explanation(elastic: Any, answers: Any) -> None:
    changed = {
        name: (answer["status"], answer) if isinstance(answer, dict) else answer
        for name, answer in answers.items()
    }
    seen = await elastic(**changed).allocation("pre_a")
    assert (seen.index, seen.explanation) == ("pre_a", "")


@pytest.mark.parametrize("status", [400, 404, 405, 410])
async def test_a_server_without_explanations(elastic: Any, status: int) -> None:
    answer = (status, refused(status, "api_not_available_exception", "no handler found"))
    with pytest.raises(ServiceError, match="not offered here") as raised:
        await elastic(**{EXPLAIN: answer}).allocation("*")
    assert raised.value.trouble is Trouble.off


async def test_a_server_that_is_too_busy_says_for_how_long(elastic: Any, server: Scripted) -> None:
    asking = elastic(**{"_cluster/health": (429, refused(429, "circuit_breaking", "too large"))})
    with pytest.raises(ServiceError) as raised:
        await asking.cluster()
    assert raised.value.retry_after == 60
    server.headers_sent = {**server.headers_sent, "Retry-After": "7"}
    with pytest.raises(ServiceError) as raised:
        await asking.cluster()
    assert (raised.value.trouble, raised.value.retry_after) == (Trouble.unreachable, 7)
