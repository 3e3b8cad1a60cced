"""Fivetran's own place: its panel, its tables, its words, and the syncs that were seen to end."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import SyncSeen
from altui.core.model.observed import Snapshot
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Note, SyncTable
from altui.core.present.page import Page
from altui.core.present.panels import panel
from altui.core.present.places import page
from altui.core.present.rows import Line, Tone
from altui.core.present.view import View, view
from tests.scenes import SCENES, Scene, healthy, minutes, sync_tables
from tests.world import with_value


def seen(scene: Scene | str, **changes: object) -> View:
    scene = SCENES[scene]() if isinstance(scene, str) else scene
    facts = replace(scene.facts, **changes)
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, facts)


def fivetran(scene: Scene | str, **changes: object) -> Page:
    return page(seen(scene, **changes), "fivetran")


def text(rows: tuple[Line, ...] | list[Line]) -> list[str]:
    return [row.text.rstrip() for row in rows]


def of(shown: Page, start: str) -> list[Line]:
    return [row for row in shown.rows if row.key.startswith(start) and row.segments]


def with_snapshot(snapshot: Snapshot) -> Scene:
    return healthy()._replace(snapshot=snapshot)


def with_assessment(**changes: object) -> Scene:
    scene = healthy()
    assert scene.assessment is not None
    return scene._replace(assessment=replace(scene.assessment, **changes))


@pytest.mark.parametrize("name", SCENES)
def test_the_panel_is_shown_whole_and_every_row_has_a_key_of_its_own(name: str):
    shown = fivetran(name)
    rows = panel(seen(name), "fivetran").rows
    start = shown.rows.index(rows[0])
    assert shown.rows[start : start + len(rows)] == rows
    assert len({row.key for row in shown.rows}) == len(shown.rows)


def test_each_sync_says_when_it_began_and_ended_and_how_long_it_took():
    rows = text(of(fivetran("healthy"), "sync"))
    assert rows[0] == "syncs seen to end, 14 days: 40, 1 failed, usually 6m38, longest 8m57"
    assert rows[1].startswith("  took  ")
    assert rows[2:6] == [
        "    began               ended               took",
        "  ✓ 11:18Z              11:22Z              4m00",
        "  ✓ 10:16Z              10:22Z              6m11",
        "  ✗ 09:13Z              09:22Z              8m22  failed",
    ]


def test_what_no_look_met_running_was_shorter_and_what_nobody_saw_is_not_known():
    rows = text(of(fivetran("healthy"), "sync"))
    assert "  ✓ after 02:21Z        02:22Z              under 26s" in rows
    assert "  ✓ not seen            00:22Z              ?" in rows


def test_a_pause_between_two_ends_is_told_without_judging_it():
    rows = text(of(fivetran("healthy"), "sync"))
    assert "    6h00 without an end of one, or nobody looked" in rows
    assert sum("without an end" in row for row in rows) == 1


def test_durations_stand_from_old_to_new_and_what_is_not_known_is_a_gap():
    row = next(row for row in fivetran("healthy").rows if row.key == "syncs.bars")
    bars = row.segments[1:]
    assert [len(part.text) for part in bars] == [1] * 40
    assert bars[-3].tone is Tone.broken
    assert bars[-12].text == " "


def test_a_sync_that_runs_stands_above_those_that_ended():
    scene = with_assessment(syncs=(SyncSeen(healthy().now - minutes(3), healthy().now),))
    running = with_value(scene.snapshot, "fivetran.connection", sync_state="syncing")
    rows = of(fivetran(scene._replace(snapshot=running)), "sync")
    told = [row for row in rows if row.key == "syncs.running"]
    assert text(told) == ["  ◷ 11:57Z              runs now            3m00"]
    assert rows.index(told[0]) < next(n for n, row in enumerate(rows) if row.key[:5] == "sync.")
    idle = of(fivetran(scene), "syncs.running")
    assert idle == [], "what ran at an earlier look has ended"


def test_before_the_first_end_it_says_why_there_is_none():
    rows = text(of(fivetran(with_assessment(sync_ends=())), "sync"))
    assert rows == [
        "syncs seen to end, 14 days",
        "  none yet: Fivetran keeps no list, altui looks on",
    ]


def test_tasks_and_warnings_stand_in_every_word_of_theirs():
    words = "Fivetran cannot reach the source: " + "FATAL no pg_hba.conf entry for host, " * 4
    task = Note("reconnect", words.strip())
    snapshot = with_value(healthy().snapshot, "fivetran.connection", tasks=(task,))
    rows = of(fivetran(with_snapshot(snapshot)), "notes.")
    assert text(rows)[:2] == ["tasks and warnings", "  task reconnect"]
    assert " ".join(row.text.strip() for row in rows[2:]) == words.strip()
    assert rows[1].segments[1].tone is Tone.broken
    assert text(of(fivetran("healthy"), "notes."))[-1] == "  Fivetran names none"


def test_each_table_is_a_row_that_opens_its_page():
    rows = of(fivetran("bigquery_behind"), "tables.")
    assert text(rows)[1:] == [
        "                 copied    rows  deleted  behind        waiting",
        " ! emails        yes     59,771      214  2d 14h  398 in 4 days",
        " ✓ applications  yes      8,012      214       -           none",
        "   a copy may be 1h15 behind",
    ]
    assert [row.opens for row in rows[2:4]] == ["fivetran/emails", "fivetran/applications"]
    on_the_panel = {row.opens for row in panel(seen("healthy"), "fivetran").rows if row.opens}
    assert on_the_panel == {"fivetran/emails", "fivetran/applications"}


def test_a_table_that_is_not_selected_and_others_that_are():
    known = sync_tables(selected=False).tables
    known += (SyncTable("public.users", "public_users", enabled=True),)
    snapshot = with_value(healthy().snapshot, "fivetran.schemas", tables=known)
    rows = text(of(fivetran(with_snapshot(snapshot)), "tables."))
    assert rows[3].startswith(" ! applications  NO ")
    assert rows[4] == "   a copy may be 1h15 behind; 1 other table copied as well"


def test_what_is_not_live_is_grey():
    old = seen("healthy", started=healthy().now + timedelta(seconds=1))
    rows = [row for row in page(old, "fivetran").rows if row.key in ("notes.none", "tables.emails")]
    assert {part.tone for row in rows for part in row.segments} == {Tone.dim}
