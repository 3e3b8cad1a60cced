SELECT
    id,
    received_at,
    DATE(received_at, 'UTC') AS received_date,
    sender,
    LOWER(REGEXP_EXTRACT(sender, r'@([^@\s>]+)>?\s*$')) AS sender_domain,
    subject,
    body,
    CAST(risk_score AS FLOAT64) AS risk_score,
    CASE
        WHEN risk_score IS NULL THEN 'unscored'
        WHEN risk_score < 30 THEN 'low'
        WHEN risk_score < 60 THEN 'medium'
        WHEN risk_score < 90 THEN 'high'
        ELSE 'critical'
    END AS risk_bucket,
    category,
    expires_at,
    SAFE.PARSE_JSON(features_json, wide_number_mode => 'round') AS features_json,
    created_at,
    updated_at,
    _fivetran_synced
FROM {{ source('applylens', 'public_emails') }}
WHERE NOT _fivetran_deleted
