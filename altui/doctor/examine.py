"""All exams at the same time, bounded as a whole; reported in one order."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from altui.config import public_url
from altui.core.model.doctor import Result, Section
from altui.core.model.health import State
from altui.doctor import (
    bigquery,
    dbt,
    elasticsearch,
    fivetran,
    github,
    kibana,
    local,
    pagerduty,
    postgres,
    settings,
)
from altui.doctor.exam import PATIENCE, Context, Exam, silent

EXAMS: dict[str, Exam] = {
    "settings": settings.exam,
    "local": local.exam,
    "postgres": postgres.exam,
    "fivetran": fivetran.exam,
    "bigquery": bigquery.exam,
    "dbt": dbt.exam,
    "github": github.exam,
    "elasticsearch": elasticsearch.exam,
    "kibana": kibana.exam,
    "pagerduty": pagerduty.exam,
}
"""In the order of the report: this host, then along the pipeline."""

SECONDS = 30.0
"""For everything together: dbt alone takes some ten to parse its project."""
SHORTEST, LONGEST = 1.0, 600.0
"""Seconds that make sense for everything together."""


async def examine(
    context: Context, services: Sequence[str] = tuple(EXAMS), seconds: float = SECONDS
) -> tuple[Section, ...]:
    """A section a service, in the order of EXAMS; ends within `seconds` whatever hangs."""
    chosen = [service for service in EXAMS if service in services]
    context.patience = PATIENCE * seconds / SECONDS
    results = await asyncio.gather(
        *(_examined(service, EXAMS[service], context, seconds) for service in chosen)
    )
    places = _places(context)
    found = dict(zip(chosen, results, strict=True))
    if "local" in found:
        # the services' clocks are known when they have answered
        found["local"].append(local.skew(context.skews))
    return tuple(
        Section(name, places[name], tuple(map(silent, results))) for name, results in found.items()
    )


def longer(seconds: float) -> float:
    """What to try when so many seconds were too few."""
    return min(max(2 * seconds, SHORTEST), LONGEST)


async def _examined(service: str, exam: Exam, context: Context, seconds: float) -> list[Result]:
    results: list[Result] = []
    tried = f"the exams of {service}, one after the other"
    try:
        async with asyncio.timeout(seconds), aclosing(exam(context)) as asked:
            async for result in asked:
                results.append(result)  # noqa: PERF401 - kept one by one: a hang may follow
    except TimeoutError:
        again = f"altui doctor --service {service} --timeout {longer(seconds):g}"
        said = f"no answer within {seconds:g} s"
        what, fix = "the rest" if results else "everything", "give it more time"
        results.append(Result(f"{service}.rest", what, State.unknown, said, tried, fix, (again,)))
    except Exception as error:  # noqa: BLE001 - an exam that fails must not cost the others
        # the exception's words may quote what they choked on, secrets included
        said = f"altui failed here: {type(error).__name__}"
        fix = "report it, with this line and what these print"
        commands = ("altui --version", f"altui doctor --service {service} --json")
        results.append(
            Result(f"{service}.rest", "the rest", State.unknown, said, tried, fix, commands)
        )
    return results


def _places(context: Context) -> dict[str, str]:
    """Where each service lives, without user and password; empty where it is not set."""
    known = context.settings
    google = public_url(known.bigquery.emulator_host) or "bigquery.googleapis.com"
    return {
        "settings": str(context.file or ""),
        "local": str(known.directory),
        "postgres": postgres.target(known.postgres.dsn.reveal()),
        "fivetran": public_url(known.fivetran.url),
        "bigquery": f"{known.bigquery.project} at {google}" if known.bigquery.project else "",
        "dbt": str(dbt.project() or ""),
        "github": known.github.repository
        and f"{known.github.repository} at " + public_url(known.github.api_url),
        "elasticsearch": public_url(known.elasticsearch.url.reveal()),
        "kibana": public_url(known.kibana.url),
        "pagerduty": public_url(known.pagerduty.url) if known.pagerduty.routing_key else "",
    }
