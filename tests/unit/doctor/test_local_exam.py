"""This host: the disk under the store, and the store's directory."""

from pathlib import Path

import pytest

from altui.core.model.health import State
from altui.doctor import local
from altui.doctor.local import exam, file_system, remote
from altui.doctor.project import locate
from tests.unit.doctor.conftest import MakeContext, results_of

MOUNTS = r"""
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:26 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:27 / /home/me/fast rw shared:2 master:3 - xfs /dev/sdb rw
40 22 0:40 / /mnt/with\040space rw - fuse.sshfs me@host:/ rw
41 22 0:41 / /mnt/over rw - ext4 /dev/sdc rw
42 41 0:42 / /mnt/over rw - cifs //server/share rw
half a line
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/var/lib", "ext4", False),
        ("/home/me/.local/state", "nfs4", True),
        ("/home/me/fast/state", "xfs", False),
        ("/homework", "ext4", False),
        ("/mnt/with space/x", "fuse.sshfs", True),
        ("/mnt/over/x", "cifs", True),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(path: str, kind: str, network: bool):
    assert file_system(Path(path), MOUNTS) == kind
    assert remote(kind) is network


@pytest.mark.parametrize("kind", ["9p", "nfs", "smb3", "fuse.sshfs"])
async def test_a_store_on_a_network_is_broken(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setattr(local, "file_system", lambda path, mounts: kind)
    seen = (await results_of(exam, context({})))["disk"]
    assert seen.bad and seen.said.startswith(f"{kind} is a network file system")
    assert "ALTUI_STATE_DIR" in seen.fix


async def test_a_good_directory(context: MakeContext):
    made = context({})
    seen = await results_of(exam, made)
    assert seen["store"].state is State.ok and "in WAL" in seen["store"].said
    assert seen["disk"].said.endswith(" free")
    assert seen["program"].said.startswith("altui ")
    assert list(made.settings.directory.iterdir()) == [], "nothing is left behind"


async def test_a_directory_that_cannot_be_made(context: MakeContext, tmp_path: Path):
    (tmp_path / "file").touch()
    seen = await results_of(exam, context({"ALTUI_STATE_DIR": str(tmp_path / "file")}))
    assert seen["store"].state is State.broken
    assert seen["store"].said == "Not a directory"
    assert "ALTUI_STATE_DIR" in seen["store"].fix


async def test_a_directory_nobody_may_look_into(context: MakeContext):
    """A name too long behaves as one that lets nobody in; root is let in."""
    seen = await results_of(exam, context({"ALTUI_STATE_DIR": f"/{'x' * 300}/state"}))
    assert seen["store"].said == "File name too long"
    assert "ALTUI_STATE_DIR" in seen["store"].fix
    assert seen["disk"].said.endswith(" free"), "of what is there above it"
    assert {"program", "encoding", "terminal"} <= set(seen)


async def test_a_disk_that_does_not_answer_costs_nothing_else(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch
):
    def stale(place: Path) -> None:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr("shutil.disk_usage", stale)
    seen = await results_of(exam, context({}))
    assert seen["disk"].bad and seen["disk"].said == "Stale file handle"
    assert "ALTUI_STATE_DIR" in seen["disk"].fix
    assert {"store", "program", "encoding", "terminal"} <= set(seen)


async def test_a_full_disk(context: MakeContext, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local, "LEAST_FREE", 10**30)
    seen = (await results_of(exam, context({})))["disk"]
    assert seen.bad and seen.said.endswith(" free")


def test_project_files_in_a_place_nobody_may_look_into_are_not_there():
    assert locate("x" * 300) is None
    assert locate("analytics/dbt") is not None


def test_colours_are_said_as_the_terminal_promises_them():
    assert local._colours({"TERM": "xterm", "COLORTERM": "truecolor"}) == "16 million colours"
    assert local._colours({"TERM": "xterm-256color"}) == "256 colours"
    assert local._colours({"TERM": "xterm-256color", "NO_COLOR": "1"}) == "no colours"
    assert local._colours({}) == "no colours"
