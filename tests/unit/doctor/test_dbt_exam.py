"""dbt's answer against altui's settings; dbt itself runs in the tests on the living pipeline."""

import json
from pathlib import Path

import pytest

from altui.config import BigQuerySettings
from altui.core.model.health import State
from altui.doctor import dbt
from altui.doctor.dbt import environment, exam
from tests.unit.doctor.conftest import MakeContext, results_of, states

LISTED = {
    "public_emails": "applylens",
    "public_applications": "applylens",
    "ops_parity_checks": "applylens",
    "ops_backfill_jobs": "applylens",
    "stg_emails": "applylens_staging",
    "stg_applications": "applylens_staging",
    "mrt_risk_daily": "applylens_marts",
    "mrt_parity_drift": "applylens_marts",
    "mrt_backfill_slo": "applylens_marts",
}
ENV = {"BQ_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": "/key.json"}


def listing(**changed: str) -> str:
    return "\n".join(
        json.dumps({"name": name, "database": "p", "schema": schema})
        for name, schema in {**LISTED, **changed}.items()
        if schema
    )


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, str]]:
    """What dbt answers, in place of running it."""
    answers = [(0, listing(), "")]

    async def ls(*_: object) -> tuple[int, str, str]:
        return answers[0]

    monkeypatch.setattr(dbt, "_ls", ls)
    return answers


async def test_in_order(context: MakeContext, said: list[tuple[int, str, str]]):
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"version": "ok", "profile": "ok", "datasets": "ok"}
    assert not seen["profile"].fix


async def test_settings_that_dbt_by_hand_would_not_have(
    context: MakeContext, said: list[tuple[int, str, str]]
):
    made = context({}, '[bigquery]\nproject = "p"\ncredentials = "/key.json"\n')
    profile = (await results_of(exam, made))["profile"]
    assert profile.state is State.ok
    assert profile.commands == (
        "export BQ_PROJECT=p",
        "export GOOGLE_APPLICATION_CREDENTIALS=/key.json",
    )


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (
            listing(mrt_risk_daily="published", mrt_parity_drift="published"),
            "dbt uses p.published, altui reads p.applylens_marts",
        ),
        (listing(stg_emails=""), "dbt knows no stg_emails"),
        ("not json", "dbt knows no public_emails, public_applications, stg_emails"),
    ],
)
async def test_a_mismatch_is_a_finding(
    context: MakeContext, said: list[tuple[int, str, str]], out: str, words: str
):
    said[0] = (0, out, "")
    seen = (await results_of(exam, context(ENV)))["datasets"]
    assert seen.state is State.broken and seen.said.startswith(words)


async def test_dbts_own_words(context: MakeContext, said: list[tuple[int, str, str]]):
    err = (
        "\x1b[0m03:53:35  Encountered an error:\nParsing Error\n"
        "  Env var required but not provided: 'BQ_LOCATION'\n"
    )
    said[0] = (2, "", err)
    seen = (await results_of(exam, context(ENV)))["profile"]
    assert seen.said == "Parsing Error Env var required but not provided: 'BQ_LOCATION'"
    assert seen.fix == "set BQ_LOCATION: the dbt profile reads it from the environment"
    said[0] = (1, "", "")
    assert (await results_of(exam, context(ENV)))["profile"].said == "dbt failed without a word"


async def test_a_state_directory_that_takes_nothing(context: MakeContext, tmp_path: Path):
    (tmp_path / "file").touch()
    made = context({**ENV, "ALTUI_STATE_DIR": str(tmp_path / "file")})
    profile = (await results_of(exam, made))["profile"]
    assert profile.bad and profile.said.endswith("/file/default/dbt: Not a directory")
    assert "ALTUI_STATE_DIR" in profile.fix


async def test_a_folder_that_is_no_project(
    context: MakeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "analytics" / "dbt").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    seen = (await results_of(exam, context(ENV)))["project"]
    assert seen.state is State.broken and seen.said.endswith("has no dbt_project.yml")


async def test_a_dbt_outside_its_pins(context: MakeContext, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dbt, "version", lambda name: "1.12.0")
    seen = await results_of(exam, context(ENV))
    assert states(seen) == {"version": "broken"}
    assert seen["version"].said.startswith("dbt-core 1.12.0 is outside ")
    assert "pip install" in seen["version"].commands[0]


def test_dbt_gets_altuis_settings_by_the_names_it_reads():
    settings = BigQuerySettings(project="p", marts_dataset="m", emulator_host="http://h:1")
    assert environment(settings, {"PATH": "/bin", "BQ_PROJECT": "other"}) == {
        "PATH": "/bin",
        "BQ_PROJECT": "p",
        "BQ_DATASET": "applylens",
        "BQ_MARTS_DATASET": "m",
        "BIGQUERY_EMULATOR_HOST": "http://h:1",
    }
