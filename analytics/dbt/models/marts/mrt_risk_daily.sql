{{ config(
    incremental_strategy='insert_overwrite',
    partition_by={'field': 'd', 'data_type': 'date'},
    on_schema_change='fail'
) }}

WITH emails AS (
    SELECT *
    FROM {{ ref('stg_emails') }}
    WHERE {{ in_window('received_date') }}
),

domains AS (
    SELECT
        received_date,
        sender_domain,
        ROW_NUMBER() OVER (
            PARTITION BY received_date ORDER BY COUNT(*) DESC, sender_domain
        ) AS place
    FROM emails
    WHERE sender_domain IS NOT NULL
    GROUP BY received_date, sender_domain
),

top_domains AS (
    SELECT
        received_date,
        ARRAY_AGG(sender_domain ORDER BY place) AS top_domains
    FROM domains
    WHERE place <= 5
    GROUP BY received_date
),

daily AS (
    SELECT
        received_date,
        COUNT(*) AS emails,
        COUNT(risk_score) AS emails_scored,
        ROUND(AVG(risk_score), 2) AS avg_risk,
        MIN(risk_score) AS min_risk,
        MAX(risk_score) AS max_risk,
        COUNTIF(risk_bucket = 'low') AS low_risk_count,
        COUNTIF(risk_bucket = 'medium') AS medium_risk_count,
        COUNTIF(risk_bucket = 'high') AS high_risk_count,
        COUNTIF(risk_bucket = 'critical') AS critical_risk_count,
        COUNTIF(risk_bucket = 'unscored') AS unscored_count,
        COUNTIF(category = 'recruiter') AS recruiter_count,
        COUNTIF(category = 'interview') AS interview_count,
        COUNTIF(category = 'offer') AS offer_count,
        COUNTIF(category = 'rejection') AS rejection_count
    FROM emails
    GROUP BY received_date
)

SELECT
    daily.received_date AS d,
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
    top_domains.top_domains,
    ROUND(100 * daily.emails_scored / daily.emails, 2) AS coverage_pct,
    ROUND(100 * daily.high_risk_count / daily.emails, 2) AS high_risk_pct,
    ROUND(100 * daily.critical_risk_count / daily.emails, 2) AS critical_risk_pct
FROM daily
LEFT JOIN top_domains ON daily.received_date = top_domains.received_date
