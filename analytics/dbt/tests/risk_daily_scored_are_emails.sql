-- No more emails are scored than there are, and those that are not are the unscored.
SELECT
    d,
    emails,
    emails_scored,
    unscored_count
FROM {{ ref('mrt_risk_daily') }}
WHERE
    emails < 1
    OR emails_scored > emails
    OR emails_scored + unscored_count != emails
