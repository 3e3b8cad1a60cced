"""The night's run while it is on its way: waited for, or running."""

from altui.core.present.view import View
from altui.core.rules.schedule import nightly_after, nightly_since, runs_since
from altui.core.words import behind

PROBE = "github.runs"


def on_its_way(seen: View) -> str:
    """`03:15Z awaited (+9m)` or `runs since 03:41Z`; empty before its time, and when it ended.

    In step with the verdict's `rules.night`; of runs that GitHub does not show now it says nothing.
    """
    look, due = seen.look, seen.look.due
    scheduled = nightly_after(due.coming_day, look.pipeline.workflow)
    expected = due.wanted_day < due.coming_day and scheduled <= look.now
    if not expected or not seen.live(PROBE):
        return ""
    running = (run for run in runs_since(look.runs, scheduled) if run.status != "completed")
    if run := next(running, None):
        return f"runs since {seen.clock(run.started_at or run.created_at)}"
    if nightly_since(look.runs, scheduled):
        return ""
    return f"{seen.clock(scheduled)} awaited (+{behind(look.now - scheduled)})"


def late_from(seen: View) -> str:
    """`, late from 04:15Z`; empty where that moment is over."""
    at = seen.look.due.coming_due_at
    return f", late from {seen.clock(at)}" if at > seen.now else ""
