"""Several pipelines in one altui.toml, one of them chosen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from altui.cli import demo
from altui.cli.context import choose
from altui.config import ConfigError, load, origins, overridden

FILE = """
profile = "prod"
production = true
[elasticsearch]
url = "https://shared:9200"
[bigquery]
project = "shared"
[pipeline.workflow]
hour = 4
minute = 30

[profiles.prod]

[profiles.staging]
production = false
[profiles.staging.bigquery]
project = "staging-project"
[profiles.staging.pipeline.workflow]
minute = 45
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "altui.toml"
    path.write_text(FILE)
    return path


def test_the_files_own_choice_holds_without_another(file: Path):
    settings = load({}, file)
    assert (settings.profile, settings.production) == ("prod", True)
    assert settings.bigquery.project == "shared"


def test_a_profiles_keys_lie_over_the_shared_ones_at_every_depth(file: Path):
    settings = load({"ALTUI_PROFILE": "staging"}, file)
    assert (settings.profile, settings.production) == ("staging", False)
    assert settings.bigquery.project == "staging-project"
    assert settings.elasticsearch.url.reveal() == "https://shared:9200"
    assert (settings.pipeline.workflow.hour, settings.pipeline.workflow.minute) == (4, 45)


def test_the_state_of_each_profile_stays_apart(file: Path, tmp_path: Path):
    places = {
        load({"ALTUI_PROFILE": name, "ALTUI_STATE_DIR": str(tmp_path)}, file).directory
        for name in ("prod", "staging")
    }
    assert places == {tmp_path / "prod", tmp_path / "staging"}


def test_the_option_reaches_child_processes_by_the_environment(file: Path):
    environ = {"ALTUI_PROFILE": "prod"}
    choose(environ, file, "staging", read_only=False)
    assert environ == {"ALTUI_PROFILE": "staging", "ALTUI_CONFIG": str(file)}
    assert load(environ).bigquery.project == "staging-project"


def test_an_unknown_profile_is_refused_with_the_known_ones_and_the_nearest(file: Path):
    with pytest.raises(ConfigError, match="'stagign'; the nearest is staging; it holds prod, st"):
        load({"ALTUI_PROFILE": "stagign"}, file)


def test_profiles_without_a_choice_are_a_question_not_a_guess(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text('[profiles.a.bigquery]\nproject = "a"\n[profiles.b]\n')
    with pytest.raises(ConfigError, match=r"profiles a, b: choose one with --profile"):
        load({}, path)


@pytest.mark.parametrize(
    ("text", "name"), [('profile = "prod"\n', "prod"), ("production = true\n", "default")]
)
def test_a_file_without_profiles_is_one_pipeline_and_no_other(tmp_path: Path, text: str, name: str):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    assert load({}, path).profile == load({"ALTUI_PROFILE": name}, path).profile == name
    for read in (load, origins, overridden):
        with pytest.raises(ConfigError, match=f"no profile 'other'; it holds {name} alone"):
            read({"ALTUI_PROFILE": "other"}, path)


def test_where_no_file_says_anything_the_name_is_free(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text("# production = true\n")
    for file in (None, Path(os.devnull), path):
        assert load({"ALTUI_PROFILE": "other", "ALTUI_CONFIG": os.devnull}, file).profile == "other"


def test_what_is_wrong_in_a_profile_that_was_not_chosen_is_said_too(file: Path):
    file.write_text(FILE + "[profiles.other.kibana]\nurll = 'x'\n")
    with pytest.raises(ConfigError, match=r"profiles\.other\.kibana\.urll.*kibana\.url"):
        load({}, file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profiles = 1", "expected tables such as"),
        (
            "[profiles]\nprod = 1",
            r"profiles\.prod: expected a table \[profiles\.prod\], given a int",
        ),
        ('[profiles.prod]\nprofile = "x"', r"profiles\.prod\.profile"),
        ("[profiles.prod.profiles.x]", r"profiles\.prod\.profiles: no such setting"),
        ('[profiles."a b"]', "letters, digits"),
    ],
)
def test_a_profile_that_is_none_is_refused(tmp_path: Path, text: str, words: str):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load({"ALTUI_PROFILE": "prod"}, path)


def test_origins_name_the_profiles_table(file: Path):
    said = origins({"ALTUI_PROFILE": "staging", "ES_URL": "http://x"}, file)
    assert said["bigquery.project"] == "altui.toml [profiles.staging]"
    assert said["pipeline.workflow.hour"] == "altui.toml"
    assert said["elasticsearch.url"] == "environment ES_URL"
    assert said["profile"] == "environment ALTUI_PROFILE"


def test_a_variable_that_takes_a_profiles_own_setting_away_is_named(file: Path):
    environ = {"ALTUI_PROFILE": "staging", "BQ_PROJECT": "prod-project", "ES_URL": "http://x"}
    assert overridden(environ, file) == (
        "BQ_PROJECT in the environment wins over profiles.staging.bigquery.project",
    )
    assert overridden({**environ, "BQ_PROJECT": "staging-project\n"}, file) == ()


def test_a_demo_takes_nothing_of_a_configured_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    env_file = tmp_path / "env"
    env_file.write_text("ALTUI_PROFILE=sandbox\nES_URL=http://127.0.0.1:1\n")
    (tmp_path / "altui.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALTUI_ELASTICSEARCH_URL", "http://prod:9200")
    monkeypatch.setenv("KIBANA_SPACE", "prod")
    monkeypatch.setenv("ALTUI_READ_ONLY", "true")
    said = [sys.executable, "-c", "print('healthy')"]
    with subprocess.Popen(said, stdout=subprocess.PIPE) as sandbox:
        settings = load(demo._environment(sandbox, env_file))
    assert settings.profile == "sandbox"
    assert settings.elasticsearch.url.reveal() == "http://127.0.0.1:1"
    assert (settings.kibana.space, settings.production, settings.read_only) == ("", False, True)
