-- Every day of the window with comparisons is in the mart with their figures, and no other day is.
WITH checks AS (
    SELECT
        DATE(checked_at, 'UTC') AS d,
        SUM(total_checked) AS total_checked,
        SUM(total_mismatches) AS total_mismatches
    FROM {{ source('ops', 'ops_parity_checks') }}
    WHERE {{ in_window("DATE(checked_at, 'UTC')") }}
    GROUP BY d
),

mart AS (
    SELECT
        d,
        total_checked,
        total_mismatches,
        mismatch_ratio
    FROM {{ ref('mrt_parity_drift') }}
    WHERE {{ in_window('d') }}
)

SELECT
    IFNULL(checks.d, mart.d) AS d,
    checks.total_checked AS checked,
    mart.total_checked AS mart_checked
FROM checks
FULL OUTER JOIN mart ON checks.d = mart.d
WHERE
    checks.d IS NULL
    OR mart.d IS NULL
    OR checks.total_checked != mart.total_checked
    OR checks.total_mismatches != mart.total_mismatches
    OR mart.mismatch_ratio < 0
