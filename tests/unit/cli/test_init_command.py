"""`altui init` without a pipeline: files, questions and exit codes."""

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from altui.cli import init as program
from altui.cli.exits import Exit
from altui.cli.init import init
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

    def say(self, words: str) -> None:
        self.said.append(words)

    def _next(self, question: str, default: str) -> str:
        self.questions.append(question)
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
        assert answer in [choice.id for choice in choices]
        return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "altui.toml"


def talked(
    monkeypatch: pytest.MonkeyPatch, file: Path, *answers: str, profile: str | None = None
) -> tuple[Exit, Scripted]:
    talk = Scripted(*answers)
    monkeypatch.setattr(program, "Terminal", lambda: talk)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    environ = {"HOME": str(file.parent)}
    return init(environ, output=file, profile=profile, force=False, yes=False), talk


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
    assert wrong[-1] == "✗ kept without an answer: Elasticsearch"
    settings = load({}, file)
    assert settings.elasticsearch.url.reveal() == NOTHING_THERE
    assert settings.kibana == Settings().kibana


def test_a_password_is_typed_unseen_and_never_said(monkeypatch: pytest.MonkeyPatch, file: Path):
    elastic = ("y", "http://reader@127.0.0.1:1", "c4n4ry/@", "keep")
    _, talk = talked(monkeypatch, file, "", "", *"nnnn", *elastic, "n", "n")
    assert load({}, file).elasticsearch.url.reveal() == "http://reader:c4n4ry%2F%40@127.0.0.1:1"
    assert "c4n4ry" not in " ".join([*talk.said, *talk.questions])


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


def test_it_writes_where_altui_looks(tmp_path: Path):
    done = altui(tmp_path, "init", "--yes")
    assert "next: altui doctor, then altui\n" in done.stderr
    assert (tmp_path / ".config" / "altui" / "altui.toml").is_file()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    done = altui(tmp_path, "init", "--yes", "--output", "file/altui.toml")
    assert done.returncode == Exit.usage
    assert "file/altui.toml: cannot be written" in done.stderr
