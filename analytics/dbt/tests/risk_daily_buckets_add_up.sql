-- Every email is in exactly one bucket.
SELECT
    d,
    emails,
    low_risk_count,
    medium_risk_count,
    high_risk_count,
    critical_risk_count,
    unscored_count
FROM {{ ref('mrt_risk_daily') }}
WHERE
    emails != low_risk_count
        + medium_risk_count
        + high_risk_count
        + critical_risk_count
        + unscored_count
