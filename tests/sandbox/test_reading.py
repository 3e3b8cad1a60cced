"""Every figure an adapter reads equals what the engine says when it is asked directly."""

import base64
import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from altui.clock import clock_of
from altui.config import Settings, load
from altui.core.model.days import day_of
from altui.core.model.observed import Trouble
from altui.core.model.pipeline import Mart, Pipeline, Table
from altui.core.model.reading import (
    Cluster,
    Connection,
    Counts,
    Kibana,
    Runs,
    Sample,
    Series,
    SyncTables,
    Warehouse,
)
from altui.core.queries.query import Query
from altui.observe.probes import Probe, granters, probes
from altui.services.bigquery import BigQueryReader
from altui.services.errors import ServiceError
from altui.services.postgres import PostgresReader
from tests.living import Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def environment(sandbox: Sandbox) -> Iterator[Mapping[str, str]]:
    """What the sandbox's env file says, while its writer rests."""
    sandbox.do("writer", "pause")
    yield sandbox.env
    sandbox.do("writer", "resume")


@pytest.fixture(scope="module")
def settings(environment: Mapping[str, str]) -> Settings:
    return load(environment)


@pytest.fixture(scope="module")
def table(settings: Settings) -> dict[str, Probe]:
    return {probe.id: probe for probe in probes(settings, clock_of(settings.clock))}


def http(url: str, headers: Mapping[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, headers=dict(headers or {}))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def test_postgres_counts(table: dict[str, Probe], settings: Settings) -> None:
    seen = await table["postgres.counts"].read()
    assert isinstance(seen, Counts)
    assert set(seen.series) == {"emails", "applications"}
    with psycopg.connect(settings.postgres.dsn.reveal()) as asked:
        asked.execute("SET TIME ZONE 'Asia/Tokyo'")  # a day is UTC's, whatever a session's zone
        for name, day in (("emails", "received_at"), ("applications", "created_at")):
            series = seen.series[name]
            total, latest = asked.execute(f"SELECT count(*), max({day}) FROM {name}").fetchone()
            assert (series.rows, series.latest) == (total, latest)
            for wanted in (seen.start, max(series.by_day), max(series.by_day) - timedelta(7)):
                found, written = asked.execute(
                    f"SELECT count(*), max(greatest(created_at, updated_at)) FROM {name}"
                    f" WHERE {day} >= %s AND {day} < %s",
                    (midnight(wanted), midnight(wanted + timedelta(1))),
                ).fetchone()
                assert series.by_day.get(wanted, 0) == found, wanted
                assert series.changed.get(wanted) == written, wanted
            since = asked.execute(
                f"SELECT count(*) FROM {name} WHERE {day} >= %s", (midnight(seen.start),)
            ).fetchone()
            assert sum(series.by_day.values()) == since[0]


async def test_the_text_shown_can_be_repeated(table: dict[str, Probe], settings: Settings) -> None:
    seen = await table["postgres.counts"].read()
    assert isinstance(seen, Counts)
    with psycopg.connect(settings.postgres.dsn.reveal()) as asked:
        asked.execute("SET TIME ZONE 'UTC'")
        rows = asked.execute(seen.query.encode()).fetchall()
    assert sum(row[2] for row in rows) == sum(series.rows for series in seen.series.values())


async def test_postgres_is_read_only_bounded_and_names_itself(settings: Settings) -> None:
    reader = PostgresReader(settings.postgres, settings.pipeline.tables)
    names = (
        *("transaction_read_only", "application_name", "TimeZone", "statement_timeout"),
        *("lock_timeout", "idle_in_transaction_session_timeout"),
    )
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    async with reader._session() as session:
        ((read_only, name, zone, statement, lock, idle),) = await session.rows(
            Query(f"SELECT {asked}")
        )
        assert (read_only, name, zone, statement, lock) == ("on", "altui", "UTC", "5s", "2500ms")
        assert idle.endswith("ms"), "it ends with the reading at the latest"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await session.rows(Query("CREATE TABLE mine (id int)"))


async def test_a_locked_table_costs_itself_and_not_the_others(
    environment: Mapping[str, str], settings: Settings
) -> None:
    reader = PostgresReader(settings.postgres, settings.pipeline.tables)
    now = clock_of(settings.clock)()
    with psycopg.connect(environment["POSTGRES_ADMIN_DSN"]) as admin:
        admin.execute("LOCK TABLE applications IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        seen = await reader.counts(date(2026, 1, 1), now)
        assert time.monotonic() - began < 12
        (waiting,) = admin.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        admin.rollback()
    assert waiting == 0, "nothing of ours is left in the queue"
    assert list(seen.series) == ["emails"]
    assert seen.failed["applications"].startswith("55P03 canceling statement due to lock timeout")
    assert seen.missing == {}, "it exists"
    again = await reader.counts(date(2026, 1, 1), now)
    assert set(again.series) == {"emails", "applications"}


async def test_when_every_table_is_locked_the_service_is_not_seen(
    environment: Mapping[str, str], settings: Settings
) -> None:
    brief = msgspec.structs.replace(settings.postgres, statement_timeout_ms=100)
    with psycopg.connect(environment["POSTGRES_ADMIN_DSN"]) as admin:
        admin.execute("LOCK TABLE applications, emails IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ServiceError, match="55P03") as raised:
            await PostgresReader(brief, settings.pipeline.tables).counts(date(2026, 1, 1))
        admin.rollback()
    assert raised.value.trouble is Trouble.unreachable


@pytest.fixture
def big(environment: Mapping[str, str]) -> Iterator[Table]:
    """A table of 300,000 rows over 208 days, one a minute."""
    with psycopg.connect(environment["POSTGRES_ADMIN_DSN"], autocommit=True) as admin:
        admin.execute(
            "CREATE TABLE big AS SELECT number AS id, at, at AS created_at, at AS updated_at"
            " FROM generate_series(1, 300000) AS number,"
            " LATERAL (SELECT sandbox.now() - number * interval '1 minute' AS at) AS moments"
        )
        admin.execute("CREATE INDEX ON big (at); ANALYZE big; GRANT SELECT ON big TO altui_reader")
        yield Table("big", "public.big", "", "", "at")
        admin.execute("DROP TABLE big")


async def test_settled_days_are_not_counted_again_and_the_figures_are_the_same(
    big: Table, environment: Mapping[str, str], settings: Settings
) -> None:
    clock, start = clock_of(settings.clock), date(2026, 1, 1)
    reader = PostgresReader(settings.postgres, (big,), quick=0.0)
    first = await reader.counts(start, clock())
    assert (first.series["big"].rows, first.settled) == (300_000, None)
    assert first.series["big"].gap == pytest.approx(60)
    with psycopg.connect(environment["POSTGRES_ADMIN_DSN"]) as admin:
        for days in (0, 0, 1, 40):  # two rows of today, one of yesterday, one that came very late
            admin.execute(
                "INSERT INTO big SELECT 0, sandbox.now() - %s * interval '1 day',"
                " sandbox.now(), sandbox.now()",
                (days,),
            )
        admin.execute("DELETE FROM big WHERE id BETWEEN 100 AND 120")  # of the newest days
    again = await reader.counts(start, clock())
    assert again.settled is not None
    assert again.settled_at is not None
    whole = await PostgresReader(settings.postgres, (big,)).counts(start, clock())
    assert whole.settled is None
    assert again.series["big"].by_day == whole.series["big"].by_day
    assert again.series["big"].changed == whole.series["big"].changed
    hidden = sum(whole.series["big"].by_day.values()) - sum(whole.series["big"].older.values())
    assert hidden == 75 - 1 + 4 or hidden == 75 + 4, "a row a minute, and those that came now"
    assert (again.series["big"].rows, again.series["big"].latest) == (
        whole.series["big"].rows,
        whole.series["big"].latest,
    )
    reader.forget()
    assert (await reader.counts(start, clock())).settled is None, "who asks gets all of it"


@pytest.mark.parametrize(
    ("wrong", "trouble", "words"),
    [
        ("altui_reader:wrong@{place}/applylens", Trouble.denied, "password authentication failed"),
        ("{account}@{place}/elsewhere", Trouble.missing, "does not exist"),
        ("{account}@127.0.0.1:1/applylens", Trouble.unreachable, "refused"),
    ],
)
async def test_postgres_own_words(
    environment: Mapping[str, str], wrong: str, trouble: Trouble, words: str
) -> None:
    account, _, rest = environment["POSTGRES_DSN"].removeprefix("postgresql://").rpartition("@")
    dsn = "postgresql://" + wrong.format(account=account, place=rest.split("/")[0])
    changed = load({**environment, "POSTGRES_DSN": dsn})
    with pytest.raises(ServiceError) as raised:
        await PostgresReader(changed.postgres, changed.pipeline.tables).counts(date(2026, 1, 1))
    assert raised.value.trouble is trouble
    assert words in raised.value.words


async def test_a_source_table_that_is_not_there(settings: Settings) -> None:
    gone = Table("gone", "public.gone", "g", "g", "at")
    tables = (gone, *settings.pipeline.tables)
    seen = await PostgresReader(settings.postgres, tables).counts(date(2026, 1, 1))
    assert seen.missing == {"gone": 'relation "public.gone" does not exist'}
    assert set(seen.series) == {"emails", "applications"}


@pytest.mark.parametrize(
    ("table", "trouble", "words"),
    [
        (
            Table("a", "pg_catalog.pg_authid", "", "", "rolvaliduntil", "rolvaliduntil", None),
            Trouble.denied,
            "42501",
        ),
        (Table("e", "public.emails", "", "", "no_such_column"), Trouble.missing, "42703"),
    ],
)
async def test_a_source_table_that_cannot_be_read(
    settings: Settings, table: Table, trouble: Trouble, words: str
) -> None:
    with pytest.raises(ServiceError, match=words) as raised:
        await PostgresReader(settings.postgres, (table,)).counts(date(2026, 1, 1))
    assert raised.value.trouble is trouble


@pytest.fixture(scope="module")
def warehouse(environment: Mapping[str, str]) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    return bigquery.Client(
        project=environment["BQ_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": environment["BIGQUERY_EMULATOR_HOST"]},
    )


def ask(warehouse: Any, sql: str) -> Any:
    return next(iter(warehouse.query(sql).result()))


async def test_bigquery_tables(table: dict[str, Probe], warehouse: Any) -> None:
    seen = await table["bigquery.tables"].read()
    assert isinstance(seen, Warehouse)
    assert (len(seen.tables), seen.missing) == (9, {})
    for name, meta in seen.tables.items():
        direct = warehouse.get_table(f"{warehouse.project}.{name}")
        assert (meta.rows, meta.bytes) == (direct.num_rows, direct.num_bytes), name
        assert meta.modified == direct.modified
        assert meta.kind == direct.table_type


async def test_bigquery_counts(table: dict[str, Probe], warehouse: Any, settings: Settings) -> None:
    seen = await table["bigquery.counts"].read()
    assert isinstance(seen, Counts)
    assert (len(seen.series), seen.missing) == (9, {})
    raw, staging, marts = (
        settings.bigquery.dataset,
        settings.bigquery.staging,
        settings.bigquery.marts,
    )
    for item in settings.pipeline.tables:
        series = seen.series[f"raw.{item.name}"]
        live, physical, synced, latest = ask(
            warehouse,
            f"SELECT COUNTIF(NOT _fivetran_deleted), COUNT(*), MAX(_fivetran_synced),"
            f" MAX(IF(_fivetran_deleted, NULL, {item.day})) FROM {raw}.{item.raw}",
        ).values()
        assert (series.rows, series.physical) == (live, physical)
        assert (series.synced, series.latest) == (synced, latest)
        day = max(series.by_day)
        n, changed = ask(
            warehouse,
            f"SELECT COUNTIF(NOT _fivetran_deleted), MAX(_fivetran_synced)"
            f" FROM {raw}.{item.raw} WHERE DATE({item.day}) = '{day}'",
        ).values()
        assert (series.by_day[day], series.changed[day]) == (n, changed)
        staged = seen.series[f"staging.{item.name}"]
        rows = ask(warehouse, f"SELECT COUNT(*) FROM {staging}.{item.staging}")[0]
        assert (staged.rows, staged.physical, staged.changed) == (rows, None, {})
    for mart in settings.pipeline.marts:
        series = seen.series[f"mart.{mart.name}"]
        count = f"SUM({mart.count})" if mart.count else "COUNT(*)"
        rows, latest, n = ask(
            warehouse,
            f"SELECT COUNT(*), MAX({mart.day}), (SELECT {count} FROM {marts}.{mart.name}"
            f" WHERE {mart.day} >= '{seen.start}') FROM {marts}.{mart.name}",
        ).values()
        assert (series.rows, series.latest) == (rows, midnight(latest))
        assert sum(series.by_day.values()) == n
        for measure in mart.measures:
            day = max(series.by_day)
            stored, computed = ask(
                warehouse,
                f"SELECT (SELECT {measure.name} FROM {marts}.{mart.name}"
                f"  WHERE {mart.day} = '{day}'),"
                f" (SELECT {measure.sql} FROM {staging}.stg_emails"
                f"  WHERE DATE(received_at) = '{day}')",
            ).values()
            assert series.measures[measure.name][day] == stored, measure.name
            staged = seen.series[f"staging.{mart.table}"].measures[measure.name]
            assert staged[day] == computed, measure.name
            assert len(staged) == len(seen.series[f"staging.{mart.table}"].by_day)
        if mart.ops:
            ops = seen.series[f"ops.{mart.ops}"]
            assert ops.rows == ask(warehouse, f"SELECT COUNT(*) FROM {raw}.{mart.ops}")[0]


SMALL = Pipeline(
    tables=(
        Table("soft", "s", "soft", "soft_view", "ts"),
        Table("local", "s", "local", "gone_view", "ts"),
    ),
    marts=(Mart("daily", "daily", count="n", ops="checks", ops_day="day"), Mart("bare", "bare")),
)
SMALL_TABLES = """
CREATE TABLE lab.soft (id INT64, ts TIMESTAMP, _fivetran_synced TIMESTAMP, _fivetran_deleted BOOL);
INSERT INTO lab.soft VALUES
  (1, TIMESTAMP '2026-11-21 23:59:59.999999+00', TIMESTAMP '2026-11-22 01:00:00+00', FALSE),
  (2, TIMESTAMP '2026-11-22 00:00:00+00', TIMESTAMP '2026-11-22 01:00:00+00', FALSE),
  (3, TIMESTAMP '2026-11-22 05:00:00+00', TIMESTAMP '2026-11-22 09:00:00+00', TRUE),
  (4, TIMESTAMP '2026-11-01 05:00:00+00', TIMESTAMP '2026-11-01 06:00:00+00', FALSE),
  (5, NULL, TIMESTAMP '2026-11-01 06:00:00+00', FALSE);
CREATE VIEW lab.soft_view AS SELECT * FROM lab.soft WHERE NOT _fivetran_deleted;
CREATE TABLE lab.local (id INT64, ts DATETIME);
INSERT INTO lab.local VALUES (1, DATETIME '2026-11-22 23:30:00');
CREATE TABLE lab.daily (d DATE, n INT64);
INSERT INTO lab.daily VALUES (DATE '2026-11-21', 7), (DATE '2026-11-22', NULL);
CREATE TABLE lab.checks (day DATE);
CREATE TABLE lab.bare (x INT64)
"""


@pytest.fixture(scope="module")
def lab(warehouse: Any, settings: Settings) -> Iterator[BigQueryReader]:
    """A small warehouse of its own beside the pipeline's."""
    warehouse.create_dataset("lab")
    try:
        for statement in SMALL_TABLES.split(";"):
            warehouse.query(statement).result()
        places = {"dataset": "lab", "staging_dataset": "lab", "marts_dataset": "lab"}
        yield BigQueryReader(msgspec.structs.replace(settings.bigquery, **places), SMALL)
    finally:
        warehouse.delete_dataset("lab", delete_contents=True)


async def test_bigquery_tells_deleted_rows_old_days_and_types_apart(lab: BigQueryReader) -> None:
    seen = await lab.counts(date(2026, 11, 20))
    saturday, sunday = date(2026, 11, 21), date(2026, 11, 22)
    soft = seen.series["raw.soft"]
    assert (soft.rows, soft.physical) == (4, 5)
    assert soft.by_day == {saturday: 1, sunday: 1}
    assert soft.latest == midnight(sunday), "the newest row is deleted"
    assert soft.changed[sunday] == datetime(2026, 11, 22, 9, tzinfo=UTC), "by a deletion"
    assert soft.synced == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert (seen.series["staging.soft"].rows, seen.series["staging.soft"].synced) == (4, None)
    local = seen.series["raw.local"]
    assert local.by_day == {sunday: 1}
    assert local.latest == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    daily = seen.series["mart.daily"]
    assert (daily.rows, daily.by_day, daily.latest) == (
        2,
        {saturday: 7, sunday: 0},
        midnight(sunday),
    )
    assert seen.series["ops.checks"] == Series(0, None)
    assert set(seen.missing) == {"staging.local", "mart.bare"}
    assert "Not found" in seen.missing["staging.local"]
    assert seen.missing["mart.bare"] == "lab.bare has no column d"


async def test_bigquery_bills_at_least_the_floor(table: dict[str, Probe]) -> None:
    seen = await table["bigquery.counts"].read()
    assert isinstance(seen, Counts)
    assert seen.bytes is not None
    assert seen.bytes >= 9 * 10 * 1024**2


async def test_elasticsearch_cluster(
    table: dict[str, Probe], environment: Mapping[str, str]
) -> None:
    seen = await table["elasticsearch.cluster"].read()
    assert isinstance(seen, Cluster)
    url, prefix = environment["ES_URL"], environment["ES_ANALYTICS_INDEX"]
    health = http(f"{url}/_cluster/health")
    assert (seen.name, seen.status) == (health["cluster_name"], health["status"])
    listed = http(f"{url}/_cat/indices/{prefix}_*?format=json&bytes=b")
    assert {index.name: index.docs for index in seen.indices.values()} == {
        row["index"]: int(row["docs.count"]) for row in listed
    }
    assert seen.template


async def test_the_newest_document_of_an_index(
    environment: Mapping[str, str], settings: Settings
) -> None:
    for mart in settings.pipeline.marts:
        seen = await granters(settings)["elasticsearch.sample"](mart.index).read()
        assert isinstance(seen, Sample)
        index = f"{environment['ES_URL']}/{environment['ES_ANALYTICS_INDEX']}_{mart.index}"
        hit = http(f"{index}/_search?size=1&sort={mart.day}:desc")["hits"]["hits"][0]
        assert (seen.index, seen.id) == (hit["_index"], hit["_id"])
        assert [name for name, _ in seen.fields] == list(hit["_source"])
        assert dict(seen.fields)[mart.day] == json.dumps(hit["_source"][mart.day])


async def test_elasticsearch_counts(
    table: dict[str, Probe], environment: Mapping[str, str], settings: Settings
) -> None:
    seen = await table["elasticsearch.counts"].read()
    assert isinstance(seen, Counts)
    for mart in settings.pipeline.marts:
        index = f"{environment['ES_URL']}/{environment['ES_ANALYTICS_INDEX']}_{mart.index}"
        series = seen.series[f"index.{mart.name}"]
        assert series.rows == http(f"{index}/_count")["count"]
        newest = http(f"{index}/_search?size=1&sort={mart.day}:desc")["hits"]["hits"][0]["_source"]
        day = date.fromisoformat(newest[mart.day][:10])
        assert series.latest == midnight(day)
        assert series.by_day[day] == (newest[mart.count] if mart.count else 1)
        for measure in mart.measures:
            assert series.measures[measure.name][day] == newest[measure.name]
        assert series.duplicates == {}


async def test_fivetran(table: dict[str, Probe], environment: Mapping[str, str]) -> None:
    seen = await table["fivetran.connection"].read()
    assert isinstance(seen, Connection)
    account = f"{environment['FIVETRAN_API_KEY']}:{environment['FIVETRAN_API_SECRET']}"
    headers = {"Authorization": "Basic " + base64.b64encode(account.encode()).decode()}
    path = f"{environment['FIVETRAN_URL']}/v1/connections/{environment['FIVETRAN_CONNECTION']}"
    direct = http(path, {**headers, "Accept": "application/json;version=2"})["data"]
    assert seen.succeeded_at == datetime.fromisoformat(direct["succeeded_at"])
    assert seen.setup_state == direct["status"]["setup_state"]
    known = await table["fivetran.schemas"].read()
    assert isinstance(known, SyncTables)
    assert {item.destination for item in known.tables} == {"public_emails", "public_applications"}


async def test_fivetran_finds_the_only_connection(environment: Mapping[str, str]) -> None:
    settings = load({**environment, "FIVETRAN_CONNECTION": ""})
    table = {probe.id: probe for probe in probes(settings, clock_of(settings.clock))}
    seen = await table["fivetran.connection"].read()
    assert isinstance(seen, Connection)
    assert seen.id == environment["FIVETRAN_CONNECTION"]


async def test_github(table: dict[str, Probe], environment: Mapping[str, str]) -> None:
    seen = await table["github.runs"].read()
    assert isinstance(seen, Runs)
    direct = http(
        f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
        "/actions/workflows/analytics-sync.yml/runs?per_page=40",
        {"Authorization": f"Bearer {environment['GITHUB_TOKEN']}"},
    )["workflow_runs"]
    assert [(run.id, run.status, run.conclusion) for run in seen.runs] == [
        (run["id"], run["status"], run["conclusion"]) for run in direct
    ]
    assert await table["github.runs"].read() == seen, "an answer by its ETag is the same"


async def test_kibana(table: dict[str, Probe], settings: Settings) -> None:
    seen = await table["kibana.status"].read()
    assert isinstance(seen, Kibana)
    wanted = settings.pipeline.dashboard
    view = next(view for view in seen.data_views if view.title == wanted.data_view)
    assert view.time_field == wanted.time_field
    assert seen.dashboard
    assert seen.references == (view.id,)
    assert seen.level == "available"


@pytest.mark.parametrize(
    ("variable", "probe"),
    [
        ("FIVETRAN_API_SECRET", "fivetran.connection"),
        ("GITHUB_TOKEN", "github.runs"),
        ("KIBANA_API_KEY", "kibana.status"),
    ],
)
async def test_a_wrong_key_is_denied(
    environment: Mapping[str, str], variable: str, probe: str
) -> None:
    settings = load({**environment, variable: "wrong"})
    table = {item.id: item for item in probes(settings, clock_of(settings.clock))}
    with pytest.raises(ServiceError) as raised:
        await table[probe].read()
    assert raised.value.trouble is Trouble.denied


async def test_the_window_ends_today(table: dict[str, Probe], settings: Settings) -> None:
    seen = await table["postgres.counts"].read()
    assert isinstance(seen, Counts)
    today = day_of(clock_of(settings.clock)())
    assert seen.start == today - timedelta(days=settings.pipeline.window_days)
