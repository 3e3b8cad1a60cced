"""The full-screen dashboard; reads the store, never a service."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from altui.clock import Clock
    from altui.config import Settings
    from altui.store.store import Store


def run(
    settings: "Settings",
    store: "Store",
    clock: "Clock",
    started: "datetime",
    observe: "Callable[[], object]",
) -> int:
    """Shows the dashboard until the engineer leaves; the exit code.

    What was read before `started` is shown as last known. `observe` starts an observer; it is
    called after the first paint and when nobody looks any more. The caller attends the store; this
    process only reads what an observer stores.
    """
    from altui.tui.terminal import restored

    with restored():
        from altui.tui.app import Dashboard

        app = Dashboard(settings, store, clock, started, observe=observe)
        app.run()
    return app.return_code or 0
