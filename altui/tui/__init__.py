"""The full-screen dashboard; reads the store, never a service."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from altui.clock import Clock
    from altui.config import Settings
    from altui.store.store import Store


def run(settings: "Settings", store: "Store", clock: "Clock", started: "datetime") -> int:
    """Shows the dashboard until the engineer leaves; the exit code.

    What was read before `started` is shown as last known. The caller attends the store and starts
    the observer; this process only reads what it stores.
    """
    from altui.tui.app import Dashboard

    app = Dashboard(settings, store, clock, started)
    app.run()
    return app.return_code or 0
