"""analytics/export/export_to_es.py as the workflow starts it: its output, its exit codes."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from altui.act.export_program import main
from altui.act.steps.export import window

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "analytics" / "export" / "export_to_es.py"
RISK = "analytics_applylens_risk_daily"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def environ(elastic, warehouse, tmp_path):
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_s": 0}))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BQ_PROJECT": "p",
        "BIGQUERY_EMULATOR_HOST": warehouse.url,
        "ES_URL": elastic.url,
        "ALTUI_CLOCK": str(clock),
    }


@pytest.fixture
def run(environ, tmp_path, monkeypatch, capsys):
    """The program in this process, for speed; one test starts the file itself."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **changed: str) -> Done:
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", environ | changed)
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = int(str(ended.code))
        return Done(code, *capsys.readouterr())

    return run


def totals(done: Done) -> tuple[int, int]:
    """The two figures of the one object that stdout may hold."""
    said = json.loads(done.stdout)
    assert list(said) == ["total_success", "total_errors"]
    return said["total_success"], said["total_errors"]


def test_the_file_itself_indexes_everything(environ, elastic, warehouse, tmp_path):
    program = [sys.executable, str(SCRIPT)]
    ended = subprocess.run(
        program,
        env=environ,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    done = Done(ended.returncode, ended.stdout, ended.stderr)
    assert (done.returncode, totals(done), done.stderr) == (0, (3, 0), "")
    assert elastic.documents[f"{RISK}/2026-11-22"] == {"d": "2026-11-22", "n": 1}
    assert set(elastic.documents) == {
        f"{RISK}/2026-11-21",
        f"{RISK}/2026-11-22",
        "analytics_applylens_parity_drift/2026-11-22",
    }
    assert len(elastic.refreshes) == 1
    real = [job for job in warehouse.asked if not job.get("dryRun")]
    assert len(real) == 3
    assert all(int(job["query"]["maximumBytesBilled"]) == 10 * 1024**2 for job in real)


def test_the_days_asked_for_reach_bigquery(run, warehouse):
    run("--start", "2026-03-01", "--end", "2026-03-04")
    values = {
        p["name"]: p["parameterValue"]["value"]
        for p in warehouse.asked[0]["query"]["queryParameters"]
    }
    assert values == {"start": "2026-03-01", "end": "2026-03-04"}


def test_the_default_days_end_yesterday_by_the_clock_given(run, warehouse, tmp_path):
    clock = tmp_path / "other.json"
    clock.write_text(json.dumps({"offset_s": 86400 * 1000}))
    run(ALTUI_CLOCK=str(clock))
    values = [p["parameterValue"]["value"] for p in warehouse.asked[0]["query"]["queryParameters"]]
    first, last = map(date.fromisoformat, values)
    assert (last - first).days == 89
    assert last > date.today() + timedelta(days=990)


def test_a_refused_document_is_an_error_and_the_rest_is_indexed(run, elastic):
    elastic.refusals = {"2026-11-21": [(400, "mapper_parsing_exception", "failed to parse")]}
    done = run()
    assert (done.returncode, totals(done)) == (1, (2, 1))
    assert done.stderr == f"{RISK}: mapper_parsing_exception: failed to parse: for this\n"


def test_a_missing_mart_says_what_to_do(run, warehouse):
    warehouse.marts["mrt_parity_drift"] = None
    done = run()
    assert (done.returncode, totals(done)) == (1, (2, 1))
    assert "applylens_marts.mrt_parity_drift: NotFound: 404" in done.stderr
    assert "dbt run --profiles-dir ." in done.stderr


def test_a_failed_refresh_is_an_error(run, elastic):
    elastic.refresh_status = 500
    done = run()
    assert (done.returncode, totals(done)) == (1, (3, 1))


@pytest.mark.parametrize(
    ("changed", "words", "errors"),
    [
        (
            {"ES_URL": "http://127.0.0.1:9"},
            "ConnectionError: Connection refused (http://127.0.0.1:9)",
            3,
        ),
        ({"ES_URL": ""}, "ES_URL not set", 3),
        ({"BQ_PROJECT": ""}, "BQ_PROJECT not set", 1),
        ({"ALTUI_READ_ONLY": "1"}, "PermitError: Writing is refused", 1),
    ],
)
def test_what_cannot_start_says_so(run, elastic, changed, words, errors):
    done = run(**changed)
    assert (done.returncode, totals(done)) == (1, (0, errors))
    assert words in done.stderr
    assert elastic.documents == {}


def test_wrong_credentials_have_the_runbooks_name(run, elastic):
    elastic.status = 401
    done = run()
    assert (done.returncode, totals(done)) == (1, (0, 3))
    assert "AuthenticationException: 401" in done.stderr


def test_a_dead_server_is_noticed_without_a_document_to_send(run, warehouse):
    warehouse.marts = {mart: [] for mart in warehouse.marts}
    done = run(ES_URL="http://127.0.0.1:9")
    assert (done.returncode, totals(done)) == (1, (0, 1))


def test_read_only_asks_nobody(run, elastic, warehouse):
    run(ALTUI_READ_ONLY="1")
    assert elastic.server.asked == warehouse.asked == []


@pytest.mark.parametrize(
    "arguments",
    [("--start", "yesterday"), ("--start", "2026-03-02", "--end", "2026-03-01"), ("--nope",)],
)
def test_wrong_usage(run, arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "export_to_es.py: error" in done.stderr


def test_a_wrong_setting_is_usage(run):
    done = run(ALTUI_READ_ONLY="perhaps")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ALTUI_READ_ONLY" in done.stderr


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, ("2026-08-25", "2026-11-22")),
        ("2024-01-01", None, ("2024-01-01", "2026-11-22")),
        (None, "2026-11-23", ("2026-08-26", "2026-11-23")),
        ("2026-11-23", "2026-11-23", ("2026-11-23", "2026-11-23")),
    ],
)
def test_window(start, end, expected):
    first, last = (date.fromisoformat(one) if one else None for one in (start, end))
    assert tuple(map(str, window(first, last, TODAY, 90))) == expected


def test_a_window_that_ends_before_it_starts():
    with pytest.raises(ValueError, match="lies after"):
        window(TODAY, None, TODAY, 90)
