"""`altui doctor` over the living pipeline, with one credential removed or spoilt at a time."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import psycopg
import pytest

from altui.config import load, origins
from altui.core.model.doctor import Result
from altui.doctor.bigquery_roles import CREATE, READ
from altui.doctor.exam import Context
from altui.doctor.examine import EXAMS, examine
from docs import schema
from tests.living import Sandbox

PATIENT = 200
"""Seconds: this machine may be busy, and dbt parses its project."""
QUICK = tuple(service for service in EXAMS if service != "dbt")
Results = dict[str, Result]


def altui(environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "altui", "doctor", "--timeout", str(PATIENT), *words]
    return subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )


async def examined(environ: Mapping[str, str], services: tuple[str, ...] = QUICK) -> Results:
    context = Context(load(environ), environ, None, origins(environ, None))
    sections = await examine(context, services, PATIENT)
    return {result.id: result for section in sections for result in section.results}


@pytest.fixture(scope="module")
def healthy(sandbox: Sandbox) -> dict[str, Any]:
    """The report of the untouched sandbox: by the command itself, as a program reads it."""
    done = altui(sandbox.env, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def states(report: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["state"] for part in report["sections"] for one in part["results"]}


def test_a_healthy_pipeline_is_in_order(healthy: dict[str, Any]):
    jsonschema.validate(healthy, json.loads(schema.DOCTOR.read_text()))
    assert [section["service"] for section in healthy["sections"]] == [*EXAMS]
    seen = states(healthy)
    assert {name for name, state in seen.items() if state == "unknown"} == {
        "fivetran.role",
        "github.dispatch",
        "elasticsearch.reading",
        "elasticsearch.writing",
        "pagerduty.key",
    }, "only what reading cannot tell"
    off = {name for name, state in seen.items() if state == "off"}
    assert off == {"settings.credentials", "local.terminal"}
    assert set(seen.values()) == {"ok", "unknown", "off"}
    assert healthy["state"] == "ok"


def test_a_healthy_report_is_calm_and_fits_80_columns(sandbox: Sandbox):
    done = altui({**sandbox.env, "COLUMNS": "80"}, *(f"--service={name}" for name in QUICK))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert " fix " not in done.stdout
    assert lines[-1].startswith("✓ ok: ")
    assert len(lines) < 80


def test_no_secret_is_printed(sandbox: Sandbox, healthy: dict[str, Any]):
    names = ("FIVETRAN_API_KEY", "FIVETRAN_API_SECRET", "GITHUB_TOKEN", "KIBANA_API_KEY")
    secrets = [sandbox.env[name] for name in names]
    secrets.append(psycopg.conninfo.conninfo_to_dict(sandbox.env["POSTGRES_DSN"])["password"])
    for secret in secrets:
        assert secret not in json.dumps(healthy)


DBT = Path(__file__).parents[2] / "analytics" / "dbt"
NOWHERE = "http://127.0.0.1:1"

# variable, its value (None: removed), the result that speaks, its state, words of it and its fix
Case = tuple[str, str | None, str, str, str, str]
CASES: list[Case] = [
    ("POSTGRES_DSN", None, "postgres.connection", "off", "POSTGRES_DSN is not set", "POSTGRES_DSN"),
    (
        "POSTGRES_DSN",
        "postgresql://altui_reader:wrong@127.0.0.1:{port}/applylens",
        "postgres.connection",
        "denied",
        "password authentication failed for user",
        "set POSTGRES_DSN (now from the environment) with the role's right password",
    ),
    (
        "POSTGRES_DSN",
        "postgresql://altui_reader:reader-pw@127.0.0.1:{port}/nowhere",
        "postgres.connection",
        "broken",
        'database "nowhere" does not exist',
        "name the right database in POSTGRES_DSN",
    ),
    (
        "POSTGRES_DSN",
        "postgresql://altui_reader:reader-pw@127.0.0.1:1/applylens",
        "postgres.connection",
        "unknown",
        "onnection refused",
        "POSTGRES_DSN",
    ),
    ("FIVETRAN_API_KEY", None, "fivetran.key", "broken", "FIVETRAN_API_KEY is not set", "make a"),
    ("FIVETRAN_API_SECRET", None, "fivetran.key", "broken", "FIVETRAN_API_SECRET is", "make a"),
    ("FIVETRAN_API_KEY", "wrong", "fivetran.key", "denied", "401 AuthFailed", "FIVETRAN_API_KEY"),
    (
        "FIVETRAN_API_SECRET",
        "wrong",
        "fivetran.key",
        "denied",
        "401 AuthFailed",
        "set FIVETRAN_API_KEY and FIVETRAN_API_SECRET (now from the environment)",
    ),
    (
        "FIVETRAN_CONNECTION",
        "cold_candle",
        "fivetran.connection",
        "broken",
        "404 NotFound",
        "set FIVETRAN_CONNECTION (now from the environment)",
    ),
    ("FIVETRAN_URL", NOWHERE, "fivetran.key", "unknown", NOWHERE, "FIVETRAN_URL"),
    ("BQ_PROJECT", None, "bigquery.project", "broken", "BQ_PROJECT is not set", "set BQ_PROJECT"),
    ("BQ_DATASET", "nowhere", "bigquery.datasets", "broken", "nowhere", "BQ_DATASET (now nowhere)"),
    (
        "BIGQUERY_EMULATOR_HOST",
        NOWHERE,
        "bigquery.job_user",
        "unknown",
        "refused",
        "BIGQUERY_EMULATOR_HOST (now from the environment)",
    ),
    ("GITHUB_TOKEN", None, "github.token", "broken", "GITHUB_TOKEN is not set", "set GITHUB_TOKEN"),
    ("GITHUB_TOKEN", "wrong", "github.token", "denied", "401 Bad credentials", "set GITHUB_TOKEN"),
    ("GITHUB_REPOSITORY", None, "github.token", "broken", "GITHUB_REPOSITORY is", "owner/name"),
    (
        "GITHUB_REPOSITORY",
        "applylens/other",
        "github.repository",
        "broken",
        "404 Not Found",
        "GITHUB_REPOSITORY (now from the environment)",
    ),
    ("ES_URL", None, "elasticsearch.server", "off", "ES_URL is not set", "set ES_URL"),
    ("ES_URL", NOWHERE, "elasticsearch.server", "unknown", "Connection refused", "ES_URL"),
    (
        "ES_ANALYTICS_INDEX",
        "other",
        "elasticsearch.indices",
        "broken",
        "no index begins with other_",
        "ES_ANALYTICS_INDEX (now from the environment)",
    ),
    ("KIBANA_URL", None, "kibana.status", "broken", "KIBANA_URL is not set", "set KIBANA_URL"),
    ("KIBANA_URL", NOWHERE, "kibana.status", "unknown", NOWHERE, "KIBANA_URL"),
    ("KIBANA_API_KEY", None, "kibana.key", "denied", "401", "KIBANA_API_KEY is not set"),
    (
        "KIBANA_API_KEY",
        "wrong",
        "kibana.key",
        "denied",
        "401",
        "KIBANA_API_KEY (now from the environment) is not accepted",
    ),
]


def spoilt(sandbox: Sandbox, variable: str, value: str | None) -> dict[str, str]:
    environ = dict(sandbox.env)
    if value is None:
        del environ[variable]
    else:
        port = psycopg.conninfo.conninfo_to_dict(environ["POSTGRES_DSN"])["port"]
        environ[variable] = value.format(port=port)
    return environ


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}-{case[1] or 'removed'}" for case in CASES])
async def test_one_wrong_credential_changes_its_services_lines_only(
    sandbox: Sandbox, healthy: dict[str, Any], case: Case
):
    variable, value, speaks, state, said, fix = case
    seen = await examined(spoilt(sandbox, variable, value))
    service = speaks.partition(".")[0]
    result = seen[speaks]
    assert (result.state, result.bad) == (state, state != "off")
    assert said in result.said
    assert fix in result.fix
    assert result.tried
    before = states(healthy)
    theirs = {f"settings.{service}", "settings.credentials"} if value is None else set[str]()
    for name, one in seen.items():
        if not name.startswith(f"{service}.") and name not in theirs:
            assert one.state == before[name], name
    absent = set(before) - set(seen) - {name for name in before if name.startswith("dbt.")}
    assert all(name.startswith(f"{service}.") for name in absent)


async def test_several_wrong_at_once_are_each_told(sandbox: Sandbox):
    environ = {**spoilt(sandbox, "GITHUB_TOKEN", "wrong"), "KIBANA_API_KEY": "wrong"}
    seen = await examined(environ)
    bad = [name for name, result in seen.items() if result.bad]
    assert bad == ["github.token", "kibana.key"]


async def test_dbt_without_a_project_of_google(sandbox: Sandbox):
    seen = await examined(spoilt(sandbox, "BQ_PROJECT", None), ("dbt",))
    assert (seen["dbt.version"].state, seen["dbt.profile"].state) == ("ok", "off")
    assert "set BQ_PROJECT" in seen["dbt.profile"].fix


async def test_dbt_that_builds_where_altui_does_not_look(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(DBT, tmp_path / "analytics" / "dbt")
    described = tmp_path / "analytics" / "dbt" / "dbt_project.yml"
    described.write_text(described.read_text().replace("+schema: marts", "+schema: published"))
    monkeypatch.chdir(tmp_path)
    environ = {**sandbox.env, "ALTUI_BIGQUERY_PROJECT": "other"}
    seen = await examined(environ, ("dbt",))
    profile, datasets = seen["dbt.profile"], seen["dbt.datasets"]
    assert profile.state == "ok"
    assert profile.commands == ("export BQ_PROJECT=other",), "dbt by hand would go elsewhere"
    assert datasets.state == "broken"
    assert datasets.said == (
        "dbt uses other.applylens_published, altui reads other.applylens_marts"
    )
    assert "+schema in dbt_project.yml" in datasets.fix


async def test_dbt_says_itself_what_is_wrong_with_its_profile(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(DBT, tmp_path / "analytics" / "dbt")
    profiles = tmp_path / "analytics" / "dbt" / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("'BQ_PROJECT'", "'BQ_BILLING'"))
    monkeypatch.chdir(tmp_path)
    seen = await examined(sandbox.env, ("dbt",))
    profile = seen["dbt.profile"]
    assert profile.state == "broken" and "dbt.datasets" not in seen
    assert "Env var required but not provided: 'BQ_BILLING'" in profile.said
    assert profile.fix.startswith("set BQ_BILLING")


@pytest.fixture
def granted(sandbox: Sandbox) -> Iterator[Any]:
    """Limits what testIamPermissions grants; everything again afterwards."""
    url = sandbox.env["BIGQUERY_EMULATOR_HOST"] + "/_sandbox/permissions"

    def grant(permissions: list[str] | None) -> None:
        httpx.post(url, json={"granted": permissions}, trust_env=False).raise_for_status()

    yield grant
    grant(None)


async def test_a_missing_role_comes_with_the_line_that_grants_it(
    sandbox: Sandbox, granted: Any, tmp_path: Path
):
    account = "analytics@applylens-sandbox.iam.gserviceaccount.com"
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "service_account", "client_email": account}))
    environ = {**sandbox.env, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    granted([READ])
    seen = await examined(environ, ("bigquery",))
    assert seen["bigquery.viewer"].state == "ok"
    editor = seen["bigquery.editor"]
    assert editor.state == "denied" and editor.bad
    assert editor.commands[0] == (
        "gcloud projects add-iam-policy-binding applylens-sandbox "
        f"--member=serviceAccount:{account} --role=roles/bigquery.dataEditor"
    )
    granted([READ, CREATE])
    assert (await examined(environ, ("bigquery",)))["bigquery.editor"].state == "denied"
    granted([])
    seen = await examined(environ, ("bigquery",))
    assert seen["bigquery.viewer"].state == "denied"
    reading = await examined({**environ, "ALTUI_READ_ONLY": "true"}, ("bigquery",))
    assert not reading["bigquery.editor"].bad, "who only looks need not write"


async def test_a_role_that_may_write_gets_the_lines_for_one_that_only_reads(sandbox: Sandbox):
    environ = {**sandbox.env, "POSTGRES_DSN": sandbox.env["POSTGRES_ADMIN_DSN"]}
    role = (await examined(environ, ("postgres",)))["postgres.role"]
    assert role.state == "ok", "advice, no failure: the session only reads"
    assert role.said == "admin is a superuser"
    assert 'GRANT SELECT ON "public"."emails", "public"."applications" TO altui_reader;' in (
        role.commands
    )


async def test_a_table_that_may_not_be_read_gets_its_grant(sandbox: Sandbox):
    with psycopg.connect(sandbox.env["POSTGRES_ADMIN_DSN"], autocommit=True) as admin:
        admin.execute("REVOKE SELECT ON public.applications FROM altui_reader")
        try:
            seen = await examined(sandbox.env, ("postgres",))
        finally:
            admin.execute("GRANT SELECT ON public.applications TO altui_reader")
    table = seen["postgres.table.applications"]
    assert table.state == "denied"
    assert 'GRANT SELECT ON "public"."applications" TO "altui_reader";' in table.commands
    assert seen["postgres.table.emails"].state == "ok"
    assert seen["postgres.session"].state == "ok"


async def test_a_column_an_index_and_a_table_that_are_not_there(sandbox: Sandbox, tmp_path: Path):
    file = tmp_path / "altui.toml"
    file.write_text(
        'profile = "sandbox"\n[[pipeline.tables]]\n'
        'name = "emails"\nsource = "public.emails"\nraw = "r"\nstaging = "s"\nday = "sent_at"\n'
        "[[pipeline.tables]]\n"
        'name = "late"\nsource = "public.emails"\nraw = "r"\nstaging = "s"\nday = "updated_at"\n'
        "[[pipeline.tables]]\n"
        'name = "gone"\nsource = "public.gone"\nraw = "r"\nstaging = "s"\nday = "d"\n'
    )
    environ = {**sandbox.env, "ALTUI_CONFIG": str(file)}
    context = Context(load(environ, file), environ, file, origins(environ, file))
    (section,) = await examine(context, ("postgres",), PATIENT)
    seen = {result.id: result for result in section.results}
    assert seen["postgres.table.emails"].said == "public.emails has no column sent_at"
    assert seen["postgres.table.gone"].said == 'relation "public.gone" does not exist'
    late = seen["postgres.table.late"]
    assert late.state == "ok" and late.fix == "no index on updated_at"
    assert late.commands == ('CREATE INDEX CONCURRENTLY ON "public"."emails" ("updated_at");',)


def test_exit_codes(sandbox: Sandbox, tmp_path: Path):
    broken = altui(spoilt(sandbox, "GITHUB_TOKEN", "wrong"), "--service", "github")
    assert broken.returncode == 1
    assert "⊘ denied   token          401 Bad credentials" in broken.stdout
    nobody = altui(spoilt(sandbox, "GITHUB_API_URL", NOWHERE), "--service", "github")
    assert nobody.returncode == 3, nobody.stdout
    off = altui(spoilt(sandbox, "POSTGRES_DSN", None), "--service", "postgres")
    assert off.returncode == 0
    wrong = altui({**sandbox.env, "ES_URL": "not a url"})
    assert wrong.returncode == 2 and "ES_URL" in wrong.stderr and wrong.stdout == ""
    state = {"ALTUI_STATE_DIR": str(tmp_path / "state"), "ALTUI_CONFIG": str(tmp_path / "empty")}
    (tmp_path / "empty").touch()
    nothing = altui(state)
    assert nothing.returncode == 2 and "altui init" in nothing.stderr
    assert "POSTGRES_DSN is not set" in nothing.stdout, "the newcomer sees what there is to set"
    unheard = altui(sandbox.env, "--service", "mysql")
    assert unheard.returncode == 2 and "mysql" in unheard.stderr
