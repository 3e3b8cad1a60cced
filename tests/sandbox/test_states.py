"""States brought about on the living pipeline: each drill breaks one thing, then undoes it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from altui.clock import clock_of
from altui.config import Settings, load
from altui.core.model.health import Assessment, State
from altui.core.model.health import StageId as S
from altui.observe.observer import Observer
from altui.observe.probes import probes
from altui.sandbox.control import call
from altui.store.store import Store
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).parents[2]
QUIET = {State.ok, State.due}


class Pipeline:
    """The living pipeline in a drill's hands."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self.sandbox, self.env, self.settings = sandbox, sandbox.env, settings
        self.index = f"{self.env['ES_ANALYTICS_INDEX']}_risk_daily"
        now = clock_of(settings.clock)()
        self.yesterday = now.date() - timedelta(days=1)
        self.some_day = now.date() - timedelta(days=9)
        self.warehouse = bigquery.Client(
            self.env["BQ_PROJECT"],
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.env["BIGQUERY_EMULATOR_HOST"]},
        )

    def admin(self, *statements: str) -> None:
        with psycopg.connect(self.env["POSTGRES_ADMIN_DSN"], autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.warehouse.query_and_wait(statement)]

    def elastic(self, method: str, path: str, body: object = None) -> Any:
        answer = httpx.request(method, f"{self.env['ES_URL']}/{path}", json=body)
        return answer.raise_for_status().json()

    def fivetran(self, method: str, path: str, body: object = None) -> Any:
        answer = httpx.request(
            method,
            f"{self.env['FIVETRAN_URL']}/v1/connections/{self.env['FIVETRAN_CONNECTION']}{path}",
            json=body,
            auth=(self.env["FIVETRAN_API_KEY"], self.env["FIVETRAN_API_SECRET"]),
            headers={"accept": "application/json;version=2"},
            timeout=60,
        )
        return answer.raise_for_status().json()

    def synced(self) -> None:
        """A sync from start to end."""
        self.fivetran("POST", "/sync", {"force": True})
        httpx.get(f"{self.env['FIVETRAN_URL']}/_sandbox/idle", timeout=60).raise_for_status()

    def github(self, method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.env['GITHUB_API_URL']}{path}",
            json=body,
            headers={"authorization": f"Bearer {self.env['GITHUB_TOKEN']}"},
            timeout=120,
        ).raise_for_status()

    @property
    def workflow(self) -> str:
        repository = self.env["GITHUB_REPOSITORY"]
        return f"/repos/{repository}/actions/workflows/analytics-sync.yml"

    def run_to_its_end(self) -> str:
        """Dispatches the workflow; how the run ended."""
        asked = {"ref": "main", "return_run_details": True}
        number = self.github("POST", f"{self.workflow}/dispatches", asked).json()["workflow_run_id"]
        self.github("GET", f"/_sandbox/runs/{number}/wait")
        path = f"/repos/{self.env['GITHUB_REPOSITORY']}/actions/runs/{number}"
        return self.github("GET", path).json()["conclusion"]

    def kibana(self, method: str, path: str, **request: Any) -> Any:
        answer = httpx.request(
            method,
            f"{self.env['KIBANA_URL']}{path}",
            headers={"authorization": f"ApiKey {self.env['KIBANA_API_KEY']}", "kbn-xsrf": "test"},
            **request,
        )
        return answer.raise_for_status()

    def imported(self, **attributes: str) -> None:
        """The dashboard and its data view as the repository has them, but for its attributes."""
        lines = (ROOT / "kibana" / "analytics-overview.ndjson").read_text().splitlines()
        objects = [json.loads(line) for line in lines]
        for one in objects:
            if one.get("type") == "dashboard":
                one["attributes"] |= attributes
        text = "\n".join(map(json.dumps, objects)).encode()
        files = {"file": ("analytics-overview.ndjson", text)}
        path = "/api/saved_objects/_import?overwrite=true"
        assert self.kibana("POST", path, files=files).json()["success"]

    @contextmanager
    def fault(self, service: str, **fault: Any) -> Iterator[None]:
        """The service answers something else meanwhile."""
        body = {"service": service, **fault}
        known = call(self.sandbox.dir, "POST", "/faults", body, within=10)
        try:
            yield
        finally:
            call(self.sandbox.dir, "DELETE", "/faults", known, within=10)


Drill = Callable[[Pipeline], AbstractContextManager[None]]


@contextmanager
def too_many_connections(it: Pipeline) -> Iterator[None]:
    it.admin("ALTER ROLE altui_reader CONNECTION LIMIT 0")
    try:
        yield
    finally:
        it.admin("ALTER ROLE altui_reader CONNECTION LIMIT -1")


@contextmanager
def changed_password(it: Pipeline) -> Iterator[None]:
    it.admin("ALTER ROLE altui_reader PASSWORD 'changed'")
    try:
        yield
    finally:
        it.admin("ALTER ROLE altui_reader PASSWORD 'reader-pw'")


@contextmanager
def revoked_select(it: Pipeline) -> Iterator[None]:
    it.admin("REVOKE SELECT ON applications FROM altui_reader")
    try:
        yield
    finally:
        it.admin("GRANT SELECT ON applications TO altui_reader")


@contextmanager
def locked_table(it: Pipeline) -> Iterator[None]:
    with psycopg.connect(it.env["POSTGRES_ADMIN_DSN"]) as admin:
        admin.execute("LOCK TABLE emails, applications IN ACCESS EXCLUSIVE MODE")
        yield
        admin.rollback()


@contextmanager
def paused(it: Pipeline) -> Iterator[None]:
    it.fivetran("PATCH", "", {"paused": True, "run_setup_tests": False})
    try:
        yield
    finally:
        it.fivetran("PATCH", "", {"paused": False, "run_setup_tests": False})


@contextmanager
def expired_credentials(it: Pipeline) -> Iterator[None]:
    it.admin("ALTER ROLE fivetran_user PASSWORD 'rotated'")
    it.synced()
    try:
        yield
    finally:
        it.admin("ALTER ROLE fivetran_user PASSWORD 'fivetran-pw'")
        it.synced()


@contextmanager
def lost_raw_row(it: Pipeline) -> Iterator[None]:
    """Fivetran believes a row deleted that is still there at the source."""
    ((key,),) = it.sql(
        "SELECT id FROM applylens.public_applications WHERE NOT _fivetran_deleted"
        " ORDER BY created_at LIMIT 1"
    )
    mark = "UPDATE applylens.public_applications SET _fivetran_deleted = {} WHERE id = {}"
    it.sql(mark.format("TRUE", key))
    try:
        yield
    finally:
        it.sql(mark.format("FALSE", key))


@contextmanager
def partial_day(it: Pipeline) -> Iterator[None]:
    change = "UPDATE applylens_marts.mrt_risk_daily SET emails = emails {} 4 WHERE d = '{}'"
    it.sql(change.format("-", it.some_day))
    try:
        yield
    finally:
        it.sql(change.format("+", it.some_day))


@contextmanager
def disabled_workflow(it: Pipeline) -> Iterator[None]:
    it.github("PUT", f"{it.workflow}/disable")
    try:
        yield
    finally:
        it.github("PUT", f"{it.workflow}/enable")


def lost_document(it: Pipeline, day: date) -> Callable[[], None]:
    """Takes a day out of the index; returns what puts it back."""
    path = f"{it.index}/_doc/{day}"
    document = it.elastic("GET", path)["_source"]
    it.elastic("DELETE", f"{path}?refresh=true")
    return lambda: it.elastic("PUT", f"{path}?refresh=true", document)


@contextmanager
def missing_newest_day(it: Pipeline) -> Iterator[None]:
    put_back = lost_document(it, it.yesterday)
    try:
        yield
    finally:
        put_back()


@contextmanager
def missing_older_day(it: Pipeline) -> Iterator[None]:
    put_back = lost_document(it, it.some_day)
    try:
        yield
    finally:
        put_back()


@contextmanager
def blocked_index(it: Pipeline) -> Iterator[None]:
    block = "index.blocks.read_only_allow_delete"
    it.elastic("PUT", f"{it.index}/_settings", {block: True})
    try:
        yield
    finally:
        it.elastic("PUT", f"{it.index}/_settings", {block: None})


@contextmanager
def template_not_loaded(it: Pipeline) -> Iterator[None]:
    name = "_index_template/analytics_applylens"
    it.elastic("DELETE", name)
    try:
        yield
    finally:
        text = (ROOT / "es/index-templates/analytics_applylens.json").read_text()
        it.elastic("PUT", name, json.loads(text))


@contextmanager
def failed_in_dbt(it: Pipeline) -> Iterator[None]:
    """The newest day is gone and the run that should bring it back ends in dbt."""
    put_back = lost_document(it, it.yesterday)
    words = json.dumps(
        {
            "error": {
                "code": 403,
                "message": "Access Denied: Project: User does not have bigquery.jobs.create",
                "errors": [{"reason": "accessDenied", "message": "Access Denied"}],
            }
        }
    )
    denied = {"status": 403, "body": words, "headers": {"content-type": "application/json"}}
    try:
        with it.fault("bigquery", method="POST", path="/jobs$", **denied):
            assert it.run_to_its_end() == "failure"
        yield
    finally:
        put_back()
        # what failed in dbt stays broken until a run succeeds, whatever readers have
        assert it.run_to_its_end() == "success"


@contextmanager
def failed_in_export(it: Pipeline) -> Iterator[None]:
    put_back = lost_document(it, it.yesterday)
    try:
        with stopped_elasticsearch(it):
            assert it.run_to_its_end() == "failure"
        yield
    finally:
        put_back()


@contextmanager
def stopped_elasticsearch(it: Pipeline) -> Iterator[None]:
    """Down for everybody: Kibana finds it so too."""
    it.sandbox.do("engine", "stop", "elasticsearch")
    try:
        yield
    finally:
        it.sandbox.do("engine", "start", "elasticsearch")


@contextmanager
def no_data_view(it: Pipeline) -> Iterator[None]:
    for view in it.kibana("GET", "/api/data_views").json()["data_view"]:
        it.kibana("DELETE", f"/api/data_views/data_view/{view['id']}")
    try:
        yield
    finally:
        it.imported()


@contextmanager
def no_dashboard(it: Pipeline) -> Iterator[None]:
    it.kibana("DELETE", "/api/saved_objects/dashboard/analytics-overview")
    try:
        yield
    finally:
        it.imported()


@contextmanager
def narrow_range(it: Pipeline) -> Iterator[None]:
    it.imported(timeFrom="now-24h", timeTo="now")
    try:
        yield
    finally:
        it.imported()


def answers(service: str, path: str = ".*", **fault: Any) -> Drill:
    """The service itself answers something else, or nothing."""
    return lambda it: it.fault(service, path=path, **fault)


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
JSON = {"content-type": "application/json"}


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
