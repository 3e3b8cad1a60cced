"""Real syncs of the living pipeline: what PostgreSQL holds is what BigQuery gets."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from tests.living import Sandbox

pytestmark = pytest.mark.sandbox

QUICK = DEFAULT_RETRY.with_timeout(10)
ROWS = range(9_000_001, 9_000_007)
"""Ids of the test's own, far from the writer's."""


class Connection:
    """The connection as its owner sees it, with both ends."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.source = psycopg.connect(env["POSTGRES_ADMIN_DSN"], autocommit=True)
        self.warehouse = bigquery.Client(
            env["BQ_PROJECT"],
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": env["BIGQUERY_EMULATOR_HOST"]},
        )
        self.api = httpx.Client(
            base_url=env["FIVETRAN_URL"],
            auth=(env["FIVETRAN_API_KEY"], env["FIVETRAN_API_SECRET"]),
            timeout=120,
        )
        self.path = f"/v1/connections/{env['FIVETRAN_CONNECTION']}"

    def close(self) -> None:
        self.api.close()
        self.warehouse.close()
        self.source.close()

    def ask(self, method: str, path: str = "", body: object = None) -> dict[str, Any]:
        answer = self.api.request(method, self.path + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json().get("data", {})

    def sync(self) -> dict[str, Any]:
        """A sync to its end; the connection afterwards."""
        before = self.ask("GET")
        self.ask("POST", "/sync", {"force": False})
        return self.ended(before)

    def resync(self, scope: dict[str, list[str]] | None = None) -> dict[str, Any]:
        before = self.ask("GET")
        self.ask("POST", "/resync", {"scope": scope} if scope else {})
        return self.ended(before)

    def ended(self, before: dict[str, Any]) -> dict[str, Any]:
        assert self.api.get("/_sandbox/idle").status_code == 204
        after = self.ask("GET")
        outcome = ("succeeded_at", "failed_at")
        assert [after[key] for key in outcome] != [before[key] for key in outcome]
        return after

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        job = self.warehouse.query(statement, retry=QUICK, timeout=30, job_retry=None)
        found = job.result(retry=QUICK, timeout=30, job_retry=None)
        return [tuple(row.values()) for row in found]

    def email(self, number: int, *columns: str) -> tuple[Any, ...]:
        """The columns of one raw row."""
        chosen = ", ".join(columns)
        (row,) = self.rows(f"SELECT {chosen} FROM applylens.public_emails WHERE id = {number}")
        return row

    def log(self, event: str) -> list[dict[str, Any]]:
        """What real syncs wrote about it, oldest first."""
        found = self.rows(
            "SELECT message_data FROM fivetran_metadata.log"
            f" WHERE message_event = '{event}' ORDER BY time_stamp"
        )
        data = [json.loads(row[0]) for row in found]
        return [each for each in data if not each.get("seeded")]


@pytest.fixture(scope="module")
def module(sandbox: Sandbox) -> Iterator[Connection]:
    sandbox.do("writer", "pause")
    connection = Connection(sandbox.env)
    connection.sync()
    yield connection
    connection.close()
    sandbox.do("writer", "resume")


@pytest.fixture
def connection(module: Connection) -> Iterator[Connection]:
    """Both ends equal before and after, whatever the test did."""
    module.source.execute(
        "INSERT INTO emails (id, received_at, sender, subject, risk_score)"
        " SELECT id, '2024-02-29 23:59:59.999999+00', 'test@example.com', 'first', 10"
        " FROM generate_series(%s::bigint, %s) AS id",
        [ROWS[0], ROWS[-1]],
    )
    assert module.sync()["status"]["tasks"] == []
    yield module
    module.source.execute("DELETE FROM emails WHERE id >= %s", [ROWS[0]])
    module.sync()
    job = module.warehouse.query(f"DELETE FROM applylens.public_emails WHERE id >= {ROWS[0]}")
    job.result(retry=QUICK, timeout=30, job_retry=None)


@contextmanager
def undone(connection: Connection, change: str, undo: str) -> Iterator[None]:
    connection.source.execute(change.encode())
    try:
        yield
    finally:
        connection.source.execute(undo.encode())


def live(connection: Connection, table: str) -> int:
    ((count,),) = connection.rows(
        f"SELECT COUNTIF(NOT _fivetran_deleted) FROM applylens.public_{table}"
    )
    return count


def at_source(connection: Connection, table: str) -> int:
    row = connection.source.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return row[0]


# -- merges ----------------------------------------------------------------------------------------


def test_both_ends_hold_the_same_rows(module: Connection) -> None:
    for table in ("emails", "applications"):
        assert live(module, table) == at_source(module, table) > 0
    columns = "id, received_at, sender, subject, body, risk_score, category, expires_at, updated_at"
    sample = module.source.execute(
        f"SELECT {columns}, features_json::text FROM emails WHERE id % 97 = 0 ORDER BY id".encode()
    ).fetchall()
    copied = module.rows(
        f"SELECT {columns}, features_json FROM applylens.public_emails"
        " WHERE MOD(id, 97) = 0 AND NOT _fivetran_deleted ORDER BY id"
    )
    assert copied == sample


def test_inserts_updates_and_deletes(connection: Connection) -> None:
    added, changed, gone, kept = ROWS[-1] + 1, ROWS[1], ROWS[2], ROWS[3]
    before = connection.email(kept, "_fivetran_synced")
    connection.source.execute(
        "INSERT INTO emails (id, received_at, sender, created_at)"
        " VALUES (%s, '2019-01-01+00', 'old@example.com', '2019-01-01+00')",
        [added],
    )
    connection.source.execute("UPDATE emails SET risk_score = 99.5 WHERE id = %s", [changed])
    connection.source.execute("DELETE FROM emails WHERE id = %s", [gone])
    after = connection.sync()
    assert connection.email(added, "sender", "_fivetran_deleted") == ("old@example.com", False)
    assert connection.email(changed, "risk_score", "_fivetran_deleted") == (99.5, False)
    assert connection.email(gone, "subject", "_fivetran_deleted") == ("first", True)
    assert connection.email(kept, "_fivetran_synced") == before
    (synced,) = connection.email(gone, "_fivetran_synced")
    assert before[0] < synced <= datetime.fromisoformat(after["succeeded_at"])
    assert live(connection, "emails") == at_source(connection, "emails")
    modified = connection.log("records_modified")[-2:]
    assert [(each["operationType"], each["count"]) for each in modified] in (
        [("REPLACED_OR_INSERTED", 2), ("UPDATED_OR_DELETED", 1)],
        [("UPDATED_OR_DELETED", 1), ("REPLACED_OR_INSERTED", 2)],
    )


def test_a_deleted_row_that_returns_is_live_again(connection: Connection) -> None:
    connection.source.execute("DELETE FROM emails WHERE id = %s", [ROWS[0]])
    connection.sync()
    assert connection.email(ROWS[0], "_fivetran_deleted") == (True,)
    connection.source.execute(
        "INSERT INTO emails (id, received_at, subject) VALUES (%s, '2024-02-29+00', 'back')",
        [ROWS[0]],
    )
    connection.sync()
    assert connection.email(ROWS[0], "subject", "_fivetran_deleted") == ("back", False)


def test_a_row_committed_late_is_not_missed(connection: Connection) -> None:
    """Its transaction began before a sync that could not see it, and committed afterwards."""
    with psycopg.connect(connection.env["POSTGRES_ADMIN_DSN"]) as slow:
        slow.execute("UPDATE emails SET subject = 'late' WHERE id = %s", [ROWS[4]])
        connection.source.execute("UPDATE emails SET subject = 'now' WHERE id = %s", [ROWS[5]])
        connection.sync()
        assert connection.email(ROWS[4], "subject") == ("first",)
        assert connection.email(ROWS[5], "subject") == ("now",)
    connection.sync()
    assert connection.email(ROWS[4], "subject") == ("late",)


def test_a_sync_without_changes_writes_nothing(connection: Connection) -> None:
    table = "applylens.public_emails"
    before = connection.warehouse.get_table(table, retry=QUICK, timeout=10).modified
    connection.sync()
    assert connection.warehouse.get_table(table, retry=QUICK, timeout=10).modified == before


def test_resync_reloads_and_keeps_what_was_deleted(connection: Connection) -> None:
    connection.source.execute("DELETE FROM emails WHERE id = %s", [ROWS[0]])
    connection.sync()
    damage = f"UPDATE applylens.public_emails SET subject = 'damaged' WHERE id = {ROWS[1]}"
    connection.warehouse.query(damage).result(retry=QUICK, timeout=30, job_retry=None)
    connection.sync()
    assert connection.email(ROWS[1], "subject") == ("damaged",)
    connection.resync({"public": ["emails"]})
    assert connection.email(ROWS[1], "subject") == ("first",)
    assert connection.email(ROWS[0], "_fivetran_deleted") == (True,)
    assert live(connection, "emails") == at_source(connection, "emails")
    assert (
        connection.rows("SELECT id FROM applylens.public_emails GROUP BY 1 HAVING COUNT(*) > 1")
        == []
    )


# -- shapes ----------------------------------------------------------------------------------------


def test_every_kind_of_value_arrives(connection: Connection) -> None:
    text = 'a\x01\x02\n\t"\\N" é 😀 \u2028 line\r\nend'
    table = """
    CREATE TABLE fivetran_kinds (
      "select" smallint, r bigint PRIMARY KEY, exact numeric(10,2), huge numeric, score float8,
      yes boolean, words text, born date, clock timestamp, moment timestamptz, list text[],
      tree jsonb, tick uuid);
    GRANT SELECT ON fivetran_kinds TO fivetran_user"""
    with undone(connection, table, "DROP TABLE fivetran_kinds"):
        connection.source.execute(
            "INSERT INTO fivetran_kinds VALUES (-5, 9007199254740993, 12345678.91, 1e30, 'NaN',"
            " true, %s, '2024-02-29', '2024-02-29 01:02:03.123456', '2024-02-29 01:30+02',"
            """ '{x,"y\\"z",NULL}', '{"b": [1, 2.50, null], "a": "é"}',"""
            " '6f1c4b1e-0000-4000-8000-000000000001')",
            [text],
        )
        connection.source.execute("INSERT INTO fivetran_kinds (r) VALUES (2)")
        connection.source.execute(
            "INSERT INTO fivetran_kinds (r, words, born, moment, score)"
            " VALUES (3, '', 'infinity', '-infinity', '-Infinity'), (4, '\\N', '0044-03-15 BC',"
            " '9999-12-31 23:59:59.999999+00', 1e-300)"
        )
        assert connection.sync()["status"]["tasks"] == []
    rows = connection.rows("SELECT * FROM applylens.public_fivetran_kinds ORDER BY r DESC")
    connection.warehouse.delete_table("applylens.public_fivetran_kinds", retry=QUICK, timeout=10)
    # the table is gone at the source: a sync says so until the schema is read again
    (task,) = connection.sync()["status"]["tasks"]
    assert task["message"] == 'ERROR: relation "public.fivetran_kinds" does not exist'
    connection.ask("POST", "/schemas/reload", {})
    assert connection.sync()["status"]["tasks"] == []

    full, four, three, two = (row[:-2] for row in rows)
    assert math.isnan(full[4])
    assert full[:4] + full[5:] == (
        -5,
        9007199254740993,
        Decimal("12345678.91"),
        "1000000000000000000000000000000",
        True,
        text,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 1, 2, 3, 123456),
        datetime(2024, 2, 28, 23, 30, tzinfo=UTC),
        '{x,"y\\"z",NULL}',
        '{"a": "é", "b": [1, 2.50, null]}',
        "6f1c4b1e-0000-4000-8000-000000000001",
    )
    assert two == (None, 2, *[None] * 11)
    assert (three[6], three[7], three[9], three[4]) == ("", None, None, -math.inf)
    assert (four[6], four[7], four[4]) == ("\\N", None, 1e-300)
    assert four[9] == datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_columns_come_and_go(connection: Connection) -> None:
    add = "ALTER TABLE emails ADD COLUMN note text"
    with undone(connection, add, "ALTER TABLE emails DROP COLUMN IF EXISTS note"):
        connection.source.execute("UPDATE emails SET note = 'new' WHERE id = %s", [ROWS[0]])
        assert connection.sync()["status"]["tasks"] == []
        assert connection.email(ROWS[0], "note") == ("new",)
        assert connection.email(ROWS[1], "note") == (None,)
        added = connection.log("alter_table")[-1]
        assert added["properties"] == {"columnName": "note", "dataType": "STRING"}
        columns = connection.ask("GET", "/schemas/public/tables/emails/columns")["columns"]
        assert columns["note"]["is_primary_key"] is False
    connection.source.execute("UPDATE emails SET subject = 'later' WHERE id = %s", [ROWS[0]])
    assert connection.sync()["status"]["tasks"] == []
    assert connection.email(ROWS[0], "subject", "note") == ("later", None)


def test_a_table_dropped_in_bigquery_wants_a_resync(connection: Connection) -> None:
    connection.warehouse.delete_table("applylens.public_applications", retry=QUICK, timeout=10)
    connection.source.execute(
        "UPDATE applications SET status = status WHERE id = (SELECT min(id) FROM applications)"
    )
    connection.sync()
    assert live(connection, "applications") == 1
    connection.ask("POST", "/schemas/tables/resync", {"public": ["applications"]})
    assert connection.api.get("/_sandbox/idle").status_code == 204
    assert live(connection, "applications") == at_source(connection, "applications")


# -- pauses, failures, recovery --------------------------------------------------------------------


def test_paused_copies_nothing(connection: Connection) -> None:
    quiet = {"run_setup_tests": False}
    connection.ask("PATCH", "", {"paused": True, **quiet})
    try:
        connection.source.execute("UPDATE emails SET subject = 'p' WHERE id = %s", [ROWS[0]])
        connection.ask("POST", "/sync", {"force": True})
        assert connection.api.get("/_sandbox/idle").status_code == 204
        assert connection.email(ROWS[0], "subject") == ("first",)
    finally:
        connection.ask("PATCH", "", {"paused": False, **quiet})
    connection.sync()
    assert connection.email(ROWS[0], "subject") == ("p",)


def test_a_wrong_password_fails_and_recovers(connection: Connection) -> None:
    own = "ALTER ROLE fivetran_user PASSWORD '{}'"
    words = 'FATAL: password authentication failed for user "fivetran_user"'
    with undone(connection, own.format("rotated"), own.format("fivetran-pw")):
        connection.source.execute("UPDATE emails SET subject = 'w' WHERE id = %s", [ROWS[0]])
        failed = connection.sync()
        assert failed["failed_at"] > failed["succeeded_at"]
        assert failed["status"]["setup_state"] == "broken"
        (task,) = failed["status"]["tasks"]
        assert (task["code"], words in task["message"]) == ("reconnect", True), task
        tests = connection.ask("POST", "/test", {})["setup_tests"]
        assert [test["status"] for test in tests] == ["FAILED", "SKIPPED", "SKIPPED", "PASSED"]
        assert connection.email(ROWS[0], "subject") == ("first",)
        # the fix that an owner makes in Fivetran
        repaired = connection.ask("PATCH", "", {"config": {"password": "rotated"}})
        assert repaired["status"]["setup_state"] == "connected"
        assert connection.sync()["status"]["tasks"] == []
        assert connection.email(ROWS[0], "subject") == ("w",)
    connection.ask("PATCH", "", {"config": {"password": "fivetran-pw"}})
    assert connection.log("sync_end")[-2]["status"] == "FAILURE_WITH_TASK"
    assert connection.log("sync_end")[-1] == {"status": "SUCCESSFUL"}


def test_a_missing_right_is_named(connection: Connection) -> None:
    right = "SELECT ON applications {} fivetran_user"
    with undone(connection, f"REVOKE {right.format('FROM')}", f"GRANT {right.format('TO')}"):
        (task,) = connection.sync()["status"]["tasks"]
        assert task["message"] == "ERROR: permission denied for table applications"
        tests = connection.ask("POST", "/test", {})["setup_tests"]
        failed = [test["title"] for test in tests if test["status"] == "FAILED"]
        assert failed == ["Reading public.applications"]
    assert connection.sync()["status"]["setup_state"] == "connected"
