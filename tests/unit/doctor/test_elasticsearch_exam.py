"""Elasticsearch's exams with Elastic's client against a server that answers by a script."""

import json
from typing import Any

import pytest

from altui.core.model.health import State
from altui.doctor.elasticsearch import READS, WRITES, exam
from altui.doctor.exam import Context
from tests.answering import Scripted
from tests.unit.doctor.conftest import NONSENSE, MakeContext, results_of, states, untold

HEALTH = {"cluster_name": "prod", "status": "green", "number_of_nodes": 3}
PATTERN = "analytics_applylens_*"
NO_HANDLER = "no handler found for uri [/_security/user/_has_privileges] and method [POST]"
"""The path in it says security, as a server with security switched off does in its own words."""


def index(name: str) -> dict[str, str]:
    row = {"health": "green", "status": "open", "docs.count": "1", "store.size": "1"}
    return {**row, "index": f"analytics_applylens_{name}"}


LOADED = {
    "name": "analytics_applylens",
    "index_template": {"index_patterns": [PATTERN], "template": {}, "priority": 100},
}


class Cluster:
    def __init__(self) -> None:
        self.info: tuple[int, Any] = (200, {"version": {"number": "8.19.3"}})
        self.health: tuple[int, Any] = (200, HEALTH)
        self.indices = [index(name) for name in ("risk_daily", "parity_drift", "backfill_slo")]
        self.template = 200
        self.nodes = {"a": {"version": "8.19.3"}, "b": {"version": "8.19.3"}}
        self.held = {
            (where, name) for kind in (READS, WRITES) for where in kind for name in kind[where]
        }
        self.privileges: tuple[int, Any] | None = None

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        plain = path.split("?", maxsplit=1)[0].replace("%2A", "*")
        if plain == "/_security/user/_has_privileges":
            return self.privileges or (200, self.judged(json.loads(body)))
        if plain.startswith("/_index_template"):
            return self.template, {"index_templates": [LOADED]} if self.template == 200 else {}
        if plain.startswith("/_cat/indices"):
            return 200, self.indices
        if plain.startswith("/_nodes"):
            return 200, {"nodes": self.nodes}
        return {"/": self.info, "/_cluster/health": self.health}.get(plain, (200, {}))

    def judged(self, asked: Any) -> Any:
        (indices,) = asked["index"]
        return {
            "username": "reader",
            "has_all_requested": False,
            "cluster": {name: ("cluster", name) in self.held for name in asked["cluster"]},
            "index": {
                PATTERN: {name: ("index", name) in self.held for name in indices["privileges"]}
            },
        }


@pytest.fixture
def cluster(server: Scripted) -> Cluster:
    made = Cluster()
    server.script = made
    server.headers_sent = {"X-Elastic-Product": "Elasticsearch"}
    return made


@pytest.fixture
def asked(context: MakeContext, server: Scripted, cluster: Cluster) -> Context:
    return context({"ES_URL": server.url.replace("//", "//reader:canary@")})


async def test_in_order(asked: Context, cluster: Cluster):
    seen = await results_of(exam, asked)
    names = ("server", "cluster", "template", "indices", "reading", "writing")
    assert states(seen) == dict.fromkeys(names, "ok")
    assert seen["server"].said == "Elasticsearch 8.19.3"
    assert seen["writing"].said == "user reader has every privilege for it"
    assert "canary" not in str(seen)


async def test_not_set(context: MakeContext):
    seen = await results_of(exam, context({}))
    assert states(seen) == {"server": "off"}
    assert seen["server"].fix.startswith("set ES_URL")


async def test_a_distribution_without_a_root_page(asked: Context, cluster: Cluster):
    cluster.info = (405, {"error": "Incorrect HTTP method for uri [/]", "status": 405})
    assert (await results_of(exam, asked))["server"].said == "Elasticsearch 8.19.3"


async def test_refused_credentials(asked: Context, cluster: Cluster):
    reason = "unable to authenticate user [reader] for REST request [/]"
    cause = {"type": "security_exception", "reason": reason}
    cluster.info = (401, {"error": {**cause, "root_cause": [cause]}, "status": 401})
    seen = await results_of(exam, asked)
    assert states(seen) == {"server": "denied"}
    assert seen["server"].said == f"401 security_exception: {reason}"
    assert seen["server"].fix.startswith("set ES_URL (now from the environment) with the right")


async def test_something_else_at_the_address(asked: Context, cluster: Cluster, server: Scripted):
    server.headers_sent = {}
    seen = await results_of(exam, asked)
    assert states(seen) == {"server": "unknown"}
    assert "OpenSearch" in seen["server"].fix


async def test_silence(context: MakeContext):
    seen = await results_of(exam, context({"ES_URL": "http://reader:canary@127.0.0.1:1"}))
    assert (seen["server"].state, seen["server"].said) == (
        State.unknown,
        "Connection refused (http://127.0.0.1:1)",
    )
    assert "canary" not in str(seen)


async def test_privileges_that_are_missing(asked: Context, cluster: Cluster):
    cluster.held = {(where, name) for where, names in READS.items() for name in names}
    seen = await results_of(exam, asked)
    assert (seen["reading"].state, seen["writing"].state) == (State.ok, State.denied)
    assert seen["writing"].said == (
        f"user reader lacks manage_index_templates (cluster), create_index ({PATTERN}), "
        f"index ({PATTERN}), delete ({PATTERN}), manage ({PATTERN})"
    )
    (command,) = seen["writing"].commands
    body = json.loads(command.removeprefix("PUT /_security/role/altui_writing "))
    assert body["cluster"] == ["manage_index_templates"]
    assert body["indices"][0]["names"] == [PATTERN]
    cluster.held -= {("index", "monitor")}
    seen = (await results_of(exam, asked))["reading"]
    assert (seen.state, seen.said) == (State.denied, f"user reader lacks monitor ({PATTERN})")


async def test_a_user_who_may_not_even_see_the_server_is_told_all_the_same(
    asked: Context, cluster: Cluster
):
    cause = {"type": "security_exception", "reason": "action is unauthorized for user [reader]"}
    cluster.info = (403, {"error": {**cause, "root_cause": [cause]}, "status": 403})
    cluster.held = set()
    seen = await results_of(exam, asked)
    assert states(seen) == dict.fromkeys(("server", "reading", "writing"), "denied")


async def test_who_only_looks_needs_not_write(
    context: MakeContext, server: Scripted, cluster: Cluster
):
    cluster.held -= {("index", "index")}
    seen = await results_of(exam, context({"ES_URL": server.url, "ALTUI_READ_ONLY": "true"}))
    assert seen["writing"].state is State.denied and not seen["writing"].bad


@pytest.mark.parametrize("status", [400, 405, 410, 500])
async def test_a_server_without_security_is_unknown_never_ok(
    asked: Context, cluster: Cluster, status: int
):
    cluster.privileges = (status, {"error": NO_HANDLER, "status": status})
    seen = await results_of(exam, asked)
    for kind in ("reading", "writing"):
        assert seen[kind].state is State.unknown and not seen[kind].bad
        assert seen[kind].said == "cannot be tested here: no security API"
        assert seen[kind].tried.endswith(f"{status} {NO_HANDLER}")


async def test_nonsense_of_the_security_api(asked: Context, cluster: Cluster):
    cluster.privileges = (200, {"username": "reader", "cluster": {}})
    seen = (await results_of(exam, asked))["reading"]
    assert seen.state is State.unknown and seen.bad


async def test_a_template_that_is_not_loaded(asked: Context, cluster: Cluster, server: Scripted):
    cluster.template = 404
    seen = (await results_of(exam, asked))["template"]
    assert seen.state is State.broken
    assert seen.commands == (
        f"curl -X PUT {server.url}/_index_template/analytics_applylens "
        "--header Content-Type:application/json "
        "--data @es/index-templates/analytics_applylens.json",
    )


async def test_indices_that_are_not_there(asked: Context, cluster: Cluster):
    cluster.indices = cluster.indices[:1]
    seen = (await results_of(exam, asked))["indices"]
    assert seen.said == "no analytics_applylens_parity_drift, analytics_applylens_backfill_slo"
    cluster.indices = []
    seen = (await results_of(exam, asked))["indices"]
    assert seen.said == "no index begins with analytics_applylens_"
    assert "ES_ANALYTICS_INDEX (now its default)" in seen.fix


async def test_a_red_cluster(asked: Context, cluster: Cluster):
    cluster.health = (200, {**HEALTH, "status": "red"})
    assert (await results_of(exam, asked))["cluster"].state is State.broken


async def test_a_server_without_cluster_health(asked: Context, cluster: Cluster):
    cluster.health = (410, {"error": {"type": "api_not_available_exception", "reason": "no"}})
    seen = (await results_of(exam, asked))["cluster"]
    assert seen.state is State.unknown and not seen.bad


@pytest.mark.parametrize("body", [{}, {"version": {}}, {"version": {"number": None}}, [], "x"])
async def test_a_server_without_a_version_is_none(asked: Context, cluster: Cluster, body: Any):
    cluster.info = (200, body)
    seen = await results_of(exam, asked)
    assert states(seen) == {"server": "unknown"}
    assert "proxy or a captive portal" in seen["server"].fix


async def test_health_without_a_state_is_nonsense_not_a_missing_feature(
    asked: Context, cluster: Cluster
):
    cluster.health = (200, {})
    seen = (await results_of(exam, asked))["cluster"]
    assert (seen.state, seen.bad) == (State.unknown, True)
    assert seen.said == "the answer lacks status"


async def test_health_that_may_not_be_read_is_denied(asked: Context, cluster: Cluster):
    cause = {"type": "security_exception", "reason": "action is unauthorized"}
    cluster.health = (403, {"error": {**cause, "root_cause": [cause]}, "status": 403})
    seen = (await results_of(exam, asked))["cluster"]
    assert (seen.state, seen.said) == (State.denied, f"403 security_exception: {cause['reason']}")
    assert "cluster privilege monitor" in seen.fix


@pytest.mark.parametrize("part", ["info", "health", "privileges"])
async def test_whatever_is_not_ok_says_what_to_do(asked: Context, cluster: Cluster, part: str):
    right = getattr(cluster, part)
    refusals = [(status, {"error": "no", "status": status}) for status in (400, 401, 403, 404, 500)]
    for answer in (*((200, body) for body in NONSENSE), *refusals):
        setattr(cluster, part, answer)
        seen = await results_of(exam, asked)
        assert untold(seen) == [], answer
        assert any(one.state is not State.ok for one in seen.values()), answer
    setattr(cluster, part, right)


async def test_a_server_that_knows_no_nodes_is_none(asked: Context, cluster: Cluster):
    cluster.info = (405, {"error": "Incorrect HTTP method for uri [/]", "status": 405})
    cluster.nodes = {}
    assert states(await results_of(exam, asked)) == {"server": "unknown"}
