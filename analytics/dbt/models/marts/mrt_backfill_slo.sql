WITH jobs AS (
    SELECT
        DATE(started_at, 'UTC') AS d,
        status,
        duration_seconds,
        emails_processed
    FROM {{ source('ops', 'ops_backfill_jobs') }}
    WHERE {{ in_window("DATE(started_at, 'UTC')") }}
),

percentiles AS (
    SELECT DISTINCT
        d,
        ROUND(PERCENTILE_CONT(duration_seconds, 0.5) OVER (PARTITION BY d), 3) AS p50,
        ROUND(PERCENTILE_CONT(duration_seconds, 0.95) OVER (PARTITION BY d), 3) AS p95,
        ROUND(PERCENTILE_CONT(duration_seconds, 0.99) OVER (PARTITION BY d), 3) AS p99
    FROM jobs
),

daily AS (
    SELECT
        d,
        COUNT(*) AS backfill_count,
        ROUND(AVG(duration_seconds), 3) AS avg_duration_seconds,
        IFNULL(CAST(SUM(emails_processed) AS INT64), 0) AS total_emails_processed,
        COUNT(IF(status = 'failed', 1, NULL)) AS failed_count,
        COUNT(IF(status = 'done', 1, NULL)) AS done_count
    FROM jobs
    GROUP BY d
)

SELECT
    daily.d,
    daily.backfill_count,
    daily.avg_duration_seconds,
    percentiles.p50 AS p50_duration_seconds,
    percentiles.p95 AS p95_duration_seconds,
    percentiles.p99 AS p99_duration_seconds,
    daily.total_emails_processed,
    daily.failed_count,
    CASE
        WHEN percentiles.p95 IS NULL THEN 'no_data'
        WHEN percentiles.p95 < 300 THEN 'healthy'
        WHEN percentiles.p95 < 420 THEN 'warning'
        ELSE 'critical'
    END AS slo_status,
    ROUND(100 * daily.done_count / daily.backfill_count, 2) AS success_rate_pct
FROM daily
INNER JOIN percentiles ON daily.d = percentiles.d
