"""What the proxy supplies beyond the emulator, through Google's own client."""

import io
import uuid
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from google.api_core.exceptions import BadRequest, Conflict, InternalServerError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from altui.sandbox.world import Clock

pytestmark = pytest.mark.sandbox

QUICK = DEFAULT_RETRY.with_timeout(10)
FLOOR = 10 * 1024 * 1024


class Warehouse:
    """A dataset of its own, and the client's calls with a deadline each."""

    def __init__(self, url: str, project: str) -> None:
        self.url = url
        self.project = project
        self.dataset = f"proxy_{uuid.uuid4().hex[:8]}"
        self.client = bigquery.Client(
            project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )
        self.client.create_dataset(self.dataset, retry=QUICK, timeout=10)

    def start(self, sql: str, **config: object) -> bigquery.QueryJob:
        return self.client.query(
            sql.replace("{d}", self.dataset),
            job_config=bigquery.QueryJobConfig(**config),
            retry=QUICK,
            timeout=10,
            job_retry=None,
        )

    def run(self, sql: str, **config: object) -> bigquery.QueryJob:
        job = self.start(sql, **config)
        job.result(retry=QUICK, timeout=30, job_retry=None)
        return job

    def table(self, name: str) -> bigquery.Table:
        return self.client.get_table(f"{self.dataset}.{name}", retry=QUICK, timeout=10)

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(method, self.url + path, json=body, timeout=30)

    def api(self, path: str) -> str:
        return f"/bigquery/v2/projects/{self.project}/{path}"

    def hold(self, match: str, seconds: float | None = None) -> None:
        self.ask("POST", "/_sandbox/hold", {"match": match, "seconds": seconds})


@pytest.fixture(scope="module")
def house(sandbox):
    house = Warehouse(sandbox.env["BIGQUERY_EMULATOR_HOST"], sandbox.env["BQ_PROJECT"])
    house.clock = Clock(Path(sandbox.env["ALTUI_CLOCK"]))
    house.run("CREATE TABLE {d}.base (i INT64, s STRING, a ARRAY<STRING>, d DATE)")
    house.run("INSERT INTO {d}.base VALUES (1, 'é', ['x', 'yz'], '2026-01-02'), (2, '', [], NULL)")
    house.run("CREATE VIEW {d}.seen AS SELECT i, s FROM {d}.base")
    yield house
    house.client.delete_dataset(house.dataset, delete_contents=True, retry=QUICK, timeout=10)


@pytest.fixture(autouse=True)
def nothing_held(house):
    yield
    house.ask("POST", "/_sandbox/release")


def test_rows_bytes_and_time_follow_every_kind_of_write(house):
    statements = [
        ("CREATE TABLE {d}.w (i INT64, s STRING)", 0, 0),
        ("INSERT INTO {d}.w VALUES (1, 'abc'), (2, NULL)", 2, 8 * 2 + 2 + 3),
        ("UPDATE {d}.w SET s = 'ab' WHERE i = 2", 2, 8 * 2 + 2 + 3 + 2 + 2),
        ("DELETE FROM {d}.w WHERE i = 1", 1, 8 + 2 + 2),
        (
            "MERGE {d}.w t USING (SELECT 9 AS i, 'z' AS s) u ON t.i = u.i "
            "WHEN NOT MATCHED THEN INSERT (i, s) VALUES (u.i, u.s)",
            2,
            8 * 2 + 2 + 2 + 2 + 1,
        ),
        ("CREATE OR REPLACE TABLE {d}.w AS SELECT 5 AS i, CAST(NULL AS STRING) AS s", 1, 8),
        ("BEGIN TRANSACTION; INSERT INTO {d}.w VALUES (6, 'q'); COMMIT TRANSACTION", 2, 19),
        ("TRUNCATE TABLE {d}.w", 0, 0),
    ]
    for sql, rows, size in statements:
        before = house.clock.now()
        house.run(sql)
        table = house.table("w")
        assert (table.num_rows, table.num_bytes) == (rows, size), sql
        assert table.modified >= before - timedelta(milliseconds=1), sql


def test_what_is_only_read_keeps_its_time(house):
    before = house.table("base").modified
    house.run("SELECT COUNT(*) FROM {d}.base")
    house.run("CREATE OR REPLACE TABLE {d}.copy AS SELECT * FROM {d}.base")
    with pytest.raises(BadRequest):
        house.run("INSERT INTO {d}.base (nope) VALUES (1)")
    assert house.table("base").modified == before


def test_a_dropped_table_is_gone_and_a_new_one_starts_anew(house):
    house.run("CREATE TABLE {d}.short AS SELECT 1 AS i")
    first = house.table("short").created
    house.run("DROP TABLE {d}.short")
    with pytest.raises(NotFound):
        house.table("short")
    house.run("CREATE TABLE {d}.short AS SELECT 1 AS i UNION ALL SELECT 2")
    assert house.table("short").num_rows == 2
    assert house.table("short").created > first


@pytest.mark.parametrize("size", [10, 30_000], ids=["multipart", "resumable"])
def test_load_from_a_file(house, size):
    lines = "".join(f'{{"i": {n}, "s": "{"x" * 40}"}}\n' for n in range(size)).encode()
    config = bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON",
        write_disposition="WRITE_TRUNCATE",
        schema=[bigquery.SchemaField("i", "INT64"), bigquery.SchemaField("s", "STRING")],
    )
    before = house.clock.now() - timedelta(milliseconds=1)
    job = house.client.load_table_from_file(
        io.BytesIO(lines),
        f"{house.dataset}.loaded",
        job_config=config,
        size=len(lines) if size < 100 else None,
        timeout=60,
    )
    job.result(retry=QUICK, timeout=30)
    table = house.table("loaded")
    assert (table.num_rows, table.num_bytes) == (size, size * (8 + 2 + 40))
    assert table.modified >= before
    assert before <= job.created <= job.ended


def test_rows_by_insert_all_count_at_once(house):
    house.run("CREATE TABLE {d}.streamed (i INT64)")
    house.table("streamed")
    rows = [{"i": 1}, {"i": 2}]
    assert house.client.insert_rows_json(f"{house.dataset}.streamed", rows, timeout=10) == []
    assert house.table("streamed").num_rows == 2


def test_tables_made_by_the_api_and_listed(house):
    table = bigquery.Table(
        f"{house.project}.{house.dataset}.made", [bigquery.SchemaField("i", "INT64")]
    )
    house.client.create_table(table, retry=QUICK, timeout=10)
    assert house.table("made").num_rows == 0
    listed = {t.table_id: t for t in house.client.list_tables(house.dataset, retry=QUICK)}
    assert {"base", "seen", "made"} <= set(listed)
    assert listed["made"].created == house.table("made").created


def test_a_view_shows_its_text(house):
    assert "FROM" in house.table("seen").view_query.upper()


# base: i 2 × 8; s (2 + 2) + 2; a (2 + 1) + (2 + 2); d 8
@pytest.mark.parametrize(
    ("sql", "processed"),
    [
        ("SELECT i FROM {d}.base", 16),
        ("SELECT s FROM {d}.base", 6),
        ("SELECT a, d FROM {d}.base WHERE i > 0", 7 + 8 + 16),
        ("SELECT * FROM {d}.base", 16 + 6 + 7 + 8),
        ("SELECT COUNT(*) FROM {d}.base", 0),
        ("SELECT i FROM {d}.seen", 16 + 6),
        ("SELECT 1", 0),
        ("DELETE FROM {d}.base WHERE i = 99", 16),
    ],
)
def test_dry_run_bytes(house, sql, processed):
    job = house.start(sql, dry_run=True)
    assert job.total_bytes_processed == processed
    assert int(job._properties["statistics"]["query"]["totalBytesProcessed"]) == processed
    assert house.table("base").num_rows == 2


def test_finished_jobs_carry_bytes_and_the_floor_by_table(house):
    house.run("CREATE OR REPLACE TABLE {d}.other AS SELECT 1 AS i")
    job = house.run("SELECT b.i FROM {d}.base b JOIN {d}.other o ON b.i = o.i")
    assert job.total_bytes_processed == 16 + 8
    assert job.total_bytes_billed == 2 * FLOOR
    again = house.client.get_job(job.job_id, retry=QUICK, timeout=10)
    assert (again.total_bytes_processed, again.total_bytes_billed) == (24, 2 * FLOOR)


def test_the_synchronous_method_says_the_same(house):
    body = {"query": f"SELECT i FROM {house.dataset}.base", "useLegacySql": False}
    real = house.ask("POST", house.api("queries"), body).json()
    assert (real["totalBytesProcessed"], real["totalBytesBilled"]) == ("16", str(FLOOR))
    dry = house.ask("POST", house.api("queries"), body | {"dryRun": True}).json()
    assert dry["totalBytesProcessed"] == "16"
    wrong = house.ask("POST", house.api("queries"), body | {"query": "SELECT nope"})
    assert wrong.status_code == 400


def test_catalog_queries_bill_the_floor(house):
    job = house.run("SELECT table_name FROM {d}.INFORMATION_SCHEMA.TABLES")
    assert job.total_bytes_billed == FLOOR


def test_more_bytes_than_allowed_is_refused(house):
    sql = "CREATE OR REPLACE TABLE {d}.refused AS SELECT i FROM {d}.base"
    with pytest.raises(InternalServerError) as refused:
        house.run(sql, maximum_bytes_billed=FLOOR - 1)
    assert refused.value.errors[0]["reason"] == "bytesBilledLimitExceeded"
    assert f"{FLOOR} or higher required" in str(refused.value)
    with pytest.raises(NotFound):
        house.table("refused")
    house.run(sql, maximum_bytes_billed=FLOOR)
    body = {"query": f"SELECT i FROM {house.dataset}.base", "maximumBytesBilled": "1"}
    answer = house.ask("POST", house.api("queries"), body | {"useLegacySql": False})
    assert answer.status_code == 500
    assert answer.json()["error"]["errors"][0]["reason"] == "bytesBilledLimitExceeded"


def test_a_job_id_is_used_once(house):
    job_id = f"once-{uuid.uuid4()}"
    sql = f"SELECT 1 FROM {house.dataset}.base"
    house.client.query(sql, job_id=job_id, retry=QUICK, timeout=10, job_retry=None).result()
    with pytest.raises(Conflict):
        house.client.query(sql, job_id=job_id, retry=None, timeout=10, job_retry=None)


def test_permissions_are_state(house):
    asked = ["bigquery.tables.get", "bigquery.tables.create"]
    table = f"{house.project}.{house.dataset}.base"
    try:
        granted = house.client.test_iam_permissions(table, asked, retry=QUICK, timeout=10)
        assert granted["permissions"] == asked
        house.ask("POST", "/_sandbox/permissions", {"granted": asked[:1]})
        granted = house.client.test_iam_permissions(table, asked, retry=QUICK, timeout=10)
        assert granted["permissions"] == asked[:1]
        for resource in ("", f"/datasets/{house.dataset}"):
            path = f"/bigquery/v2/projects/{house.project}{resource}:testIamPermissions"
            answer = house.ask("POST", path, {"permissions": asked})
            assert answer.json() == {"permissions": asked[:1]}
    finally:
        house.ask("POST", "/_sandbox/permissions", {"granted": None})


def test_a_held_job_runs_until_released(house):
    house.hold("held_1")
    job = house.start("CREATE TABLE {d}.held_1 AS SELECT i FROM {d}.base")
    assert job.state == "RUNNING"
    assert house.client.get_job(job.job_id, retry=QUICK, timeout=10).state == "RUNNING"
    running = house.client.list_jobs(state_filter="running", retry=QUICK, timeout=10)
    assert job.job_id in {j.job_id for j in running}
    path = house.api(f"queries/{job.job_id}?timeoutMs=0")
    assert house.ask("GET", path).json()["jobComplete"] is False
    with pytest.raises(NotFound):  # and it has changed nothing yet
        house.table("held_1")
    assert house.run("SELECT 1").state == "DONE"  # others pass
    house.ask("POST", "/_sandbox/release")
    job.result(retry=QUICK, timeout=30, job_retry=None)
    assert job.ended >= job.started
    assert house.table("held_1").num_rows == 2


def test_a_hold_ends_by_itself(house):
    house.hold("held_2", seconds=0.05)
    job = house.run("SELECT 'held_2' AS x, i FROM {d}.base")
    assert [row.x for row in job.result()] == ["held_2", "held_2"]
    assert job.total_bytes_processed == 16


def test_a_held_job_is_cancelled(house):
    house.hold("held_3")
    job = house.start("CREATE TABLE {d}.held_3 AS SELECT 1 AS i")
    assert job.cancel(retry=QUICK, timeout=10)
    job.reload(retry=QUICK, timeout=10)
    assert (job.state, job.error_result["reason"]) == ("DONE", "stopped")
    answer = house.ask("GET", house.api(f"queries/{job.job_id}"))
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (499, "stopped")
    house.ask("POST", "/_sandbox/release")
    with pytest.raises(NotFound):
        house.table("held_3")


def test_a_held_job_fails_in_its_own_words(house):
    house.hold("held_4")
    job = house.start("SELECT 'held_4', nope FROM {d}.base")
    house.ask("POST", "/_sandbox/release")
    with pytest.raises(BadRequest, match="nope"):
        job.result(retry=QUICK, timeout=30, job_retry=None)


def test_the_synchronous_method_waits_as_long_as_asked(house):
    house.hold("held_5")
    body = {
        "query": f"SELECT 'held_5' AS x, i FROM {house.dataset}.base",
        "useLegacySql": False,
        "timeoutMs": 20,
    }
    waiting = house.ask("POST", house.api("queries"), body).json()
    assert waiting["jobComplete"] is False
    house.ask("POST", "/_sandbox/release")
    done = house.ask("GET", house.api(f"queries/{waiting['jobReference']['jobId']}")).json()
    assert (done["jobComplete"], done["totalRows"]) == (True, "2")


def test_times_are_those_of_the_sandbox_clock(house):
    before = house.clock.now() - timedelta(milliseconds=1)
    job = house.run("CREATE OR REPLACE TABLE {d}.timed AS SELECT 1 AS i")
    after = house.clock.now()
    for time in (job.created, job.started, job.ended, house.table("timed").modified):
        assert before <= time <= after
    listed = house.client.list_jobs(min_creation_time=before, retry=QUICK, timeout=10)
    assert [j.job_id for j in listed] == [job.job_id]
