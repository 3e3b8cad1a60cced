"""The page of a table: every day, stage by stage, and one day with its measures."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from altui.core.model.health import STAGES, Cell, StageId, State, TraceRow
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts
from altui.core.present.bars import spark
from altui.core.present.page import titled
from altui.core.present.pages.parity import apart
from altui.core.present.panels import panel
from altui.core.present.parity_report import subjects_of
from altui.core.present.places import page
from altui.core.present.rows import Tone
from altui.core.present.strip import strip
from altui.core.present.view import View, view
from altui.core.rules.assess import assess
from tests.differing import GONE, SHORT, WRONG, differing
from tests.drawing import unfit
from tests.scenes import NOON, SCENES, Scene, facts, healthy
from tests.unit.rules.cases import bend
from tests.world import with_measure, with_value

PLACE = "parity/emails"
S, X = StageId, State
BARS = "_.-=+#"


def seen(scene: Scene, **changes: object) -> View:
    shown = replace(scene.facts, **changes)
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, shown)


def texts(shown: View, place: str = PLACE) -> list[str]:
    return [row.text.rstrip() for row in shown.fitted(page(shown, place).rows, 76)]


def after(lines: list[str], title: str) -> list[str]:
    """The lines under a title up to a gap, a single space between words."""
    rest = lines[lines.index(title) + 1 :]
    return [" ".join(one.split()) for one in rest[: rest.index("") if "" in rest else len(rest)]]


def test_days_that_differ_come_first():
    lines = texts(seen(differing()))
    head, *days = after(lines, "days that differ (6)")
    assert head == "day source raw staging mart index seen Δ"
    assert days[0] == "✗ 19 Nov 166 166 166 166 166 166 0 broken at mart"
    assert days[1] == "! 18 Nov 159 147 147 147 147 147 -12 late at raw"
    assert days[2] == "! 3 Nov 169 169 169 169 - - -169 late at index"
    head, *days = after(lines, "days that agree (83)")
    assert days[0] == "✓ 22 Nov 119 119 119 119 119 119 0 ok"
    assert len(days) == 83


def test_today_is_no_day_that_differs_and_does_not_make_the_title_due():
    shown = seen(healthy())
    lines = texts(shown)
    head, *days = after(lines, "today, not compared downstream")
    assert head == "day source raw staging mart index seen Δ"
    assert days == ["◷ 23 Nov 148 145 145 - - - -3 due at raw"]
    assert not any("days that differ" in one for one in lines)
    assert page(shown, PLACE).head[0].text == "✓ ok" == panel(shown, "parity").head[0].text
    today = page(shown, f"{PLACE}/2026-11-23")
    assert today.head[0].text == "◷ due", "of the day alone it is said"


def test_the_title_is_due_when_the_panel_is():
    scene = healthy()
    stages = scene.assessment.stages
    waits = stages | {S.bigquery: replace(stages[S.bigquery], state=State.due)}
    shown = seen(scene._replace(assessment=replace(scene.assessment, stages=waits)))
    assert page(shown, PLACE).head[0].text == "◷ due" == panel(shown, "parity").head[0].text


def test_each_day_opens_its_own_page():
    opens = [row.opens for row in page(seen(differing()), PLACE).rows if row.key.startswith("day.")]
    assert len(opens) == len(set(opens)) == 90
    assert opens[1] == f"parity/emails/{WRONG}"
    assert {f"parity/emails/{one}" for one in (*GONE, SHORT)} <= set(opens)


def test_totals_newest_records_soft_deleted_and_what_is_usual():
    lines = texts(seen(differing()))
    for words in (
        "! emails    60,162    60,159      -3  0.00     39m",
        "  emails  latest: postgres 11:59Z, bigquery 11:20Z",
        "  totals within ±1 %: emails 0.00 %",
        "  soft-deleted in BigQuery: emails 214",
        "  emails  last 24 h: Δ at most 22 at 02:00Z, usual 3",
    ):
        assert words in lines
    assert not any("applications" in one for one in lines)


@pytest.mark.parametrize("name", SCENES)
def test_every_subject_is_opened_from_the_panels_place(name: str):
    shown = seen(SCENES[name]())
    opens = {row.opens for row in page(shown, "parity").rows if row.opens}
    marts = {f"parity/{mart.name}" for mart in shown.pipeline.marts if mart.ops}
    assert len(marts) == 2
    assert marts <= opens
    if shown.look.source or shown.look.warehouse:
        assert {f"parity/{name}" for name in subjects_of(shown.pipeline)} <= opens


def test_marts_of_ops_tables_say_how_their_days_are():
    rows = {row.opens: row.text.strip() for row in page(seen(healthy()), "parity").rows}
    assert rows["parity/mrt_backfill_slo"] == "· mrt_backfill_slo  no ops rows: nothing is expected"
    ops = bend.ops_fed(date(2026, 11, 22))
    shown = view(ops, assess(ops, Pipeline(), ops.at), Pipeline(), ops.at, facts(ops.at))
    rows = {row.opens: row.text.strip() for row in page(shown, "parity").rows}
    assert rows["parity/mrt_parity_drift"] == "✓ mrt_parity_drift  9 days"
    lost = bend.ops_fed(date(2026, 11, 20))
    shown = view(lost, assess(lost, Pipeline(), lost.at), Pipeline(), lost.at, facts(lost.at))
    rows = {row.opens: row.text.strip() for row in page(shown, "parity").rows}
    assert rows["parity/mrt_parity_drift"] == (
        "! mrt_parity_drift  9 days, 22 Nov (+1 more) not whole"
    )


def test_a_quiet_source_is_a_note():
    shown = seen(healthy())
    counts = shown.look.source
    assert counts is not None
    still = replace(
        counts.series["emails"], latest=NOON - timedelta(hours=9, minutes=1), gap=3600.0
    )
    series = {**counts.series, "emails": still}
    quiet = with_value(healthy().snapshot, "postgres.counts", series=series)
    lines = texts(seen(healthy()._replace(snapshot=quiet)))
    assert "  emails: no new row for 9h00; longest gap in 14 days: 1h00" in lines


def test_the_difference_hour_by_hour():
    (line,) = [one for one in texts(seen(differing())) if "hour by hour" in one]
    drawn = line[10:34]
    assert line == f"  Δ       {drawn}  hour by hour since 22 Nov 13:00Z"
    assert drawn[:4] == "    ", "no count of those hours was kept"
    assert drawn[-1] == "▁", "equal at last"
    assert "  no count of the last 24 h was kept" in texts(seen(healthy()))


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None, 0, 1], " _#"),
        ([0, 0], "__"),
        ([1, 20, 40, 60, 80, 100], "..-=+#"),
        ([-5, 5], "_#"),
        ([9_999_999, 1], "#."),
    ],
)
def test_a_sparkline(values: list[int | None], drawn: str):
    assert spark(BARS, values) == drawn


def test_measures_that_differ_with_both_figures_and_the_limit():
    lines = texts(seen(differing()))
    head, row = after(lines, "measures that mart and staging hold differently (1)")
    assert head == "day measure staging mart % limit"
    assert row == "✗ 19 Nov avg_risk 41 41.25 0.61 0.1"


def test_an_index_is_held_to_what_it_can_store():
    place = ("elasticsearch.counts", "index.mrt_risk_daily")
    snapshot = with_measure(bend.healthy(bend.NOON), place, bend.SOME_DAY, "avg_risk", None)
    made = assess(snapshot, Pipeline(), bend.NOON)
    shown = view(snapshot, made, Pipeline(), bend.NOON, facts(bend.NOON))
    _, row = after(texts(shown), "measures that index and mart hold differently (1)")
    assert row == "! 10 Nov avg_risk 35.3 null - 1.2e-05"
    assert after(texts(shown), "days that differ (1)")[1].endswith("0 late at index")


def test_one_day_with_all_its_measures():
    shown = seen(differing())
    lines = texts(shown, f"{PLACE}/{WRONG}")
    assert " ".join(lines[1].split()) == "✗ 19 Nov 166 166 166 166 166 166 0 broken at mart"
    assert "✗ avg_risk                         41           41.25           41.25   0.1%" in lines
    assert "  emails                          166             166             166   0.1%" in lines
    opens = [row.opens for row in page(shown, f"{PLACE}/{WRONG}").rows if row.opens]
    assert opens == ["indices/risk_daily", PLACE]
    assert titled(page(shown, f"{PLACE}/{WRONG}"), 76).text.startswith("parity emails 19 Nov")


def test_one_day_says_when_its_rows_were_written_copied_and_counted():
    made = assess(bend.healthy(bend.NOON), Pipeline(), bend.NOON)
    shown = view(bend.healthy(bend.NOON), made, Pipeline(), bend.NOON, facts(bend.NOON))
    lines = texts(shown, f"{PLACE}/{bend.SOME_DAY}")
    assert "  newest row written  10 Nov 22:00Z" in lines
    assert "  copied to BigQuery  10 Nov 22:00Z" in lines
    assert "  source counted      12:00Z" in lines


def test_a_mart_that_an_ops_table_feeds():
    shown = seen(differing())
    lines = texts(shown, "parity/mrt_parity_drift")
    head, lost = after(lines, "days that differ (1)")
    assert head == "day ops mart index seen Δ"
    assert lost == "! 21 Nov 1 - - - -1 late at mart"
    assert "index parity_drift: enter shows it" in lines
    day = texts(shown, "parity/mrt_parity_drift/2026-11-21")
    assert " ".join(day[1].split()) == lost
    unfed = page(shown, "parity/mrt_backfill_slo")
    assert unfed.rows[0].text == "no ops rows: nothing is expected"
    assert unfed.head == ()


def test_a_table_without_a_mart_ends_at_staging():
    lines = texts(seen(healthy()), "parity/applications")
    head, *days = after(lines, "today, not compared downstream")
    assert len(after(lines, "days that agree (89)")) == 1 + 89
    assert head == "day source raw staging Δ"
    assert days[0] == "✓ 23 Nov 20 20 20 0 ok"


@pytest.mark.parametrize("place", ["nope", "emails/2026-13-01", "emails/2020-01-01", "emails/x/y"])
def test_what_is_not_there(place: str):
    assert texts(seen(healthy()), f"parity/{place}") == ["nothing is known of it any more"]


def test_before_anything_was_counted():
    lines = texts(seen(SCENES["nothing_yet"]()))
    assert "no day was counted yet" in lines


def test_a_table_that_is_missing_in_the_services_words():
    counts = healthy().snapshot.get("bigquery.counts", Counts)
    assert counts is not None
    missing = {"staging.emails": "404 Not found: Table p:s.stg_emails"}
    snapshot = with_value(
        healthy().snapshot,
        "bigquery.counts",
        missing=missing,
        unmeasured={"mart.mrt_risk_daily.avg_risk": "Unrecognized name: avg_risk"},
    )
    lines = texts(seen(healthy()._replace(snapshot=snapshot)))
    assert "✗ staging.emails: 404 Not found: Table p:s.stg_emails" in lines
    assert "? mart.mrt_risk_daily.avg_risk: Unrecognized name: avg_risk" in lines


def row(day: date, *cells: tuple[int | None, State]) -> TraceRow:
    return TraceRow(day, "t", {s: Cell(*c) for s, c in zip(STAGES, cells, strict=False)})


BEFORE, TODAY = date(2026, 11, 22), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("cells", "day", "delta"),
    [
        ([(5, X.ok), (5, X.ok), (5, X.ok), (5, X.ok), (5, X.ok), (5, X.ok)], BEFORE, 0),
        ([(5, X.ok), (3, X.late), (4, X.broken)], BEFORE, -2),
        ([(5, X.ok), (7, X.late)], BEFORE, 2),
        ([(5, X.ok), (5, X.ok), (5, X.ok), (None, X.late), (None, X.ok)], BEFORE, -5),
        ([(5, X.ok), (5, X.ok), (5, X.ok), (None, X.due)], BEFORE, -5),
        ([(5, X.ok), (5, X.ok), (5, X.ok), (None, X.due)], TODAY, 0),
        ([(None, X.denied), (5, X.ok), (5, X.ok), (4, X.late)], BEFORE, -1),
        ([(5, X.ok), (None, X.unknown)], BEFORE, None),
        ([(None, X.unknown), (None, X.unknown)], BEFORE, None),
        ([(0, X.ok), (0, X.ok), (0, X.ok), (None, X.off), (None, X.off)], BEFORE, 0),
    ],
)
def test_by_how_much_a_day_differs(
    cells: list[tuple[int | None, State]], day: date, delta: int | None
):
    assert apart(row(day, *cells), TODAY) == delta


def large(figure: int) -> Scene:
    """Every figure so large, one day short by all of them."""
    scene = differing()
    assert scene.assessment is not None
    trace = tuple(
        replace(
            one,
            cells={
                stage: Cell(0 if cell.state in (X.late, X.due) else figure, cell.state)
                for stage, cell in one.cells.items()
            },
        )
        for one in scene.assessment.trace
    )
    snapshot = scene.snapshot
    for probe in ("postgres.counts", "bigquery.counts"):
        counts = snapshot.get(probe, Counts)
        assert counts is not None
        series = {
            key: replace(one, rows=figure, physical=2 * figure)
            for key, one in counts.series.items()
        }
        snapshot = with_value(snapshot, probe, series=series)
    drift = {
        name: replace(one, most=figure, usual=figure)
        for name, one in scene.assessment.drift.items()
    }
    made = replace(scene.assessment, trace=trace, drift=drift)
    return scene._replace(snapshot=snapshot, assessment=made)


@pytest.mark.parametrize("figure", [0, 999, 99_999, 999_999, 9_999_999, 99_999_999])
def test_figures_of_any_size_fit_80_columns(figure: int):
    shown = seen(large(figure))
    for place in (PLACE, "parity/applications", f"{PLACE}/{WRONG}"):
        made = page(shown, place)
        wide = [one.text for one in made.rows if len(one.text) > 76]
        assert wide == [], "nothing is cut"
    lost = next(one for one in texts(shown) if "18 Nov" in one)
    words = f"{figure:,}" if figure <= 999_999 else f"{figure}"
    assert lost.split()[3] == words
    assert lost.split()[9] == (f"{-figure:d}" if figure else "0")


@pytest.mark.parametrize("width", [50, 76, 116])
@pytest.mark.parametrize("make", [*SCENES.values(), differing])
def test_every_line_fits_and_its_key_is_its_own(make: Callable[[], Scene], width: int):
    for place in (PLACE, "parity/mrt_parity_drift", f"{PLACE}/{SHORT}"):
        shown = seen(make())
        made = page(shown, place)
        for one in shown.fitted((titled(made, width), *made.rows), width):
            assert not unfit(one.text, width), ascii(one.text)
        keys = [one.key for one in made.rows]
        assert len(set(keys)) == len(keys)


def test_the_strip_and_the_panel_lead_there():
    shown = seen(differing())
    assert strip(shown, 80, 4)[2].opens == "parity/emails/2026-11-23"
    opens = [one.opens for one in page(shown, "parity").rows if one.opens]
    marts = ["parity/mrt_parity_drift", "parity/mrt_backfill_slo"]
    assert opens[:5] == [PLACE, "parity/applications", *marts, "parity/emails/2026-11-23"]


def test_figures_that_are_not_live_are_grey():
    shown = seen(SCENES["no_warehouse"]())
    day = next(one for one in page(shown, PLACE).rows if one.key.startswith("day."))
    assert {segment.tone for segment in day.segments} == {Tone.dim}


def test_a_terminal_without_unicode():
    shown = seen(differing(), unicode=False)
    assert all(one.isascii() for one in texts(shown))


def test_hours_of_another_day_leave_gaps():
    scene = differing()
    assert scene.assessment is not None
    old = {datetime(2026, 11, 20, 9, tzinfo=NOON.tzinfo): 7}
    drift = {"emails": replace(scene.assessment.drift["emails"], hours=old)}
    shown = seen(scene._replace(assessment=replace(scene.assessment, drift=drift)))
    (line,) = [one for one in texts(shown) if "hour by hour" in one]
    assert line[10:34].isspace()
