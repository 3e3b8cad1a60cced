"""`why`: each claim with its figure, when, where, how, and what would refute it."""

from datetime import date
from itertools import pairwise

import pytest
from msgspec.structs import replace

from altui.core.model.health import Cell, State
from altui.core.model.health import StageId as S
from altui.core.model.observed import Observation, ProbeError, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Preferences
from altui.core.present.places import page
from altui.core.present.refuted import ANYTHING, refuted_by
from altui.core.present.strip import strip
from altui.core.present.view import View, view
from tests.given import suspected
from tests.scenes import SCENES
from tests.unit.present.test_commands import a_view
from tests.unit.rules.cases import CASES, EDGES, judged
from tests.world import with_value


def texts(seen: View, place: str = "why") -> list[str]:
    return [row.text for row in page(seen, place).rows]


@pytest.mark.parametrize("name", SCENES)
def test_every_claim_is_there_in_order_of_weight(name: str):
    seen = a_view(name)
    rows = texts(seen)
    places = [
        next(place for place, row in enumerate(rows) if item.subject in row and "since" in row)
        for item in seen.findings
    ]
    assert places == sorted(places)
    for place, after in pairwise([*places, rows.index("not checked")]):
        claim = "\n".join(rows[place:after])
        assert "  read      " in claim, claim
        assert "  ask       " in claim, claim
        assert "  refuted   if " in claim, claim
    assert "not checked" in rows


@pytest.mark.parametrize("name", SCENES)
def test_keys_are_unique_and_every_command_opens(name: str):
    seen = a_view(name)
    shown = page(seen, "why")
    keys = [row.key for row in shown.rows]
    assert len(keys) == len({*keys})
    asked = [row for row in shown.rows if row.text.startswith("  ask ")]
    for row in asked:
        opened = page(seen, row.opens)
        assert opened.command, row.opens
        assert opened.command.split("\n")[0] in row.text


def test_ok_is_claimed_with_each_stages_count_and_what_comes_next():
    rows = texts(a_view())
    assert "22 Nov emails, stage by stage" in rows
    assert "  figure    postgres 119" in rows
    assert "  figure    fivetran 119, bigquery 119, dbt 119" in rows
    assert "  read      11:58Z (2m ago), BigQuery, project applylens-prod" in rows
    assert "what comes next" in rows
    assert not any("no answer" in row for row in rows)


@pytest.mark.parametrize("name", ["elasticsearch_down", "bigquery_behind", "all_silent"])
def test_what_a_bad_verdict_rests_on_comes_before_all_counts(name: str):
    seen = a_view(name)
    rows = texts(seen)
    first = next(place for place, row in enumerate(rows) if seen.findings[0].subject in row)
    assert first < rows.index("22 Nov emails, stage by stage")


def test_a_wait_rests_on_the_schedule_before_all_counts():
    rows = texts(a_view("due"))
    assert rows.index("what comes next") < rows.index("22 Nov emails, stage by stage")


def test_of_an_ok_the_counts_come_first():
    rows = texts(a_view("postgres_denied"))
    denied = next(place for place, row in enumerate(rows) if "denies this account" in row)
    assert rows.index("22 Nov emails, stage by stage") < rows.index("what comes next") < denied


def test_of_what_nobody_can_ask_by_hand_there_is_no_empty_line_to_ask_by():
    now, snapshot, assessment, facts = suspected()
    shown = page(view(snapshot, assessment, Pipeline(), now, facts), "why")
    assert not [row for row in shown.rows if row.text.strip() == "ask"]
    opened = {row.opens for row in shown.rows if row.opens}
    assert "why/elasticsearch.counts" in opened and "why/github.log" not in opened


def test_a_last_known_figure_says_that_it_is_one():
    rows = texts(a_view("elasticsearch_down"))
    at = rows.index("  figure    elastic ? broken")
    assert rows[at + 1].startswith("  read      03:23Z (20m ago), Elasticsearch")
    assert rows[at + 2].startswith("  but       no answer since 03:24Z: ")


def test_what_was_not_checked_is_named():
    rows = texts(a_view("half_blind"))
    unchecked = rows[rows.index("not checked") :]
    assert any(row.startswith("  github.runs off: ") for row in unchecked)
    assert any("days before 26 Aug one by one" in row for row in unchecked)
    assert not any("kibana" in row for row in rows[: rows.index("not checked")] if "figure" in row)
    scene = SCENES["healthy"]()
    spent = ProbeError(Trouble.budget, "a query bills 100 MiB, today's budget has 0 B", "q")
    known = scene.snapshot.observations["bigquery.counts"]
    observations = scene.snapshot.observations | {
        "bigquery.counts": replace(known, error=spent, failing_since=scene.now)
    }
    snapshot = replace(scene.snapshot, observations=observations)
    seen = view(snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    assert (
        "  bigquery.counts spent since 12:00Z: a query bills 100 MiB, today's budget has 0 B"
        in (texts(seen))
    )


def test_services_that_nobody_looked_at_are_named():
    rows = texts(a_view("nothing_yet"))
    assert sum(row.endswith(" not looked at yet") for row in rows) == 6


def test_the_head_is_the_verdicts_word_and_stale_where_nobody_looked():
    assert page(a_view("elasticsearch_down"), "why").head[0].text == "BROKEN"
    assert page(a_view("stale_start"), "why").head[0].text == "STALE"


def test_how_to_ask_says_where_when_and_what_it_costs():
    rows = texts(a_view(), "why/bigquery.counts")
    assert rows[0] == "  asks      BigQuery, project applylens-prod"
    assert any(row.startswith("  costs     bills about 41.9 MB; refused above ") for row in rows)
    assert "SELECT ... FROM `applylens.public_emails` GROUP BY 1" in rows
    down = texts(a_view("elasticsearch_down"), "why/elasticsearch.cluster")
    assert any(row.startswith("  unreachable Connection refused") for row in down) or any(
        "Connection refused" in row for row in down
    )


def test_there_is_no_page_about_what_nobody_asks():
    assert texts(a_view(), "why/nothing.at.all") == ["nothing is known of it any more"]


def test_a_wish_that_failed_is_explained():
    scene = SCENES["healthy"]()
    error = ProbeError(Trouble.denied, "403 Resource not accessible", "github jobs of run 812/1")
    name = "github.jobs:812/1"
    seen_wish = Observation(name, None, None, scene.now, error, detail=True)
    snapshot = replace(scene.snapshot, details={name: seen_wish})
    seen = view(snapshot, scene.assessment, Pipeline(), scene.now, scene.facts)
    rows = texts(seen, f"why/{name}")
    assert "  denied    403 Resource not accessible" in rows


def test_every_finding_of_the_rules_has_its_own_refutation():
    looks = [case.looks for case in CASES] + [edge.looks(1) for edge in EDGES]
    found = {item.check: item for look in looks for item in judged(look).findings}
    assert len(found) > 40
    assert [check for check, item in found.items() if refuted_by(item) == ANYTHING] == []


def of_kibana(seen: View) -> list[str]:
    rows = page(seen, "why").rows
    return [row.text for row in rows if row.key.startswith("claim.day.kibana")]


def test_what_kibana_shows_is_the_indexs_count_within_its_range():
    figure, read, ask, refuted = of_kibana(a_view())
    assert figure == "  figure    kibana shows 119: the index's, inside now-90d to now"
    assert read.endswith("Kibana at kibana.prod")
    assert ask.startswith("  ask       the dashboard's range, 8 lines, enter: curl ")
    assert refuted == "  refuted   if the saved range leaves the day out"


def test_where_the_dashboard_keeps_no_range_it_is_kibanas_own():
    scene = SCENES["healthy"]()
    default = Preferences("Browser", "Sunday", "now-1y", "now")
    kept = with_value(scene.snapshot, "kibana.status", time_restore=False, preferences=default)
    figure, _, _, refuted = of_kibana(
        view(kept, scene.assessment, Pipeline(), scene.now, scene.facts)
    )
    assert figure.endswith("the index's, inside now-1y to now (Kibana's default)")
    assert refuted == "  refuted   if Kibana's default range leaves the day out"


def test_what_kibana_does_not_show_is_not_called_a_count_of_it():
    assert of_kibana(a_view("keys_expired"))[0] == "  figure    kibana ? denied"
    assert not any("shows" in row or "range" in row for row in of_kibana(a_view("due")))


def test_of_a_day_that_is_to_come_every_stage_behind_is_due_as_the_strip_has_it():
    """The rules leave what follows an absent day without a state of its own."""
    seen = a_view("due")
    assert seen.assessment is not None
    nothing = Cell(None, State.ok)
    trace = tuple(
        replace(row, cells=row.cells | dict.fromkeys((S.elasticsearch, S.kibana), nothing))
        if row.day >= date(2026, 11, 22)
        else row
        for row in seen.assessment.trace
    )
    seen = replace(seen, assessment=replace(seen.assessment, trace=trace))
    figures = [row for row in texts(seen) if row.startswith("  figure    ")]
    assert "  figure    elastic ? due" in figures
    assert "  figure    kibana ? due" in figures
    due = seen.glyphs.states[State.due]
    assert any(row.text.count(due) == 3 for row in strip(seen, 80, 5) if "22 Nov" in row.text)
    wanted = replace(seen.look.due, wanted_day=date(2026, 11, 22))
    seen = replace(seen, look=replace(seen.look, due=wanted))
    assert "  figure    elastic none" in texts(seen), "no row, no document"
