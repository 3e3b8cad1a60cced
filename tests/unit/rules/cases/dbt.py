"""dbt: its states and boundaries."""

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import (
    DOCUMENTS,
    MART,
    NOON,
    REFUSED,
    SOME_DAY,
    STAGING,
    TONIGHTS,
    S,
    X,
    at_second,
    counted_after,
    failed_in,
    lost,
    moved,
    nights,
    row_built,
    run_for,
    runs_of,
    synced,
    tonight,
    warehouse,
)
from tests.unit.rules.cases.case import Case, Edge
from tests.world import at, healthy, with_value

CASES: tuple[Case, ...] = (
    Case(S.dbt, X.ok, "days through the expected one, counts equal staging", (healthy(NOON),)),
    Case(
        S.dbt,
        X.due,
        "before the nightly run's due time, whatever is missing",
        (healthy(at("2026-11-23 00:10")),),
    ),
    Case(
        S.dbt,
        X.due,
        "the nightly run is at work",
        (tonight(TONIGHTS, conclusion=None, status="in_progress"),),
    ),
    Case(
        S.dbt,
        X.late,
        "the day is missing after its due time",
        (nights(at("2026-11-23 04:45"), 25, 6),),
        "workflow.missed",
    ),
    Case(
        S.dbt,
        X.late,
        "no run so long after the schedule's usual delay",
        (with_value(healthy(NOON), "github.runs", runs=runs_of(healthy(NOON))[1:]),),
        "workflow.missed",
    ),
    Case(
        S.dbt,
        X.late,
        "the run takes far longer than usual",
        (run_for(3600 * 2, 6),),
        "workflow.stuck",
    ),
    Case(
        S.dbt,
        X.late,
        "GitHub disabled the workflow after 60 idle days",
        (with_value(healthy(NOON), "github.runs", workflow_state="disabled_inactivity"),),
        "workflow.disabled",
    ),
    Case(
        S.dbt,
        X.late,
        "tonight's run was cancelled and the day is missing",
        (tonight(TONIGHTS, conclusion="cancelled"),),
        "workflow.cancelled",
    ),
    Case(
        S.dbt,
        X.late,
        "the run succeeded without the day",
        (
            counted_after(
                counted_after(tonight(TONIGHTS), "elasticsearch.counts", TONIGHTS),
                "bigquery.counts",
                TONIGHTS,
            ),
        ),
        "workflow.left_out",
    ),
    Case(
        S.dbt,
        X.broken,
        "tonight's run failed in a dbt step",
        (tonight(TONIGHTS, **failed_in("Run dbt tests")),),
        "workflow.failed",
    ),
    Case(
        S.dbt,
        X.broken,
        "a partial day: the build saw rows and left some out",
        (lost(*MART, *DOCUMENTS, day=SOME_DAY, short=4),),
        "parity.mart",
    ),
    Case(
        S.dbt,
        X.broken,
        "staging is short of the live raw rows",
        (lost(*STAGING, *MART, *DOCUMENTS, day=SOME_DAY, short=2),),
        "parity.staging",
    ),
    Case(
        S.dbt,
        X.broken,
        "a mart does not exist",
        (
            with_value(
                healthy(NOON),
                "bigquery.counts",
                missing={"mart.mrt_risk_daily": "Not found: Table"},
            ),
        ),
        "table.missing",
    ),
    Case(
        S.dbt,
        X.unknown,
        "the warehouse gives no answer",
        (warehouse(Trouble.unreachable, REFUSED),),
        "bigquery.unreachable",
    ),
    Case(
        S.dbt,
        X.denied,
        "the warehouse denies this account",
        (warehouse(Trouble.denied, "403 Access Denied"),),
        "bigquery.denied",
    ),
    Case(S.dbt, X.off, "no BQ_PROJECT", (warehouse(Trouble.off, "no BQ_PROJECT"),)),
)

EDGES: tuple[Edge, ...] = (
    Edge(
        S.dbt,
        X.ok,
        X.due,
        "midnight: yesterday is not built yet",
        at_second(
            "2026-11-23 00:00", lambda now: synced(moved(healthy(at("2026-11-22 23:50")), now))
        ),
        X.due,
    ),
    Edge(
        S.dbt,
        X.due,
        X.late,
        "03:15 + 60 min delay + 6 min duration",
        at_second("2026-11-23 04:21", lambda now: nights(now, 25, 6)),
        X.late,
        "parity.mart",
    ),
    Edge(
        S.dbt,
        X.due,
        X.late,
        "03:15 + 95 min, the longest delay of 14 nights, + 14 min, the median duration",
        at_second("2026-11-23 05:04", lambda now: nights(now, 95, 14)),
        X.late,
        "parity.mart",
    ),
    Edge(
        S.dbt,
        X.broken,
        X.due,
        "a day that is partial in the mart: its rows' sync against the build − 5 min",
        lambda offset: (row_built(offset),),
        X.broken,
        "parity.mart",
    ),
    Edge(
        S.dbt,
        X.ok,
        X.late,
        "a run of 30 min, where 6 are usual",
        lambda offset: (run_for(1800 + offset, 6),),
        X.ok,
        "workflow.stuck",
    ),
    Edge(
        S.dbt,
        X.ok,
        X.late,
        "a run of 45 min, where 15 are usual",
        lambda offset: (run_for(2700 + offset, 15),),
        X.ok,
        "workflow.stuck",
    ),
)
