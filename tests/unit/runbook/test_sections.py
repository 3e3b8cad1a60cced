"""The runbook's words for each place: there, short, and from the nearest place that has some."""

from fnmatch import fnmatchcase

import pytest

from altui.core.model.health import StageId
from altui.core.model.pipeline import Pipeline
from altui.core.present.pages import why
from altui.core.present.panels import PANELS
from altui.core.present.places import BELOW, TOP, page
from altui.core.present.view import view
from altui.core.runbook.sections import MAIN, Section, section_of, sections
from tests.scenes import SCENES

WIDE = 66
"""Columns of the help at 80×24 behind a step's number, for one row."""


@pytest.mark.parametrize("name", sections())
def test_a_section_says_what_to_do_what_to_expect_and_whom_to_call(name: str):
    section = sections()[name]
    assert section.steps
    assert section.expected
    assert section.stages
    assert all(len(row) <= WIDE for row in (*section.steps, *section.expected)), name
    assert all(link.startswith("https://") for link in section.links)


def test_every_top_place_has_a_section_and_no_section_is_of_nowhere():
    tops = {name.partition("/")[0] for name in sections()}
    assert tops == {MAIN, *TOP, *BELOW}
    assert {name.partition("/")[0] for name in sections() if "/" in name} <= set(BELOW)
    assert set(PANELS) <= set(sections())


@pytest.mark.parametrize(
    ("place", "section"),
    [
        ("main", "main"),
        ("workflow", "workflow"),
        ("workflow/812", "workflow/*"),
        ("workflow/812/log", "workflow/*/log"),
        ("workflow/812/other", "workflow/*"),
        ("parity/emails", "parity/*"),
        ("parity/mrt_parity_drift/2026-11-22", "parity/*/*"),
        ("indices/risk_daily", "indices/*"),
        ("fivetran/emails", "fivetran/*"),
        ("why", "why"),
        ("why/postgres.counts", "why/*"),
        ("stage/kibana", "stage/kibana"),
        ("nowhere/at/all", "main"),
        ("", "main"),
    ],
)
def test_the_nearest_section_is_taken(place: str, section: str):
    assert section_of(place) == sections()[section]


@pytest.mark.parametrize("scene", SCENES)
def test_every_place_that_can_be_opened_has_a_section_of_its_own(scene: str):
    """None takes the one of a place above it, nor the daily check's."""
    now, snapshot, assessment, facts = SCENES[scene]()
    seen = view(snapshot, assessment, Pipeline(), now, facts)
    known, places = set[str](), [*TOP, *(f"stage/{stage}" for stage in StageId)]
    while places:
        place = places.pop()
        known.add(place)
        opens = {row.opens for row in page(seen, place).rows if row.opens}
        places += opens - known - set(places)
    assert {one.partition("/")[0] for one in known} == {*TOP, *BELOW}
    for place in known:
        own = [
            name
            for name in sections()
            if fnmatchcase(place, name) and name.count("/") == place.count("/")
        ]
        assert section_of(place) in [sections()[name] for name in own], place
        if place.partition("/")[0] not in (MAIN, "findings", why.PLACE):
            assert section_of(place).links, place


def test_the_runbooks_rows_are_all_there():
    """Every cause of the runbook's tables, in the place where it is looked for."""

    def causes(section: Section) -> str:
        return " ".join(cause for cause, _ in section.causes)

    for name, words in {
        "fivetran": ("credentials", "allowlist", "schema", "timeout", "quota"),
        "workflow": ("Relation", "Syntax", "rate limits", "Permission", "Timeout"),
        "workflow/*/log": ("ConnectionError", "Authentication", "mapper_parsing", "BQ_PROJECT"),
        "indices": ("ConnectionError", "mapper_parsing", "Timeout", "data view", "range", "name"),
    }.items():
        assert [word for word in words if word not in causes(sections()[name])] == []
