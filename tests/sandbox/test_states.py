"""States brought about on the living pipeline: each drill breaks one thing, then undoes it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from altui.clock import clock_of
from altui.config import load
from altui.core.model.health import Assessment, State
from altui.core.model.health import StageId as S
from altui.observe.observer import Observer
from altui.observe.probes import probes
from altui.store.store import Store
from tests.drills import (
    JSON,
    Drill,
    Pipeline,
    answers,
    blocked_index,
    changed_password,
    disabled_workflow,
    expired_credentials,
    failed_in_dbt,
    failed_in_export,
    locked_table,
    lost_raw_row,
    missing_newest_day,
    missing_older_day,
    narrow_range,
    no_dashboard,
    no_data_view,
    partial_day,
    paused,
    revoked_select,
    stopped_elasticsearch,
    template_not_loaded,
    too_many_connections,
)
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox
QUIET = {State.ok, State.due}
QUOTA = json.dumps(
    {
        "error": {
            "code": 403,
            "message": "Quota exceeded: Your project exceeded quota for free query bytes scanned",
            "errors": [{"reason": "quotaExceeded", "message": "Quota exceeded"}],
        }
    }
)
DOWN = json.dumps(
    {"name": "kibana", "status": {"overall": {"level": "unavailable", "summary": "es is down"}}}
)


class Seen(NamedTuple):
    drill: Drill
    stage: S
    state: State
    check: str


DRILLS: dict[str, Seen] = {
    "postgres has no connection left": Seen(
        too_many_connections, S.postgres, State.broken, "postgres.refused"
    ),
    "postgres password changed": Seen(
        changed_password, S.postgres, State.denied, "postgres.denied"
    ),
    "postgres table without right": Seen(
        revoked_select, S.postgres, State.denied, "postgres.denied"
    ),
    "postgres tables locked": Seen(locked_table, S.postgres, State.unknown, "postgres.unreachable"),
    "fivetran paused": Seen(paused, S.fivetran, State.late, "fivetran.paused"),
    "fivetran credentials expired": Seen(
        expired_credentials, S.fivetran, State.broken, "fivetran.broken"
    ),
    "fivetran key refused": Seen(
        answers("fivetran", status=401, body="{}"), S.fivetran, State.denied, "fivetran.denied"
    ),
    "fivetran cuts the line": Seen(
        answers("fivetran", reset=True), S.fivetran, State.unknown, "fivetran.unreachable"
    ),
    "bigquery lost a row": Seen(lost_raw_row, S.bigquery, State.late, "parity.raw"),
    "bigquery quota exceeded": Seen(
        answers("bigquery", "/(jobs|queries)", status=403, body=QUOTA, headers=JSON),
        S.bigquery,
        State.broken,
        "bigquery.refused",
    ),
    "bigquery cuts the line": Seen(
        answers("bigquery", reset=True), S.bigquery, State.unknown, "bigquery.unreachable"
    ),
    "workflow disabled": Seen(disabled_workflow, S.dbt, State.late, "workflow.disabled"),
    "index without the newest day": Seen(
        missing_newest_day, S.elasticsearch, State.late, "index.behind.mrt_risk_daily"
    ),
    "index without an older day": Seen(
        missing_older_day, S.elasticsearch, State.late, "parity.index"
    ),
    "index blocked": Seen(
        blocked_index,
        S.elasticsearch,
        State.broken,
        "es.flood_stage",
    ),
    "template not loaded": Seen(
        template_not_loaded, S.elasticsearch, State.broken, "elasticsearch.no_template"
    ),
    "elasticsearch down": Seen(
        stopped_elasticsearch, S.elasticsearch, State.broken, "elasticsearch.unreachable"
    ),
    "kibana unavailable": Seen(
        answers("kibana", "/api/status", status=503, body=DOWN, headers=JSON),
        S.kibana,
        State.broken,
        "kibana.unavailable",
    ),
    "kibana refuses the key": Seen(
        answers("kibana", status=401, body="{}"), S.kibana, State.denied, "kibana.denied"
    ),
    "kibana without data view": Seen(no_data_view, S.kibana, State.broken, "kibana.no_pattern"),
    "kibana without dashboard": Seen(no_dashboard, S.kibana, State.broken, "kibana.no_dashboard"),
    "kibana range too narrow": Seen(narrow_range, S.kibana, State.broken, "kibana.time_range"),
    # last: a failed run is what the rules speak of until another one succeeds
    "workflow failed in dbt": Seen(failed_in_dbt, S.dbt, State.broken, "workflow.failed"),
    "workflow failed in the export": Seen(
        failed_in_export, S.elasticsearch, State.broken, "workflow.failed"
    ),
    "dbt left rows out": Seen(partial_day, S.dbt, State.broken, "parity.mart"),
}


@pytest.fixture(scope="module")
def pipeline(sandbox: Sandbox) -> Iterator[Pipeline]:
    # a night and its syncs: what the first ones carried a moment ago may rightly still be due
    sandbox.do("clock", "advance", "18h")
    sandbox.do("writer", "pause")
    settings = load(sandbox.env)
    # a locked table is given up on sooner
    patient = msgspec.structs.replace(settings.postgres, statement_timeout_ms=400)
    yield Pipeline(sandbox, msgspec.structs.replace(settings, postgres=patient))
    sandbox.do("writer", "resume")


async def looked(pipeline: Pipeline, place: Path) -> Assessment:
    """One round of every probe, by adapters that know nothing yet."""
    settings, clock = pipeline.settings, clock_of(pipeline.settings.clock)
    store = Store.open(place)
    try:
        table = probes(settings, clock)
        observer = Observer(table, settings.pipeline, store, clock, 1 << 40)
        return await observer.round()
    finally:
        store.close()


@pytest.mark.parametrize("name", DRILLS)
async def test_drill(pipeline: Pipeline, tmp_path: Path, name: str):
    drill, stage, state, check = DRILLS[name]
    with drill(pipeline):
        broken = await looked(pipeline, tmp_path / "broken")
    healed = await looked(pipeline, tmp_path / "healed")
    found = {finding.check: finding for finding in broken.findings}
    assert check in found
    assert found[check].evidence
    assert broken.stages[stage].state is state
    assert [finding.check for finding in healed.findings] == []
    assert {health.state for health in healed.stages.values()} <= QUIET
