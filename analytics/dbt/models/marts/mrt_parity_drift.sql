WITH checks AS (
    SELECT
        DATE(checked_at, 'UTC') AS d,
        CAST(SUM(total_checked) AS INT64) AS total_checked,
        CAST(SUM(total_mismatches) AS INT64) AS total_mismatches,
        CAST(SUM(risk_score_mismatches) AS INT64) AS risk_score_mismatches,
        CAST(SUM(expires_at_mismatches) AS INT64) AS expires_at_mismatches,
        CAST(SUM(category_mismatches) AS INT64) AS category_mismatches,
        MAX(checked_at) AS last_check_at
    FROM {{ source('ops', 'ops_parity_checks') }}
    WHERE {{ in_window("DATE(checked_at, 'UTC')") }}
    GROUP BY d
),

daily AS (
    SELECT
        *,
        -- a mismatch where nothing was checked is no small one
        total_mismatches / GREATEST(total_checked, 1) AS mismatch_ratio
    FROM checks
)

SELECT
    d,
    total_checked,
    total_mismatches,
    mismatch_ratio,
    risk_score_mismatches,
    expires_at_mismatches,
    category_mismatches,
    last_check_at,
    CASE
        WHEN mismatch_ratio = 0 THEN 'healthy'
        WHEN mismatch_ratio < 0.001 THEN 'acceptable'
        WHEN mismatch_ratio < 0.005 THEN 'warning'
        ELSE 'critical'
    END AS slo_status
FROM daily
