"""On the wire: reading verbs, and everything with --read-only, write to no service.

Recorders stand in front of every service of the living pipeline. A new verb needs a row in VERBS.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlglot
import typer
from sqlglot import exp

from altui.cli.app import app
from altui.config.fields import leaves
from altui.store.store import Store
from bench.terminal import Terminal
from tests.living import Sandbox
from tests.recording import Asked, Recorders, Session, recorded

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
LOOKS = 3
"""Refreshes of the observer; each asks everything that it asks in a quarter of an hour."""


@dataclass(frozen=True)
class Verb:
    """How a verb is tried, and which services it must have asked for the test to mean anything."""

    tries: tuple[tuple[str, ...], ...] = ()
    asks: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    """Ends of paths that it must have called, for those that a GET does not tell apart."""
    why_not: str = ""
    """Why it is not tried."""


ALL = frozenset({"postgres", "fivetran", "bigquery", "github", "elasticsearch", "kibana"})
VERBS = {
    "check": Verb((("check",), ("check", "--json"), ("check", "--fresh")), ALL),
    "doctor": Verb(
        (("doctor",), ("doctor", "--json")),
        ALL,
        frozenset({"CreateReadSession", ":testIamPermissions", "/_has_privileges", "/jobs"}),
    ),
    "init": Verb((("init", "--yes", "--force", "--output", "{tmp}/altui.toml"),), ALL),
    "parity": Verb(
        (("parity",), ("parity", "--json", "--table", "emails")),
        frozenset({"postgres", "bigquery", "elasticsearch"}),
    ),
    "demo": Verb(why_not="over a sandbox of its own: check or the dashboard"),
    "sandbox": Verb(why_not="a separate program"),
}
"""Every verb. Those that only look are held to the same with and without --read-only."""


def test_every_verb_has_its_row():
    known = typer.main.get_command(app)
    assert set(VERBS) == set(known.commands), "a new verb needs a row in VERBS"  # type: ignore[attr-defined]
    assert all(verb.tries or verb.why_not for verb in VERBS.values())


# What may pass

ELASTICSEARCH = {"_search", "_msearch", "_count", "_simulate", "_has_privileges"}
GRPC = {"CreateReadSession", "ReadRows"}
CHANGING_FUNCTIONS = (
    "pg_terminate",
    "pg_cancel",
    "setval",
    "nextval",
    "set_config",
    "lo_",
    "dblink",
)
WHERE_IT_WRITES = {"destinationTable", "writeDisposition", "scriptOptions", "createSession"}


def forbidden(asked: Asked) -> str:
    """Why a request may not pass; empty where it may."""
    path = urlsplit(asked.path).path
    if asked.method in {"GET", "HEAD"}:
        return ""
    if asked.method == "gRPC":
        return "" if path.rsplit("/", 1)[-1] in GRPC else "a call that is none of reading"
    if asked.method != "POST":
        return "a method that writes"
    last = path.rstrip("/").rsplit("/", 1)[-1]
    if asked.service == "elasticsearch":
        simulated = "/_index_template/_simulate" in path
        return "" if last in ELASTICSEARCH or simulated else "no question of Elasticsearch's"
    if asked.service == "kibana":
        return "" if path.endswith("/api/saved_objects/_export") else "no question of Kibana's"
    if asked.service == "bigquery":
        return _forbidden_job(path, asked.body)
    return f"nothing is posted to {asked.service}"


def _forbidden_job(path: str, body: bytes) -> str:
    if path.endswith(":testIamPermissions"):
        return ""
    if not path.endswith(("/jobs", "/queries")):
        return "no question of BigQuery's"
    said = json.loads(body)
    configuration = said.get("configuration", {"query": said})
    if configuration.get("dryRun") or said.get("dryRun"):
        return ""
    if set(configuration) - {"query", "labels", "jobTimeoutMs", "dryRun"}:
        return "a job of another kind than a query"
    query = configuration["query"]
    if written := WHERE_IT_WRITES & set(query):
        return f"a query that writes: {written}"
    if int(query.get("maximumBytesBilled", 0)) <= 0:
        return "a query without a bound on what it bills"
    return not_reading(query["query"], "bigquery")


def not_reading(statement: str, dialect: str) -> str:
    """Why a statement is more than one SELECT; empty where it is one."""
    parsed = sqlglot.parse(statement, dialect=dialect)
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Select | exp.SetOperation):
        return f"no single SELECT: {statement[:200]}"
    writes = (exp.Into, exp.Lock, exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop)
    if parsed[0].find(*writes):
        return f"a SELECT that writes or locks: {statement[:200]}"
    for function in parsed[0].find_all(exp.Anonymous, exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        if name.lower().startswith(CHANGING_FUNCTIONS):
            return f"a SELECT that calls {name}"
    return ""


SAVEPOINTS = ("SAVEPOINT ", "RELEASE ", "ROLLBACK TO ")


def wrong_in_session(session: Session) -> Iterator[str]:
    """All that PostgreSQL was told outside a bounded read-only transaction of altui's."""
    if session.greeting.get("application_name") != "altui":
        yield f"application_name {session.greeting.get('application_name')!r}"
    read_only = bounded = False
    for statement in session.statements:
        words = " ".join(statement.upper().split())
        if words.startswith(("BEGIN", "START TRANSACTION")):
            read_only, bounded = "READ ONLY" in words, False
        elif words.startswith("SET LOCAL"):
            bounded = bounded or "STATEMENT_TIMEOUT" in words
            if "READ WRITE" in words or "READ_ONLY" in words:
                yield statement
        elif words.startswith(SAVEPOINTS):
            continue
        elif words in {"COMMIT", "ROLLBACK"}:
            read_only = bounded = False
        elif why := not_reading(_sent(statement), "postgres"):
            yield why
        elif not (read_only and bounded):
            yield f"outside a bounded read-only transaction: {statement[:200]}"


def _sent(statement: str) -> str:
    """Parameters as sqlglot knows them."""
    for number in range(9, 0, -1):
        statement = statement.replace(f"${number}", "NULL")
    return statement


def wrong(recorders: Recorders) -> list[str]:
    requests = [f"{why}: {one}" for one in list(recorders.http) if (why := forbidden(one))]
    return requests + [why for one in list(recorders.postgres) for why in wrong_in_session(one)]


# What is tried


@dataclass(frozen=True)
class Wire:
    recorders: Recorders
    environ: dict[str, str]
    """What altui is started with: its settings lead through the recorders."""


@pytest.fixture(scope="module")
def recording(sandbox: Sandbox) -> Iterator[tuple[Recorders, dict[str, str]]]:
    with recorded(sandbox.env) as (recorders, env):
        yield recorders, env


@pytest.fixture
def wire(recording: tuple[Recorders, dict[str, str]], tmp_path: Path) -> Wire:
    recorders, env = recording
    recorders.clear()
    recorders.on_statement = lambda session, statement: None
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALTUI_")}
    mine = {name for leaf in leaves() for name in leaf.names}
    settings = {name: value for name, value in env.items() if name in mine}
    own = {"ALTUI_STATE_DIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    return Wire(recorders, {**kept, **settings, **own})


def altui(environ: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "altui", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


TRIES = [
    pytest.param(verb, words, id=" ".join(words)) for verb in VERBS.values() for words in verb.tries
]


@pytest.mark.parametrize("read_only", [True, False], ids=["read-only", "free"])
@pytest.mark.parametrize(("verb", "words"), TRIES)
def test_a_verb_that_looks_writes_nothing(
    wire: Wire,
    tmp_path: Path,
    verb: Verb,
    words: tuple[str, ...],
    read_only: bool,
):
    recorders, environ = wire.recorders, wire.environ
    said = [word.format(tmp=tmp_path) for word in words]
    ran = altui(environ, *(["--read-only"] if read_only else []), *said)
    assert ran.returncode in (0, 1), ran.stderr + ran.stdout
    assert recorders.services() >= verb.asks, "the recorders saw it"
    paths = [urlsplit(one.path).path for one in recorders.http]
    assert [end for end in verb.calls if not any(path.endswith(end) for path in paths)] == []
    assert wrong(recorders) == []


@pytest.mark.parametrize("read_only", [True, False], ids=["read-only", "free"])
def test_the_dashboard_and_its_observer_write_nothing(
    wire: Wire,
    tmp_path: Path,
    read_only: bool,
):
    recorders, environ = wire.recorders, wire.environ
    command = [sys.executable, "-m", "altui", *(["--read-only"] if read_only else [])]
    terminal = Terminal(command, environ, 40, 120)
    directory = tmp_path / environ["ALTUI_PROFILE"]
    try:
        terminal.read_until(b"quit", PATIENCE)
        with closing(Store.open(directory)) as store:
            until(lambda: store.assessment() is not None, terminal)
            for keys in (b"1", b"2", b"3", b"4")[:LOOKS]:
                terminal.send(keys)
                terminal.send(b"\r")
                ticket = store.request()
                until(lambda ticket=ticket: store.served(ticket), terminal)
                terminal.send(b"r")
                terminal.send(b"q")
            assert store.observed()
            terminal.send(b"q")
            terminal.wait(PATIENCE)
            until(lambda: not store.observed())
    finally:
        terminal.close()
    assert recorders.services() >= ALL
    assert len(recorders.postgres) >= LOOKS, "it did look again and again"
    assert wrong(recorders) == []
    assert "Traceback" not in (directory / "observer.log").read_text()


def until(reached: Callable[[], bool], terminal: Terminal | None = None) -> None:
    """Waits for what another process does, reading what the terminal writes meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        if terminal is not None:
            terminal.read_for(0.05)
        else:
            time.sleep(0.05)


def export(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    script = ROOT / "analytics" / "export" / "export_to_es.py"
    return subprocess.run(
        [sys.executable, script], env=environ, capture_output=True, text=True, check=False
    )


def test_the_export_refuses_before_it_asks_anyone(wire: Wire):
    recorders, environ = wire.recorders, wire.environ
    ran = export({**environ, "ALTUI_READ_ONLY": "true"})
    assert ran.returncode == 1
    assert json.loads(ran.stdout) == {"total_success": 0, "total_errors": 1}
    assert "read-only" in ran.stderr
    assert recorders.services() == set()


def test_a_write_would_be_noticed(wire: Wire):
    """The export, free to write: the recorders see it, and the rules above refuse it."""
    recorders, environ = wire.recorders, wire.environ
    assert export(environ).returncode == 0
    refused = wrong(recorders)
    assert refused
    assert all("_bulk" in one or "_refresh" in one for one in refused)


def test_the_server_knows_who_asks_and_ends_what_takes_too_long(sandbox: Sandbox, wire: Wire):
    """pg_stat_activity while altui's count waits for a lock; then the server's own timeout."""
    recorders, environ = wire.recorders, wire.environ
    activity: list[Any] = []
    with (
        psycopg.connect(sandbox.env["POSTGRES_ADMIN_DSN"], autocommit=True) as admin,
        psycopg.connect(sandbox.env["POSTGRES_ADMIN_DSN"]) as holder,
    ):

        def look(session: Session, statement: str) -> None:
            if "public" in statement and "FROM" in statement:
                found = admin.execute(
                    "SELECT application_name, usename, state, query FROM pg_stat_activity"
                    " WHERE client_port = %s",
                    [session.port],
                ).fetchone()
                activity.append(found)

        recorders.on_statement = look
        holder.execute("SET lock_timeout = '20s'")
        holder.execute("LOCK TABLE public.emails IN ACCESS EXCLUSIVE MODE")
        limited = {**environ, "ALTUI_POSTGRES_STATEMENT_TIMEOUT_MS": "700"}
        report = json.loads(altui(limited, "check", "--json").stdout)
        holder.rollback()
    assert activity
    assert {row[:3] for row in activity} == {("altui", "altui_reader", "idle in transaction")}
    assert report["stages"]["postgres"]["state"] == "unknown"
    assert report["stages"]["bigquery"]["state"] in {"ok", "due"}, "it costs one table"
    (unread,) = [one for one in report["findings"] if one["check"] == "table.unread"]
    assert "emails" in unread["subject"]
    assert "55P03" in json.dumps(unread["evidence"])
    assert wrong(recorders) == []


@pytest.mark.parametrize(
    "asked",
    [
        Asked("elasticsearch", "PUT", "/x/_doc/1"),
        Asked("elasticsearch", "POST", "/_bulk"),
        Asked("elasticsearch", "POST", "/x/_search/../_refresh"),
        Asked("elasticsearch", "DELETE", "/x"),
        Asked("kibana", "POST", "/api/saved_objects/_import"),
        Asked("fivetran", "POST", "/v1/connections/x/sync"),
        Asked("github", "POST", "/repos/o/r/actions/workflows/w/dispatches"),
        Asked("pagerduty", "POST", "/v2/enqueue"),
        Asked("bigquery", "gRPC", "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows"),
        *(
            Asked("bigquery", "POST", "/bigquery/v2/projects/p/jobs", json.dumps(job).encode())
            for job in (
                {"configuration": {"load": {}}},
                {"configuration": {"query": {"query": "SELECT 1"}}},
                *(
                    {"configuration": {"query": {"maximumBytesBilled": "9", **query}}}
                    for query in (
                        {"query": "DELETE FROM t WHERE TRUE"},
                        {"query": "SELECT 1; DROP TABLE t"},
                        {"query": "CREATE TABLE t AS SELECT 1"},
                        {"query": "MERGE t USING s ON FALSE WHEN NOT MATCHED THEN INSERT ROW"},
                        {"query": "SELECT 1", "destinationTable": {}},
                    )
                ),
            )
        ),
    ],
    ids=str,
)
def test_the_rules_refuse(asked: Asked):
    assert forbidden(asked)


@pytest.mark.parametrize(
    "statements",
    [
        ["SELECT 1"],
        ["BEGIN", "SET LOCAL statement_timeout = 5", "SELECT 1"],
        ["BEGIN READ ONLY", "SELECT 1"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "COMMIT", "SELECT 1"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "DELETE FROM t"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "SELECT 1 FROM t FOR UPDATE"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "SELECT pg_terminate_backend(1)"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "SELECT nextval('s')"],
        ["BEGIN READ ONLY", "SET LOCAL statement_timeout = 5", "COPY t FROM STDIN"],
        ["BEGIN READ ONLY", "SET LOCAL transaction_read_only = off"],
    ],
    ids=lambda statements: statements[-1],
)
def test_the_rules_refuse_a_session(statements: list[str]):
    assert list(wrong_in_session(Session({"application_name": "altui"}, statements)))


def test_the_rules_refuse_a_stranger():
    assert list(wrong_in_session(Session({"application_name": "psql"})))
