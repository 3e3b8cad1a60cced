{{ config(
    incremental_strategy='insert_overwrite',
    partition_by={'field': 'd', 'data_type': 'date'},
    on_schema_change='fail'
) }}

WITH checks AS (
    SELECT
        DATE(checked_at) AS d,
        SUM(total_checked) AS total_checked,
        SUM(total_mismatches) AS total_mismatches,
        SUM(risk_score_mismatches) AS risk_score_mismatches,
        SUM(expires_at_mismatches) AS expires_at_mismatches,
        SUM(category_mismatches) AS category_mismatches,
        MAX(checked_at) AS last_check_at
    FROM {{ source('ops', 'ops_parity_checks') }}
    WHERE {{ in_window('DATE(checked_at)') }}
    GROUP BY d
),

ratios AS (
    SELECT
        *,
        COALESCE(SAFE_DIVIDE(total_mismatches, total_checked), 0) AS mismatch_ratio
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
FROM ratios
