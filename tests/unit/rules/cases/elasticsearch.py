"""Elasticsearch: its states and boundaries."""

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import (
    BLOCKED,
    DOCUMENTS,
    INDEX,
    NOON,
    REFUSED,
    SOME_DAY,
    TONIGHTS,
    YESTERDAY,
    S,
    X,
    at_second,
    cluster,
    elastic,
    failed_in,
    lost,
    moved,
    nights,
    synced,
    tonight,
)
from tests.unit.rules.cases.case import Case, Edge
from tests.world import at, healthy, with_value

CASES: tuple[Case, ...] = (
    Case(S.elasticsearch, X.ok, "days through the expected one, no block", (healthy(NOON),)),
    Case(
        S.elasticsearch,
        X.due,
        "before the nightly run's due time, whatever is missing",
        (healthy(at("2026-11-23 03:20")),),
        real="tests/sandbox/test_week.py::test_a_week_in_which_a_night_is_dropped",
    ),
    Case(
        S.elasticsearch,
        X.late,
        "the newest day is missing after its due time",
        (lost(*DOCUMENTS, day=YESTERDAY, short=None),),
        "index.behind.mrt_risk_daily",
        real="tests/sandbox/test_states.py::index without the newest day",
    ),
    Case(
        S.elasticsearch,
        X.late,
        "an older day is missing, or a document counts other rows than the mart",
        (lost(*DOCUMENTS, day=SOME_DAY, short=3),),
        "parity.index",
        real="tests/sandbox/test_states.py::index without an older day",
    ),
    Case(
        S.elasticsearch,
        X.broken,
        "tonight's run failed in the export",
        (tonight(TONIGHTS, **failed_in("Export to Elasticsearch")),),
        "workflow.failed",
        real="tests/sandbox/test_states.py::workflow failed in the export",
    ),
    Case(
        S.elasticsearch,
        X.broken,
        "the cluster is red",
        (cluster(status="red"),),
        "elasticsearch.red",
        real="tests/real/test_real_reading.py::test_a_shard_without_a_node_is_red_and_its_index_is_not_counted",
    ),
    Case(
        S.elasticsearch,
        X.broken,
        "an index is blocked",
        (cluster(indices=BLOCKED),),
        f"elasticsearch.block.{INDEX}",
        real="tests/sandbox/test_states.py::index blocked",
    ),
    Case(
        S.elasticsearch,
        X.unknown,
        "no answer, and no second witness",
        (elastic(Trouble.unreachable, REFUSED),),
        "elasticsearch.unreachable",
        real="tests/real/test_real_reading.py::test_a_killed_server_is_unreachable_in_time_and_back_by_itself",
    ),
    Case(
        S.elasticsearch,
        X.broken,
        "no answer, and Kibana finds it down too",
        (with_value(elastic(Trouble.unreachable, REFUSED), "kibana.status", level="unavailable"),),
        "elasticsearch.unreachable",
        real="tests/sandbox/test_states.py::elasticsearch down",
    ),
    Case(
        S.elasticsearch,
        X.denied,
        "401, 403",
        (elastic(Trouble.denied, "401 security_exception"),),
        "elasticsearch.denied",
        "tests/sandbox/test_reading.py::test_a_wrong_key_is_denied",
    ),
    Case(S.elasticsearch, X.off, "no ES_URL", (elastic(Trouble.off, "no ES_URL"),)),
)

EDGES: tuple[Edge, ...] = (
    Edge(
        S.elasticsearch,
        X.ok,
        X.due,
        "midnight: yesterday is not exported yet",
        at_second(
            "2026-11-23 00:00", lambda now: synced(moved(healthy(at("2026-11-22 23:50")), now))
        ),
        X.due,
    ),
    Edge(
        S.elasticsearch,
        X.due,
        X.late,
        "03:15 + 60 min delay + 6 min duration",
        at_second("2026-11-23 04:21", lambda now: nights(now, 25, 6)),
        X.late,
        "index.behind.mrt_risk_daily",
    ),
)
