-- scores lie between 0 and 100, percentages too, and today is never in the mart
SELECT d
FROM {{ ref('mrt_risk_daily') }}
WHERE
    min_risk < 0
    OR max_risk > 100
    OR NOT (avg_risk IS NULL OR avg_risk BETWEEN min_risk AND max_risk)
    OR NOT coverage_pct BETWEEN 0 AND 100
    OR high_risk_pct + critical_risk_pct > 100.01
    OR d > DATE '{{ last_day() }}'
