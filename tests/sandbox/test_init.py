"""`altui init` against the living pipeline: by the environment, and by hand at a terminal."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from msgspec.structs import replace

from altui.cli.init import looking
from altui.cli.init.talk import Silent
from altui.config import Settings, load
from altui.services.discovery import (
    BigQueryDiscovery,
    ElasticsearchDiscovery,
    FivetranDiscovery,
    GitHubDiscovery,
    KibanaDiscovery,
    PostgresDiscovery,
)
from docs import settings_schema
from tests.at_terminal import Terminal, bare
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox
ALTUI = (sys.executable, "-m", "altui")


def check(home: Path, file: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [*ALTUI, "--config", str(file), "check", "--json"],
        env=bare(home),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return json.loads(ran.stdout)


def test_the_environments_answers_become_a_file_that_needs_no_environment(
    sandbox: Sandbox, tmp_path: Path
):
    file = tmp_path / "altui.toml"
    ran = subprocess.run(
        [*ALTUI, "init", "--yes", "--output", str(file)],
        env={**bare(tmp_path), **sandbox.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("✓") == 7
    assert "emails" in ran.stderr and "seen" in ran.stderr
    assert not any(secret in ran.stderr for secret in ("reader-pw", "sandbox-key", "sandbox-token"))
    settings = load({}, file)
    assert settings == load(sandbox.env)
    data = json.loads(json.dumps(tomllib.loads(file.read_text()), default=str))
    jsonschema.validate(data, json.loads(settings_schema.OUT.read_text()))
    report = check(tmp_path, file)
    assert report["profile"] == "sandbox"
    assert unseen(report) == []


def unseen(report: dict[str, Any]) -> list[str]:
    return [
        name
        for name, stage in report["stages"].items()
        if stage["state"] in {"off", "denied", "unknown"}
    ]


def test_a_newcomer_at_a_terminal_ends_with_a_pipeline_that_is_seen(
    sandbox: Sandbox, tmp_path: Path
):
    env = sandbox.env
    dsn = env["POSTGRES_DSN"]
    user, password, place = "altui_reader", "reader-pw", dsn.rpartition("@")[2]
    # addresses that no one outside a sandbox would change
    names = ("FIVETRAN_URL", "BIGQUERY_EMULATOR_HOST", "ALTUI_CLOCK", "ALTUI_STATE_DIR")
    talk = Terminal(tmp_path, {name: env[name] for name in names}, "--output", "altui.toml")
    talk.answer("Name of this pipeline [default]", "mine")
    talk.answer("production?", "y")
    talk.answer("set it up?", "")
    talk.answer("DSN", f"postgresql://{user}@{place}")
    talk.unseen("Its password", "wrong")
    talk.answer("What now? [1]", "again")
    talk.answer("DSN", "")
    talk.unseen("Its password", password)
    talk.wait_for("✓")
    talk.answer("set it up?", "")
    talk.unseen("API key", env["FIVETRAN_API_KEY"])
    talk.unseen("API secret", env["FIVETRAN_API_SECRET"])
    talk.wait_for("✓")
    talk.answer("set it up?", "")
    talk.answer("Project id", env["BQ_PROJECT"])
    talk.wait_for("✓")
    talk.answer("set it up?", "")
    talk.answer("API [", env["GITHUB_API_URL"])
    talk.answer("Repository", env["GITHUB_REPOSITORY"])
    talk.unseen("Token", env["GITHUB_TOKEN"])
    talk.wait_for("✓")
    talk.answer("set it up?", "")
    talk.answer("URL", env["ES_URL"])
    talk.wait_for("✓")
    talk.answer("set it up?", "")
    talk.answer("URL", env["KIBANA_URL"])
    talk.answer("Space", "")
    talk.unseen("API key", env["KIBANA_API_KEY"])
    talk.wait_for("✓")
    talk.answer("set it up?", "n")
    talk.wait_for("next: altui doctor, then altui")
    assert talk.close() == 0
    for secret in (f":{password}", "wrong", env["FIVETRAN_API_SECRET"], env["GITHUB_TOKEN"]):
        assert secret not in talk.seen
    report = check(tmp_path, tmp_path / "altui.toml")
    assert report["profile"] == "mine"
    assert unseen(report) == []


def test_ctrl_c_at_the_terminal_leaves_nothing(sandbox: Sandbox, tmp_path: Path):
    talk = Terminal(tmp_path, {}, "--output", "altui.toml")
    talk.answer("Name of this pipeline", "mine")
    talk.answer("production?", "")
    talk.answer("set it up?", "y")
    talk.wait_for("DSN")
    talk.stop(b"\x03", "nothing was written")
    assert talk.close() == 130
    assert list(tmp_path.iterdir()) == []


async def test_each_service_lists_what_there_is_to_choose_from(sandbox: Sandbox):
    settings = load(sandbox.env)
    pipeline = settings.pipeline
    tables = await PostgresDiscovery(settings.postgres, ()).source_tables()
    assert {"public.emails", "public.applications"} <= {table.name for table in tables}
    emails = next(table for table in tables if table.name == "public.emails")
    assert "received_at" in emails.times and "sender" in emails.columns
    connections = await FivetranDiscovery(settings.fivetran).connections()
    assert [one.id for one in connections] == [sandbox.env["FIVETRAN_CONNECTION"]]
    workflows = await GitHubDiscovery(settings.github, pipeline.workflow).workflows()
    assert "analytics-sync.yml" in {one.id for one in workflows}
    datasets = await BigQueryDiscovery(settings.bigquery, pipeline).datasets(["applylens_marts"])
    assert datasets[0].name == "applylens_marts"
    assert "mrt_risk_daily" in datasets[0].tables
    names = await ElasticsearchDiscovery(settings.elasticsearch, pipeline).names()
    assert "analytics_applylens_risk_daily" in names
    boards = await KibanaDiscovery(settings.kibana, pipeline.dashboard).dashboards()
    assert pipeline.dashboard.id in {one.id for one in boards}


def renamed(settings: Settings, **sections: dict[str, object]) -> Settings:
    changed = {name: replace(getattr(settings, name), **own) for name, own in sections.items()}
    return replace(settings, **changed)


def test_names_that_differ_from_the_defaults_are_found(sandbox: Sandbox):
    settings, silent = load(sandbox.env), Silent()
    astray = renamed(
        settings,
        bigquery={"dataset": "nowhere", "marts_dataset": "neither"},
        elasticsearch={"index_prefix": "nothing"},
        fivetran={"connection": ""},
    )
    found, words = looking.bigquery(astray, silent)
    assert found.bigquery == settings.bigquery
    assert "rows in applylens.public_emails" in words
    found, _ = looking.elasticsearch(astray, silent)
    assert found.elasticsearch.index_prefix == "analytics_applylens"
    found, _ = looking.fivetran(astray, silent)
    assert found.fivetran.connection == sandbox.env["FIVETRAN_CONNECTION"]


def test_a_table_in_another_schema_is_found_and_written(sandbox: Sandbox):
    with psycopg.connect(sandbox.env["POSTGRES_ADMIN_DSN"], autocommit=True) as admin:
        admin.execute("CREATE SCHEMA crm")
        try:
            admin.execute("CREATE TABLE crm.letters (id int, received_at timestamptz)")
            admin.execute("GRANT USAGE ON SCHEMA crm TO PUBLIC")
            admin.execute("GRANT SELECT ON crm.letters TO PUBLIC")
            settings = load(sandbox.env)
            emails = settings.pipeline.tables[0]
            from msgspec.structs import replace

            letters = replace(emails, source="public.letters")
            astray = renamed(settings, pipeline={"tables": (letters,)})
            found, words = looking.postgres(astray, Silent())
        finally:
            admin.execute("DROP SCHEMA crm CASCADE")
    assert found.pipeline.tables[0] == replace(
        emails, source="crm.letters", raw="crm_letters", created="received_at", updated=None
    )
    assert words == "0 emails seen"
