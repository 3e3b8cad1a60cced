"""The living pipeline in a drill's hands, and the drills: each breaks one thing, then undoes it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from altui.clock import clock_of
from altui.config import Settings
from altui.sandbox.control import call
from tests.living import Sandbox

ROOT = Path(__file__).parents[1]
JSON = {"content-type": "application/json"}


DENIED: dict[str, Any] = {
    "service": "bigquery",
    "method": "POST",
    "path": "/jobs$",
    "status": 403,
    "headers": JSON,
    "body": json.dumps(
        {
            "error": {
                "code": 403,
                "message": "Access Denied: Project: User does not have bigquery.jobs.create",
                "errors": [{"reason": "accessDenied", "message": "Access Denied"}],
            }
        }
    ),
}
"""BigQuery's answer to whoever may start no job there, as dbt does."""


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
    try:
        with it.fault(**DENIED):
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
