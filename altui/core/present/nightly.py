"""The night's run while it is on its way: waited for, or running."""

from altui.core.present.view import View
from altui.core.rules.night import tonight
from altui.core.words import behind

PROBE = "github.runs"


def on_its_way(seen: View) -> str:
    """`03:15Z awaited (+9m)` or `runs since 03:41Z`; empty before its time, and when it ended.

    Of runs that GitHub does not show now it says nothing.
    """
    due, (scheduled, run) = seen.look.due, tonight(seen.look)
    expected = due.wanted_day < due.coming_day and scheduled <= seen.now
    if not expected or not seen.live(PROBE):
        return ""
    if run is None:
        return f"{seen.clock(scheduled)} awaited (+{behind(seen.now - scheduled)})"
    if run.status == "completed":
        return ""
    return f"runs since {seen.clock(run.started_at or run.created_at)}"


def late_from(seen: View) -> str:
    """`, late from 04:15Z`; empty where that moment is over."""
    at = seen.look.due.coming_due_at
    return f", late from {seen.clock(at)}" if at > seen.now else ""
