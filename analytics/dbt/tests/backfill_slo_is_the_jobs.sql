-- Every day of the window with backfills is in the mart with their number, and no other day is.
WITH jobs AS (
    SELECT
        DATE(started_at, 'UTC') AS d,
        COUNT(*) AS backfill_count
    FROM {{ source('ops', 'ops_backfill_jobs') }}
    WHERE {{ in_window("DATE(started_at, 'UTC')") }}
    GROUP BY d
),

mart AS (
    SELECT
        d,
        backfill_count
    FROM {{ ref('mrt_backfill_slo') }}
    WHERE {{ in_window('d') }}
)

SELECT
    IFNULL(jobs.d, mart.d) AS d,
    jobs.backfill_count AS jobs,
    mart.backfill_count AS mart_jobs
FROM jobs
FULL OUTER JOIN mart ON jobs.d = mart.d
WHERE IFNULL(jobs.backfill_count, 0) != IFNULL(mart.backfill_count, 0)
