"""A link in this machine's browser, where there is a screen to show one."""

import subprocess
import sys
from collections.abc import Mapping

from altui.core.present.links import opened


def is_there(environ: Mapping[str, str]) -> bool:
    """Whether a browser would open where the engineer sits."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    screen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(screen) or sys.platform == "darwin"


def show(url: str) -> "subprocess.Popen[bytes] | None":
    """Asks the browser for a link, and does not wait for it; None where nobody could be asked.

    A program of its own, away from the terminal: a browser that starts may take seconds, write on
    the screen, or be one that wants the terminal for itself.
    """
    if not opened(url):
        return None
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "webbrowser", "-t", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
