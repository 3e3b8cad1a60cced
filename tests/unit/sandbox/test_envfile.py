import dataclasses
import shlex
from pathlib import Path

from github_lab import make_world

from altui.sandbox import envfile


def test_the_file_is_private_whole_and_what_a_shell_reads(tmp_path: Path):
    folder = tmp_path / "it's a $HOME"
    folder.mkdir()
    world = dataclasses.replace(make_world(folder), postgres_reader_dsn="postgresql://u:p w@h/d")
    file = tmp_path / "env"
    file.write_text("stale")
    file.chmod(0o644)
    envfile.write(file, world)
    assert file.stat().st_mode & 0o777 == 0o600
    read = dict(word.split("=", 1) for word in shlex.split(file.read_text()))
    assert read == envfile.environment(world)
    assert read["ALTUI_STATE_DIR"] == str(folder / "state")
    assert list(tmp_path.glob("*.new")) == []
