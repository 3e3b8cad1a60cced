"""The text of the grouped queries: one a service, nothing but what exists, names quoted."""

import json
import re
from datetime import UTC, date, datetime

from altui.core.model.pipeline import Mart, Measure, Pipeline, Table
from altui.core.queries import bigquery, elasticsearch, postgres
from altui.core.queries.bigquery import Relation

START = date(2026, 8, 25)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PIPELINE = Pipeline()
SINCE = dict.fromkeys(("emails", "applications"), NOW)
ODD = Table('o"dd', 'sch"ema.ta%ble', "r`aw", "st", 'da"y', "cr'eated")


def test_postgres_asks_once_for_all_tables() -> None:
    query = postgres.counts(PIPELINE.tables, START)
    assert query.text.count("UNION ALL") == len(PIPELINE.tables) - 1
    assert query.text.count("$1") == len(PIPELINE.tables)
    assert list(query.params.values()) == [START]
    assert query.repeat == query.text.replace("$1", "DATE '2026-08-25'")
    assert "AT TIME ZONE 'UTC'" in query.text


def test_postgres_quotes_names_and_literals() -> None:
    assert postgres.quoted("public.emails") == '"public"."emails"'
    text = postgres.counts((ODD,), START).text
    assert 'FROM "sch""ema"."ta%ble"' in text
    assert '"da""y"' in text
    name = Table("o'dd", "a.b", "r", "s", "d")
    assert "SELECT 'o''dd' AS series" in postgres.counts((name,), START).text
    assert """to_regclass('"a"."b"')""" in postgres.existing((name,)).text


def test_the_warehouse_counts_everything_the_pipeline_names() -> None:
    found = bigquery.relations(PIPELINE, "raw", "stage", "marts")
    assert [f"{relation.key} {relation.name} {','.join(relation.needs)}" for relation in found] == [
        "raw.emails raw.public_emails received_at",
        "raw.applications raw.public_applications created_at",
        "staging.emails stage.stg_emails received_at",
        "staging.applications stage.stg_applications created_at",
        "mart.mrt_risk_daily marts.mrt_risk_daily d,emails",
        "mart.mrt_parity_drift marts.mrt_parity_drift d",
        "mart.mrt_backfill_slo marts.mrt_backfill_slo d",
        "ops.ops_parity_checks raw.ops_parity_checks checked_at",
        "ops.ops_backfill_jobs raw.ops_backfill_jobs started_at",
    ]


RAW = Relation("raw.t", "ds", "t", "at")


def one(columns: dict[str, str], relation: Relation = RAW) -> str:
    query = bigquery.counts("my-project", [(relation, columns)], START)
    assert query.params == {"start": START}
    assert query.repeat == query.text.replace("@start", "DATE '2026-08-25'")
    return query.text


def test_live_rows_are_told_from_deleted_ones_where_the_column_exists() -> None:
    with_deleted = one({"at": "TIMESTAMP", "_fivetran_deleted": "BOOLEAN"})
    assert "COUNTIF(NOT `_fivetran_deleted`) AS n, COUNT(*) AS n_rows" in with_deleted
    assert "MAX(IF(NOT `_fivetran_deleted`, `at`, NULL))" in with_deleted
    assert "COUNT(*) AS n, COUNT(*) AS n_rows" in one({"at": "TIMESTAMP"})


def test_fivetrans_columns_count_in_raw_tables_only() -> None:
    columns = {"at": "TIMESTAMP", "_fivetran_synced": "TIMESTAMP", "_fivetran_deleted": "BOOLEAN"}
    staging = one(columns, Relation("staging.t", "ds", "t", "at"))
    assert "_fivetran" not in staging


def test_a_sync_is_read_where_the_column_exists() -> None:
    synced = one({"at": "TIMESTAMP", "_fivetran_synced": "TIMESTAMP"})
    assert "MAX(`_fivetran_synced`) AS changed" in synced
    assert "CAST(NULL AS TIMESTAMP) AS changed" in one({"at": "TIMESTAMP"})


def test_a_day_is_utcs_whatever_the_columns_type() -> None:
    assert "DATE(`at`, 'UTC') >= @start" in one({"at": "TIMESTAMP"})
    assert "DATE(`at`) >= @start" in one({"at": "DATETIME"})
    assert "IF(`at` >= @start" in one({"at": "DATE"})
    assert "CAST(MAX(`at`) AS TIMESTAMP) AS latest" in one({"at": "DATE"})


def test_a_mart_is_summed_by_its_own_count() -> None:
    mart = Relation("mart.m", "ds", "m", "d", "emails")
    text = one({"d": "DATE", "emails": "INTEGER"}, mart)
    assert "IFNULL(SUM(`emails`), 0) AS n" in text


def test_measures_are_asked_in_the_same_statement_each_row_as_wide_as_the_widest() -> None:
    parts = [(relation, {}) for relation in bigquery.relations(PIPELINE, "raw", "stage", "marts")]
    raw, *_, ops = blocks = bigquery.counts("p", parts, START).text.split("\nUNION ALL\n")
    width = len(PIPELINE.marts[0].measures)
    assert [len(re.findall(r" AS m\d", block)) for block in blocks] == [width] * len(blocks)
    assert "NULL AS m0" in raw
    assert "NULL AS m5" in ops
    staging = next(block for block in blocks if "'staging.emails'" in block)
    assert "CAST((ROUND(AVG(risk_score), 2)) AS FLOAT64) AS m2" in staging
    mart = next(block for block in blocks if "'mart.mrt_risk_daily'" in block)
    assert "CAST((MAX(`avg_risk`)) AS FLOAT64) AS m2" in mart, "as stored, not computed anew"


def test_a_measure_of_two_marts_over_one_table_is_asked_once() -> None:
    two = (Measure("avg", "AVG(x)"), Measure("most", "MAX(x)"))
    table = Table("t", "public.t", "t", "s", "at")
    marts = (
        Mart("a", "a", table="t", measures=two[:1]),
        Mart("b", "b", table="t", measures=two),
    )
    found = bigquery.relations(Pipeline(tables=(table,), marts=marts), "r", "s", "m")
    staging = next(relation for relation in found if relation.key == "staging.t")
    assert staging.measures == two


def test_bigquery_quotes_names_and_literals() -> None:
    text = one({}, Relation("raw.o'dd", "ds", "t`able", "da`y"))
    assert "'raw.o\\'dd'" in text
    assert "`my-project.ds.t\\`able`" in text
    assert "`da\\`y`" in text


def test_elasticsearch_asks_once_for_all_indices() -> None:
    marts = (Mart("a", "risk", day="d", count="emails"), Mart("b", "slo", day="when"))
    lines = [
        json.loads(line) for line in elasticsearch.counts(marts, "pre", START).text.splitlines()
    ]
    assert [header["index"] for header in lines[::2]] == ["pre_risk", "pre_slo"]
    counted, plain = lines[1::2]
    assert counted["track_total_hits"] is True
    days = counted["aggs"]["window"]["aggs"]["days"]
    assert days["aggs"] == {"n": {"sum": {"field": "emails"}}}
    assert days["date_histogram"]["calendar_interval"] == "day"
    assert "aggs" not in plain["aggs"]["window"]["aggs"]["days"]
    assert plain["aggs"]["window"]["filter"] == {"range": {"when": {"gte": "2026-08-25"}}}


def test_elasticsearch_asks_for_a_days_measures_in_the_same_search() -> None:
    mart = Mart("a", "risk", count="emails", measures=(Measure("avg>[x]", "1"), Measure("b", "2")))
    _, search = elasticsearch.counts((mart,), "pre", START).text.splitlines()
    assert json.loads(search)["aggs"]["window"]["aggs"]["days"]["aggs"] == {
        "n": {"sum": {"field": "emails"}},
        "m0": {"avg": {"field": "avg>[x]"}},  # a name that no aggregation may have
        "m1": {"avg": {"field": "b"}},
    }


def test_postgres_asks_for_the_longest_gap_in_the_same_statement() -> None:
    query = postgres.counts(PIPELINE.tables, START, date(2026, 11, 9))
    assert query.text.count("AS gap") == len(PIPELINE.tables)
    assert query.text.count("$2") == len(PIPELINE.tables)
    assert "NULL::float8 AS gap" in postgres.counts(PIPELINE.tables, START).text
    assert "DATE '2026-11-09'" in query.repeat
    assert "$" not in query.repeat


def test_postgres_counts_the_rows_written_long_ago_apart_in_the_same_statement() -> None:
    moment = SINCE["emails"]
    query = postgres.counts(PIPELINE.tables, START, None, moment)
    counted = "count(*) FILTER (WHERE created < TIMESTAMPTZ '2026-11-23T09:00:00+00:00') AS older"
    for text in (
        query.text,
        query.repeat,
        postgres.recounts(PIPELINE.tables, START, {}, moment).text,
    ):
        assert text.count(counted) == len(PIPELINE.tables)
    assert "NULL::int8 AS older" in postgres.counts(PIPELINE.tables, START).text


def test_postgres_counts_again_by_bounds_on_the_day_column_itself() -> None:
    first, more = date(2026, 11, 20), {"emails": [date(2026, 11, 2)]}
    emails, applications = postgres.recounts(PIPELINE.tables, first, more).text.split("UNION ALL")
    assert (
        "WHERE \"received_at\" >= DATE '2026-11-20'"
        " OR (\"received_at\" >= DATE '2026-11-02' AND \"received_at\" < DATE '2026-11-03')"
    ) in emails
    assert "WHERE \"created_at\" >= DATE '2026-11-20')" in applications


def test_postgres_finds_settled_days_that_were_touched() -> None:
    text = postgres.touched(PIPELINE.tables, date(2026, 11, 20), SINCE).text
    moment = "TIMESTAMPTZ '2026-11-23T09:00:00+00:00'"
    assert f'("created_at" > {moment} OR "updated_at" > {moment})' in text
    assert "\"received_at\" < DATE '2026-11-20'" in text


def test_no_query_writes() -> None:
    texts = [
        postgres.counts(PIPELINE.tables, START).text,
        postgres.existing(PIPELINE.tables).text,
        postgres.recounts(PIPELINE.tables, START, {}).text,
        postgres.touched(PIPELINE.tables, START, SINCE).text,
        one({"at": "TIMESTAMP"}),
    ]
    for text in texts:
        assert not re.search(r"\b(INSERT|UPDATE|DELETE|CREATE|DROP|MERGE|TRUNCATE)\b", text)
