"""Kibana: its states and boundaries."""

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import NOON, REFUSED, S, X, blind, kibana, range_begins
from tests.unit.rules.cases.case import Case, Edge
from tests.world import healthy

CASES: tuple[Case, ...] = (
    Case(S.kibana, X.ok, "all resolves and the range shows the expected day", (healthy(NOON),)),
    Case(
        S.kibana,
        X.broken,
        "its status is unavailable or critical",
        (kibana(level="unavailable"),),
        "kibana.unavailable",
        real="tests/sandbox/test_states.py::kibana unavailable",
    ),
    Case(
        S.kibana,
        X.broken,
        "no data view of that title",
        (kibana(data_views=()),),
        "kibana.no_pattern",
        real="tests/sandbox/test_states.py::kibana without data view",
    ),
    Case(
        S.kibana,
        X.broken,
        "the dashboard does not exist",
        (kibana(dashboard=None),),
        "kibana.no_dashboard",
        real="tests/sandbox/test_states.py::kibana without dashboard",
    ),
    Case(
        S.kibana,
        X.broken,
        "the dashboard refers to a data view that does not exist",
        (kibana(references=("dv", "gone")),),
        "kibana.references",
    ),
    Case(
        S.kibana,
        X.broken,
        "its range does not show the day that was due",
        (kibana(time_from="now-24h"),),
        "kibana.time_range",
        real="tests/sandbox/test_states.py::kibana range too narrow",
    ),
    Case(
        S.kibana,
        X.unknown,
        "no answer",
        (blind("kibana.status", Trouble.unreachable, REFUSED),),
        "kibana.unreachable",
    ),
    Case(
        S.kibana,
        X.denied,
        "401, 403",
        (blind("kibana.status", Trouble.denied, "401 Unauthorized"),),
        "kibana.denied",
        real="tests/sandbox/test_states.py::kibana refuses the key",
    ),
    Case(S.kibana, X.off, "no KIBANA_URL", (blind("kibana.status", Trouble.off, "no KIBANA_URL"),)),
)

EDGES: tuple[Edge, ...] = (
    Edge(
        S.kibana,
        X.ok,
        X.broken,
        "the range's start against 00:00:00Z of the day that must show",
        lambda offset: (range_begins(offset),),
        X.ok,
        "kibana.time_range",
    ),
)
