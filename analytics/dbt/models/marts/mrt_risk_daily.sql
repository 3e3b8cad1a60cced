-- Counts are COUNT(IF(...)): BigQuery's COUNTIF is the same, but is no INT64 on every emulator of it.
WITH emails AS (
    SELECT
        received_date AS d,
        sender_domain,
        risk_score,
        risk_bucket,
        category
    FROM {{ ref('stg_emails') }}
    WHERE {{ in_window('received_date') }}
),

ranked_domains AS (
    SELECT
        d,
        sender_domain,
        ROW_NUMBER() OVER (PARTITION BY d ORDER BY COUNT(*) DESC, sender_domain) AS place
    FROM emails
    WHERE sender_domain IS NOT NULL
    GROUP BY d, sender_domain
),

top_domains AS (
    SELECT
        d,
        ARRAY_AGG(sender_domain ORDER BY place) AS domains
    FROM ranked_domains
    WHERE place <= 5
    GROUP BY d
),

daily AS (
    SELECT
        d,
        COUNT(*) AS emails,
        COUNT(risk_score) AS emails_scored,
        ROUND(AVG(risk_score), 2) AS avg_risk,
        MIN(risk_score) AS min_risk,
        MAX(risk_score) AS max_risk,
        COUNT(IF(risk_bucket = 'low', 1, NULL)) AS low_risk_count,
        COUNT(IF(risk_bucket = 'medium', 1, NULL)) AS medium_risk_count,
        COUNT(IF(risk_bucket = 'high', 1, NULL)) AS high_risk_count,
        COUNT(IF(risk_bucket = 'critical', 1, NULL)) AS critical_risk_count,
        COUNT(IF(risk_bucket = 'unscored', 1, NULL)) AS unscored_count,
        COUNT(IF(category = 'recruiter', 1, NULL)) AS recruiter_count,
        COUNT(IF(category = 'interview', 1, NULL)) AS interview_count,
        COUNT(IF(category = 'offer', 1, NULL)) AS offer_count,
        COUNT(IF(category = 'rejection', 1, NULL)) AS rejection_count
    FROM emails
    GROUP BY d
)

SELECT
    daily.d,
    daily.emails,
    daily.emails_scored,
    daily.avg_risk,
    daily.min_risk,
    daily.max_risk,
    daily.low_risk_count,
    daily.medium_risk_count,
    daily.high_risk_count,
    daily.critical_risk_count,
    daily.unscored_count,
    daily.recruiter_count,
    daily.interview_count,
    daily.offer_count,
    daily.rejection_count,
    IFNULL(top_domains.domains, ARRAY<STRING>[]) AS top_domains,
    ROUND(100 * daily.emails_scored / daily.emails, 2) AS coverage_pct,
    ROUND(100 * daily.high_risk_count / daily.emails, 2) AS high_risk_pct,
    ROUND(100 * daily.critical_risk_count / daily.emails, 2) AS critical_risk_pct
FROM daily
LEFT JOIN top_domains ON daily.d = top_domains.d
