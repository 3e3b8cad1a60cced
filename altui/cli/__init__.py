"""The command line: `altui` alone opens the dashboard, each verb is a file of this folder."""

import contextlib
import sys


def main() -> None:
    """Entry point of the `altui` command; ends the process with an `Exit` code."""
    words = sys.argv[1:]
    if words == ["--version"]:
        with contextlib.suppress(OSError):  # where it cannot be written, the guard says so
            _version()
            return
    if words in ([], ["--version"]):
        from altui.cli.guard import guarded

        # at once: verbs and options are not needed for these
        sys.exit(guarded(_version if words else _dashboard))
    from altui.cli.app import run

    sys.exit(run())


def _version() -> None:
    from altui import __version__

    sys.stdout.write(f"altui {__version__}\n")
    sys.stdout.flush()


def _dashboard() -> None:
    import os

    from altui.cli.dashboard import open_dashboard

    raise SystemExit(open_dashboard(os.environ))
