"""The command line: `altui` alone opens the dashboard, each verb is a file of this folder."""

import sys


def main() -> None:
    """Entry point of the `altui` command; ends the process with an `Exit` code."""
    if not sys.argv[1:]:
        from altui.cli.guard import guarded

        sys.exit(guarded(_dashboard))  # at once: verbs and options are not needed for it
    from altui.cli.app import run

    sys.exit(run())


def _dashboard() -> None:
    import os

    from altui.cli.dashboard import open_dashboard

    raise SystemExit(open_dashboard(os.environ))
