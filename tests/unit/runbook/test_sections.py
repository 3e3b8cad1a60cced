"""The runbook's words for each place: there, short, and from the nearest place that has some."""

import pytest

from altui.core.present.pages import why
from altui.core.present.panels import PANELS
from altui.core.present.places import BELOW, TOP
from altui.core.runbook.sections import MAIN, Section, section_of, sections

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
    assert tops == {MAIN, *TOP} - {why.PLACE}, "why is of every place: the daily check's"
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
        ("parity/emails", "parity"),
        ("nowhere/at/all", "main"),
        ("", "main"),
    ],
)
def test_the_nearest_section_is_taken(place: str, section: str):
    assert section_of(place) == sections()[section]


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
