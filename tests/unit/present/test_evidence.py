"""What is not ok stands first on its panel's page, and leads on."""

import pytest

from altui.core.present.findings import panel_of
from altui.core.present.panels import PANELS
from altui.core.present.places import page
from tests.scenes import SCENES
from tests.unit.present.test_commands import a_view


@pytest.mark.parametrize("name", SCENES)
def test_a_panels_page_begins_with_what_is_not_ok(name: str):
    seen = a_view(name)
    for panel in PANELS:
        first = page(seen, panel).rows[0].text
        subjects = [item.subject for item in seen.findings if panel_of(item) == panel]
        assert not subjects or subjects[0] in first


def test_a_run_that_failed_is_opened_from_what_is_said_of_it():
    seen = a_view("elasticsearch_down")
    assert page(seen, "workflow").rows[0].opens == "workflow/90812"
    opened = dict.fromkeys(row.opens for row in page(seen, "findings").rows if row.opens)
    assert [*opened] == ["indices", "workflow/90812"]
