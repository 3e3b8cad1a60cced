"""A stage on a page of its own: why its state is what it is, and whose it is to mend."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import STAGES
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.present.page import Page
from altui.core.present.places import page
from altui.core.present.rows import Tone
from altui.core.present.view import view
from tests.scenes import SCENES, Scene, healthy
from tests.world import with_error, with_value


def stage(scene: Scene | str, name: str) -> Page:
    scene = SCENES[scene]() if isinstance(scene, str) else scene
    seen = view(scene.snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    return page(seen, f"stage/{name}")


def fact(shown: Page, name: str) -> str:
    return next(row.text[10:] for row in shown.rows if row.key == f"stage.{name}")


def text(shown: Page) -> list[str]:
    return [row.text.rstrip() for row in shown.rows]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("of", STAGES)
def test_every_stage_has_a_page_in_every_scene(name: str, of: str):
    shown = stage(name, of)
    assert len({row.key for row in shown.rows}) == len(shown.rows)
    titles = {"rests on", "not seen"}
    assert titles <= set(text(shown))
    assert shown.rows[-1].opens in ("fivetran", "workflow", "indices", "parity")


def test_a_stage_that_is_down_says_since_when_why_and_how_long_its_owner_has():
    shown = stage("elasticsearch_down", "elasticsearch")
    assert shown.name == "stage elastic"
    assert shown.head[0].text == "✗ DOWN"
    assert fact(shown, "state") == "✗ broken (DOWN): Elasticsearch does not answer from here"
    assert fact(shown, "since") == "03:24Z (19m)"
    assert fact(shown, "owner") == "Infrastructure team (Elasticsearch down), SLA 1h"
    assert fact(shown, "SLA") == "ends 04:24Z, 41m left"
    rows = text(shown)
    at = rows.index("✗ broken Elasticsearch does not answer from here  since 03:24Z (19m)")
    assert rows[at - 1] == "not ok (2)"
    assert "            “Connection refused: es-prod-1:9200”" in rows
    assert "  who       page Infrastructure team (SLA 1h, 41m left)" in rows


def test_what_fails_is_told_with_its_tries_and_the_services_words():
    rows = text(stage("elasticsearch_down", "elasticsearch"))
    at = rows.index("? elasticsearch.cluster   unreachable since 03:24Z (19m), 9 tries")
    assert rows[at + 1 : at + 4] == [
        "                          tried 03:39Z, took 0.2s, next try now",
        "                          last good 03:23Z",
        "    connect elasticsearch: Connection refused: es-prod-1:9200",
    ]


def test_what_answers_is_one_row_with_when_and_how_long():
    rows = text(stage("healthy", "dbt"))
    at = rows.index("rests on")
    assert [row.split()[1] for row in rows[at + 1 : at + 4]] == [
        "bigquery.counts",
        "github.runs",
        "bigquery.tables",
    ]
    assert rows[at + 2].endswith("answered 11:57Z (3m), took 0.2s, next try now")


@pytest.mark.parametrize(
    ("of", "means"),
    [
        ("postgres", "11:59Z (1m): newest row of emails; a quiet source is no fault"),
        ("fivetran", "11:22Z (38m): last sync that succeeded"),
        ("bigquery", "11:22Z (38m): newest _fivetran_synced of emails"),
        ("dbt", "03:27Z (8h): mrt_risk_daily was last built"),
        ("elasticsearch", "22 Nov (36h): newest day in risk_daily"),
    ],
)
def test_an_age_says_of_what(of: str, means: str):
    assert fact(stage("healthy", of), "age") == means


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("postgres", "nothing: rows come when they come"),
        ("fivetran", "next sync 04:05Z, late after 04:20Z"),
        ("bigquery", "rows since the last sync: 04:05Z, late after 04:20Z"),
        ("dbt", "22 Nov, late after 04:22Z"),
        ("elasticsearch", "22 Nov, late after 04:22Z"),
        ("kibana", "21 Nov must show"),
    ],
)
def test_what_is_due_and_until_when(of: str, words: str):
    assert fact(stage("due", of), "due") == words


def test_after_its_end_an_sla_is_over():
    shown = stage("keys_expired", "fivetran")
    assert fact(shown, "SLA") == "ends 05:00Z, 7h00 over"
    row = next(row for row in shown.rows if row.key == "stage.SLA")
    assert row.segments[-1].tone is Tone.broken


def test_an_sla_in_business_days_ends_on_a_workday():
    assert fact(stage("elasticsearch_down", "kibana"), "SLA").startswith("ends 24 Nov 09:00Z, ")


def test_a_fault_of_this_host_has_no_owner_who_is_late():
    for of in STAGES:
        shown = stage("all_silent", of)
        assert fact(shown, "since") == "11:57Z (3m)"
        assert [row.key for row in shown.rows if row.key == "stage.SLA"] == []
        assert not any(row.startswith("  who") for row in text(shown))


def test_details_that_were_read_stand_among_what_it_rests_on():
    row = next(row for row in stage("healthy", "fivetran").rows if "fivetran.schemas" in row.text)
    assert row.text.startswith("✓ fivetran.schemas")


def test_what_could_not_be_read_is_named_with_the_words_why():
    scene = healthy()
    snapshot = with_value(
        scene.snapshot, "elasticsearch.cluster", unseen={"template": "403 security_exception"}
    )
    shown = stage(scene._replace(snapshot=snapshot), "elasticsearch")
    assert "  template: 403 security_exception" in text(shown)
    counted = {
        "missing": {"raw.emails": "404 not found"},
        "settled": scene.now.date() - timedelta(days=7),
        "settled_at": scene.now - timedelta(hours=8),
    }
    snapshot = with_value(scene.snapshot, "bigquery.counts", **counted)
    rows = text(stage(scene._replace(snapshot=snapshot), "bigquery"))
    assert "  raw.emails: 404 not found" in rows
    assert "  days before 16 Nov: counted 04:00Z, not since" in rows


def test_counts_that_stand_although_the_days_budget_is_spent_say_so():
    scene = healthy()
    since = scene.now - timedelta(minutes=20)
    words = "today's 10 GiB are spent, next at 00:00Z"
    snapshot = with_error(scene.snapshot, "bigquery.counts", Trouble.budget, words, since=since)
    rows = text(stage(scene._replace(snapshot=snapshot), "bigquery"))
    assert "                          last good 11:39Z: its figures still count" in rows
    assert "    bigquery.counts: today's 10 GiB are spent, next at 00:00Z" in rows


def test_what_was_not_looked_at_is_grey_or_told():
    assert any("not looked at yet" in row for row in text(stage("nothing_yet", "kibana")))
    scene = healthy()
    later = replace(scene.facts, started=scene.now + timedelta(seconds=1))
    shown = stage(scene._replace(facts=later), "kibana")
    row = next(row for row in shown.rows if row.key == "probe.kibana.status")
    assert {part.tone for part in row.segments} == {Tone.dim}


def test_a_stage_that_there_is_not():
    assert stage("healthy", "mysql").rows[0].text == "nothing is known of it any more"
