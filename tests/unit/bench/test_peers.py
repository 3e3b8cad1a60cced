"""Peers: pinned, installed once, apart from everything of the user's."""

import sys
from pathlib import Path

import pytest

from bench.peers import PEERS, PINS, NotInstalledError, installed, surroundings, titled

INSTALLER = """#!{python}
import pathlib, sys
asked = sys.argv[1:]
with open({log!r}, "a") as log:
    print(asked[0], file=log)
if asked[0] == "venv":
    home = pathlib.Path(asked[-1])
    (home / "bin").mkdir(parents=True, exist_ok=True)
    (home / "bin" / "toy").touch()
elif "broken" in pathlib.Path(asked[-1]).read_text():
    sys.exit("no such wheel")
"""


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands where uv does and notes what it was asked for."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(INSTALLER.format(python=sys.executable, log=str(tmp_path / "log")))
    uv.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(uv.with_name("python")))
    return tmp_path / "log"


def test_a_peer_is_installed_once_and_anew_when_its_pins_change(tmp_path: Path, installer: Path):
    pins = tmp_path / "toy.txt"
    pins.write_text("toy==1")
    for _ in range(2):
        assert installed("toy", pins, tmp_path).name == "toy"
    assert installer.read_text().split() == ["venv", "pip"]
    pins.write_text("toy==2")
    installed("toy", pins, tmp_path)
    assert installer.read_text().split() == ["venv", "pip"] * 2


def test_one_that_cannot_be_installed_is_tried_again_the_next_time(tmp_path: Path, installer: Path):
    pins = tmp_path / "toy.txt"
    pins.write_text("toy==1 broken")
    for _ in range(2):
        with pytest.raises(NotInstalledError, match="could not be installed"):
            installed("toy", pins, tmp_path)
    assert installer.read_text().split() == ["venv", "pip"] * 2


def test_without_an_installer_it_says_what_to_do(tmp_path: Path):
    pins = tmp_path / "toy.txt"
    pins.write_text("toy==1")
    with pytest.raises(NotInstalledError, match="run make install"):
        installed("toy", pins, tmp_path, installer="no-such-installer")


@pytest.mark.parametrize("name", [peer.name for peer in PEERS])
def test_pins_are_exact_hashed_and_name_no_host(name: str):
    text = (PINS / f"{name}.txt").read_text()
    assert titled(name, text).startswith(f"{name} ")
    pins = [line for line in text.splitlines() if not line.startswith(" ")]
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "--index" not in text


def test_a_title_carries_the_pinned_version():
    assert titled("toy", "a-toy==3 \\\ntoy==1.2 ; x\n") == "toy 1.2"
    assert titled("toy", "toybox==3") == "toy"


def test_a_peer_sees_nothing_of_the_users(tmp_path: Path):
    found = surroundings(tmp_path, "/bin")
    assert found.pop("PATH") == "/bin"
    assert found.pop("LANG") == "C.UTF-8"
    assert found.keys() >= {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}
    assert all(Path(folder).is_relative_to(tmp_path) for folder in found.values())
