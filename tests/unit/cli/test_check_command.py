"""`altui check` beside a running observer: what the store holds, as table, JSON and exit code."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from altui.cli.check import check
from altui.cli.exits import Exit
from altui.clock import clock_of
from altui.config import load
from altui.core.model.observed import Snapshot, Trouble
from altui.core.present.report import Report, report
from altui.store.store import Store
from altui.tui.feed import Feed, facts_of
from tests.feeding import fed
from tests.world import at, healthy, with_error, with_value

NOON = at("2026-11-23 12:00")
CLIENTS = {"httpx", "psycopg", "elasticsearch", "google.cloud.bigquery", "dbt", "textual"}


def test_json_is_the_published_report_and_a_healthy_pipeline_exits_0(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, healthy(NOON), environ)
    assert check(environ, as_json=True, fresh=False) is Exit.ok
    out = capsys.readouterr().out
    report = msgspec.json.decode(out, type=Report)
    assert json.loads(out)["verdict"]["state"] == "ok"
    assert set(json.loads(out)) >= {
        "version",
        "generated_at",
        "state",
        "verdict",
        "stages",
        "findings",
        "panels",
    }
    assert report.panels.parity.tables["emails"].delta_rows == 0
    assert report.panels.workflow.runs[0].number == 812


def test_a_finding_exits_1_and_the_table_says_what_json_says(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, with_value(healthy(NOON), "kibana.status", dashboard=None), environ)
    assert check(environ, as_json=False, fresh=False) is Exit.findings
    table = capsys.readouterr().out
    assert check(environ, as_json=True, fresh=False) is Exit.findings
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    assert report.verdict.headline in table
    for finding in report.findings:
        assert finding.subject in table
    figures = report.panels.parity.tables["emails"].postgres
    assert figures is not None
    assert f"{figures.rows:,}" in table


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    "other",
    [{"ES_URL": "http://127.0.0.1:2"}, {"KIBANA_API_KEY": "rotated"}, {"PGHOST": "replica"}],
)
def test_an_observer_with_other_settings_answers_nothing(
    observed: Store,
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    other: dict[str, str],
    fresh: bool,
):
    fed(observed, healthy(NOON), environ)
    known = observed.assessment()
    assert check({**environ, **other}, as_json=False, fresh=fresh) is Exit.blind
    printed = capsys.readouterr()
    assert "other settings" in printed.err and "--fresh" not in printed.err
    assert "OK" not in printed.out
    assert observed.assessment() == known, "the screens show what their observer sees"
    assert not observed.requests()


def test_who_may_only_read_sees_the_same(observed: Store, environ: dict[str, str]):
    fed(observed, healthy(NOON), environ)
    assert check({**environ, "ALTUI_READ_ONLY": "true"}, as_json=False, fresh=False) is Exit.ok


def test_who_asked_anew_is_not_told_how_to(
    observed: Store,
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    fed(observed, healthy(NOON), environ)
    monkeypatch.setattr(Store, "served", lambda *_: True)
    assert check(environ, as_json=False, fresh=True) is Exit.ok
    said = capsys.readouterr().err
    assert "observer saw it" in said and "--fresh" not in said


def test_what_a_silent_observer_left_is_not_passed_off_as_now(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, Snapshot(NOON - timedelta(hours=9), healthy(NOON).observations), environ)
    assert check(environ, as_json=False, fresh=False) is not Exit.ok
    assert "observer saw it" not in capsys.readouterr().err


def test_an_assessment_of_the_future_is_not_passed_off_as_now(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    """The clock was set back; the observer has not looked since."""
    fed(observed, Snapshot(NOON + timedelta(hours=9), healthy(NOON).observations), environ)
    assert check(environ, as_json=False, fresh=False) is not Exit.ok
    assert "observer saw it" not in capsys.readouterr().err


def test_beside_an_observer_it_prints_the_figures_of_the_screen(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    fed(observed, with_value(healthy(NOON), "kibana.status", dashboard=None), environ)
    settings = load(environ)
    feed = Feed(settings, observed, clock_of(settings.clock), facts_of(settings, NOON, environ))
    seen = feed.view()
    assert seen.assessment is not None
    made = report(seen.look, seen.assessment, settings.profile)
    screen = json.loads(msgspec.json.encode(made))
    check(environ, as_json=True, fresh=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed == screen | {"generated_at": printed["generated_at"]}


@pytest.mark.parametrize("verb", ["check", "parity", "doctor --service local"])
def test_in_the_locale_c_everything_printed_is_ascii(
    observed: Store, environ: dict[str, str], verb: str
):
    fed(observed, healthy(NOON))
    locale = {"LC_ALL": "C", "LANG": "en_US.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "altui", *verb.split()],
        env={**os.environ, **environ, **locale},
        capture_output=True,
        check=False,
    )
    assert done.stdout and done.stdout.isascii(), done.stdout.decode()


def test_beside_an_observer_no_client_is_loaded(observed: Store, environ: dict[str, str]):
    """0.3 s leave no time for one."""
    fed(observed, healthy(NOON), {**os.environ, **environ})
    program = (
        "import os, sys; from altui.cli.check import check\n"
        "assert check(os.environ, as_json=True, fresh=False) == 0\n"
        f"found = {CLIENTS} & set(sys.modules)\n"
        "assert not found, found"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_seen_at_all_exits_3(
    observed: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    snapshot = healthy(NOON)
    for probe in snapshot.observations:
        since = NOON - timedelta(minutes=1)
        snapshot = with_error(snapshot, probe, Trouble.unreachable, since=since)
    fed(observed, snapshot, environ)
    assert check(environ, as_json=False, fresh=False) is Exit.blind
    assert "\nCHECK" in capsys.readouterr().out


@pytest.mark.usefixtures("full")
def test_what_a_full_disk_still_holds_is_not_passed_off_as_now(
    unobserved: Store, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    assert check(environ, as_json=False, fresh=False) is Exit.blind
    assert "live 0/" in capsys.readouterr().out


def altui(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "altui", *arguments],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_any_service_it_says_what_to_do_and_exits_2(tmp_path: Path):
    result = altui("check", HOME=str(tmp_path))
    assert result.returncode == Exit.usage
    assert result.stdout == ""
    assert "altui demo" in result.stderr


@pytest.mark.parametrize("arguments", [["chek"], ["check", "--jsn"], ["--config"]])
def test_wrong_usage_exits_2(arguments: list[str]):
    assert altui(*arguments).returncode == Exit.usage


def test_without_a_terminal_the_dashboard_says_what_to_use_instead(tmp_path: Path):
    result = altui(ES_URL="http://127.0.0.1:1", ALTUI_STATE_DIR=str(tmp_path))
    assert result.returncode == Exit.usage
    assert "altui check" in result.stderr


def test_a_state_directory_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    result = altui(
        "check", ES_URL="http://127.0.0.1:1", ALTUI_STATE_DIR=str(tmp_path / "file" / "below")
    )
    assert result.returncode == Exit.usage
    assert "ALTUI_STATE_DIR" in result.stderr
    assert "Traceback" not in result.stderr
