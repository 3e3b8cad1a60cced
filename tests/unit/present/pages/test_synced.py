"""A table that Fivetran copies, on a page of its own."""

import pytest
from msgspec.structs import replace

from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import SyncTables
from altui.core.present.page import Page
from altui.core.present.places import page
from altui.core.present.rows import Tone
from altui.core.present.view import view
from tests.scenes import SCENES, Scene, healthy, sync_tables


def table(scene: Scene | str, name: str = "emails") -> Page:
    scene = SCENES[scene]() if isinstance(scene, str) else scene
    seen = view(scene.snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    return page(seen, f"fivetran/{name}")


def fact(shown: Page, name: str) -> str:
    return next(row.text[14:] for row in shown.rows if row.key == f"table.{name}")


def days(shown: Page) -> list[str]:
    return [row.text.rstrip() for row in shown.rows if row.key.startswith("day.")]


def with_tables(known: SyncTables | None, error: ProbeError | None = None) -> Scene:
    scene = healthy()
    told = Observation("fivetran.schemas", known, scene.now, scene.now, error, detail=True)
    details = {told.probe: told} if known or error else {}
    return scene._replace(snapshot=Snapshot(scene.now, scene.snapshot.observations, details))


def test_a_copy_that_waits_says_how_long_and_how_many_rows_by_day():
    shown = table("bigquery_behind")
    assert shown.name == "1 Fivetran, emails"
    assert shown.head[0].text == "! late"
    assert fact(shown, "newest synced") == "20 Nov 22:00Z (2d)"
    assert fact(shown, "behind") == "2d 14h, by the newest received_at; limit 1h15"
    assert fact(shown, "rows") == "59,771 live in BigQuery, 60,162 at the source"
    assert fact(shown, "soft-deleted") == "214, deleted at the source, kept"
    assert fact(shown, "waiting") == "398 in 4 days"
    assert days(shown)[:4] == [
        "◷ 23 Nov       148        0    -148  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "! 22 Nov       119        0    -119  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "! 21 Nov       118        0    -118  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "! 20 Nov       150      137     -13  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▁▁",
    ]


def test_a_copy_within_its_limit_glows_nowhere():
    shown = table("healthy")
    assert fact(shown, "behind").startswith("39m, ")
    tones = {part.tone for row in shown.rows for part in row.segments}
    assert tones.isdisjoint({Tone.late, Tone.broken})


def test_of_older_days_those_are_shown_that_differ():
    scene = SCENES["healthy"]()
    assert scene.assessment is not None
    old, behind = scene.assessment.trace[60], SCENES["bigquery_behind"]().assessment
    assert behind is not None
    short = replace(behind.trace[1], day=old.day)
    trace = tuple(short if row is old else row for row in scene.assessment.trace)
    shown = table(scene._replace(assessment=replace(scene.assessment, trace=trace)))
    assert len(days(shown)) == 31
    assert days(shown)[-1].startswith("! 24 Sep       119        0    -119")
    assert shown.rows[-1].text == "  older of 26 Aug to 25 Oct: only days that differ"


@pytest.mark.parametrize(
    ("known", "error", "words"),
    [
        (sync_tables(), None, "yes"),
        (sync_tables(selected=False), None, "NO, it is not selected: nothing of it is copied"),
        (SyncTables(()), None, "?, Fivetran does not list it"),
        (None, None, "?, being read..."),
        (None, ProbeError(Trouble.denied, "403 no", "GET"), "?, denied: 403 no"),
    ],
)
def test_whether_it_is_selected(known: SyncTables | None, error: ProbeError | None, words: str):
    assert fact(table(with_tables(known, error), "applications"), "copied") == words


def test_a_table_that_is_not_selected_is_late_although_its_days_agree():
    assert table(with_tables(sync_tables(selected=False)), "applications").head[0].text == "! late"
    assert table(with_tables(sync_tables()), "applications").head[0].text == "✓ ok"


def test_without_either_side_it_says_so_and_counts_nothing():
    shown = table("postgres_denied")
    assert shown.rows[0].text.startswith("PostgreSQL denied, seen 11:34Z: FATAL")
    shown = table("nothing_yet")
    assert fact(shown, "waiting") == "?"
    assert fact(shown, "behind").startswith("?")
    assert shown.head[0].text == "? unknown"
    assert shown.rows[-1].text == "no day was counted yet"


def test_a_table_that_is_none_of_the_pipelines_is_told():
    assert table("healthy", "users").rows[0].text == "nothing is known of it any more"
