"""BigQuery: its states and boundaries."""

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import (
    DOCUMENTS,
    MART,
    NOON,
    RAW,
    REFUSED,
    SOME_DAY,
    S,
    X,
    lost,
    row_written,
    since_success,
    total_off_by,
    unsynced,
    warehouse,
)
from tests.unit.rules.cases.case import Case, Edge
from tests.world import healthy, with_value

CASES: tuple[Case, ...] = (
    Case(
        S.bigquery,
        X.ok,
        "per-day counts equal the source up to the last success",
        (healthy(NOON),),
        real="tests/sandbox/test_check.py::test_every_stage_is_ok_and_the_state_says_so",
    ),
    Case(S.bigquery, X.due, "the next sync should have started", (since_success(3700),)),
    Case(
        S.bigquery,
        X.late,
        "a row older than the last success is not there",
        (lost(*RAW, *MART, *DOCUMENTS, day=SOME_DAY, short=1),),
        "parity.raw",
        real="tests/sandbox/test_states.py::bigquery lost a row",
    ),
    Case(
        S.bigquery,
        X.late,
        "totals differ by more than 1 % though each day is equal",
        (total_off_by(500),),
        "parity.total",
    ),
    Case(
        S.bigquery,
        X.late,
        "Fivetran is unseen: rows written at the source since `_fivetran_synced` wait too long",
        (unsynced(Trouble.off),),
        "bigquery.stale",
    ),
    Case(
        S.bigquery,
        X.broken,
        "a raw table does not exist",
        (with_value(healthy(NOON), "bigquery.counts", missing={"raw.emails": "Not found: Table"}),),
        "table.missing",
    ),
    Case(
        S.bigquery,
        X.broken,
        "its own refusal: quota exceeded",
        (warehouse(Trouble.refused, "403 Quota exceeded"),),
        "bigquery.refused",
        real="tests/sandbox/test_states.py::bigquery quota exceeded",
    ),
    Case(
        S.bigquery,
        X.unknown,
        "no answer",
        (warehouse(Trouble.unreachable, REFUSED),),
        "bigquery.unreachable",
        real="tests/sandbox/test_states.py::bigquery cuts the line",
    ),
    Case(
        S.bigquery,
        X.denied,
        "403 access denied",
        (warehouse(Trouble.denied, "403 Access Denied"),),
        "bigquery.denied",
    ),
    Case(S.bigquery, X.off, "no BQ_PROJECT", (warehouse(Trouble.off, "no BQ_PROJECT"),)),
)

EDGES: tuple[Edge, ...] = (
    Edge(
        S.bigquery,
        X.late,
        X.ok,
        "a missing row's write against the last success − 5 min",
        lambda offset: (row_written(offset),),
        X.late,
        "parity.raw",
    ),
    Edge(
        S.bigquery,
        X.ok,
        X.late,
        "a total that differs by 1 % of the source, in rows",
        lambda offset: (total_off_by(offset),),
        X.ok,
        "parity.total",
    ),
)
