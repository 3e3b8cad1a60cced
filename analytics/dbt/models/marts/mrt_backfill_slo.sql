{{ config(
    incremental_strategy='insert_overwrite',
    partition_by={'field': 'd', 'data_type': 'date'},
    on_schema_change='fail'
) }}

WITH jobs AS (
    SELECT
        DATE(started_at) AS d,
        COUNT(*) AS backfill_count,
        ROUND(AVG(duration_seconds), 3) AS avg_duration_seconds,
        APPROX_QUANTILES(duration_seconds, 100)[OFFSET(50)] AS p50_duration_seconds,
        APPROX_QUANTILES(duration_seconds, 100)[OFFSET(95)] AS p95_duration_seconds,
        APPROX_QUANTILES(duration_seconds, 100)[OFFSET(99)] AS p99_duration_seconds,
        COALESCE(SUM(emails_processed), 0) AS total_emails_processed,
        COUNTIF(status = 'failed') AS failed_count,
        ROUND(100 * COUNTIF(status = 'done') / COUNT(*), 2) AS success_rate_pct
    FROM {{ source('ops', 'ops_backfill_jobs') }}
    WHERE {{ in_window('DATE(started_at)') }}
    GROUP BY d
)

SELECT
    d,
    backfill_count,
    avg_duration_seconds,
    p50_duration_seconds,
    p95_duration_seconds,
    p99_duration_seconds,
    total_emails_processed,
    failed_count,
    CASE
        WHEN p95_duration_seconds IS NULL THEN 'no_data'
        WHEN p95_duration_seconds < 300 THEN 'healthy'
        WHEN p95_duration_seconds < 420 THEN 'warning'
        ELSE 'critical'
    END AS slo_status,
    success_rate_pct
FROM jobs
