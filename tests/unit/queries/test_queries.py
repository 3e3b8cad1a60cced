"""The text of the grouped queries: one a service, nothing but what exists, names quoted."""

import json
import re
from datetime import date

from altui.core.model.pipeline import Mart, Pipeline, Table
from altui.core.queries import bigquery, elasticsearch, postgres
from altui.core.queries.bigquery import Relation

START = date(2026, 8, 25)
PIPELINE = Pipeline()
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
    assert "NOT `_fivetran_deleted` AS live" in with_deleted
    assert "TRUE AS live" in one({"at": "TIMESTAMP"})
    assert "COUNTIF(live) AS n, COUNT(*) AS n_rows" in with_deleted


def test_fivetrans_columns_count_in_raw_tables_only() -> None:
    columns = {"at": "TIMESTAMP", "_fivetran_synced": "TIMESTAMP", "_fivetran_deleted": "BOOLEAN"}
    staging = one(columns, Relation("staging.t", "ds", "t", "at"))
    assert "_fivetran" not in staging


def test_a_sync_is_read_where_the_column_exists() -> None:
    synced = one({"at": "TIMESTAMP", "_fivetran_synced": "TIMESTAMP"})
    assert "`_fivetran_synced` AS synced" in synced
    assert "CAST(NULL AS TIMESTAMP) AS synced" in one({"at": "TIMESTAMP"})


def test_a_day_is_utcs_whatever_the_columns_type() -> None:
    assert "DATE(`at`, 'UTC') >= @start" in one({"at": "TIMESTAMP"})
    assert "DATE(`at`) >= @start" in one({"at": "DATETIME"})
    assert "IF(`at` >= @start" in one({"at": "DATE"})


def test_a_mart_is_summed_by_its_own_count() -> None:
    mart = Relation("mart.m", "ds", "m", "d", "emails")
    text = one({"d": "DATE", "emails": "INTEGER"}, mart)
    assert "IFNULL(SUM(counted), 0) AS n" in text
    assert "`emails` AS counted" in text


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


def test_no_query_writes() -> None:
    texts = [
        postgres.counts(PIPELINE.tables, START).text,
        postgres.existing(PIPELINE.tables).text,
        one({"at": "TIMESTAMP"}),
    ]
    for text in texts:
        assert not re.search(r"\b(INSERT|UPDATE|DELETE|CREATE|DROP|MERGE|TRUNCATE)\b", text)
