"""The run that carries the coming day: what is known of it, in words."""

from datetime import datetime, timedelta

from altui.core.model.health import Form
from altui.core.model.pipeline import risk_mart
from altui.core.model.reading import Run
from altui.core.rules.look import Look
from altui.core.rules.running import counted_since
from altui.core.rules.schedule import nightly_after, nightly_since, runs_since
from altui.core.words import behind, clock, took


def tonight(look: Look) -> tuple[datetime, Run | None]:
    """When the run that carries the coming day is due, and that run: one under way first."""
    scheduled = nightly_after(look.due.coming_day, look.pipeline.workflow)
    since = runs_since(look.runs, scheduled)
    # what ended before the schedule's own run came may have been about other days
    told = since if nightly_since(look.runs, scheduled) else ()
    under_way = (run for run in since if run.status != "completed")
    return scheduled, next(under_way, next(iter(told), None))


def night(look: Look) -> tuple[Form, list[str]]:
    """What the run that carries the coming day does, and why that day may not be there yet.

    The latter in words of falling length.
    """
    scheduled, run = tonight(look)
    at = f"{scheduled:%H:%M}Z"
    delay = behind(timedelta(seconds=look.due.usual_delay_s))
    late_start = [f"GitHub starts it late: {delay} are allowed for"]
    if look.runs is None:
        return _by_the_marts(look, scheduled)
    if run is None and look.now < scheduled:
        return Form(f"nightly run due {at}"), late_start
    if run is None:
        waited = behind(look.now - scheduled)
        return Form(f"nightly run due {at} has not started", "", f" (+{waited})"), late_start
    usual = took(look.due.usual_duration_s)
    started = clock(look.now, run.started_at or run.created_at)
    if run.status != "completed":
        return Form(f"run {run.number} runs", "", f" since {started}"), [
            f"it usually takes {usual}"
        ]
    ended = clock(look.now, run.updated_at or run.created_at)
    said = Form(f"run {run.number}: ", run.conclusion or "", f", {ended}")
    if run.conclusion != "success":
        return said, ["it carried nothing: another run is needed"]
    if counted_since(look, run.updated_at):
        return said, ["the index was counted since, and lacks it"]
    return said, ["the index was not counted since"]


def _by_the_marts(look: Look, scheduled: datetime) -> tuple[Form, list[str]]:
    """Without GitHub the marts' modification time tells whether the night's build was done."""
    built = look.mart_built_at(risk_mart(look.pipeline))
    if built is not None and built >= scheduled:
        said = Form("marts built", "", f" {clock(look.now, built)}")
        return said, ["GitHub is unseen: its export may go on"]
    last = [f"GitHub is unseen; marts built {clock(look.now, built)}"] if built else []
    said = Form(f"nightly run of {scheduled:%H:%M}Z cannot be seen")
    return said, [*last, "GitHub is unseen"]
