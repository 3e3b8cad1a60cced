"""Kibana: its states and boundaries."""

import msgspec

from altui.core.model.observed import Trouble
from altui.core.model.reading import DataView, Filter, Missing, Preferences, Use
from tests.unit.rules.cases.bend import NOON, REFUSED, S, X, blind, kibana, range_begins, range_ends
from tests.unit.rules.cases.case import Case, Edge
from tests.world import FIELDS, healthy

VIEW = DataView("dv", "analytics_applylens_*", "d", FIELDS)
OTHER = DataView("other", "analytics_aplens_*", "d")
PARTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("data views", {"data_views": ()}),
    ("dashboard", {"dashboard": None, "references": (), "uses": ()}),
    ("fields", {}),
)

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
        X.ok,
        "its status is degraded: it serves (a note in the panel)",
        (kibana(level="degraded"),),
    ),
    Case(
        S.kibana,
        X.unknown,
        "its status is a word that is not known, or none",
        (kibana(level="chartreuse"),),
        "kibana.level",
    ),
    Case(
        S.kibana,
        X.broken,
        "the data view's time field is another",
        (kibana(data_views=(msgspec.structs.replace(VIEW, time_field="created_at"),)),),
        "kibana.time_field",
        "tests/sandbox/test_serving.py::test_the_data_view",
    ),
    Case(
        S.kibana,
        X.broken,
        "the data view is in another space",
        (kibana(data_views=(), elsewhere={"data view": "risk"}),),
        "kibana.no_pattern",
        "tests/sandbox/test_serving.py::test_the_data_view",
    ),
    Case(
        S.kibana,
        X.broken,
        "no index matches the data view",
        (kibana(data_views=(msgspec.structs.replace(VIEW, fields={}, empty=True),)),),
        "kibana.no_data",
    ),
    Case(
        S.kibana,
        X.broken,
        "the dashboard reads another data view, whose indices are not ours",
        (kibana(data_views=(VIEW, OTHER), references=("dv", "other")),),
        "kibana.wrong_index",
        "tests/sandbox/test_serving.py::test_a_dashboard_on_the_wrong_index",
    ),
    Case(
        S.kibana,
        X.broken,
        "a panel's saved visualisation is gone",
        (kibana(missing=(Missing("lens", "l1", "Volume"),)),),
        "kibana.references",
        "tests/sandbox/test_serving.py::test_a_panel_whose_visualisation_is_gone",
    ),
    Case(
        S.kibana,
        X.broken,
        "a panel reads a field that is not in the mapping",
        (kibana(uses=(Use("Volume", "emails_total", "dv"),)),),
        "kibana.field_not_mapped",
        "tests/sandbox/test_serving.py::test_a_panel_that_reads_a_field_which_is_not_mapped",
    ),
    Case(
        S.kibana,
        X.broken,
        "it keeps no range, and Kibana's default (15 minutes) does not show the day",
        (kibana(time_restore=False),),
        "kibana.time_range",
        "tests/sandbox/test_serving.py::test_a_dashboard_that_keeps_no_range",
    ),
    Case(
        S.kibana,
        X.unknown,
        "it keeps no range, and Kibana's default cannot be read",
        (kibana(time_restore=False, preferences=None),),
        "kibana.time_range",
    ),
    Case(
        S.kibana,
        X.unknown,
        "its range is no text of Kibana's",
        (kibana(time_from="last week"),),
        "kibana.time_range",
        "tests/sandbox/test_serving.py::test_ranges",
    ),
    Case(
        S.kibana,
        X.broken,
        "a filter saved with the dashboard hides the day",
        (kibana(filters=(Filter("d: until March", "d", None, "2026-03-01"),)),),
        "kibana.filter",
        "tests/sandbox/test_serving.py::test_filters",
    ),
    Case(
        S.kibana,
        X.late,
        "Kibana shows every date in a zone west of UTC: a day early",
        (kibana(preferences=Preferences("America/New_York")),),
        "kibana.timezone",
        "tests/sandbox/test_serving.py::test_the_time_zone",
    ),
    Case(
        S.kibana,
        X.ok,
        "a zone east of UTC",
        (kibana(preferences=Preferences("Asia/Tokyo")),),
        "",
        "tests/sandbox/test_serving.py::test_the_time_zone",
    ),
    Case(
        S.kibana,
        X.ok,
        "its settings cannot be read and the dashboard keeps its range (a note in the panel)",
        (kibana(preferences=None, unseen={"settings": "403 Forbidden"}),),
    ),
    *(
        Case(
            S.kibana,
            X.denied,
            f"this key may not read the {part}",
            (kibana(unseen={part: "403 Forbidden"}, **gone),),
            f"kibana.{part.replace(' ', '_')}.not_seen",
            "tests/sandbox/test_serving.py::test_a_key_that_may_not_read_one_part",
        )
        for part, gone in PARTS
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
        X.broken,
        X.ok,
        "the range's end against 00:00:00Z of the day that must show",
        lambda offset: (range_ends(offset),),
        X.ok,
        "kibana.time_range",
    ),
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
