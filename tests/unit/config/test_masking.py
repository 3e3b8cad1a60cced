"""Credentials show themselves only when asked to."""

import copy
import json
import os
import pickle
import subprocess
import sys
import traceback
from io import StringIO
from pathlib import Path
from pprint import pformat

import msgspec
import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from altui.config import KibanaSettings, Secret, Settings, cautions, load, public_url
from altui.config import secrets_exposed as exposed
from altui.config.fields import leaves

CANARY = "c4n4ry-s3cret"


@pytest.fixture
def settings() -> Settings:
    """A canary in every credential, and in every address as its password."""
    environ = {leaf.names[0]: CANARY for leaf in leaves() if leaf.kind is Secret}
    for leaf in leaves():
        if leaf.path[-1] in {"url", "api_url", "emulator_host"}:
            environ[leaf.names[0]] = f"https://reader:{CANARY}@host.internal:9200/path"
    environ["POSTGRES_DSN"] = f"host=h user=u password='{CANARY}'"
    del environ["ALTUI_POSTGRES_DSN"]
    return load(environ)


def test_no_way_of_printing_shows_a_secret(settings: Settings):
    out = Console(file=StringIO(), width=200)
    out.print(settings)
    out.print(settings.kibana)
    assert isinstance(out.file, StringIO)
    printed = [
        repr(settings),
        str(settings),
        f"{settings} {settings.fivetran.api_key} {settings.fivetran.api_key:>20}",
        "%s %r" % (settings.github.token, settings.kibana),  # noqa: UP031 - this way too
        pformat(msgspec.structs.asdict(settings)),
        pretty_repr(settings),
        out.file.getvalue(),
        json.dumps(msgspec.structs.asdict(settings.elasticsearch), default=str),
    ]
    for text in printed:
        assert CANARY not in text
    assert "https://host.internal:9200/path" in repr(settings)


def test_a_secret_is_neither_encoded_nor_pickled(settings: Settings):
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, pickle.dumps):
        with pytest.raises(TypeError) as raised:
            encode(settings)
        assert CANARY not in str(raised.value)
    with pytest.raises(TypeError):
        Secret(CANARY).__getstate__()


def test_a_copy_is_as_silent(settings: Settings):
    for copied in (copy.copy(settings), copy.deepcopy(settings)):
        assert copied == settings
        assert CANARY not in repr(copied)


def test_a_traceback_with_locals_shows_no_secret(settings: Settings):
    try:
        held = settings.fivetran
        raise RuntimeError(held)
    except RuntimeError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "held" in "".join(told.format())
    assert CANARY not in "".join(told.format())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h:9200/x", "https://h:9200/x"),
        ("https://u:p4ss@h:9200/x", "https://h:9200/x"),
        ("https://p4ss@h", "https://h"),
        ("https://u:p4@ss@h/x", "https://h/x"),
        ("https://u:p4/ss@h/x", "https://***"),
        ("https://u:p4?ss@h/x", "https://***"),
        ("https://u:p4#ss@h/x", "https://***"),
        ("https://h/x?api_key=p4ss#p4ss", "https://h/x"),
        ("postgresql://u:p4ss@h:5432/db?sslmode=require", "postgresql://h:5432/db"),
        ("postgresql://h/db?user=u&password=p4ss", "postgresql://h/db"),
        ("postgresql:///db?host=h&password=p4ss", "postgresql:///db"),
        ("postgresql://h/db?password=p4@ss", "postgresql://***"),
        ("host=h port=5432 dbname=db user=u password=p4ss", "host=h port=5432 dbname=db"),
        (r"host = h password = 'p4\' ss host=p4ss' dbname=db", "host=h dbname=db"),
        ("u:p4ss@h:9200", "h:9200"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, shown: str):
    assert public_url(url) == shown


def test_an_address_in_a_setting_that_is_no_secret_is_masked_too():
    assert repr(KibanaSettings("https://u:p4ss@h")) == (
        "KibanaSettings(url='https://h', api_key=Secret(), space='')"
    )


@pytest.mark.parametrize(
    "text",
    [
        '[fivetran]\napi_key = "k"',
        '[kibana]\nurl = "https://u:p@h"',
        '[profiles.a.github]\ntoken = "t"',
    ],
)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_with_secrets_that_others_can_read_is_named(tmp_path: Path, text: str, mode: int):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    path.chmod(mode)
    assert exposed(path) == (
        f"{path} holds secrets, and others can read it (mode {mode:04o}): chmod 600 {path}"
    )
    path.chmod(0o600)
    assert exposed(path) is None


@pytest.mark.parametrize("text", ['[fivetran]\napi_key = "k"', "production = true"])
@pytest.mark.parametrize("mode", [0o622, 0o620, 0o602])
def test_a_file_that_others_can_write_is_named_with_secrets_and_without(
    tmp_path: Path, text: str, mode: int
):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    path.chmod(mode)
    words = f"{path} can be changed by others, who may send secrets elsewhere (mode {mode:04o})"
    assert exposed(path) == f"{words}: chmod 600 {path}"
    assert cautions({"ALTUI_CONFIG": str(path)}) == (exposed(path),)


def test_a_file_with_secrets_that_others_can_read_and_write(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text('[fivetran]\napi_key = "k"')
    path.chmod(0o666)
    assert "holds secrets, and others can read and change it (mode 0666)" in (exposed(path) or "")


def test_a_file_without_secrets_may_be_read_by_all(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text('[kibana]\nurl = "https://h"\napi_key = ""\n')
    path.chmod(0o644)
    assert exposed(path) is None
    assert cautions({"ALTUI_CONFIG": str(path)}) == ()


def test_what_is_no_file_is_not_named():
    """Whoever may write to it cannot put settings there."""
    assert cautions({"ALTUI_CONFIG": os.devnull}) == ()


def test_the_command_line_says_so_on_stderr(tmp_path: Path):
    path = tmp_path / "altui.toml"
    path.write_text('[elasticsearch]\nurl = "http://u:p4ss@127.0.0.1:1"\n')
    path.chmod(0o644)
    environ = {"PATH": os.environ["PATH"], "ALTUI_STATE_DIR": str(tmp_path / "state")}
    ran = subprocess.run(
        [sys.executable, "-m", "altui", "--config", str(path), "check"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "(mode 0644): chmod 600" in ran.stderr
    assert "p4ss" not in ran.stderr + ran.stdout
