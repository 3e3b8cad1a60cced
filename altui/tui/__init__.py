"""The full-screen dashboard; reads the store, never a service."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from altui.clock import Clock
    from altui.config import Settings
    from altui.store.store import Store

ESCAPE_WAITS = "50"
"""Milliseconds after which ESC is the key itself and not the start of another key's code.

Textual looks every 100 ms while nothing is typed: ESC alone acts then, and a code that is torn by
less stays one key. The user's own ESCDELAY goes first.
"""


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
    os.environ.setdefault("ESCDELAY", ESCAPE_WAITS)  # Textual reads it when it is imported
    from altui.tui.terminal import restored

    with restored():
        from altui.tui.app import Dashboard

        app = Dashboard(settings, store, clock, started, observe=observe)
        app.run()
    return app.return_code or 0
