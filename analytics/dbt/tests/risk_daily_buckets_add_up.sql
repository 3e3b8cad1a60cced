-- low + medium + high + critical + unscored = emails, and scored + unscored = emails
SELECT d
FROM {{ ref('mrt_risk_daily') }}
WHERE
    low_risk_count + medium_risk_count + high_risk_count + critical_risk_count + unscored_count
    != emails
    OR emails_scored + unscored_count != emails
