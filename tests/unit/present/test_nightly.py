"""What panel and `why` say of the night's run while it is on its way."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Runs
from altui.core.present.panels import listed
from altui.core.present.places import page
from altui.core.present.view import View, view
from altui.core.rules.schedule import due_times
from tests.scenes import SCENES, run
from tests.world import with_value

SCHEDULED = datetime(2026, 11, 23, 3, 15, tzinfo=UTC)


def night(minutes: int, *started: datetime) -> View:
    """So long after the schedule, with runs that are under way."""
    scene = SCENES["due"]()
    now = SCHEDULED + timedelta(minutes=minutes)
    known = scene.snapshot.observations["github.runs"].value
    under_way = [
        replace(run(813, at), status="in_progress", conclusion=None, updated_at=None)
        for at in started
    ]
    snapshot = with_value(scene.snapshot, "github.runs", runs=(*under_way, *known.runs))
    due = due_times(Pipeline(), snapshot.get("github.runs", Runs), None, now)
    waits = replace(scene.assessment, at=now, due=due)
    return view(replace(snapshot, at=now), waits, Pipeline(), now, scene.facts)


def said(seen: View) -> tuple[str, str, str]:
    """By the list, by the panel's page, and by `why`, where each speaks of the night."""
    (short,) = [row.text for row in listed(seen, "workflow", 1)]
    rows = [row.text for row in page(seen, "workflow").rows if row.key.startswith("workflow.")]
    (figure,) = [
        row.text for row in page(seen, "why").rows if row.key == "claim.next.github.runs.figure"
    ]
    return short, "\n".join(rows), figure


def late(seen: View) -> str:
    return f"{seen.look.due.coming_due_at:%H:%M}Z"


def test_a_run_whose_time_has_come_is_awaited_and_the_next_nights_comes_after():
    seen = night(9)
    awaited = f"03:15Z awaited (+9m), late from {late(seen)}"
    short, rows, figure = said(seen)
    assert f"{awaited}; next 24 Nov 03:15Z" in short
    assert f"night {awaited}\nnext  24 Nov 03:15Z" in rows
    assert figure == f"  figure    {awaited}; next run 24 Nov 03:15Z"


def test_a_run_that_is_under_way_is_not_awaited():
    seen = night(30, SCHEDULED + timedelta(minutes=26))
    for words in said(seen):
        assert f"runs since 03:41Z, late from {late(seen)}" in words
        assert "awaited" not in words


def test_before_its_time_and_when_it_is_late_it_is_the_next_run():
    for words in said(night(-1)):
        assert "awaited" not in words
    assert "next run 03:15Z, late from" in said(night(-1))[2]
    scene = SCENES["healthy"]()
    seen = view(scene.snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    for words in said(seen):
        assert "awaited" not in words
        assert "late from" not in words, "that moment is over"
