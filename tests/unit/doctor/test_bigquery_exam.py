"""BigQuery's exams with Google's client against a server that answers by a script."""

import json
from pathlib import Path
from typing import Any

import pytest

from altui.core.model.health import State
from altui.doctor.bigquery import exam
from altui.doctor.bigquery_roles import CREATE, READ, WRITE
from altui.doctor.exam import Context
from tests.answering import Scripted
from tests.unit.doctor.conftest import NONSENSE, MakeContext, results_of, states, untold

ACCOUNT = "analytics@my-project.iam.gserviceaccount.com"
API = "/bigquery/v2/projects/my-project"


def refusal(status: int, reason: str, message: str) -> tuple[int, Any]:
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    return status, {"error": {"code": status, "message": message, "errors": errors}}


class Warehouse:
    """What the exams ask of BigQuery and of Cloud Resource Manager."""

    def __init__(self) -> None:
        self.job: tuple[int, Any] | None = None
        self.datasets: dict[str, Any] = {
            name: {"location": "EU", "access": []}
            for name in ("applylens", "applylens_staging", "applylens_marts")
        }
        self.missing: set[str] = set()
        self.on_tables: list[str] = list(WRITE)
        self.in_project: tuple[int, Any] = (200, {"permissions": [CREATE]})
        self.configurations: list[Any] = []

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        plain = path.split("?", maxsplit=1)[0]
        if plain == "/v3/projects/my-project:testIamPermissions":
            return self.in_project
        if plain.endswith(":testIamPermissions"):
            asked = json.loads(body)["permissions"]
            return 200, {"permissions": [name for name in asked if name in self.on_tables]}
        if plain == f"{API}/jobs":
            return self.insert(json.loads(body))
        parts = plain.removeprefix(f"{API}/datasets/").split("/")
        if len(parts) == 1:
            return self.dataset(parts[0])
        return self.table(parts[0], parts[2])

    def insert(self, job: Any) -> tuple[int, Any]:
        self.configurations.append(job["configuration"])
        statistics = {"totalBytesProcessed": "0", "query": {"totalBytesProcessed": "0"}}
        done = {**job, "id": "j", "status": {"state": "DONE"}, "statistics": statistics}
        return self.job or (200, done)

    def dataset(self, name: str) -> tuple[int, Any]:
        if name not in self.datasets:
            return refusal(404, "notFound", f"Not found: Dataset my-project:{name}")
        reference = {"projectId": "my-project", "datasetId": name}
        return 200, {"datasetReference": reference, **self.datasets[name]}

    def table(self, dataset: str, name: str) -> tuple[int, Any]:
        if name in self.missing:
            return refusal(404, "notFound", f"Not found: Table my-project:{dataset}.{name}")
        columns = ("received_at", "created_at", "d", "emails", "checked_at", "started_at")
        return 200, {
            "tableReference": {"projectId": "my-project", "datasetId": dataset, "tableId": name},
            "type": "TABLE",
            "schema": {"fields": [{"name": column, "type": "DATE"} for column in columns]},
        }


@pytest.fixture
def warehouse(server: Scripted) -> Warehouse:
    made = Warehouse()
    server.script = made
    return made


@pytest.fixture
def asked(context: MakeContext, server: Scripted, warehouse: Warehouse, tmp_path: Path) -> Context:
    """An emulator's address, and the key file of the account that the real one would see."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "service_account", "client_email": ACCOUNT}))
    return context(
        {
            "BQ_PROJECT": "my-project",
            "BIGQUERY_EMULATOR_HOST": server.url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        }
    )


async def test_in_order(asked: Context, warehouse: Warehouse):
    seen = await results_of(exam, asked)
    assert states(seen) == {
        "job_user": "ok",
        "datasets": "ok",
        "tables": "ok",
        "viewer": "ok",
        "editor": "ok",
        "storage": "unknown",
    }
    assert seen["job_user"].said == f"may run queries in my-project as {ACCOUNT}"
    assert seen["datasets"].said == "applylens, applylens_staging, applylens_marts in EU"
    assert seen["storage"].said.startswith("cannot be tested here")
    assert not seen["storage"].bad
    assert [each["dryRun"] for each in warehouse.configurations] == [True], "nothing is billed"


async def test_a_missing_job_user_comes_with_the_line_to_copy(asked: Context, warehouse: Warehouse):
    words = "Access Denied: Project my-project: User does not have bigquery.jobs.create permission"
    warehouse.job = refusal(403, "accessDenied", words)
    seen = await results_of(exam, asked)
    assert seen["job_user"].state is State.denied
    assert seen["job_user"].said == f"403 {words}"
    assert seen["job_user"].commands == (
        "gcloud projects add-iam-policy-binding my-project "
        f"--member=serviceAccount:{ACCOUNT} --role=roles/bigquery.jobUser",
    )
    assert states(seen)["tables"] == "ok", "the rest is examined all the same"


async def test_no_project(context: MakeContext):
    none = await results_of(exam, context({}))
    assert states(none) == {"project": "off"}
    half = await results_of(exam, context({"GOOGLE_APPLICATION_CREDENTIALS": "/k"}))
    assert states(half) == {"project": "broken"}
    assert half["project"].fix.startswith("set BQ_PROJECT")


async def test_a_project_that_is_not_there(asked: Context, warehouse: Warehouse):
    warehouse.job = refusal(404, "notFound", "Not found: Project my-project")
    seen = await results_of(exam, asked)
    assert states(seen) == {"job_user": "broken"}
    assert "BQ_PROJECT (now from the environment)" in seen["job_user"].fix


async def test_silence(context: MakeContext):
    environ = {"BQ_PROJECT": "p", "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:1"}
    seen = await results_of(exam, context(environ))
    assert states(seen) == {"job_user": "unknown"}
    assert "BIGQUERY_EMULATOR_HOST (now from the environment)" in seen["job_user"].fix


async def test_a_key_file_that_is_not_there(context: MakeContext):
    environ = {"BQ_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}
    seen = await results_of(exam, context(environ))
    assert states(seen) == {"job_user": "broken"}
    assert seen["job_user"].subject == "credentials"
    assert "GOOGLE_APPLICATION_CREDENTIALS (now from the environment)" in seen["job_user"].fix


async def test_datasets_that_are_not_there_name_their_settings(
    asked: Context, warehouse: Warehouse
):
    del warehouse.datasets["applylens_marts"]
    seen = await results_of(exam, asked)
    assert seen["datasets"].state is State.broken
    assert seen["datasets"].said == "Not found: Dataset my-project:applylens_marts"
    assert "BQ_MARTS_DATASET (now applylens_marts)" in seen["datasets"].fix
    assert seen["tables"].state is State.ok, "the tables of the others"


async def test_datasets_in_two_places(asked: Context, warehouse: Warehouse):
    warehouse.datasets["applylens_marts"]["location"] = "US"
    seen = (await results_of(exam, asked))["datasets"]
    assert seen.state is State.broken and "applylens_marts in US" in seen.said


async def test_tables_that_are_not_there(asked: Context, warehouse: Warehouse):
    warehouse.missing = {"mrt_risk_daily"}
    seen = (await results_of(exam, asked))["tables"]
    assert (seen.state, seen.said) == (
        State.broken,
        "not there: applylens_marts.mrt_risk_daily",
    )


async def test_an_account_that_only_reads_lacks_data_editor(asked: Context, warehouse: Warehouse):
    warehouse.on_tables = [READ]
    warehouse.in_project = (200, {})
    seen = await results_of(exam, asked)
    assert (seen["viewer"].state, seen["editor"].state) == (State.ok, State.denied)
    assert seen["editor"].bad
    assert (
        f"--member=serviceAccount:{ACCOUNT} --role=roles/bigquery.dataEditor"
        in (seen["editor"].commands[0])
    )


async def test_a_project_that_cannot_be_asked_leaves_it_unknown(
    asked: Context, warehouse: Warehouse
):
    words = "Cloud Resource Manager API has not been used in project 1 before or it is disabled"
    warehouse.in_project = refusal(403, "forbidden", words)
    seen = (await results_of(exam, asked))["editor"]
    assert seen.state is State.unknown and not seen.bad
    assert seen.said == (f"tables may be filled; {CREATE} cannot be tested here (403 {words})")


async def test_the_access_list_tells_where_the_project_is_silent(
    asked: Context, warehouse: Warehouse
):
    warehouse.in_project = (403, b"<html>")
    for dataset in warehouse.datasets.values():
        dataset["access"] = [{"role": "WRITER", "userByEmail": ACCOUNT}]
    assert (await results_of(exam, asked))["editor"].state is State.ok


@pytest.mark.parametrize("body", NONSENSE)
async def test_nonsense_is_no_role(asked: Context, warehouse: Warehouse, body: Any):
    warehouse.job = (200, body)
    seen = await results_of(exam, asked)
    assert states(seen) == {"job_user": "unknown"}
    assert untold(seen) == []
