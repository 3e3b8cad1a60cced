"""The page of an index: days, size, what is set on it, its mapping, one document."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from msgspec.structs import replace

from altui.core.model.days import spans
from altui.core.model.health import State
from altui.core.model.observed import Observation, ProbeError, Snapshot, Trouble, Wish
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Cluster, Counts, Index, Sample, Template
from altui.core.present.page import Page, titled
from altui.core.present.panels import panel
from altui.core.present.places import page
from altui.core.present.rows import Tone, columns
from altui.core.present.view import View, view
from altui.core.rules.assess import assess
from tests.differing import NAME, PREFIX, SAMPLE, differing
from tests.drawing import unfit
from tests.hostile import POISONS
from tests.scenes import NOON, SCENES, Scene, facts, healthy
from tests.unit.rules.cases import bend
from tests.world import with_value

PLACE = "indices/risk_daily"
WISH = Wish("elasticsearch.sample", "risk_daily")
CLUSTER = "elasticsearch.cluster"


def seen(scene: Scene, **changes: object) -> View:
    shown = replace(scene.facts, **changes)
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, shown)


def judged(snapshot: Snapshot) -> View:
    """What the rules make of it."""
    made = assess(snapshot, Pipeline(), bend.NOON)
    return view(snapshot, made, Pipeline(), bend.NOON, facts(bend.NOON))


def text(shown: View, place: str = PLACE) -> str:
    return "\n".join(row.text.rstrip() for row in page(shown, place).rows)


def row(shown: View, name: str, place: str = PLACE) -> str:
    """What stands behind the label of that name."""
    rows = (one.text for one in page(shown, place).rows)
    return next(one.removeprefix(name).strip() for one in rows if one.startswith(name))


def test_what_a_healthy_index_says():
    shown = seen(healthy())
    assert row(shown, "newest day") == "22 Nov, wanted 22 Nov"
    assert row(shown, "days") == "89 of 89 from 26 Aug to 22 Nov"
    assert row(shown, "missing") == "none"
    assert row(shown, "duplicates") == "none"
    assert row(shown, "holds") == "400 documents, 4.1 MB"
    assert row(shown, "lifecycle") == "none: nothing deletes it"
    assert titled(page(shown, PLACE), 76).text.strip().endswith("✓ ok, seen 11:56Z")


def test_what_differs():
    shown = seen(differing())
    assert row(shown, "days") == "85 of 89 from 26 Aug to 22 Nov"
    assert row(shown, "missing") == "4 days late: 12 Oct, 1-3 Nov"
    assert row(shown, "documents") == "397"
    assert row(shown, "duplicates") == "20 Nov (2)"
    assert row(shown, "health") == "yellow, open"
    assert row(shown, "blocks") == "flood stage"
    assert row(shown, "aliases") == "risk_of_today"
    assert row(shown, "lifecycle") == (
        "policy keep, deletes it 365d after its creation: 27 Jan 2027"
    )
    assert "✗ broken" in titled(page(shown, PLACE), 76).text


def test_a_day_that_is_lost_and_one_that_is_not_due_yet():
    night = bend.healthy(bend.at("2026-11-23 03:00"))
    lost = bend.without_rows(night, *bend.DOCUMENTS[0], date(2026, 11, 10), None)
    made = assess(lost, Pipeline(), lost.at)
    shown = view(lost, made, Pipeline(), lost.at, facts(lost.at))
    assert row(shown, "missing") == "1 day late: 10 Nov"
    assert row(shown, "newest day") == "21 Nov, wanted 21 Nov"
    assert "! late" in titled(page(shown, PLACE), 76).text


def test_many_gaps_take_as_many_lines_as_they_need():
    shown = seen(healthy())
    counts = shown.look.documents
    assert counts is not None
    series = counts.series["index.mrt_risk_daily"]
    by_day = {day: n for day, n in series.by_day.items() if day.toordinal() % 2}
    fewer = {**counts.series, "index.mrt_risk_daily": replace(series, by_day=by_day)}
    gaps = with_value(healthy().snapshot, "elasticsearch.counts", series=fewer)
    lines = page(seen(healthy()._replace(snapshot=gaps)), PLACE).rows
    start = next(n for n, one in enumerate(lines) if one.text.startswith("missing"))
    block = [one.text for one in lines[start : start + 6]]
    assert "45 days late: " in block[0] or "44 days late: " in block[0]
    assert block[1].startswith(" " * 12)
    assert all(columns(one) <= 76 for one in block)


def test_the_size_day_by_day_with_the_first_and_the_last_figure():
    shown = seen(differing())
    assert row(shown, "            2.9").endswith("MB on 14 Oct, 4.1 MB on 23 Nov")
    drawn = next(one.text for one in page(shown, PLACE).rows if one.text.startswith("size"))
    assert len(drawn) == 12 + 60
    assert drawn[12:31].isspace() and not any(map(str.isspace, drawn[31:]))


def test_a_size_that_is_known_of_one_day_says_since_when():
    scene = differing()
    assert scene.assessment is not None
    sizes = {"risk_daily": {NOON.date(): 7_000_000}}
    shown = seen(scene._replace(assessment=replace(scene.assessment, sizes=sizes)))
    assert "7.0 MB, kept from 23 Nov on" in text(shown)
    assert "size" not in text(seen(healthy()))


def test_the_mapping_field_by_field_what_differs_first():
    lines = text(seen(differing())).splitlines()
    place = lines.index("mapping: 4 differences")
    assert [one.split() for one in lines[place + 1 : place + 6]] == [
        ["field", "ships", "template", "index"],
        ["✗", "slo_status", "keyword", "keyword", "text"],
        ["!", "priority", "500", "100"],
        ["!", "coverage_pct", "double", "float", "float"],
        ["·", "note", "absent", "absent", "text"],
    ]
    assert lines[place + 6] == "every field (7)"
    assert lines[place + 8].split() == ["d", "date", "date", "date"]


def test_a_mapping_as_it_ships():
    shown = judged(bend.healthy(bend.NOON))
    assert "mapping: no difference to what ships" in text(shown)
    assert "every field (4)" in text(shown)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"template": False, "served": None}, "double          absent          double"),
        ({"template": None, "served": None}, "double          ?               double"),
        ({"shipped": None}, "?               double          double"),
    ],
)
def test_a_template_that_is_missing_or_not_seen(changes: dict[str, object], words: str):
    shown = judged(bend.cluster(**changes))
    assert words in text(shown)


def test_a_mapping_that_may_not_be_read():
    hidden = Index(NAME, "green", "open", 399, 4_000_000)
    unseen = {"mappings": "403 security_exception"}
    shown = judged(bend.cluster(indices={NAME: hidden}, unseen=unseen))
    assert "its mapping is not seen: 403 security_exception" in text(shown)
    assert row(shown, "blocks") == "not seen"


def test_indices_behind_an_alias_are_told_of_one_by_one():
    made = {
        name: Index(name, "green", "open", 200, 1000, aliases=(NAME,), fields={"d": "date"})
        for name in ("a_new", "a_old")
    }
    shown = judged(bend.cluster(indices=made))
    assert [one for one in text(shown).splitlines() if one.startswith("index ")] == [
        "index       a_new",
        "index       a_old",
    ]
    many = {f"a_{n:03}": replace(made["a_new"], name=f"a_{n:03}") for n in range(14)}
    shown = judged(bend.cluster(indices=many))
    assert "4 more indices behind this name" in text(shown)


def test_the_newest_document_a_field_a_line():
    shown = seen(differing())
    lines = text(shown).splitlines()
    place = lines.index("newest document 2026-11-22, read 12:00Z")
    assert [one.split()[0] for one in lines[place + 1 :]] == [*dict(SAMPLE.value.fields)]  # type: ignore[union-attr]
    assert lines[place + 2].split() == ["emails", "119"]
    assert page(shown, PLACE).wishes == (WISH,)


def with_sample(scene: Scene, value: Sample | None, error: ProbeError | None = None) -> View:
    made = Observation(WISH.id, value, NOON, NOON, error, detail=True)
    snapshot = Snapshot(NOON, scene.snapshot.observations, {WISH.id: made})
    return seen(scene._replace(snapshot=snapshot))


def test_a_document_is_waited_for_and_its_absence_explained():
    assert "its newest document: being read..." in text(seen(healthy()))
    denied = ProbeError(Trouble.denied, "403 security_exception: no", "POST /x/_search")
    refused = with_sample(healthy(), None, denied)
    assert "its newest document: denied, 403 security_exception: no" in text(refused)
    assert "no document, read 12:00Z" in text(with_sample(healthy(), Sample()))
    kept = with_sample(healthy(), Sample("a", "2026-11-22", ()))
    assert "the index keeps no _source of it" in text(kept)
    many = with_sample(healthy(), Sample("a", "1", (("d", '"x"'),), 7))
    assert "and 7 fields more" in text(many)


def test_a_mart_without_ops_rows_is_off_and_asks_for_nothing():
    shown = page(seen(healthy()), "indices/backfill_slo")
    assert "no ops rows: nothing is expected" in "\n".join(one.text for one in shown.rows)
    assert shown.wishes == ()
    assert shown.head[0].tone is Tone.off


def test_an_index_that_is_gone():
    counts = bend.healthy(bend.NOON).get("elasticsearch.counts", Counts)
    assert counts is not None
    gone = with_value(bend.healthy(bend.NOON), "elasticsearch.counts", series={})
    shown = page(judged(gone), PLACE)
    assert "no such index" in "\n".join(one.text for one in shown.rows)
    assert (shown.head[0].tone, shown.wishes) == (Tone.broken, ())


def test_ways_on():
    opens = {one.text: one.opens for one in page(seen(healthy()), PLACE).rows if one.opens}
    assert opens == {"its days, stage by stage: enter shows them": "parity/emails"}
    rows = page(seen(healthy()), "indices").rows
    assert [one.opens for one in rows if one.opens] == [
        "indices/risk_daily",
        "indices/parity_drift",
        "indices/backfill_slo",
    ]
    assert "nothing is known" in text(seen(healthy()), "indices/nope")


def poisoned(poison: str) -> Scene:
    """Every text that Elasticsearch could have put into the store."""
    scene = differing()
    shipped = Template((poison,), 1, 1, poison, {poison: poison}, {poison: poison, "d": "date"})
    own = Index(
        f"{PREFIX}_risk_daily",
        poison,
        poison,
        1,
        1,
        (poison,),
        (poison,),
        poison,
        poison,
        {poison: poison, "d": poison},
    )
    cluster = scene.snapshot.get(CLUSTER, Cluster)
    assert cluster is not None
    value = replace(
        cluster, indices={NAME: own}, served=shipped, shipped=replace(shipped, fields={})
    )
    observations = dict(scene.snapshot.observations)
    observations[CLUSTER] = replace(observations[CLUSTER], value=value)
    sample = replace(SAMPLE, value=Sample(poison, poison, ((poison, poison), (poison, poison))))
    return scene._replace(snapshot=Snapshot(NOON, observations, {SAMPLE.probe: sample}))


@pytest.mark.parametrize("width", [50, 76, 116])
@pytest.mark.parametrize(
    "make", [*SCENES.values(), differing, *(lambda p=p: poisoned(p) for p in POISONS.values())]
)
def test_every_line_fits_and_moves_no_cursor(make: Callable[[], Scene], width: int):
    for place in (PLACE, "indices/parity_drift"):
        shown = seen(make())
        made: Page = page(shown, place)
        for one in shown.fitted((titled(made, width), *made.rows), width):
            assert not unfit(one.text, width), ascii(one.text)
        keys = [one.key for one in made.rows]
        assert len(set(keys)) == len(keys)


def test_figures_that_are_not_live_are_grey():
    shown = seen(SCENES["elasticsearch_down"]())
    tones = {
        segment.tone
        for one in page(shown, PLACE).rows
        if one.key in ("index.newest day", "index.days", "index.holds", "index.health")
        for segment in one.segments
    }
    assert tones == {Tone.dim}


def test_a_terminal_without_unicode():
    shown = seen(differing(), unicode=False)
    assert all(one.text.isascii() for one in shown.fitted(page(shown, PLACE).rows, 76))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], []),
        ([5], [(5, 5)]),
        ([3, 1, 2], [(1, 3)]),
        ([30, 31, 32, 34, 36, 37], [(30, 32), (34, 34), (36, 37)]),
    ],
)
def test_spans_of_days(days: list[int], expected: list[tuple[int, int]]):
    first = date(2026, 10, 1).toordinal() - 1
    found = spans(date.fromordinal(first + day) for day in days)
    assert [(one.toordinal() - first, last.toordinal() - first) for one, last in found] == expected


BENT: dict[str, Callable[[], View]] = {
    **{name: partial(lambda make: seen(make()), make) for name, make in SCENES.items()},
    "differing": lambda: seen(differing()),
    "an older day lost": lambda: judged(
        bend.without_rows(bend.healthy(bend.NOON), *bend.DOCUMENTS[0], date(2026, 11, 10), None)
    ),
    "the newest day lost": lambda: judged(
        bend.without_rows(bend.healthy(bend.NOON), *bend.DOCUMENTS[0], date(2026, 11, 22), None)
    ),
}


@pytest.mark.parametrize("case", BENT)
def test_an_indexs_row_and_its_page_are_of_one_mind(case: str):
    shown = BENT[case]()
    rows = {row.opens: row for row in panel(shown, "indices").rows}
    states = shown.glyphs.states
    for mart in shown.pipeline.marts:
        place = f"indices/{mart.index}"
        if place not in rows:
            continue
        head = page(shown, place).head[0].text[0]
        sign = rows[place].segments[0].text
        stale = shown.unseen("elasticsearch.counts") and head != states[State.off]
        assert sign == (states[State.unknown] if stale else head), place
        if not stale and head in (states[State.late], states[State.broken]):
            assert panel(shown, "indices").state in (State.late, State.broken)


def test_the_panel_tells_of_an_older_day_that_is_lost():
    shown = BENT["an older day lost"]()
    risk = next(row for row in panel(shown, "indices").rows if row.opens == PLACE)
    assert risk.segments[0].text == "!"
    assert [part.text.split("/")[0].strip() for part in risk.segments if "/" in part.text] == ["29"]
    late = [part.text.strip() for part in risk.segments if part.tone is Tone.late]
    assert late == ["!", "29/30"]
