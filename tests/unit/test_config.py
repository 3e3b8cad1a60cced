"""Settings: file, environment, precedence, and words for what is wrong."""

import os
from pathlib import Path

import pytest

from altui.config import ConfigError, Secret, find, load, origins, public_url


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "altui.toml"
    path.write_text(text)
    return path


def test_the_runbooks_variables_are_read_as_they_are():
    settings = load(
        {"BQ_PROJECT": "p", "ES_URL": "http://u:secret@h:9200", "ES_ANALYTICS_INDEX": "x"}
    )
    assert settings.bigquery.project == "p"
    assert settings.bigquery.dataset == "applylens"
    assert settings.bigquery.marts == "applylens_marts"
    assert settings.elasticsearch.url.reveal() == "http://u:secret@h:9200"
    assert settings.elasticsearch.index_prefix == "x"


def test_our_own_name_wins_over_the_services_name_and_both_over_the_file(tmp_path: Path):
    path = written(tmp_path, '[bigquery]\nproject = "file"\ndataset = "file"\n')
    environ = {"BQ_PROJECT": "theirs", "ALTUI_BIGQUERY_PROJECT": "ours"}
    settings = load(environ, path)
    assert (settings.bigquery.project, settings.bigquery.dataset) == ("ours", "file")


def test_an_unknown_key_is_refused_with_its_path(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"bigquery\.projekt.*nearest is bigquery\.project"):
        load({}, written(tmp_path, '[bigquery]\nprojekt = "p"\n'))


@pytest.mark.parametrize("text", ["not toml", "profile = 3", "read_only = 'x'", "bigquery = 1"])
def test_a_bad_file_is_named(tmp_path: Path, text: str):
    with pytest.raises(ConfigError, match=r"altui\.toml"):
        load({}, written(tmp_path, text))


@pytest.mark.parametrize("text", ["maybe", "2", "ja"])
def test_a_switch_that_is_neither_true_nor_false_is_refused(text: str):
    with pytest.raises(ConfigError, match="ALTUI_READ_ONLY"):
        load({"ALTUI_READ_ONLY": text})


def test_a_missing_file_that_was_named_is_an_error_not_a_default():
    with pytest.raises(ConfigError, match="cannot be read"):
        load({"ALTUI_CONFIG": "nowhere/altui.toml"})


def test_the_working_directory_is_looked_at_before_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert find(os.environ) == Path("altui.toml")


def test_a_directory_of_the_files_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for place in (Path("altui/altui.toml"), Path("altui.toml")):
        place.mkdir(parents=True)
        with pytest.raises(ConfigError, match=rf"{place}: cannot be read: Is a directory"):
            load({})


def test_a_place_that_cannot_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One with a name too long behaves as one that nobody lets altui into; root is let in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", f"/{'x' * 300}")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    with pytest.raises(ConfigError, match=r"/altui\.toml: cannot be looked for: .*--config"):
        load({})
    assert load({"ALTUI_CONFIG": os.devnull}) == load({}, Path(os.devnull))


def test_tables_and_marts_are_data_of_the_file(tmp_path: Path):
    text = '[[pipeline.tables]]\nname="t"\nsource="a.t"\nraw="a_t"\nstaging="s"\nday="at"\n'
    text += '[[pipeline.marts]]\nname="m"\nindex="i"\ntable="t"\n'
    assert [table.name for table in load({}, written(tmp_path, text)).pipeline.tables] == ["t"]


def test_a_secret_never_shows_itself():
    settings = load({"FIVETRAN_API_SECRET": "hunter2", "ES_URL": "http://u:hunter2@h"})
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in f"{settings.fivetran.api_secret} {settings.fivetran.api_secret!r}"
    assert settings.fivetran.api_secret == Secret("hunter2")


def test_a_url_is_shown_without_its_password():
    assert public_url("https://u:p@h:9200/x") == "https://h:9200/x"
    assert public_url("http://h") == "http://h"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ES_URL": "notaurl"}, "ES_URL"),
        ({"KIBANA_URL": "ftp://x"}, "KIBANA_URL"),
        ({"POSTGRES_DSN": "garbage"}, "POSTGRES_DSN"),
        ({"ALTUI_PROFILE": "../../evil"}, "profile"),
    ],
)
def test_nonsense_is_refused_by_the_settings_name(environ: dict[str, str], named: str):
    with pytest.raises(ConfigError, match=named):
        load(environ)


@pytest.mark.parametrize("marts", ["[]", '[{name = "m", index = "i", table = "nowhere"}]'])
def test_a_pipeline_without_a_mart_of_a_known_table_is_refused(tmp_path: Path, marts: str):
    with pytest.raises(ConfigError, match=r"pipeline\.marts"):
        load({}, written(tmp_path, f"[pipeline]\nmarts = {marts}\n"))


def test_each_setting_says_where_it_comes_from(tmp_path: Path):
    path = written(tmp_path, '[bigquery]\nproject = "p"\ndataset = "d"\n')
    said = origins({"BQ_DATASET": "x", "ES_URL": ""}, path)
    assert said["bigquery.project"] == "altui.toml"
    assert said["bigquery.dataset"] == "environment BQ_DATASET"
    assert said["elasticsearch.url"] == "default"
    assert said["pipeline.workflow.hour"] == "default"
