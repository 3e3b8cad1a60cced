-- Scores and percentages lie between 0 and 100, and scores are there when emails are scored.
SELECT
    d,
    min_risk,
    avg_risk,
    max_risk,
    coverage_pct,
    high_risk_pct,
    critical_risk_pct
FROM {{ ref('mrt_risk_daily') }}
WHERE
    min_risk NOT BETWEEN 0 AND 100
    OR max_risk NOT BETWEEN min_risk AND 100
    -- avg_risk is rounded, its bounds are not
    OR avg_risk NOT BETWEEN min_risk - 0.01 AND max_risk + 0.01
    OR (avg_risk IS NULL) != (emails_scored = 0)
    OR coverage_pct NOT BETWEEN 0 AND 100
    OR high_risk_pct NOT BETWEEN 0 AND 100
    OR critical_risk_pct NOT BETWEEN 0 AND 100
