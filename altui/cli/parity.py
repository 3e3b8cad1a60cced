"""`altui parity`: Postgres against BigQuery against marts and indices, day by day."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from altui.cli.check import assessed, facts_of
from altui.cli.context import settings_for_looking
from altui.cli.exits import Exit
from altui.clock import Clock, clock_of
from altui.config import ConfigError, Settings
from altui.config.limits import LIMITS
from altui.core.model.days import day_of
from altui.core.model.health import Assessment
from altui.core.model.observed import Observation, Snapshot
from altui.core.present.parity_report import (
    Outcome,
    ParityReport,
    Scope,
    parity_report,
    scope_of,
)
from altui.core.present.parity_table import parity_table
from altui.core.present.view import View, view
from altui.core.words import binary
from altui.store.budget import Budget
from altui.store.store import Store

EXITS = {
    Outcome.equal: Exit.ok,
    Outcome.due: Exit.ok,
    Outcome.different: Exit.findings,
    Outcome.blind: Exit.blind,
}


class Asked(NamedTuple):
    """The options, as they were typed."""

    table: str | None = None
    start: str | None = None
    end: str | None = None
    as_json: bool = False
    fresh: bool = False


def parity(environ: Mapping[str, str], asked: Asked) -> Exit:
    """Prints the comparison and returns the exit code that says how it came out.

    Raises ConfigError where a table or a day is none that can be asked for.
    """
    settings = settings_for_looking(environ)
    clock = clock_of(settings.clock)
    scope = _scope(settings, asked, day_of(clock()))
    store = Store.open(settings.directory)
    try:
        if asked.start or asked.end:
            snapshot, assessment = _ranged(settings, store, clock, scope)
        else:
            snapshot, assessment = assessed(environ, settings, store, clock, fresh=asked.fresh)
    finally:
        store.close()
    facts = facts_of(settings, sys.stdout.encoding)
    seen = view(snapshot, assessment, settings.pipeline, snapshot.at, facts)
    made = parity_report(seen.look, assessment, settings.profile, scope)
    _print(seen, made, as_json=asked.as_json)
    return EXITS[made.outcome]


def _scope(settings: Settings, asked: Asked, today: date) -> Scope:
    last = _day("--end", asked.end, today) if asked.end else today
    window = timedelta(days=settings.pipeline.window_days)
    first = _day("--start", asked.start, today) if asked.start else last - window
    if last < first:
        raise ConfigError(f"--end {last} is before --start {first}: give the earlier day first")
    try:
        return scope_of(settings.pipeline, asked.table, first, last)
    except ValueError as error:
        raise ConfigError(f"--table: {error}") from None


def _day(option: str, text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is not a day such as {today}") from None
    if found > today:
        raise ConfigError(f"{option} {found} is in the future: today is {today} (UTC)")
    most = int(LIMITS["pipeline.window_days"][1])
    oldest = today - timedelta(days=most)
    if found < oldest:
        raise ConfigError(
            f"{option} {found} is too long ago: days are compared {most} days back at most, to "
            f"{oldest}: is the year right?"
        )
    return found


def _ranged(
    settings: Settings, store: Store, clock: Clock, scope: Scope
) -> tuple[Snapshot, Assessment]:
    """A round of its own over the days asked for; what the screen shows stays as it is."""
    from altui.core.rules.assess import assess
    from altui.observe.looking import look
    from altui.observe.probes import probes
    from altui.services.threads import run

    days = (day_of(clock()) - scope.first).days
    pipeline = replace(settings.pipeline, window_days=days)
    settings = replace(settings, pipeline=pipeline)

    budget = Budget(store, clock, settings.bigquery.daily_bytes)

    async def read() -> Snapshot:
        await _tell_cost(settings, scope, budget.left())
        seen = await asyncio.gather(
            *(look(probe, None, clock) for probe in probes(settings, clock, budget))
        )
        apart = {True: dict[str, Observation](), False: dict[str, Observation]()}
        for item in seen:
            apart[item.detail][item.probe] = item
        return Snapshot(clock(), apart[False], apart[True])

    snapshot = run(read())
    return snapshot, assess(snapshot, pipeline, snapshot.at, store.assessment())


async def _tell_cost(settings: Settings, scope: Scope, left: int) -> None:
    """What the exact query will bill, by its dry run, before it runs; errors come with it."""
    from altui.services.bigquery import BigQueryReader
    from altui.services.errors import ServiceError

    if not settings.bigquery.project:
        return
    try:
        cost = await BigQueryReader(settings.bigquery, settings.pipeline).estimate(scope.first)
    except ServiceError as error:
        sys.stderr.write(f"altui: no estimate of BigQuery's bill: {error}\n")
        return
    sys.stderr.write(
        f"altui: exact counts in BigQuery bill {binary(cost)} (dry run); "
        f"{binary(max(left, 0))} of today's budget are left\n"
    )


def _print(seen: View, made: ParityReport, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(made), indent=2).decode()
    else:
        text = "\n".join(parity_table(seen, made))
    sys.stdout.write(text + "\n")
