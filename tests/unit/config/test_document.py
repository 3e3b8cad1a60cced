"""The written altui.toml says what the settings say, fits the schema, and explains the rest."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altui.config import Secret, Settings, load
from altui.config.document import profile_table, toml, whole
from altui.config.fields import leaves
from altui.core.model.pipeline import Mart, Measure, Office, Pipeline, Table, Workflow
from docs import settings_schema
from tests.world import at

SCHEMA = json.loads(settings_schema.OUT.read_text())
REPLACED = msgspec.structs.replace(
    Settings(),
    profile="prod",
    production=True,
    keys={"refresh": "f5", "down": ("+", "down")},
    elasticsearch=msgspec.structs.replace(
        Settings().elasticsearch, url=Secret('https://u:p"\\ä\u2028@h:9200')
    ),
    pipeline=Pipeline(
        tables=(Table("t", "a.t", "a_t", "s", "at", updated=None),),
        marts=(Mart("m", "i", table="t", measures=(Measure("n", "COUNTIF(x = 'y')", 0.5),)),),
        workflow=Workflow(file="other.yml", hour=5),
        office=Office(holidays=(at("2026-12-25 00:00").date(),)),
        total_tolerance=1e-05,
    ),
)


def reread(tmp_path: Path, text: str, **environ: str) -> Settings:
    path = tmp_path / "altui.toml"
    path.write_text(text)
    return load(environ, path)


@pytest.mark.parametrize("settings", [Settings(), REPLACED], ids=["defaults", "all kinds"])
def test_what_is_written_is_what_is_read(tmp_path: Path, settings: Settings):
    text = whole(settings)
    assert reread(tmp_path, text) == settings
    jsonschema.validate(json.loads(json.dumps(tomllib.loads(text), default=str)), SCHEMA)


def test_a_profiles_table_says_only_what_differs_from_the_shared_settings(tmp_path: Path):
    shared = msgspec.structs.replace(Settings(), profile="other", production=True)
    changed = msgspec.structs.replace(REPLACED, production=False)
    table = profile_table("prod", changed, shared)
    text = f"production = true\n\n{table}"
    assert reread(tmp_path, text, ALTUI_PROFILE="prod") == changed
    assert "production = false" in table
    assert "postgres" not in table
    assert profile_table("other", shared, shared) == "[profiles.other]\n"


def test_every_default_stands_there_as_a_comment_that_may_be_uncommented(tmp_path: Path):
    text = whole(Settings())
    uncommented = re.sub(r"^# (?=(?:\w+ = |\[\[|\]|    \{))", "", text, flags=re.M)
    data = tomllib.loads(uncommented)
    for leaf in leaves():
        place = data
        for key in leaf.path:
            place = place[key]
    assert reread(tmp_path, uncommented) == Settings()


def test_thresholds_are_explained_where_they_stand():
    lines = whole(Settings()).splitlines()
    place = lines.index("# least_delay_minutes = 60")
    assert lines[place - 1].startswith("# GitHub starts schedules late")
    assert "[pipeline.workflow]" in lines[:place]


@given(st.text())
def test_any_text_survives_as_toml(text: str):
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text that a file could hold
    assert tomllib.loads(f"x = {toml(text)}") == {"x": text}


@given(st.floats(allow_nan=False) | st.integers(-(2**62), 2**62) | st.booleans())
def test_any_figure_survives_as_toml(value: float):
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


def test_the_published_schema_of_the_settings_is_fresh():
    assert settings_schema.OUT.read_text() == settings_schema.text(), "run: python -m docs.schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_setting_is_documented_in_the_schema_with_its_environment_names():
    described = {tuple(path): key.get("description", "") for path, key in _keys(SCHEMA, ()) if path}
    for leaf in leaves():
        words = described[leaf.path]
        assert len(words.partition("Environment:")[0]) > 5, f"{leaf.dotted} has no docstring"
        assert all(name in words for name in leaf.names), leaf.dotted


@pytest.mark.parametrize(
    "data",
    [
        {"produktion": True},
        {"bigquery": {"projekt": "p"}},
        {"pipeline": {"workflow": {"hour": 24}}},
        {"profiles": {"a b": {}}},
        {"profiles": {"a": {"profile": "a"}}},
        {"profiles": {"a": {"kibana": {"url": 1}}}},
    ],
)
def test_the_schema_refuses_what_altui_refuses(tmp_path: Path, data: dict[str, object]):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def _keys(part: dict[str, object], path: tuple[str, ...]):
    """Every key of the schema with its path, references followed."""
    if reference := part.get("$ref"):
        part = SCHEMA["$defs"][str(reference).rpartition("/")[2]]
    for name, key in dict(part.get("properties", {})).items():
        if name != "profiles":
            yield (*path, name), key
            yield from _keys(key, (*path, name))
