"""Every state of every stage, and how it comes about: the rules' table of cases, a file a stage.

`CASES` are looks that end in a state; `EDGES` are boundaries, judged one unit before, at and after.
`python -m docs.states` prints both as docs/states.md.
"""

from tests.unit.rules.cases import (
    bigquery,
    dbt,
    elasticsearch,
    fivetran,
    kibana,
    postgres,
    unwatched,
)
from tests.unit.rules.cases.case import Case, Edge, judged

_STAGES = (postgres, fivetran, bigquery, dbt, elasticsearch, kibana, unwatched)
CASES: tuple[Case, ...] = tuple(case for stage in _STAGES for case in stage.CASES)
EDGES: tuple[Edge, ...] = tuple(edge for stage in _STAGES for edge in stage.EDGES)

__all__ = ["CASES", "EDGES", "Case", "Edge", "judged"]
