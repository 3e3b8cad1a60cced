-- Percentiles rise, and neither more jobs failed than there are nor is the rate out of 0 to 100.
SELECT
    d,
    p50_duration_seconds,
    p95_duration_seconds,
    p99_duration_seconds,
    failed_count,
    success_rate_pct
FROM {{ ref('mrt_backfill_slo') }}
WHERE
    p50_duration_seconds < 0
    OR p50_duration_seconds > p95_duration_seconds
    OR p95_duration_seconds > p99_duration_seconds
    OR (slo_status = 'no_data') != (p95_duration_seconds IS NULL)
    OR failed_count > backfill_count
    OR success_rate_pct NOT BETWEEN 0 AND 100
