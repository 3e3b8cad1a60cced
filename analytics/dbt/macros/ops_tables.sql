{#- Tables that altui's steps write and the marts read; made when they are absent. -#}
{% macro create_ops_tables() -%}
{%- if execute -%}
    {%- set dataset = target.database ~ '.' ~ target.schema -%}
    {%- do adapter.create_schema(api.Relation.create(database=target.database, schema=target.schema)) -%}
    {%- call statement('ops_parity_checks') -%}
CREATE TABLE IF NOT EXISTS `{{ dataset }}.ops_parity_checks` (
    check_id STRING NOT NULL OPTIONS (description = 'One verification of one day; the key of the row'),
    checked_at TIMESTAMP NOT NULL OPTIONS (description = 'When the figures were compared'),
    day DATE OPTIONS (description = 'The day that was compared'),
    total_checked INT64 OPTIONS (description = 'Rows compared'),
    risk_score_mismatches INT64 OPTIONS (description = 'Rows whose risk score differs'),
    expires_at_mismatches INT64 OPTIONS (description = 'Rows whose expiry differs'),
    category_mismatches INT64 OPTIONS (description = 'Rows whose category differs'),
    total_mismatches INT64 OPTIONS (description = 'Rows that differ in any way'),
    source STRING OPTIONS (description = 'Who wrote the row: altui, workflow, or seed for made-up history')
)
    {%- endcall -%}
    {%- call statement('ops_backfill_jobs') -%}
CREATE TABLE IF NOT EXISTS `{{ dataset }}.ops_backfill_jobs` (
    job_id STRING NOT NULL OPTIONS (description = 'The job; the key of the row'),
    started_at TIMESTAMP NOT NULL OPTIONS (description = 'When the backfill began'),
    finished_at TIMESTAMP OPTIONS (description = 'When it ended; null while it runs'),
    duration_seconds FLOAT64 OPTIONS (description = 'Seconds from start to end; null while it runs'),
    status STRING OPTIONS (description = 'done, failed or cancelled'),
    emails_processed INT64 OPTIONS (description = 'Source rows of the days it rebuilt'),
    start_day DATE OPTIONS (description = 'First day rebuilt'),
    end_day DATE OPTIONS (description = 'Last day rebuilt'),
    source STRING OPTIONS (description = 'Who wrote the row: altui, workflow, or seed for made-up history')
)
    {%- endcall -%}
{%- endif -%}
{%- endmacro %}
