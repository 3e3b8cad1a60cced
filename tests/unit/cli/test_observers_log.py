"""The log of the one observer: a new one begins it anew, one too many leaves it alone."""

from pathlib import Path

from altui.cli.dashboard import start_observer
from altui.store.store import Store

SAID = "altui observer: a step: what must not be lost\n"


def log_after(environ: dict[str, str], directory: Path) -> str:
    """What the log holds when an observer that nobody watches has come and gone."""
    log = directory / "observer.log"
    log.write_text(SAID)
    start_observer(environ, directory).wait(60)
    return log.read_text()


def test_one_that_finds_another_leaves_what_that_one_said(observed: Store, environ: dict[str, str]):
    assert log_after(environ, observed.directory) == SAID


def test_one_that_cannot_start_writes_behind_it(observed: Store, environ: dict[str, str]):
    said = log_after({**environ, "ES_URL": "notaurl"}, observed.directory)
    assert said.startswith(SAID) and "ES_URL" in said


def test_the_one_that_observes_begins_anew(environ: dict[str, str], tmp_path: Path):
    directory = tmp_path / "default"
    directory.mkdir()
    assert log_after(environ, directory) == ""
