"""`altui init` without a pipeline: files, questions and exit codes."""

import dataclasses
import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from msgspec.structs import replace

from altui.cli import init as program
from altui.cli.exits import Exit
from altui.cli.init import init
from altui.cli.init.talk import Talk
from altui.config import ConfigError, Settings, load
from altui.services.discovery import Choice

NOTHING_THERE = "http://127.0.0.1:1"


class Scripted:
    """Answers in order; each question is kept."""

    asks = True

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.questions: list[str] = []
        self.offered: list[list[str]] = []
        self.defaults: list[str] = []

    def say(self, words: str) -> None:
        self.said.append(words)

    def _next(self, question: str, default: str) -> str:
        self.questions.append(question)
        self.defaults.append(default)
        answer = self.answers.pop(0)
        if answer == "^C":
            raise KeyboardInterrupt
        return default if answer == "" else answer

    def text(self, question: str, default: str) -> str:
        return self._next(question, default)

    secret = text

    def yes(self, question: str, *, default: bool) -> bool:
        return self._next(question, "y" if default else "n") == "y"

    def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        answer = self._next(question, default)
        self.offered.append([choice.id for choice in choices])
        assert answer in self.offered[-1]
        return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "altui.toml"


def talked(
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    *answers: str,
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Exit, Scripted]:
    talk = Scripted(*answers)
    monkeypatch.setattr(program, "Terminal", lambda: talk)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    home = {"HOME": str(file.parent), **(environ or {})}
    return init(home, output=file, profile=profile, force=False, yes=False), talk


NO_SERVICE = ("n",) * 7


def test_skipping_everything_leaves_a_file_that_only_explains(
    monkeypatch: pytest.MonkeyPatch, file: Path
):
    code, talk = talked(monkeypatch, file, "mine", "y", *NO_SERVICE)
    assert code is Exit.ok
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = load({}, file)
    assert (settings.profile, settings.production) == ("mine", True)
    assert settings.pipeline == Settings().pipeline
    assert talk.said[-1].startswith("next: altui --config")
    assert [path.name for path in file.parent.iterdir()] == ["altui.toml"]


def test_an_answer_that_fails_is_told_and_asked_again_kept_or_skipped(
    monkeypatch: pytest.MonkeyPatch, file: Path
):
    elastic = ("y", "nonsense", "again", NOTHING_THERE, "keep")
    kibana = ("y", NOTHING_THERE, "", "key", "skip")
    code, talk = talked(monkeypatch, file, "", "", *"nnnn", *elastic, *kibana, "n")
    assert code is Exit.findings
    wrong = [words for words in talk.said if "✗" in words]
    assert "ES_URL" in wrong[0]
    assert "refused" in wrong[1].lower()
    first, second, _ = talk.offered
    assert first == ["again", "skip"], "what cannot be written cannot be kept"
    assert second == ["again", "keep", "skip"]
    assert wrong[-1] == "✗ kept without an answer: Elasticsearch"
    settings = load({}, file)
    assert settings.elasticsearch.url.reveal() == NOTHING_THERE
    assert settings.kibana == Settings().kibana


def test_a_password_is_typed_unseen_and_never_said(monkeypatch: pytest.MonkeyPatch, file: Path):
    elastic = ("y", "http://reader@127.0.0.1:1", "c4n4ry/@", "keep")
    _, talk = talked(monkeypatch, file, "", "", *"nnnn", *elastic, "n", "n")
    assert load({}, file).elasticsearch.url.reveal() == "http://reader:c4n4ry%2F%40@127.0.0.1:1"
    assert "c4n4ry" not in " ".join([*talk.said, *talk.questions])


def failing(error: Exception) -> Any:
    def look(settings: Settings, talk: Talk) -> tuple[Settings, str]:
        raise error

    return look


def with_look(monkeypatch: pytest.MonkeyPatch, section: str, look: Any) -> None:
    services = [
        dataclasses.replace(service, look=look) if service.section == section else service
        for service in program.SERVICES
    ]
    monkeypatch.setattr(program, "SERVICES", tuple(services))


def test_what_nobody_foresaw_in_one_service_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch, file: Path
):
    error = ImportError("Using SOCKS proxy for c4n4ry-token, but socksio is not installed")
    with_look(monkeypatch, "github", failing(error))
    hub = ("y", "", "o/r", "c4n4ry-token", "keep")
    code, talk = talked(monkeypatch, file, "mine", "", *"nnn", *hub, *"nnn")
    assert code is Exit.findings
    told = next(words for words in talk.said if "✗" in words)
    assert "altui failed here: ImportError: Using SOCKS proxy for ***, but" in told
    assert load({}, file).profile == "mine"
    assert load({}, file).github.token.reveal() == "c4n4ry-token"


@pytest.mark.parametrize("stop", [typer.Abort(), KeyboardInterrupt()])
def test_who_stops_while_a_service_is_asked_is_heard(
    monkeypatch: pytest.MonkeyPatch, file: Path, stop: Any
):
    with_look(monkeypatch, "elasticsearch", failing(stop))
    code, _ = talked(monkeypatch, file, "", "", *"nnnn", "y", NOTHING_THERE)
    assert code is Exit.interrupted
    assert not file.parent.exists()


def test_what_is_found_but_cannot_be_written_is_told_and_not_taken(
    monkeypatch: pytest.MonkeyPatch, file: Path
):
    def look(settings: Settings, talk: Talk) -> tuple[Settings, str]:
        astray = replace(settings.elasticsearch, index_prefix="Analytics_*")
        return replace(settings, elasticsearch=astray), "found"

    with_look(monkeypatch, "elasticsearch", look)
    code, talk = talked(monkeypatch, file, "", "", *"nnnn", "y", NOTHING_THERE, "keep", "n", "n")
    assert code is Exit.findings
    assert any("'Analytics_*' cannot begin an index's name" in words for words in talk.said)
    assert load({}, file).elasticsearch.index_prefix == "analytics_applylens"


@pytest.mark.parametrize(
    ("url", "password"),
    [("http://u@[::1", ["pw"]), ("http://u:c4n4ry@[::1", []), ("http://u@h:port", ["pw"])],
)
def test_an_address_that_is_none_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, file: Path, url: str, password: list[str]
):
    elastic = ("y", url, *password, "again", NOTHING_THERE, "keep")
    _, talk = talked(monkeypatch, file, "", "", *"nnnn", *elastic, "n", "n")
    assert any("✗ elasticsearch.url (ES_URL): not a URL" in words for words in talk.said)
    assert "c4n4ry" not in " ".join([*talk.said, *talk.defaults])
    assert load({}, file).elasticsearch.url.reveal() == NOTHING_THERE


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:c4n4ry@127.0.0.1:1/d",
        "host=127.0.0.1 port=1 user=me password=c4n4ry dbname=d",
        "postgresql://127.0.0.1:1/d?user=me&password=c4n4ry",
        "postgresql://127.0.0.1:1/d?password=c4n4ry",
    ],
)
def test_a_password_typed_into_a_dsn_is_taken_and_never_said_back(
    monkeypatch: pytest.MonkeyPatch, file: Path, dsn: str
):
    """It stood on the screen as it was typed; from then on it is hidden, when asked anew too."""
    code, talk = talked(monkeypatch, file, "", "", "y", dsn, "again", "", "", "keep", *"nnnnnn")
    assert code is Exit.findings
    shown = [
        default
        for question, default in zip(talk.questions, talk.defaults, strict=True)
        if question != "Its password"  # what a hidden answer keeps is not shown
    ]
    assert "c4n4ry" not in " ".join([*talk.said, *talk.questions, *shown])
    assert "c4n4ry" in load({}, file).postgres.dsn.reveal()


def test_a_dsn_that_is_none_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, file: Path):
    postgres = ("y", "user=me colour=red", "pw", "again", "", "pw", "skip")
    code, talk = talked(monkeypatch, file, "", "", *postgres, *"nnnnnn")
    assert code is Exit.ok
    assert sum("✗" in words for words in talk.said) == 2


@pytest.mark.parametrize(
    ("variable", "words"),
    [("ALTUI_CADENCE_FIVETRAN", "cadence.fivetran: 1 is not between"), ("ES_URL", "not a URL")],
)
def test_a_variable_that_is_wrong_is_refused_before_the_first_question(
    monkeypatch: pytest.MonkeyPatch, file: Path, variable: str, words: str
):
    with pytest.raises(ConfigError, match=words):
        talked(monkeypatch, file, environ={variable: "1"})


def test_only_a_name_is_wrong_with_a_name(monkeypatch: pytest.MonkeyPatch, file: Path):
    code, talk = talked(monkeypatch, file, "my own", "mine", "", *NO_SERVICE)
    assert code is Exit.ok
    assert [words for words in talk.said if "✗" in words] == [
        "  ✗ profile: 'my own' must be made of letters, digits, - and _"
    ]


@pytest.mark.parametrize("place", ["folder", "f" * 300])
def test_a_place_that_is_no_file_is_refused_before_the_first_question(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=r"is a directory: name a file in it|File name too long"):
        talked(monkeypatch, tmp_path / place)


@pytest.mark.parametrize("answers", [("^C",), ("", "", "n", "^C"), ("", "", *"nnnnnn", "^C")])
def test_an_interrupted_conversation_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, file: Path, answers: tuple[str, ...]
):
    code, talk = talked(monkeypatch, file, *answers)
    assert code is Exit.interrupted
    assert "nothing was written" in talk.said[-1]
    assert not file.parent.exists()


def test_a_file_that_is_there_is_overwritten_only_when_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, file: Path
):
    file.parent.mkdir()
    file.write_text('profile = "old"\n')
    with pytest.raises(ConfigError, match="left alone: --profile NAME adds"):
        talked(monkeypatch, file, "n")
    assert file.read_text() == 'profile = "old"\n'
    code, _ = talked(monkeypatch, file, "y", "new", "", *NO_SERVICE)
    assert code is Exit.ok
    assert load({}, file).profile == "new"


OLD = """\
# by hand
production = true
[elasticsearch]
url = "http://127.0.0.1:1"  # mine
[kibana]
url = "http://127.0.0.1:1"
"""


@pytest.mark.parametrize("named", ["", 'profile = "prod"\n'])
def test_a_profile_is_added_and_nothing_that_was_there_is_lost(
    monkeypatch: pytest.MonkeyPatch, file: Path, named: str
):
    file.parent.mkdir()
    file.write_text(named + OLD)
    elastic = ("y", "http://127.0.0.1:2", "keep")
    code, _ = talked(monkeypatch, file, "n", *"nnnn", *elastic, *"nn", profile="staging")
    assert code is Exit.findings
    text = file.read_text()
    assert OLD in text
    first, staging = load({}, file), load({"ALTUI_PROFILE": "staging"}, file)
    assert first.profile == ("prod" if named else "default")
    assert first.production and first.kibana.url == "http://127.0.0.1:1"
    assert (staging.production, staging.kibana.url) == (False, ""), "skipped is off, not shared"
    assert staging.elasticsearch.url.reveal() == "http://127.0.0.1:2"
    with pytest.raises(ConfigError, match="holds the profile staging already"):
        talked(monkeypatch, file, profile="staging")
    code, _ = talked(monkeypatch, file, "", *NO_SERVICE, profile="third")
    assert load({"ALTUI_PROFILE": "third"}, file).profile == "third"
    assert load({"ALTUI_PROFILE": "staging"}, file) == staging


def test_a_file_that_is_wrong_is_not_added_to(monkeypatch: pytest.MonkeyPatch, file: Path):
    file.parent.mkdir()
    file.write_text("produktion = true\n")
    with pytest.raises(ConfigError, match="the nearest is production"):
        talked(monkeypatch, file, profile="staging")


def altui(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "altui", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environ},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_terminal_it_takes_the_environments_answers_or_none(tmp_path: Path):
    refused = altui(tmp_path, "init")
    assert (refused.returncode, "--yes" in refused.stderr) == (Exit.usage, True)
    url = "http://u:c4n4ry@127.0.0.1:1"
    done = altui(tmp_path, "init", "--yes", "--output", "a.toml", ES_URL=url, ALTUI_PROFILE="x")
    assert done.returncode == Exit.findings, "it was kept, but nothing answered"
    assert "✗" in done.stderr
    assert "c4n4ry" not in done.stderr + done.stdout
    assert load({}, tmp_path / "a.toml").elasticsearch.url.reveal() == url
    again = altui(tmp_path, "init", "--yes", "--output", "a.toml")
    assert again.returncode == Exit.usage
    assert load({}, tmp_path / "a.toml").profile == "x"
    forced = altui(tmp_path, "init", "--yes", "--output", "a.toml", "--force")
    assert forced.returncode == Exit.ok
    assert "No service is set up in it yet" in forced.stderr
    assert load({}, tmp_path / "a.toml").profile == "default"


@pytest.mark.parametrize(("locale", "sign"), [("C", "+"), ("C.UTF-8", "✓"), ("POSIX", "+")])
def test_its_signs_are_ascii_where_the_locale_is_not_utf8(tmp_path: Path, locale: str, sign: str):
    words = {"ES_URL": NOTHING_THERE, "LC_ALL": locale}
    said = altui(tmp_path, "init", "--yes", **words).stderr
    assert f"\n{sign} wrote " in said
    assert said.isascii() is (sign == "+"), said


def test_it_writes_where_altui_looks(tmp_path: Path):
    done = altui(tmp_path, "init", "--yes")
    assert "next: altui doctor, then altui\n" in done.stderr
    assert (tmp_path / ".config" / "altui" / "altui.toml").is_file()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    done = altui(tmp_path, "init", "--yes", "--output", "file/altui.toml")
    assert done.returncode == Exit.usage
    assert "file/altui.toml: cannot be written" in done.stderr


def test_a_configuration_directory_nobody_may_look_into_does_not_take_back_what_was_written(
    tmp_path: Path,
):
    done = altui(tmp_path, "init", "--yes", "--output", "a.toml", XDG_CONFIG_HOME=f"/{'x' * 300}")
    assert done.returncode == Exit.ok, done.stderr
    assert "altui --config a.toml doctor" in done.stderr
