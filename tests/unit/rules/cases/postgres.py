"""PostgreSQL: its states and boundaries."""

from altui.core.model.observed import Trouble
from tests.unit.rules.cases.bend import NOON, REFUSED, S, X, blind
from tests.unit.rules.cases.case import Case, Edge
from tests.world import healthy, with_value

CASES: tuple[Case, ...] = (
    Case(S.postgres, X.ok, "it answers; a busy or a quiet day alike", (healthy(NOON),)),
    Case(
        S.postgres,
        X.broken,
        "its own refusal: 53300 too many connections",
        (blind("postgres.counts", Trouble.refused, "53300 sorry, too many clients already"),),
        "postgres.refused",
        real="tests/sandbox/test_states.py::postgres has no connection left",
    ),
    Case(
        S.postgres,
        X.broken,
        "its own refusal: 57P03 the database system is starting up (in recovery)",
        (blind("postgres.counts", Trouble.refused, "57P03 the database system is starting up"),),
        "postgres.refused",
    ),
    Case(
        S.postgres,
        X.broken,
        "a table of the pipeline does not exist there",
        (
            with_value(
                healthy(NOON),
                "postgres.counts",
                missing={"emails": 'relation "public.emails" does not exist'},
            ),
        ),
        "table.missing",
        "tests/sandbox/test_reading.py::test_a_source_table_that_is_not_there",
    ),
    Case(
        S.postgres,
        X.unknown,
        "no answer: refused, timed out, no such host, a locked table",
        (blind("postgres.counts", Trouble.unreachable, REFUSED),),
        "postgres.unreachable",
        real="tests/sandbox/test_states.py::postgres tables locked",
    ),
    Case(
        S.postgres,
        X.unknown,
        "an answer that cannot be understood",
        (blind("postgres.counts", Trouble.nonsense, "timestamp out of range"),),
        "postgres.nonsense",
    ),
    Case(
        S.postgres,
        X.denied,
        "28P01, 28000, 42501",
        (blind("postgres.counts", Trouble.denied, "28P01 password authentication failed"),),
        "postgres.denied",
        real="tests/sandbox/test_states.py::postgres password changed",
    ),
    Case(
        S.postgres,
        X.off,
        "no POSTGRES_DSN",
        (blind("postgres.counts", Trouble.off, "no POSTGRES_DSN"),),
    ),
)

EDGES: tuple[Edge, ...] = ()
