"""Where settings come from, and the files they name."""

import json
from pathlib import Path
from typing import Any

import pytest

from altui.config.fields import leaves
from altui.core.model.health import State
from altui.doctor.settings import SECTIONS, TUNING, exam
from tests.unit.doctor.conftest import MakeContext, results_of, untold

KEY = {
    "type": "service_account",
    "project_id": "my-project",
    "private_key": "-----BEGIN canary-----",
    "client_email": "analytics@my-project.iam.gserviceaccount.com",
}


def key_file(tmp_path: Path, content: Any = KEY, mode: int = 0o600) -> str:
    path = tmp_path / "key.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return str(path)


async def test_each_service_says_by_which_name_it_is_set(context: MakeContext):
    made = context(
        {"ES_URL": "http://u:canary@h:9200", "ALTUI_BIGQUERY_PROJECT": "p", "BQ_PROJECT": "q"},
        'profile = "prod"\nproduction = true\nread_only = true\n[fivetran]\napi_key = "canary"\n',
    )
    seen = await results_of(exam, made)
    assert seen["profile"].said == "prod, PRODUCTION, read-only"
    assert seen["elasticsearch"].said == "ES_URL"
    assert seen["bigquery"].said == "ALTUI_BIGQUERY_PROJECT", "it wins over BQ_PROJECT"
    assert seen["fivetran"].said == "altui.toml: api_key"
    assert (seen["github"].state, seen["github"].said) == (State.off, "nothing is set")
    assert "canary" not in str(seen)


async def test_a_file_with_secrets_is_for_its_owner_alone(context: MakeContext):
    made = context({}, '[fivetran]\napi_key = "k"\n[elasticsearch]\nurl = "http://h:9200"\n')
    assert (await results_of(exam, made))["file"].said == "found, mode 0600"
    assert made.file is not None
    made.file.chmod(0o644)
    seen = (await results_of(exam, made))["file"]
    assert seen.bad
    assert seen.said == "found, mode 0644: it holds secrets, and others can read it"
    assert seen.commands == (f"chmod 600 {made.file}",)


async def test_a_file_without_secrets_may_be_read_by_all(context: MakeContext):
    made = context({}, '[bigquery]\nproject = "p"\n')
    assert made.file is not None
    made.file.chmod(0o644)
    assert (await results_of(exam, made))["file"].state is State.ok
    assert (await results_of(exam, context({})))["file"].said == "none: the environment alone"


async def test_the_key_file_says_whose_it_is(context: MakeContext, tmp_path: Path):
    environ = {"BQ_PROJECT": "my-project", "GOOGLE_APPLICATION_CREDENTIALS": key_file(tmp_path)}
    seen = (await results_of(exam, context(environ)))["credentials"]
    assert seen.state is State.ok and not seen.fix
    assert seen.said == "analytics@my-project.iam.gserviceaccount.com, project my-project"
    other = (await results_of(exam, context({**environ, "BQ_PROJECT": "other"})))["credentials"]
    assert other.state is State.ok
    assert other.fix == "BQ_PROJECT is other: right if the account has its roles there"


@pytest.mark.parametrize("kind", ["service_account", "authorized_user"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
async def test_a_key_that_others_may_read_is_as_broken_as_a_file_with_secrets(
    context: MakeContext, tmp_path: Path, kind: str, mode: int
):
    path = key_file(tmp_path, {**KEY, "type": kind}, mode)
    environ = {"BQ_PROJECT": "my-project", "GOOGLE_APPLICATION_CREDENTIALS": path}
    seen = (await results_of(exam, context(environ)))["credentials"]
    assert seen.bad
    can = "change" if mode == 0o620 else "read"
    assert seen.said == f"{path}: mode {mode:04o}: it holds a key, and others can {can} it"
    assert (seen.fix, seen.commands) == ("shut it", (f"chmod 600 {path}",))


async def test_a_file_that_only_names_an_identity_may_be_read_by_all(
    context: MakeContext, tmp_path: Path
):
    path = key_file(tmp_path, {"type": "external_account"}, 0o644)
    environ = {"BQ_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": path}
    assert (await results_of(exam, context(environ)))["credentials"].state is State.ok


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"type": "service_account", canary', "it is not JSON: Expecting property name"),
        ("[]", "it is JSON, but no object"),
        ({"type": "canary2"}, "its type is 'canary2', not that of a Google credentials file"),
        ({}, "its type is '', not that of a Google credentials file"),
    ],
)
async def test_a_file_that_is_no_key_says_what_it_is(
    context: MakeContext, tmp_path: Path, content: Any, words: str
):
    path = key_file(tmp_path, content)
    environ = {"BQ_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": path}
    seen = (await results_of(exam, context(environ)))["credentials"]
    assert seen.state is State.broken
    assert seen.said.startswith(f"{path}: {words}")
    assert "canary," not in seen.said
    assert seen.fix.startswith(
        "set GOOGLE_APPLICATION_CREDENTIALS (now from the environment) to the key file"
    )


async def test_a_key_file_that_is_not_there(context: MakeContext):
    environ = {"BQ_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}
    seen = (await results_of(exam, context(environ)))["credentials"]
    assert (seen.state, seen.said) == (
        State.broken,
        "/nowhere/key.json: No such file or directory",
    )


async def test_an_emulator_needs_no_key(context: MakeContext):
    environ = {"BQ_PROJECT": "p", "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9050"}
    seen = (await results_of(exam, context(environ)))["credentials"]
    assert (seen.state, seen.said) == (State.off, "not used: BIGQUERY_EMULATOR_HOST is set")


async def test_an_impersonated_account_is_named(context: MakeContext, tmp_path: Path):
    url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken"
    content = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": url,
    }
    environ = {
        "BQ_PROJECT": "p",
        "GOOGLE_APPLICATION_CREDENTIALS": key_file(tmp_path, content),
    }
    assert (await results_of(exam, context(environ)))["credentials"].said == "a@b.c"


async def test_a_variable_that_wins_over_a_profile_is_pointed_out(context: MakeContext):
    toml = 'profile = "prod"\n[profiles.prod.elasticsearch]\nurl = "http://prod:9200"\n'
    seen = await results_of(exam, context({"ES_URL": "http://staging:9200"}, toml))
    assert seen["overridden"].said == (
        "ES_URL in the environment wins over profiles.prod.elasticsearch.url"
    )
    assert "overridden" not in await results_of(exam, context({}, toml))
    assert (await results_of(exam, context({}, toml)))["elasticsearch"].said == (
        "altui.toml [profiles.prod]: url"
    )


async def test_what_is_shared_and_what_tunes_is_told_where_it_is_not_the_default(
    context: MakeContext,
):
    made = context(
        {"ALTUI_READ_ONLY": "true", "ALTUI_CADENCE_GITHUB": "60"},
        'profile = "prod"\n[profiles.prod]\nproduction = true\n'
        "[profiles.prod.cadence]\nfivetran = 60\n[pipeline]\nquiet_days = 3\n"
        "[pipeline.workflow]\nhour = 4\nminute = 15\n",
    )
    seen = await results_of(exam, made)
    assert seen["general"].said == (
        "altui.toml: profile; altui.toml [profiles.prod]: production; ALTUI_READ_ONLY, "
        "ALTUI_STATE_DIR"
    )
    assert seen["cadence"].said == "altui.toml [profiles.prod]: fivetran; ALTUI_CADENCE_GITHUB"
    assert seen["pipeline"].said == ("altui.toml: workflow.hour, workflow.minute, quiet_days")


async def test_what_is_left_alone_is_not_told(context: MakeContext):
    seen = await results_of(exam, context({}))
    assert not {"cadence", "pipeline"} & set(seen)
    assert untold(seen) == []


def test_every_section_of_the_settings_is_told():
    told = {*SECTIONS, *TUNING}
    for leaf in leaves():
        assert len(leaf.path) == 1 or leaf.path[0] in told, leaf.dotted
