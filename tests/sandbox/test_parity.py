"""Parity on the living pipeline: what is done to its data shows as it should, before and after."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.living import Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def quiet(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The pipeline while nothing arrives at the source, and every copy holds what there is."""
    sandbox.do("writer", "pause")
    sync(sandbox)
    build(sandbox)
    yield sandbox
    sandbox.do("writer", "resume")


@pytest.fixture(scope="module")
def warehouse(sandbox: Sandbox) -> bigquery.Client:
    return bigquery.Client(
        sandbox.env["BQ_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.env["BIGQUERY_EMULATOR_HOST"]},
    )


def altui(sandbox: Sandbox, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "altui", *words],
        env={**os.environ, **sandbox.env},
        capture_output=True,
        text=True,
        check=False,
    )


def parity(sandbox: Sandbox, *words: str) -> tuple[int, dict[str, Any]]:
    done = altui(sandbox, "parity", "--json", *words)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def subject(report: dict[str, Any], name: str = "emails") -> dict[str, Any]:
    return next(one for one in report["subjects"] if one["name"] == name)


def today(sandbox: Sandbox) -> date:
    return datetime.fromisoformat(sandbox.status()["now"]).date()


def source(sandbox: Sandbox, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(sandbox.env["POSTGRES_ADMIN_DSN"]) as connection:
        done = connection.execute(statement.encode(), values)
        return done.fetchall() if done.description else []


def states(report: dict[str, Any], day: date, name: str = "emails") -> dict[str, str]:
    return next(
        (row["states"] for row in subject(report, name)["days"] if row["day"] == day.isoformat()),
        {},
    )


def sync(sandbox: Sandbox) -> None:
    """A sync from start to end, some minutes after whatever was written."""
    sandbox.do("clock", "advance", "10m")
    env = sandbox.env
    httpx.post(
        f"{env['FIVETRAN_URL']}/v1/connections/{env['FIVETRAN_CONNECTION']}/sync",
        json={"force": True},
        auth=(env["FIVETRAN_API_KEY"], env["FIVETRAN_API_SECRET"]),
        timeout=60,
    ).raise_for_status()
    httpx.get(f"{env['FIVETRAN_URL']}/_sandbox/idle", timeout=60).raise_for_status()


def build(sandbox: Sandbox) -> None:
    """A run of the workflow by hand: it builds, tests and exports."""
    env = sandbox.env
    with httpx.Client(
        base_url=env["GITHUB_API_URL"],
        headers={"authorization": f"Bearer {env['GITHUB_TOKEN']}"},
        timeout=240,
    ) as github:
        asked = {"ref": "main", "return_run_details": True}
        path = f"/repos/{env['GITHUB_REPOSITORY']}/actions/workflows/analytics-sync.yml/dispatches"
        run = github.post(path, json=asked).raise_for_status().json()["workflow_run_id"]
        github.get(f"/_sandbox/runs/{run}/wait").raise_for_status()


def test_all_is_equal_and_each_figure_is_the_engines(quiet: Sandbox, warehouse: bigquery.Client):
    code, report = parity(quiet)
    assert (code, report["outcome"]) == (0, "equal"), report
    emails = subject(report)
    ((count,),) = source(quiet, "SELECT count(*) FROM emails")
    assert emails["totals"]["postgres"]["rows"] == count
    assert emails["totals"]["delta_rows"] == 0
    assert report["unmeasured"] == {}
    assert "staging = mart = index" in altui(quiet, "parity").stdout
    job = warehouse.query(report["queries"]["bigquery.counts"])
    assert len(list(job.result())) > 100, "the text shown can be repeated"


def test_a_range_is_asked_by_itself_with_its_price(quiet: Sandbox):
    last = today(quiet) - timedelta(days=20)
    first = last - timedelta(days=6)
    done = altui(quiet, "parity", "--start", f"{first}", "--end", f"{last}", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bill 90 MiB (dry run)" in done.stderr
    report = json.loads(done.stdout)
    assert (report["start"], report["end"]) == (first.isoformat(), last.isoformat())
    ((count,),) = source(
        quiet,
        "SELECT count(*) FROM emails"
        " WHERE (received_at AT TIME ZONE 'UTC')::date BETWEEN %s AND %s",
        first,
        last,
    )
    in_range = subject(report)["in_range"]
    assert set(in_range.values()) == {count}, in_range


def test_rows_that_arrive_are_due_until_a_sync_carried_them(quiet: Sandbox):
    source(quiet, "INSERT INTO emails (subject) SELECT 'by hand' FROM generate_series(1, 7)")
    code, report = parity(quiet)
    assert (code, report["outcome"]) == (0, "due")
    assert subject(report)["totals"]["delta_rows"] == -7
    sync(quiet)
    code, report = parity(quiet)
    assert (code, report["outcome"], subject(report)["totals"]["delta_rows"]) == (0, "equal", 0)


def test_a_re_scored_mail_of_an_old_day_is_due_until_the_build_that_should_have_it(
    quiet: Sandbox,
):
    """Within the build's window it is carried by the next one."""
    day = today(quiet) - timedelta(days=2)
    source(
        quiet,
        "UPDATE emails SET risk_score = 100 WHERE id IN (SELECT id FROM emails"
        " WHERE (received_at AT TIME ZONE 'UTC')::date = %s AND risk_score < 50 LIMIT 20)",
        day,
    )
    sync(quiet)
    code, report = parity(quiet)
    assert (code, report["outcome"]) == (0, "due"), report
    found = {one["measure"]: one for one in subject(report)["measures"]}
    assert {"avg_risk", "critical_risk_count"} <= set(found)
    assert {(one["day"], one["stage"], one["state"]) for one in found.values()} == {
        (day.isoformat(), "dbt", "due")
    }
    build(quiet)
    code, report = parity(quiet)
    assert (code, subject(report)["measures"]) == (0, []), report


def test_a_re_scored_mail_that_the_build_did_not_take_is_broken(
    quiet: Sandbox, warehouse: bigquery.Client
):
    """Rows that were synced long before the build, with a value that the mart does not have."""
    day = today(quiet) - timedelta(days=20)
    table = f"{quiet.env['BQ_DATASET']}.public_emails"
    where = f"DATE(received_at) = '{day}' AND risk_score < 50"
    before = f"{quiet.env['BQ_DATASET']}.kept_scores"
    warehouse.query_and_wait(
        f"CREATE TABLE {before} AS SELECT id, risk_score FROM {table} WHERE {where}"
    )
    warehouse.query_and_wait(f"UPDATE {table} SET risk_score = 100 WHERE {where}")
    # the sandbox copies its whole history when it first starts, after the seeded nights
    warehouse.query_and_wait(
        f"UPDATE {table} SET _fivetran_synced = TIMESTAMP '{day} 23:00:00+00'"
        f" WHERE DATE(received_at) = '{day}'"
    )
    try:
        code, report = parity(quiet)
        assert (code, report["outcome"]) == (1, "different")
        measures = subject(report)["measures"]
        assert {(one["day"], one["stage"], one["state"]) for one in measures} == {
            (day.isoformat(), "dbt", "broken")
        }
        ((stored,),) = [
            tuple(row.values())
            for row in warehouse.query_and_wait(
                f"SELECT avg_risk FROM {quiet.env['BQ_DATASET']}_marts.mrt_risk_daily"
                f" WHERE d = '{day}'"
            )
        ]
        assert next(one for one in measures if one["measure"] == "avg_risk")["found"] == stored
        checked = json.loads(altui(quiet, "check", "--json").stdout)
        (finding,) = [one for one in checked["findings"] if one["check"] == "parity.measure.mart"]
        assert finding["days"] == [day.isoformat()]
    finally:
        warehouse.query_and_wait(
            f"UPDATE {table} AS t SET risk_score = k.risk_score FROM {before} AS k"
            " WHERE t.id = k.id"
        )
        warehouse.query_and_wait(f"DROP TABLE {before}")
    assert parity(quiet)[0] == 0


def test_rows_gone_from_the_copy_are_late_though_their_day_receives_more(
    quiet: Sandbox, warehouse: bigquery.Client
):
    """The day's newest write is of now: only the rows of long ago tell."""
    day = today(quiet) - timedelta(days=5)
    table = f"{quiet.env['BQ_DATASET']}.public_emails"
    kept = f"{quiet.env['BQ_DATASET']}.kept_rows"
    chosen = f"SELECT id FROM {table} WHERE DATE(received_at) = '{day}' ORDER BY id LIMIT 3"
    warehouse.query_and_wait(f"CREATE TABLE {kept} AS SELECT * FROM {table} WHERE id IN ({chosen})")
    # as if they had been copied so, long ago
    warehouse.query_and_wait(f"DELETE FROM {table} WHERE id IN (SELECT id FROM {kept})")
    late = "INSERT INTO emails (subject, received_at) VALUES ('late', %s::date + time '12:00')"
    source(quiet, late, day)
    try:
        code, report = parity(quiet)
        assert (code, states(report, day)["fivetran"]) == (1, "late"), report
    finally:
        warehouse.query_and_wait(f"INSERT INTO {table} SELECT * FROM {kept}")
        warehouse.query_and_wait(f"DROP TABLE {kept}")
    code, report = parity(quiet)
    assert (code, states(report, day)["fivetran"]) == (0, "due"), "the new one comes with the next"
    sync(quiet)
    build(quiet)
    assert parity(quiet)[0] == 0


def test_a_row_deleted_at_the_source_is_due_until_a_sync(quiet: Sandbox):
    day = today(quiet) - timedelta(days=9)
    source(
        quiet,
        "DELETE FROM emails WHERE id = (SELECT max(id) FROM emails"
        " WHERE (received_at AT TIME ZONE 'UTC')::date = %s)",
        day,
    )
    code, report = parity(quiet)
    assert (code, states(report, day)["fivetran"]) == (0, "due"), report
    sync(quiet)
    _, report = parity(quiet)
    assert subject(report)["totals"]["delta_rows"] == 0
    assert states(report, day)["dbt"] == "due", "the mart still counts it"
    build(quiet)
    assert parity(quiet)[1]["outcome"] == "equal"


def test_a_document_that_was_changed_is_late_and_a_second_one_is_told(quiet: Sandbox):
    day = today(quiet) - timedelta(days=15)
    index = f"{quiet.env['ES_URL']}/{quiet.env['ES_ANALYTICS_INDEX']}_risk_daily"
    document = httpx.get(f"{index}/_doc/{day}").json()["_source"]
    try:
        httpx.put(f"{index}/_doc/{day}?refresh=true", json={**document, "avg_risk": 1.5})
        code, report = parity(quiet)
        assert code == 1
        (measure,) = subject(report)["measures"]
        assert (measure["stage"], measure["measure"], measure["found"], measure["state"]) == (
            "elasticsearch",
            "avg_risk",
            1.5,
            "late",
        )
        httpx.put(f"{index}/_doc/{day}?refresh=true", json=document)
        httpx.put(f"{index}/_doc/second?refresh=true", json=document)
        assert states(parity(quiet)[1], day)["elasticsearch"] == "late"
        checked = json.loads(altui(quiet, "check", "--json").stdout)
        (finding,) = [one for one in checked["findings"] if one["check"] == "parity.duplicates"]
        assert finding["days"] == [day.isoformat()]
    finally:
        httpx.put(f"{index}/_doc/{day}?refresh=true", json=document)
        httpx.delete(f"{index}/_doc/second?refresh=true")
    assert parity(quiet)[0] == 0


def test_a_day_that_left_the_mart_is_late(quiet: Sandbox, warehouse: bigquery.Client):
    day = today(quiet) - timedelta(days=12)
    mart = f"{quiet.env['BQ_DATASET']}_marts.mrt_risk_daily"
    kept = f"{quiet.env['BQ_DATASET']}_marts.kept_day"
    warehouse.query_and_wait(f"CREATE TABLE {kept} AS SELECT * FROM {mart} WHERE d = '{day}'")
    warehouse.query_and_wait(f"DELETE FROM {mart} WHERE d = '{day}'")
    try:
        code, report = parity(quiet)
        assert (code, states(report, day)["dbt"]) == (1, "late")
    finally:
        warehouse.query_and_wait(f"INSERT INTO {mart} SELECT * FROM {kept}")
        warehouse.query_and_wait(f"DROP TABLE {kept}")
    assert parity(quiet)[0] == 0


def test_a_spent_budget_is_said_and_nothing_is_passed_off_as_exact(quiet: Sandbox):
    assert parity(quiet)[0] == 0
    spent = Sandbox(quiet.dir, {**quiet.env, "ALTUI_BIGQUERY_DAILY_BYTES": "1"})
    done = altui(spent, "parity")
    assert "today's 1 B are spent, next at 00:00Z" in done.stdout
    assert "soft-deleted rows included" in done.stdout
    assert done.returncode == 0, "the exact counts of a moment ago still stand"
    nothing = {**spent.env, "ALTUI_STATE_DIR": f"{quiet.dir}/elsewhere"}
    blind = altui(Sandbox(quiet.dir, nothing), "parity")
    assert blind.returncode == 3
    assert "no exact counts; a query bills 90 MiB, today's budget has 1 B left" in blind.stdout


def test_a_wrong_measure_is_named_and_the_others_are_compared(quiet: Sandbox, tmp_path: Any):
    file = tmp_path / "altui.toml"
    file.write_text(
        'profile = "sandbox"\n'
        '[[pipeline.marts]]\nname = "mrt_risk_daily"\nindex = "risk_daily"\ntable = "emails"\n'
        'count = "emails"\nmeasures = [\n'
        '  {name = "avg_risk", sql = "ROUND(AVG(risk_score), 2)"},\n'
        '  {name = "avg_riskk", sql = "ROUND(AVG(risk_scoree), 2)"},\n]\n'
    )
    done = altui(quiet, "--config", str(file), "parity", "--json", "--start", "2026-01-01")
    report = json.loads(done.stdout)
    assert set(report["unmeasured"]) == {
        "staging.emails.avg_riskk",
        "mart.mrt_risk_daily.avg_riskk",
    }
    assert "risk_scoree" in report["unmeasured"]["staging.emails.avg_riskk"]
    assert subject(report)["days"] == subject(report)["measures"] == []
    assert (done.returncode, subject(report)["outcome"]) == (3, "blind"), "not all was compared"
