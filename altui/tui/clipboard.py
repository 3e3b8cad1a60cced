"""Handing text to the engineer: the terminal's clipboard, and a file.

OSC 52 asks a terminal to copy. It does not answer, and many do not obey or are told not to: that
anything was copied is never known here, so the text is in a file as well.
"""

import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

FILE = "copied.txt"
MOST_BASE64 = 74_994
"""Characters of base64 that terminals take in one sequence; xterm ignores a longer one whole."""

MOST_OF_SCREEN = 250
"""Characters of a string that every version of GNU screen takes."""


def sequences(text: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """What is written to the terminal, and whether all of the text is in it.

    tmux takes the plain sequence with `set-clipboard on`, and hands on what stands in its
    passthrough with `allow-passthrough on`; by its defaults (external, off) it drops both, see
    `loaded`. GNU screen hands on any string, in pieces that are shorter than its buffer.
    """
    raw = text.encode(errors="replace")
    sent = raw[: MOST_BASE64 // 4 * 3].decode(errors="ignore").encode()
    plain = f"\x1b]52;c;{base64.b64encode(sent).decode()}\a"
    if environ.get("TMUX"):
        doubled = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{doubled}\x1b\\", sent == raw
    if environ.get("STY"):
        starts = range(0, len(plain), MOST_OF_SCREEN)
        pieces = (plain[start : start + MOST_OF_SCREEN] for start in starts)
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces), sent == raw
    return plain, sent == raw


def loaded(path: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
    """Inside tmux: has it take the file into its own buffer and ask the terminal around it.

    That is tmux's own doing, so its default (`set-clipboard external`) lets it; before 3.2 it knows
    no `-w`. What was started is returned, whether it works is not waited for.
    """
    if not environ.get("TMUX"):
        return None
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            ["tmux", "load-buffer", "-w", str(path)], stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
    except OSError:
        return None  # no tmux on the path; the sequence is all there is


def kept(text: str, directory: Path) -> Path:
    """The file that holds the text, for its owner only. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, new = directory / FILE, directory / f"{FILE}.new"
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    new.replace(path)
    return path


def shown(path: Path) -> str:
    """The path as a shell takes it, short."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
