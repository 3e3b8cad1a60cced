"""What the parts of the screen say in each scene, as text."""

import re
from collections.abc import Callable
from datetime import date, timedelta, timezone

import pytest
from msgspec.structs import replace

from altui.core.model.health import State
from altui.core.model.observed import Snapshot, Trouble
from altui.core.model.pipeline import Pipeline
from altui.core.model.reading import Counts, Note, Runs
from altui.core.present.findings import not_ok
from altui.core.present.header import header
from altui.core.present.page import titled
from altui.core.present.panels import PANELS, boxed, listed, panel
from altui.core.present.places import page
from altui.core.present.report import report
from altui.core.present.rows import Line, Tone, columns
from altui.core.present.strip import strip
from altui.core.present.table import table
from altui.core.present.verdict import verdict
from altui.core.present.view import SILENCE, View, view
from altui.core.rules.assess import assess
from tests.scenes import SCENES, Scene, all_silent, healthy
from tests.world import with_error, with_value

ALL = pytest.mark.parametrize("name", SCENES)


def seen(scene: Scene | str, **changes: object) -> View:
    scene = SCENES[scene]() if isinstance(scene, str) else scene
    facts = replace(scene.facts, **changes)
    return view(scene.snapshot, scene.assessment, Pipeline(), scene.now, facts)


def text(rows: tuple[Line, ...] | list[Line]) -> str:
    return "\n".join(row.text.rstrip() for row in rows)


def everything(shown: View, width: int) -> list[Line]:
    rows = [header(shown, width), *verdict(shown), *strip(shown, width, 9)]
    rows += not_ok(shown, width, 3)
    for key in PANELS:
        rows += [*boxed(shown, key, width, 40), *listed(shown, key, 3), *page(shown, key).rows]
    return shown.fitted((*rows, *page(shown, "findings").rows), width)


@ALL
@pytest.mark.parametrize("width", [50, 80, 120, 200])
def test_every_line_fits_its_width(name: str, width: int):
    assert all(columns(row.text) <= width for row in everything(seen(name), width))


@ALL
def test_an_ascii_terminal_gets_ascii(name: str):
    assert text(everything(seen(name, unicode=False), 120)).isascii()


@ALL
def test_keys_are_unique_within_a_part(name: str):
    shown = seen(name)
    for rows in (verdict(shown), strip(shown, 80, 9), *(panel(shown, key).rows for key in PANELS)):
        assert len({row.key for row in rows}) == len(rows)


@ALL
def test_the_verdict_is_three_lines_of_80_columns(name: str):
    rows = verdict(seen(name))
    assert len(rows) == 3
    assert all(columns(row.text) <= 80 for row in seen(name).fitted(rows, 80))


def test_the_strip_at_80_columns_marks_the_first_loss():
    shown = seen("elasticsearch_down")
    assert text(strip(shown, 80, 5)) == "\n".join(
        (
            "        postgres   fivetran   bigquery   dbt         elastic       kibana",
            "        ✓ ok 1m    ✓ ok 38m   ✓ ok 38m   ✓ ok 24m    ✗ DOWN 19m    ! ends 21 Nov",
            "23 Nov     148        145        145          ◷           ?             ?",
            "22 Nov     119  ->    119  ->    119  ->    119 -X->      -             ?",
            "21 Nov     118        118        118        118           ?             ?",
        )
    )


def test_the_worst_day_takes_the_last_place_of_the_strip():
    shown = seen("bigquery_behind")
    rows = strip(shown, 80, 4)
    assert [row.text[:6] for row in rows[2:]] == ["23 Nov", "22 Nov"]
    assert "-X->" in rows[3].text


def test_what_is_not_ok_names_stage_subject_age_and_the_services_words():
    rows = not_ok(seen("elasticsearch_down"), 120, 5)
    assert rows[0].text == (
        "✗ elastic   Elasticsearch does not answer from here      19m"
        "  Connection refused: es-prod-1:9200"
    )
    assert [row.opens for row in rows] == ["indices", "workflow", "indices"]


def test_findings_that_do_not_fit_are_counted():
    rows = not_ok(seen("keys_expired"), 80, 2)
    assert rows[-1].text == "and 2 more: enter shows all"
    assert rows[-1].opens == "findings"


def test_the_details_hold_every_finding_with_its_evidence():
    shown = text(page(seen("elasticsearch_down"), "findings").rows)
    for words in ("GET /_cluster/health", "“Connection refused: es-prod-1:9200”", "usual_s 370"):
        assert words in shown


def test_a_healthy_pipeline_in_its_panels():
    shown = seen("healthy")
    assert "last success  11:22Z, 38m ago; limit 1h15" in text(panel(shown, "fivetran").rows)
    assert "✓ #812  23 Nov 03:24Z nightly    6m14  success" in text(panel(shown, "workflow").rows)
    indices = text(panel(shown, "indices").rows)
    assert "✓ risk_daily     22 Nov  89/89    400    4.1 MB  green" in indices
    assert "readers see 22 Nov" in indices
    parity = text(panel(shown, "parity").rows)
    assert "◷ emails          60,162    60,159      -3  0.00     39m" in parity
    assert "staging = mart = index to 22 Nov" in parity
    assert "totals within ±1 %: emails 0.00 %, applications 0.00 %" in parity


@pytest.mark.parametrize(
    ("frequency", "limit"), [(1440, "1h15"), (60, "1h15"), (15, "30m"), (0, "1h15")]
)
def test_a_sync_is_late_after_the_connections_own_turn_and_never_after_the_promised_one(
    frequency: int, limit: str
):
    scene = healthy()
    snapshot = with_value(scene.snapshot, "fivetran.connection", sync_frequency=frequency)
    result = assess(snapshot, Pipeline(), scene.now)
    shown = view(snapshot, result, Pipeline(), scene.now, scene.facts)
    assert f"38m ago; limit {limit}\n" in text(panel(shown, "fivetran").rows)


def test_the_short_forms_at_80_columns():
    shown = seen("elasticsearch_down")
    said = {key: listed(shown, key, 1)[0].text for key in PANELS}
    assert said["fivetran"] == (
        "1 fivetran ✓ synced 03:05Z, next 04:05Z, emails + applications, 0 warnings"
    )
    assert said["workflow"].startswith(
        "2 workflow ✗ last 5: FAIL ok ok ok ok (1 seeded)   next 24 Nov"
    )
    assert said["parity"] == (
        "4 parity   ✓ 60,162 / 60,159 (due 04:05Z)   8,012 = 8,012   marts ok to 22 Nov"
    )


def test_a_failed_run_names_its_step_and_a_seeded_one_says_so():
    rows = text(panel(seen("elasticsearch_down"), "workflow").rows)
    assert "failed in Export to Elasticsearch" in rows
    assert [row.endswith("seeded") for row in rows.splitlines() if "#80" in row] == (
        [False] + [True] * 9
    )


def test_bigquery_behind_shows_rows_percent_and_time():
    rows = text(panel(seen("bigquery_behind"), "parity").rows)
    assert "! emails          60,162    59,771    -391  0.65  2d 14h" in rows


def test_services_that_are_off_are_named_with_what_follows():
    shown = seen("half_blind")
    assert panel(shown, "fivetran").state is State.off
    assert "no Fivetran key: freshness from _fivetran_synced" in text(page(shown, "fivetran").rows)
    assert "no GitHub token: the marts' modification time" in text(page(shown, "workflow").rows)
    assert "no Kibana: the index only" in text(page(shown, "indices").rows)
    assert "live 3/3, oldest 4m" in header(shown, 80).text


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        (
            "half_blind",
            (
                "1 Fivetran  by _fivetran_synced (no Fivetran key)",
                "2 Workflow runs  by the marts' age (no GitHub token)",
                "3 Index freshness  the index only (no Kibana)",
                "4 Row parity",
            ),
        ),
        (
            "keys_expired",
            (
                "1 Fivetran  by _fivetran_synced (Fivetran denied)",
                "2 Workflow runs  by the marts' age (GitHub denied)",
                "3 Index freshness  the index only (Kibana denied)",
                "4 Row parity",
            ),
        ),
        (
            "no_warehouse",
            (
                "1 Fivetran",
                "2 Workflow runs",
                "3 Index freshness",
                "4 Row parity  source = index (BigQuery unreachable)",
            ),
        ),
        (
            "all_silent",
            (
                "1 Fivetran  unseen (Fivetran unreachable)",
                "2 Workflow runs  by the newest day alone (GitHub unreachable)",
                "3 Index freshness  unseen (ES unreachable)",
                "4 Row parity  nothing to compare (BigQuery unreachable)",
            ),
        ),
        (
            "postgres_denied",
            (
                "1 Fivetran",
                "2 Workflow runs",
                "3 Index freshness",
                "4 Row parity  from BigQuery on (Postgres denied)",
            ),
        ),
    ],
)
def test_titles_say_what_stands_in_for_what_is_not_seen(name: str, titles: tuple[str, ...]):
    shown = seen(name)
    for key, words in zip(PANELS, titles, strict=True):
        said = titled(page(shown, key), 100).text
        assert said.startswith(words + "  "), said
        assert columns(titled(page(shown, key), 80).text) <= 80


def test_a_title_gives_up_its_age_first_then_the_reason_then_what_stands_in():
    shown = seen("postgres_denied")
    said = [titled(page(shown, "parity"), width).text.split("  ") for width in (80, 60, 42, 26)]
    assert [[part.strip() for part in parts if part.strip()] for parts in said] == [
        ["4 Row parity", "from BigQuery on (Postgres denied)", "⊘ denied, seen 11:34Z"],
        ["4 Row parity", "from BigQuery on (Postgres denied)", "⊘ denied"],
        ["4 Row parity", "from BigQuery on", "⊘ denied"],
        ["4 Row parity", "⊘ denied"],
    ]


def test_what_a_refused_key_showed_last_is_grey_and_has_its_age():
    shown = seen("keys_expired")
    assert "live 3/6, oldest 11h" in header(shown, 80).text
    rows = panel(shown, "workflow").rows
    assert rows[0].text == "GitHub denied, seen 00:59Z, by the marts' age: 401 the key has expired"
    assert rows[1].text == "marts built 03:27Z (8h), end 22 Nov; next 24 Nov 03:15Z"
    assert Tone.plain in {part.tone for part in rows[1].segments}
    runs = [row for row in rows if row.key.startswith("run.")]
    assert {part.tone for row in runs for part in row.segments} == {Tone.dim}
    assert panel(shown, "workflow").head[1].text == ", seen 00:59Z"
    rows = panel(shown, "fivetran").rows
    assert rows[1].text == "emails        60,159 rows, newest synced 11:22Z"
    assert "readers see 22 Nov" in text(panel(shown, "indices").rows)


def test_without_bigquery_the_last_day_equal_to_the_source_is_told():
    rows = text(panel(seen("no_warehouse"), "parity").rows)
    assert rows.startswith(
        "BigQuery unreachable, seen 11:47Z, source = index: no answer within 20 s\n"
        "source = index to 22 Nov, the marts unseen"
    )


def test_a_panel_is_never_green_while_what_it_rests_on_is_unseen():
    for name in SCENES:
        shown = seen(name)
        for key, probes in {
            "fivetran": ("fivetran.connection",),
            "workflow": ("github.runs",),
            "indices": ("elasticsearch.cluster", "elasticsearch.counts"),
            "parity": ("postgres.counts", "bigquery.counts"),
        }.items():
            blind = [probe for probe in probes if not shown.look.answers(probe)]
            if any(not shown.off(probe) for probe in blind) or len(blind) == len(probes):
                assert panel(shown, key).state is not State.ok, (name, key)


def test_what_to_do_stands_under_the_evidence():
    shown = text(page(seen("postgres_denied"), "findings").rows)
    assert "  do        check user and password in POSTGRES_DSN; altui doctor says more" in shown


def test_a_finding_about_this_host_is_no_panels():
    row = not_ok(seen("all_silent"), 80, 3)[0]
    assert row.text.startswith("? this host 6 of 6 services do not answer from here")
    assert row.opens == "findings"
    assert panel(seen("all_silent"), "parity").state is State.unknown


def test_the_report_lists_what_is_unseen():
    for name, unseen in (
        ("healthy", {}),
        ("half_blind", dict.fromkeys(("fivetran", "github", "kibana"), "off")),
        ("keys_expired", dict.fromkeys(("fivetran", "github", "kibana"), "denied")),
    ):
        shown = seen(name)
        assert shown.assessment is not None
        assert report(shown.look, shown.assessment, "prod").unseen == unseen


def test_a_dead_service_costs_its_panel_only():
    shown = seen("elasticsearch_down")
    tones = {row.key: {part.tone for part in row.segments} for row in panel(shown, "indices").rows}
    assert tones["index.mrt_risk_daily"] == {Tone.dim}
    assert Tone.dim not in {part.tone for part in panel(shown, "fivetran").head[:1]}
    assert panel(shown, "fivetran").state is State.ok


@pytest.mark.parametrize("key", PANELS)
def test_before_the_first_look_every_panel_says_so_once(key: str):
    shown = panel(seen("nothing_yet"), key)
    assert shown.state is State.unknown
    assert text(shown.rows) == "not looked at yet"


def test_nothing_is_green_before_everything_was_looked_at():
    shown = seen("stale_start")
    head = verdict(shown)[0]
    assert (
        head.text == "STALE   checking... last seen 9h ago: OK. Not all below is live (2 of 6 in)"
    )
    states = strip(shown, 80, 5)[1].segments[1:]
    assert [part.tone for part in states] == [Tone.ok] * 2 + [Tone.dim] * 4
    assert {part.tone for row in panel(shown, "workflow").rows for part in row.segments} == {
        Tone.dim
    }


def test_one_skipped_probe_does_not_keep_the_verdict_stale():
    scene = healthy()
    skipped = replace(
        scene.snapshot.observations["bigquery.counts"],
        tried_at=scene.facts.started - timedelta(minutes=9),
    )
    snapshot = Snapshot(scene.now, scene.snapshot.observations | {"bigquery.counts": skipped})
    assert not seen(scene._replace(snapshot=snapshot)).stale
    early = replace(scene.facts, started=scene.now - timedelta(seconds=20))
    fresh = {
        probe: replace(item, tried_at=scene.now)
        for probe, item in scene.snapshot.observations.items()
    }
    snapshot = Snapshot(scene.now, fresh | {"bigquery.counts": skipped})
    assert seen(scene._replace(snapshot=snapshot, facts=early)).stale


def test_an_observer_that_ended_makes_everything_stale():
    scene = healthy()
    later = seen(scene._replace(now=scene.now + SILENCE))
    assert "NOBODY LOOKS" in header(later, 80).text
    assert verdict(later)[0].text.startswith("STALE   nobody looks")
    assert {part.tone for part in strip(later, 80, 5)[1].segments[1:]} == {Tone.dim}


def test_with_no_start_every_figure_counts_as_read():
    assert not seen("stale_start", started=None).stale


def test_the_header_says_where_and_when():
    zone = timezone(timedelta(hours=1))
    assert header(seen("healthy", zone=zone), 80).text == (
        "PROD  applylens  READ-ONLY     23 Nov 12:00Z (13:00 here)    live 6/6, oldest 5m"
    )
    sandbox = {"production": False, "sandbox": True, "simulated": True, "profile": "sandbox"}
    assert header(seen("healthy", **sandbox), 80).text.startswith("SANDBOX  READ-ONLY ")
    assert "simulated time" in header(seen("healthy", **sandbox), 80).text
    assert "simulated time" in header(seen("healthy", **sandbox), 60).text


def unanswered(start: str, trouble: Trouble = Trouble.unreachable) -> View:
    """The healthy scene, printed once, after a service's last answer of half an hour ago."""
    scene = healthy()
    snapshot, since = scene.snapshot, scene.now - timedelta(minutes=29)
    for probe in snapshot.observations:
        if probe.startswith(start):
            snapshot = with_error(snapshot, probe, trouble, since=since)
    judged = assess(snapshot, Pipeline(), scene.now, scene.assessment)
    return seen(scene._replace(snapshot=snapshot, assessment=judged), started=None)


@pytest.mark.parametrize(
    ("service", "key", "rows"),
    [
        ("postgres", "parity", ("emails", "applications")),
        ("bigquery", "parity", ("emails", "applications")),
        ("elasticsearch", "indices", ("risk_daily", "parity_drift")),
    ],
)
def test_rows_of_a_service_that_does_not_answer_are_marked_and_dated(
    service: str, key: str, rows: tuple[str, ...]
):
    shown = unanswered(service)
    made = [line for line in panel(shown, key).rows if not line.key.endswith(".trouble")]
    for name in rows:
        row = next(line for line in made if line.text[2:].startswith(f"{name} "))
        assert row.text.startswith("? "), row.text
        assert {part.tone for part in row.segments} == {Tone.dim}
    assert not [row.text for row in made if shown.glyphs.states[State.ok] in row.text]
    said = "\n".join(table(shown))
    assert said.count("unreachable, seen 11:30Z") == 1


def test_what_the_cluster_said_last_is_told_as_past():
    said = text(panel(unanswered("elasticsearch"), "indices").rows)
    assert "cluster applylens-prod was green" in said
    assert not re.search("(?<!was) green,", said)
    denied = text(panel(unanswered("elasticsearch.cluster"), "indices").rows)
    assert "4.1 MB  was green" in denied
    assert "✓ risk_daily" in denied
    assert "Kibana was available" in text(panel(unanswered("kibana"), "indices").rows)
    assert "was" not in text(panel(seen("healthy"), "indices").rows)


def test_a_run_that_ended_stays_as_it_ended_and_one_that_ran_is_not_known():
    shown = unanswered("github")
    ok, unknown = (shown.glyphs.states[state] for state in (State.ok, State.unknown))
    runs = [row.text for row in panel(shown, "workflow").rows if " #8" in row.text]
    assert runs[0].startswith(ok)
    running = with_run(lambda run: replace(run, status="in_progress", conclusion=None))
    item = running.look.snapshot.observations["github.runs"]
    snapshot = with_error(
        Snapshot(running.now, {**running.look.snapshot.observations, "github.runs": item}),
        "github.runs",
        Trouble.unreachable,
        since=running.now,
    )
    row = panel(seen(healthy()._replace(snapshot=snapshot)), "workflow").rows
    assert next(line.text for line in row if " #812" in line.text).startswith(unknown)


def test_when_it_was_seen_is_never_cut_at_half_a_screen():
    shown = unanswered("elasticsearch")
    rows = shown.fitted(boxed(shown, "indices", 59, 12), 59)
    assert "seen 11:30Z" in rows[1].text


def test_silence_everywhere_points_at_this_host():
    shown = seen(all_silent())
    assert verdict(shown)[0].text.startswith("CHECK   nothing answers from this host")
    assert "live 0/6" in header(shown, 80).text


def hostile_scene(words: str) -> Scene:
    scene = healthy()
    observations = dict(scene.snapshot.observations)
    connection = observations["fivetran.connection"]
    tasked = replace(connection.value, tasks=(Note("reconnect", words),))
    observations["fivetran.connection"] = replace(connection, value=tasked)
    return scene._replace(snapshot=Snapshot(scene.now, observations))


def test_what_a_service_says_is_shown_as_it_is_and_first():
    rows = panel(seen(hostile_scene("[/] [bold]gone[/bold] [ERROR]")), "fivetran").rows
    assert rows[0].text == "task reconnect: [/] [bold]gone[/bold] [ERROR]"


def with_run(change: Callable[..., object]) -> View:
    scene = healthy()
    observations = dict(scene.snapshot.observations)
    runs = observations["github.runs"].value
    assert isinstance(runs, Runs)
    changed = replace(runs, runs=(change(runs.runs[0]), *runs.runs[1:]))
    observations["github.runs"] = replace(observations["github.runs"], value=changed)
    return seen(scene._replace(snapshot=Snapshot(scene.now, observations)))


def test_an_unknown_word_of_github_shows_as_itself_and_is_not_good():
    shown = with_run(lambda run: replace(run, conclusion="moonstruck"))
    row = next(row for row in panel(shown, "workflow").rows if "#812" in row.text)
    assert row.text.startswith("? ")
    assert "moonstruck" in row.text


def test_a_run_under_way_shows_how_long_it_has_run():
    began = healthy().now - timedelta(minutes=4)
    shown = with_run(
        lambda run: replace(run, status="in_progress", conclusion=None, started_at=began)
    )
    row = next(row for row in panel(shown, "workflow").rows if "#812" in row.text)
    assert row.text.split()[-3:] == ["4m", "in", "progress"]


@ALL
def test_what_the_rules_themselves_make_of_a_scene_can_be_drawn(name: str):
    scene = SCENES[name]()
    shown = seen(scene._replace(assessment=assess(scene.snapshot, Pipeline(), scene.now)))
    assert all(columns(row.text) <= 80 for row in everything(shown, 80))
    assert all(row.text for row in verdict(shown))


def test_days_before_the_pipelines_first_are_not_wanted():
    scene, born = healthy(), date(2026, 11, 14)
    observations = dict(scene.snapshot.observations)
    for probe in ("postgres.counts", "bigquery.counts", "elasticsearch.counts"):
        counts = observations[probe].value
        assert isinstance(counts, Counts)
        young = {
            name: replace(series, by_day={d: n for d, n in series.by_day.items() if d >= born})
            for name, series in counts.series.items()
        }
        observations[probe] = replace(observations[probe], value=replace(counts, series=young))
    shown = seen(scene._replace(snapshot=Snapshot(scene.now, observations)))
    assert "  9/9" in text(panel(shown, "indices").rows)
