"""Fivetran: its states and boundaries."""

from datetime import timedelta

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import (
    NOON,
    REFUSED,
    SECOND,
    TASK,
    S,
    X,
    blind,
    fivetran,
    running_sync,
    since_success,
    unselected,
)
from tests.unit.rules.cases.case import Case, Edge

CASES: tuple[Case, ...] = (
    Case(
        S.fivetran, X.ok, "the last success is not older than the slot", (since_success(60 * 59),)
    ),
    Case(S.fivetran, X.due, "the slot has come, the grace has not passed", (since_success(3700),)),
    Case(
        S.fivetran,
        X.due,
        "a sync runs past the grace, for no longer than usual",
        running_sync(600),
    ),
    Case(
        S.fivetran,
        X.due,
        "a historical sync copies everything, however long it takes",
        (since_success(86_400, sync_state="syncing", is_historical_sync=True),),
    ),
    Case(
        S.fivetran,
        X.late,
        "no success within slot and grace",
        (since_success(4600),),
        "fivetran.late",
    ),
    Case(
        S.fivetran,
        X.late,
        "it is set to sync more seldom than the runbook promises",
        (since_success(20 * 3600, sync_frequency=1440),),
        "fivetran.late",
    ),
    Case(
        S.fivetran,
        X.late,
        "it never finished a sync since the connection was made",
        (fivetran(succeeded_at=None, created_at=NOON - timedelta(hours=3)),),
        "fivetran.late",
    ),
    Case(
        S.fivetran,
        X.late,
        "it is paused",
        (fivetran(paused=True, sync_state="paused"),),
        "fivetran.paused",
        real="tests/sandbox/test_states.py::fivetran paused",
    ),
    Case(
        S.fivetran,
        X.late,
        "it was rescheduled; on a manual schedule it never resumes by itself",
        (fivetran(sync_state="rescheduled", schedule_type="manual"),),
        "fivetran.rescheduled",
    ),
    Case(
        S.fivetran,
        X.late,
        "a table of the pipeline is not selected: nothing of it is copied",
        (unselected("public.applications"),),
        "fivetran.unselected",
    ),
    Case(
        S.fivetran,
        X.broken,
        "failed_at is newer than succeeded_at",
        (fivetran(failed_at=NOON),),
        "fivetran.failed",
    ),
    Case(
        S.fivetran,
        X.broken,
        "setup_state is broken or incomplete",
        (fivetran(setup_state="broken"),),
        "fivetran.broken",
    ),
    Case(
        S.fivetran,
        X.broken,
        "it has tasks",
        (fivetran(tasks=(TASK,)),),
        "fivetran.broken",
        real="tests/sandbox/test_states.py::fivetran credentials expired",
    ),
    Case(
        S.fivetran,
        X.unknown,
        "no answer",
        (blind("fivetran.connection", Trouble.unreachable, REFUSED),),
        "fivetran.unreachable",
        real="tests/sandbox/test_states.py::fivetran cuts the line",
    ),
    Case(
        S.fivetran,
        X.broken,
        "it answers that it cannot serve (5xx)",
        (blind("fivetran.connection", Trouble.refused, "500 internal error"),),
        "fivetran.refused",
    ),
    Case(
        S.fivetran,
        X.denied,
        "401, 403",
        (blind("fivetran.connection", Trouble.denied, "401 Unauthorized"),),
        "fivetran.denied",
        real="tests/sandbox/test_states.py::fivetran key refused",
    ),
    Case(
        S.fivetran,
        X.off,
        "no FIVETRAN_API_KEY",
        (blind("fivetran.connection", Trouble.off, "no FIVETRAN_API_KEY"),),
    ),
)

EDGES: tuple[Edge, ...] = (
    Edge(
        S.fivetran,
        X.ok,
        X.due,
        "last success + 60 min, the slot",
        lambda offset: (since_success(3600 + offset),),
        X.due,
    ),
    Edge(
        S.fivetran,
        X.due,
        X.late,
        "the slot + 15 min",
        lambda offset: (since_success(4500 + offset),),
        X.late,
        "fivetran.late",
    ),
    Edge(
        S.fivetran,
        X.due,
        X.late,
        "creation + 75 min, where no sync ever succeeded",
        lambda offset: (
            fivetran(succeeded_at=None, created_at=NOON - timedelta(seconds=4500 + offset)),
        ),
        X.late,
        "fivetran.late",
    ),
    Edge(
        S.fivetran,
        X.due,
        X.late,
        "a running sync's start + 15 min, while no longer one was seen",
        lambda offset: running_sync(900 + offset),
        X.late,
        "fivetran.late",
    ),
    Edge(
        S.fivetran,
        X.due,
        X.late,
        "a running sync's start + the longest of the last 10 seen (40 min)",
        lambda offset: running_sync(2400 + offset, history=40),
        X.late,
        "fivetran.late",
    ),
    Edge(
        S.fivetran,
        X.ok,
        X.broken,
        "failed_at against succeeded_at",
        lambda offset: (
            fivetran(
                succeeded_at=NOON - timedelta(minutes=9),
                failed_at=NOON - timedelta(minutes=9) + offset * SECOND,
            ),
        ),
        X.ok,
        "fivetran.failed",
    ),
)
