"""What the palette offers to open: places that exist, once each, without the present one."""

from msgspec.structs import replace

from altui.core.model.health import STAGES
from altui.core.model.pipeline import Pipeline
from altui.core.present.palette import WIDTH, openings
from altui.core.present.panels import PANELS
from altui.core.present.view import View, view
from tests.scenes import SCENES


def seen(name: str, *, unicode: bool = True) -> View:
    now, snapshot, assessment, facts = SCENES[name]()
    return view(snapshot, assessment, Pipeline(), now, replace(facts, unicode=unicode))


def test_every_panel_run_and_finding_is_offered_by_name():
    offered = {made.name: made.place for made in openings(seen("elasticsearch_down"), "main")}
    assert set(PANELS) <= set(offered.values())
    assert offered["run #812"] == "workflow/90812"
    assert sum(place.startswith("workflow/") for place in offered.values()) == 14
    assert offered["Elasticsearch does not answer from here"] == "indices"
    assert offered["not ok"] == "findings"
    assert {f"stage/{stage}" for stage in STAGES} <= set(offered.values())
    assert "fivetran/emails" in offered.values()


def test_the_place_that_is_shown_is_not_offered():
    places = [made.place for made in openings(seen("healthy"), "workflow/90812")]
    assert "workflow/90812" not in places
    assert "workflow" in places
    assert len(places) == len(set(places))


def test_nothing_known_offers_what_is_there_without_an_answer():
    places = {made.place for made in openings(seen("nothing_yet"), "main")}
    stages = {f"stage/{stage}" for stage in STAGES}
    tables = {f"fivetran/{table.name}" for table in Pipeline().tables}
    marts = {f"parity/{mart.name}" for mart in Pipeline().marts if mart.ops}
    assert places == {*PANELS, "findings", *stages, *tables, *marts}


def test_services_words_are_bounded_and_printable():
    view_ = seen("elasticsearch_down", unicode=False)
    assert view_.assessment is not None
    found = replace(view_.assessment.findings[0], subject="[b]…\x1b" + "ö" * 200)
    odd = replace(view_, assessment=replace(view_.assessment, findings=(found,)))
    name = next(made.name for made in openings(odd, "main") if made.words.startswith("A finding"))
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= WIDTH
    assert name.startswith("[b]~ ")
