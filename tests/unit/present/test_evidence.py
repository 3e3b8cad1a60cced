"""What is not ok stands first on its panel's page, and leads on; what is due is of now."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.pipeline import Pipeline
from altui.core.present.findings import panel_of
from altui.core.present.panels import PANELS
from altui.core.present.places import page
from altui.core.present.view import view
from altui.core.rules.lines import since
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


def test_a_screen_that_starts_hours_later_looks_ahead_from_then():
    """The due times of the last assessment are those of its own time."""
    now, snapshot, assessment, facts = SCENES["stale_start"]()
    assert assessment is not None and assessment.due is not None
    due = view(snapshot, assessment, Pipeline(), now, facts).look.due
    assert due.next_run_at > now
    later = now + timedelta(days=1)
    restarted = replace(facts, started=later)
    due = view(replace(snapshot, at=later), assessment, Pipeline(), later, restarted).look.due
    assert due.next_run_at > later > assessment.due.next_run_at


def test_the_verdicts_age_is_that_of_every_row():
    """From 03:24:50 to 03:43:20 it is 19 minutes by the clock, on every line."""
    seen = a_view("elasticsearch_down")
    moment = seen.now.replace(minute=24, second=50)
    assert seen.age(moment) == "19m"
    assert since(seen.look, moment)[0] == ". Since 03:24Z (19m)"
