"""Other Textual programs to compare with, each installed apart from pinned, hashed requirements."""

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = ROOT / "requirements" / "peers"
PLACE = ROOT / "build" / "peers"


@dataclass(frozen=True)
class Peer:
    """`paints`: words of the first frame of its main screen; `leaves`: the key that ends it."""

    name: str
    options: tuple[str, ...]
    paints: bytes
    leaves: bytes


PEERS = (
    Peer("posting", (), b"Collection is empty", b"\x03"),
    Peer("harlequin", ("--locale", "C"), b"Query Results", b"\x11"),  # else a page on locales first
)


class NotInstalledError(Exception):
    """What could not be installed; the installer's own words have gone to standard error."""


def titled(name: str, pins: str) -> str:
    """The name with the version that the requirements pin."""
    found = re.search(rf"^{re.escape(name)}==(\S+)", pins, re.M)
    return f"{name} {found[1]}" if found else name


def installed(name: str, pins: Path, place: Path, installer: str = "uv") -> Path:
    """The program, in an environment of its own that is made anew when its pins have changed.

    Raises NotInstalledError, and leaves nothing that a later call would take for whole.
    """
    home, seal = place / name, place / name / "pins.sha256"
    program, wanted = home / "bin" / name, hashlib.sha256(pins.read_bytes()).hexdigest()
    if seal.exists() and seal.read_text() == wanted and program.exists():
        return program
    uv = shutil.which(installer, path=str(Path(sys.executable).parent))
    if uv is None:
        raise NotInstalledError(f"{installer} is not beside this Python: run make install")
    install = ["pip", "install", "--quiet", "--python", str(home / "bin" / "python")]
    install += ["--compile-bytecode", "--require-hashes", "--requirement", str(pins)]
    for arguments in (
        ["venv", "--quiet", "--clear", "--python", sys.executable, str(home)],
        install,
    ):
        if subprocess.run([uv, *arguments], check=False, stdout=sys.stderr).returncode:
            raise NotInstalledError("could not be installed")
    seal.write_text(wanted)
    return program


def surroundings(home: Path, path: str) -> dict[str, str]:
    """An environment in which a peer reads and writes nothing of the user's."""
    below = {
        f"XDG_{kind}_HOME": str(home / kind.lower())
        for kind in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": str(home), **below}
