"""PagerDuty: the integration key's form. Only an event would tell more, and that pages someone."""

import re

from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.doctor.exam import Context, Exams, unset, untestable

WELL_FORMED = re.compile(r"[A-Za-z0-9]{32}")
"""Events API v2: "Length of 'routing_key' is incorrect (should be 32 characters)"."""
KEYS = "PagerDuty > the service > Integrations: add Events API v2, and copy its Integration Key"


async def exam(context: Context) -> Exams:
    here, subject = "pagerduty.key", "key"
    key = context.settings.pagerduty.routing_key.reveal()
    if not key:
        fix = f"{KEYS}, then set PAGERDUTY_ROUTING_KEY"
        yield unset(here, subject, "PAGERDUTY_ROUTING_KEY", "nobody is paged", fix, half=False)
        return
    if not WELL_FORMED.fullmatch(key):
        what = "other signs than letters and digits" if len(key) == 32 else f"{len(key)} characters"
        said = f"it has {what}: an integration key has 32 letters and digits"
        tried = "the key's form; PagerDuty was not asked"
        came = context.came_from("pagerduty.routing_key")
        fix = f"set PAGERDUTY_ROUTING_KEY{came} to the right one. {KEYS}"
        yield Result(here, subject, State.broken, said, tried, fix)
        return
    said = "cannot be tested here without opening an incident"
    yield untestable(here, subject, said, "its form is right")
