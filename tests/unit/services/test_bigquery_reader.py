"""Google's client against a server that answers by a script, and its errors in our words."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from altui.config import BigQuerySettings
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Measure, Pipeline, Table
from altui.services.bigquery import FLOOR, BigQueryReader
from altui.services.bigquery_errors import translated
from altui.services.errors import ServiceError
from altui.store.budget import Budget
from altui.store.store import Store
from tests.answering import Scripted

START = date(2026, 8, 25)
PIPELINE = Pipeline(
    tables=(Table("emails", "public.emails", "public_emails", "stg_emails", "received_at"),),
    marts=(
        Mart(
            "mrt_a",
            "a",
            table="emails",
            count="emails",
            measures=(Measure("avg_risk", "AVG(risk_score)"), Measure("most", "MAX(risk_score)")),
        ),
    ),
)
TABLES = "/bigquery/v2/projects/p/datasets"
COLUMNS = {
    "public_emails": {
        "received_at": "TIMESTAMP",
        "_fivetran_synced": "TIMESTAMP",
        "_fivetran_deleted": "BOOLEAN",
    },
    "stg_emails": {"received_at": "TIMESTAMP"},
    "mrt_a": {"d": "DATE", "emails": "INTEGER", "avg_risk": "FLOAT", "most": "NUMERIC"},
}
NOT_FOUND = {"error": {"code": 404, "message": "Not found: Table p:x", "errors": []}}


def table(dataset: str, name: str) -> Any:
    return {
        "tableReference": {"projectId": "p", "datasetId": dataset, "tableId": name},
        "type": "VIEW" if name.startswith("stg") else "TABLE",
        "numRows": "60159",
        "numBytes": "123456",
        "lastModifiedTime": "1795392000000",
        "schema": {"fields": [{"name": key, "type": kind} for key, kind in COLUMNS[name].items()]},
    }


def micros(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1_000_000))


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = micros(NOON.replace(day=1))
ROWS: list[tuple[str | None, ...]] = [
    ("raw.emails", None, "900", "950", FIRST, FIRST, None, None),
    ("raw.emails", "2026-11-22", "150", "151", micros(NOON), micros(NOON), None, None),
    ("staging.emails", None, "900", "900", None, FIRST, "50.5", "99"),
    ("staging.emails", "2026-11-22", "150", "150", None, micros(NOON), "41.25", "NaN"),
    ("mart.mrt_a", "2026-11-22", "150", "1", None, micros(NOON), "41.0", None),
]
SCHEMA = {
    "fields": [
        {"name": "series", "type": "STRING"},
        {"name": "day", "type": "DATE"},
        {"name": "n", "type": "INTEGER"},
        {"name": "n_rows", "type": "INTEGER"},
        {"name": "changed", "type": "TIMESTAMP"},
        {"name": "latest", "type": "TIMESTAMP"},
        {"name": "m0", "type": "FLOAT"},
        {"name": "m1", "type": "FLOAT"},
    ]
}


class Warehouse:
    """The few methods of BigQuery's REST API that a reading uses."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.missing: set[str] = set()
        self.cache_hit = False
        self.job_error: tuple[int, Any] | None = None
        self.refuses: dict[str, str] = {}
        """Words of a query's text, and what is answered to a dry run that has them."""
        self.fails_at_run_time: dict[str, str] = {}
        self.kind = "SELECT"
        self.processed = 5000
        self.results: Callable[[], tuple[int, Any]] | None = None
        """What is answered to who asks for a query's rows, instead of them."""

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        plain = path.split("?", maxsplit=1)[0]
        if plain.startswith(TABLES):
            _, _, dataset, _, name = plain.removeprefix("/bigquery/v2/projects/").split("/")
            return (404, NOT_FOUND) if name in self.missing else (200, table(dataset, name))
        if method == "POST":
            return self.insert(json.loads(body))
        rows = [{"f": [{"v": value} for value in row]} for row in ROWS]
        if "/queries/" in plain and self.results:
            return self.results()
        if "/queries/" in plain:
            answer = {"jobComplete": True, "schema": SCHEMA, "rows": rows, "totalRows": len(rows)}
            return 200, {"jobReference": self.jobs[-1]["jobReference"], **answer}
        return 200, self.finished(self.jobs[-1])

    def insert(self, job: Any) -> tuple[int, Any]:
        self.jobs.append(job)
        text = job["configuration"]["query"]["query"]
        dry = job["configuration"].get("dryRun", False)
        for words, answer in (self.refuses if dry else self.fails_at_run_time).items():
            if words in text:
                return error(400, "invalidQuery", answer)
        return self.job_error or (200, self.finished(job))

    def finished(self, job: Any) -> Any:
        statistics = {
            "totalBytesProcessed": str(self.processed),
            "query": {
                "totalBytesProcessed": str(self.processed),
                "totalBytesBilled": str(3 * FLOOR),
                "cacheHit": self.cache_hit,
                "statementType": self.kind,
            },
        }
        return {**job, "id": "p:j", "status": {"state": "DONE"}, "statistics": statistics}


@pytest.fixture
def warehouse(server: Scripted) -> Warehouse:
    server.script = Warehouse()
    return server.script


@pytest.fixture
def reader(server: Scripted) -> BigQueryReader:
    settings = BigQuerySettings(project="p", dataset="raw", emulator_host=server.url)
    return BigQueryReader(settings, PIPELINE, 5.0, 5.0)


async def test_tables(warehouse: Warehouse, reader: BigQueryReader) -> None:
    warehouse.missing = {"mrt_a"}
    seen = await reader.tables()
    assert list(seen.tables) == ["raw.public_emails", "raw_staging.stg_emails"]
    meta = seen.tables["raw.public_emails"]
    assert (meta.rows, meta.bytes, meta.kind) == (60159, 123456, "TABLE")
    assert meta.modified == datetime(2026, 11, 23, tzinfo=UTC)
    assert seen.tables["raw_staging.stg_emails"].kind == "VIEW"
    assert seen.missing == {"raw_marts.mrt_a": "Not found: Table p:x"}


async def test_counts(warehouse: Warehouse, reader: BigQueryReader) -> None:
    seen = await reader.counts(START)
    raw, mart = seen.series["raw.emails"], seen.series["mart.mrt_a"]
    assert (raw.rows, raw.physical) == (1050, 1101)
    assert raw.by_day == {date(2026, 11, 22): 150}
    assert raw.changed == {date(2026, 11, 22): NOON}
    assert (raw.latest, raw.synced) == (NOON, NOON)
    assert (mart.rows, mart.by_day, mart.physical) == (1, {date(2026, 11, 22): 150}, None)
    assert seen.series["staging.emails"].synced is None
    assert seen.missing == {}


async def test_the_bill_is_estimated_capped_and_recorded(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    seen = await reader.counts(START)
    dry, real = (job["configuration"] for job in warehouse.jobs)
    assert dry["dryRun"] is True
    assert real["query"]["maximumBytesBilled"] == str(6 * FLOOR)
    assert int(real["jobTimeoutMs"]) <= 5000
    assert seen.bytes == 3 * FLOOR
    parameter = real["query"]["queryParameters"][0]
    assert parameter["parameterType"] == {"type": "DATE"}
    assert parameter["parameterValue"] == {"value": "2026-08-25"}


async def test_measures_come_with_the_counts(warehouse: Warehouse, reader: BigQueryReader) -> None:
    seen = await reader.counts(START)
    day = date(2026, 11, 22)
    assert seen.series["staging.emails"].measures == {"avg_risk": {day: 41.25}, "most": {day: None}}
    assert seen.series["mart.mrt_a"].measures == {"avg_risk": {day: 41.0}, "most": {day: None}}
    assert seen.series["raw.emails"].measures == {}
    assert seen.unmeasured == {}
    assert len(warehouse.jobs) == 2, "one dry run and one query, whatever is measured"


async def test_the_estimate_serves_until_the_tables_have_grown(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    for _ in range(3):
        await reader.counts(START)
    assert [job["configuration"].get("dryRun", False) for job in warehouse.jobs] == [
        True,
        False,
        False,
        False,
    ]


async def test_an_expression_that_bigquery_refuses_is_named_and_left_out(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    warehouse.refuses = {"AVG(risk_score)": "Unrecognized name: risk_score at [3:9]"}
    seen = await reader.counts(START)
    assert seen.unmeasured == {"staging.emails.avg_risk": "Unrecognized name: risk_score at [3:9]"}
    assert list(seen.series["staging.emails"].measures) == ["most"]
    assert list(seen.series["mart.mrt_a"].measures) == ["avg_risk", "most"]
    assert seen.series["raw.emails"].rows == 1050


async def test_a_refusal_that_is_no_measures_is_told_as_it_is(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    warehouse.refuses = {"UNION ALL": "Syntax error"}
    with pytest.raises(ServiceError, match="Syntax error"):
        await reader.counts(START)


async def test_an_expression_that_fails_on_the_rows_costs_the_measures_not_the_counts(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    warehouse.fails_at_run_time = {"AVG(risk_score)": "division by zero"}
    seen = await reader.counts(START)
    assert seen.unmeasured == {
        "staging.emails.avg_risk": "division by zero",
        "staging.emails.most": "division by zero",
    }
    assert seen.series["staging.emails"].measures == {}
    assert seen.series["mart.mrt_a"].measures != {}
    assert seen.series["raw.emails"].rows == 1050


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (None, "raw_marts.mrt_a has no column most"),
        ("STRING", "raw_marts.mrt_a.most is STRING, no number"),
    ],
)
async def test_a_measure_that_the_mart_does_not_hold(
    warehouse: Warehouse, reader: BigQueryReader, monkeypatch: Any, kind: str | None, words: str
) -> None:
    columns = {key: type_ for key, type_ in COLUMNS["mrt_a"].items() if key != "most"}
    monkeypatch.setitem(COLUMNS, "mrt_a", columns | ({"most": kind} if kind else {}))
    seen = await reader.counts(START)
    assert seen.unmeasured == {"mart.mrt_a.most": words}
    assert list(seen.series["mart.mrt_a"].measures) == ["avg_risk"]


async def test_an_expression_that_would_write_is_never_run(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    warehouse.kind = "SCRIPT"
    with pytest.raises(ServiceError, match="only reads was refused: it is SCRIPT"):
        await reader.counts(START)
    assert all(job["configuration"].get("dryRun") for job in warehouse.jobs)


class Spending(NamedTuple):
    """A reader whose queries count against a day's budget, and the store that holds it."""

    reader: BigQueryReader
    store: Store
    budget: Budget

    @property
    def billed(self) -> int:
        return self.store.billed(NOON.date())


MakeSpending = Callable[..., Spending]


@pytest.fixture
def spending(server: Scripted, tmp_path: Path) -> Iterator[MakeSpending]:
    settings = BigQuerySettings(project="p", dataset="raw", emulator_host=server.url)
    store = Store.open(tmp_path)

    def make(daily: int, seconds: float = 5.0) -> Spending:
        budget = Budget(store, lambda: NOON, daily)
        reader = BigQueryReader(settings, PIPELINE, seconds, seconds, budget)
        return Spending(reader, store, budget)

    yield make
    store.close()


async def test_what_is_billed_is_taken_from_the_days_budget(
    warehouse: Warehouse, spending: MakeSpending
) -> None:
    warehouse.processed = 20 * FLOOR
    seen = spending(50 * FLOOR)
    assert (await seen.reader.counts(START)).bytes == 3 * FLOOR
    assert seen.billed == 3 * FLOOR, "its estimate was more"
    warehouse.cache_hit = True
    await seen.reader.counts(START)
    assert seen.billed == 3 * FLOOR


@pytest.mark.parametrize(("left", "asked"), [(3 * FLOOR, 2), (3 * FLOOR - 1, 1)])
async def test_a_query_that_the_days_budget_does_not_hold_is_not_run(
    warehouse: Warehouse, spending: MakeSpending, left: int, asked: int
) -> None:
    reader = spending(left).reader
    if asked == 2:
        await reader.counts(START)
        limit = warehouse.jobs[-1]["configuration"]["query"]["maximumBytesBilled"]
        assert limit == str(3 * FLOOR), "never more than is left"
    else:
        with pytest.raises(ServiceError, match="bills 30 MiB, today's budget has 30 MiB") as raised:
            await reader.counts(START)
        assert raised.value.trouble is Trouble.budget
        assert not raised.value.costly
    assert len(warehouse.jobs) == asked


async def test_queries_that_never_end_stop_at_the_days_budget(
    warehouse: Warehouse, spending: MakeSpending, server: Scripted
) -> None:
    """Each may be charged in full, whoever waits for it."""
    warehouse.processed = 20 * FLOOR
    warehouse.results = lambda: error(403, "accessDenied", "Access Denied: the job's rows")
    seen = spending(50 * FLOOR)
    troubles: list[tuple[Trouble, bool]] = []
    for _ in range(3):
        with pytest.raises(ServiceError) as raised:
            await seen.reader.counts(START)
        troubles.append((raised.value.trouble, raised.value.costly))
    assert troubles == [(Trouble.denied, True), (Trouble.denied, True), (Trouble.budget, False)]
    begun = [job for job in warehouse.jobs if not job["configuration"].get("dryRun")]
    assert (len(begun), seen.billed) == (2, 40 * FLOOR)


async def test_a_query_that_is_given_up_is_paid_for(
    warehouse: Warehouse, spending: MakeSpending, server: Scripted
) -> None:
    warehouse.results = lambda: server.hang("", "", b"")
    seen = spending(50 * FLOOR, seconds=0.3)
    with pytest.raises(ServiceError) as raised:
        await seen.reader.counts(START)
    assert (raised.value.trouble, raised.value.costly) == (Trouble.unreachable, True)
    assert seen.billed == 3 * FLOOR


async def test_a_look_that_is_cut_short_from_outside_is_paid_for(
    warehouse: Warehouse, spending: MakeSpending, server: Scripted
) -> None:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()

    def results() -> tuple[int, Any]:
        if not asked.is_set():  # it asks again when the test is over
            loop.call_soon_threadsafe(asked.set)
        return server.hang("", "", b"")

    warehouse.results = results
    seen = spending(50 * FLOOR)
    looking = asyncio.create_task(seen.reader.counts(START))
    await asyncio.wait_for(asked.wait(), 5)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert seen.billed == 3 * FLOOR


@pytest.mark.parametrize(
    ("answer", "costly"),
    [
        ((403, "accessDenied"), False),
        ((400, "invalidQuery"), False),
        ((500, "bytesBilledLimitExceeded"), False),
        ((501, "notImplemented"), True),
    ],
)
async def test_a_query_that_was_surely_not_run_costs_nothing(
    warehouse: Warehouse, spending: MakeSpending, answer: tuple[int, str], costly: bool
) -> None:
    real = warehouse.insert
    seen = spending(50 * FLOOR)

    def insert(job: Any) -> tuple[int, Any]:
        dry = job["configuration"].get("dryRun")
        return real(job) if dry else error(*answer, "no")

    warehouse.insert = insert
    with pytest.raises(ServiceError) as raised:
        await seen.reader.counts(START)
    assert raised.value.costly is costly
    assert seen.billed == (3 * FLOOR if costly else 0)


async def test_a_query_that_fails_on_the_rows_is_not_paid_for_twice(
    warehouse: Warehouse, spending: MakeSpending
) -> None:
    warehouse.fails_at_run_time = {"AVG(risk_score)": "division by zero"}
    seen = spending(50 * FLOOR)
    assert (await seen.reader.counts(START)).bytes == 3 * FLOOR
    assert seen.billed == 3 * FLOOR


async def test_an_answer_from_the_cache_costs_nothing(
    warehouse: Warehouse, reader: BigQueryReader
) -> None:
    warehouse.cache_hit = True
    assert (await reader.counts(START)).bytes == 0


async def test_a_missing_table_does_not_break_the_whole(
    warehouse: Warehouse, reader: BigQueryReader, monkeypatch: Any
) -> None:
    warehouse.missing = {"stg_emails"}
    monkeypatch.setitem(COLUMNS, "mrt_a", {"d": "DATE"})
    seen = await reader.counts(START)
    assert list(seen.series) == ["raw.emails"]
    assert seen.missing == {
        "staging.emails": "Not found: Table p:x",
        "mart.mrt_a": "raw_marts.mrt_a has no column emails",
    }


async def test_nothing_to_count_is_not_asked(warehouse: Warehouse, reader: BigQueryReader) -> None:
    warehouse.missing = set(COLUMNS)
    seen = await reader.counts(START)
    assert (seen.series, seen.bytes, len(seen.missing), warehouse.jobs) == ({}, 0, 3, [])


def error(code: int, reason: str, message: str) -> tuple[int, Any]:
    one = {"reason": reason, "message": message}
    return code, {"error": {"code": code, "message": message, "errors": [one]}}


@pytest.mark.parametrize(
    ("answer", "trouble", "words"),
    [
        (
            error(403, "accessDenied", "Access Denied: no bigquery.jobs.create"),
            Trouble.denied,
            "403 Access Denied: no bigquery.jobs.create",
        ),
        (
            error(403, "quotaExceeded", "Quota exceeded: queries"),
            Trouble.refused,
            "403 Quota exceeded: queries",
        ),
        (
            error(500, "bytesBilledLimitExceeded", "limit exceeded"),
            Trouble.refused,
            "500 limit exceeded",
        ),
        (
            error(400, "invalidQuery", "Unrecognized name: emails at [3:1]"),
            Trouble.missing,
            "400 Unrecognized name: emails at [3:1]",
        ),
        (
            error(401, "authError", "Invalid Credentials"),
            Trouble.denied,
            "401 credentials wanted: Anonymous credentials cannot be refreshed.",
        ),
    ],
)
async def test_refusals(
    warehouse: Warehouse, reader: BigQueryReader, answer: Any, trouble: Trouble, words: str
) -> None:
    warehouse.job_error = answer
    with pytest.raises(ServiceError) as raised:
        await reader.counts(START)
    assert (raised.value.trouble, raised.value.words) == (trouble, words)


async def test_no_json(server: Scripted, reader: BigQueryReader) -> None:
    server.script = lambda method, path, body: (200, b"<html>")
    with pytest.raises(ServiceError) as raised:
        await reader.tables()
    assert raised.value.trouble is Trouble.nonsense


async def test_silence_ends_at_the_deadline(server: Scripted) -> None:
    server.script = server.hang
    settings = BigQuerySettings(project="p", emulator_host=server.url)
    for ask in (
        BigQueryReader(settings, PIPELINE, 0.2, 0.2).tables,
        lambda: BigQueryReader(settings, PIPELINE, 0.2, 0.2).counts(START),
    ):
        with pytest.raises(ServiceError) as raised:
            await ask()
        assert raised.value.trouble is Trouble.unreachable


async def test_off_without_project() -> None:
    with pytest.raises(ServiceError, match="BQ_PROJECT") as raised:
        await BigQueryReader(BigQuerySettings(), PIPELINE).tables()
    assert raised.value.trouble is Trouble.off


async def test_a_key_file_that_is_not_there() -> None:
    settings = BigQuerySettings(project="p", credentials="no/such/key.json")
    with pytest.raises(ServiceError, match="no credentials") as raised:
        await BigQueryReader(settings, PIPELINE).tables()
    assert raised.value.trouble is Trouble.misconfigured


def _raise(error: Exception) -> Callable[[], None]:
    def raising() -> None:
        raise error

    return raising


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (api.ServiceUnavailable("down"), Trouble.refused),
        (api.TooManyRequests("slow down"), Trouble.unreachable),
        (api.RetryError("late", api.ServiceUnavailable("down")), Trouble.refused),
        (api.RetryError("late", requests.ConnectionError("refused")), Trouble.unreachable),
        (api.PermissionDenied("no"), Trouble.denied),
        (requests.Timeout("slow"), Trouble.unreachable),
        (requests.exceptions.MissingSchema("no scheme"), Trouble.misconfigured),
        (requests.exceptions.InvalidSchema("ftp://x/"), Trouble.nonsense),
        (requests.exceptions.InvalidURL("http://:0"), Trouble.nonsense),
        (requests.exceptions.InvalidProxyURL("socks"), Trouble.misconfigured),
        (
            requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."),
            Trouble.misconfigured,
        ),
        (auth.TransportError("Missing dependencies for SOCKS support."), Trouble.misconfigured),
        (requests.exceptions.ContentDecodingError("no gzip"), Trouble.nonsense),
        (auth.TransportError("no route"), Trouble.unreachable),
        (auth.RefreshError("invalid_grant"), Trouble.denied),
        (auth.RefreshError("try again", retryable=True), Trouble.unreachable),
        (PermissionError(13, "Permission denied"), Trouble.unreachable),
        (TimeoutError(), Trouble.unreachable),
        (KeyError("schema"), Trouble.nonsense),
    ],
)
def test_exceptions_of_googles_libraries(error: Exception, trouble: Trouble) -> None:
    with pytest.raises(ServiceError) as raised, translated("here"):
        _raise(error)()
    assert raised.value.trouble is trouble
    assert raised.value.words


@pytest.mark.parametrize("location", ["ftp://x/", "mailto:a@b", "http://[::1"])
async def test_a_redirect_to_what_is_no_url_is_nonsense(server: Scripted, location: str) -> None:
    server.script = lambda method, path, body: (302, {})
    server.headers_sent = {"Location": location}
    settings = BigQuerySettings(project="p", emulator_host=server.url)
    with pytest.raises(ServiceError) as raised:
        await BigQueryReader(settings, PIPELINE).tables()
    assert raised.value.trouble is Trouble.nonsense, raised.value


@pytest.mark.parametrize(
    ("proxy", "trouble", "words"),
    [
        ("socks5://me:hunter2@127.0.0.1:9", Trouble.misconfigured, "set HTTPS_PROXY or NO_PROXY"),
        ("http://[hunter2", Trouble.nonsense, "by HTTPS_PROXY"),
    ],
)
async def test_a_proxy_that_cannot_be_used(
    proxy: str, trouble: Trouble, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", proxy)
    settings = BigQuerySettings(project="p", emulator_host="http://bigquery.test")
    with pytest.raises(ServiceError, match=words) as raised:
        await BigQueryReader(settings, PIPELINE).tables()
    assert raised.value.trouble is trouble
    assert "hunter2" not in str(raised.value)
