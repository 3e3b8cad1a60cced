"""`altui check`: one round of every probe, the rules, and the report."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from altui.cli.context import settings_for_looking
from altui.cli.exits import Exit
from altui.clock import Clock, clock_of
from altui.config import Settings
from altui.config.fingerprint import fingerprint, same
from altui.core.model.health import Assessment
from altui.core.model.observed import Snapshot
from altui.core.present.glyphs import prints_unicode
from altui.core.present.printed import json_text
from altui.core.present.report import report
from altui.core.present.table import table
from altui.core.present.view import SILENCE, Facts, view
from altui.store.budget import Budget
from altui.store.store import Store

OBSERVER_ANSWERS_WITHIN = 30.0
"""Seconds `--fresh` waits for a running observer."""


def check(environ: Mapping[str, str], *, as_json: bool, fresh: bool) -> Exit:
    """Prints the report and returns the exit code that says what it holds."""
    settings = settings_for_looking(environ)
    clock = clock_of(settings.clock)
    store = Store.open(settings.directory)
    try:
        snapshot, assessment = assessed(environ, settings, store, clock, fresh=fresh)
    finally:
        store.close()
    _print(settings, snapshot, assessment, as_json=as_json)
    return exit_code(snapshot, assessment)


def exit_code(snapshot: Snapshot, assessment: Assessment) -> Exit:
    """0 ok or due, 1 findings, 3 nothing could be seen."""
    if all(seen.error is not None for seen in snapshot.observations.values()):
        return Exit.blind
    return Exit.findings if assessment.findings else Exit.ok


def facts_of(settings: Settings, encoding: str) -> Facts:
    """What is true of a report that is printed once: every figure in it counts as read."""
    return Facts(
        profile=settings.profile,
        production=settings.production,
        sandbox=bool(settings.clock or settings.bigquery.emulator_host),
        simulated=bool(settings.clock),
        unicode=prints_unicode(os.environ, encoding),
    )


def assessed(
    environ: Mapping[str, str], settings: Settings, store: Store, clock: Clock, *, fresh: bool
) -> tuple[Snapshot, Assessment]:
    """What a running observer saw last, or a round of our own, and what came of it.

    A round with other settings than the observer's leaves no trace: the screens are not its.
    """
    budget = Budget(store, clock, settings.bigquery.daily_bytes)
    mark = fingerprint(settings, environ)
    if store.observed():
        if not same(store.assessed_with(), settings, environ):
            sys.stderr.write(
                "altui: the observer of the open dashboard has other settings; every service is "
                "asked anew, with these\n"
            )
            with tempfile.TemporaryDirectory() as aside, closing(Store.open(Path(aside))) as own:
                return _round(settings, own, clock, budget, mark)
        if fresh:
            _ask_observer(store)
        known = store.assessment()
        # an assessment of the future is no sign of life: somebody set the clock back
        if known is not None and abs(clock() - known.at) < SILENCE:
            age = max((clock() - known.at).total_seconds(), 0)
            hint = "" if fresh else "; --fresh asks every service anew"
            sys.stderr.write(f"altui: as the observer saw it {age:.0f} s ago{hint}\n")
            return store.snapshot(clock()), known
    return _round(settings, store, clock, budget, mark)


def _round(
    settings: Settings, store: Store, clock: Clock, budget: Budget, mark: bytes
) -> tuple[Snapshot, Assessment]:
    """The round's own snapshot: a store that refuses writes still holds an older one."""
    from altui.observe.observer import Observer
    from altui.observe.probes import granters, probes
    from altui.services.threads import run

    observer = Observer(
        probes(settings, clock, budget),
        settings.pipeline,
        store,
        clock,
        settings.bigquery.daily_bytes,
        granters=granters(settings),
        fingerprint=mark,
    )
    assessment = run(observer.round())
    return observer.judged, assessment


def _ask_observer(store: Store) -> None:
    ticket = store.request()
    deadline = time.monotonic() + OBSERVER_ANSWERS_WITHIN
    while not store.served(ticket):
        if time.monotonic() > deadline:
            sys.stderr.write("altui: the observer is still asking; these are the last answers\n")
            return
        time.sleep(0.05)


def _print(
    settings: Settings, snapshot: Snapshot, assessment: Assessment, *, as_json: bool
) -> None:
    facts = facts_of(settings, sys.stdout.encoding)
    seen = view(snapshot, assessment, settings.pipeline, snapshot.at, facts)
    if as_json:
        made = report(seen.look, assessment, settings.profile)
        text = json_text(made, ascii_only=not facts.unicode)
    else:
        text = "\n".join(table(seen))
    sys.stdout.write(text + "\n")
