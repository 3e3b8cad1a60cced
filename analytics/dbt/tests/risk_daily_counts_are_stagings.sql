-- every complete day of staging is in the mart, and no other. Rows that came after the build wait for
-- the next one, so only days whose newest copy is older than the run are compared.
WITH staging AS (
    SELECT
        received_date AS d,
        COUNT(*) AS emails
    FROM {{ ref('stg_emails') }}
    WHERE {{ in_window('received_date') }}
    GROUP BY received_date
),

mart AS (
    SELECT
        d,
        emails
    FROM {{ ref('mrt_risk_daily') }}
    WHERE {{ in_window('d') }}
)

SELECT
    COALESCE(staging.d, mart.d) AS d,
    staging.emails AS in_staging,
    mart.emails AS in_mart
FROM staging
FULL OUTER JOIN mart ON staging.d = mart.d
WHERE COALESCE(staging.emails, -1) != COALESCE(mart.emails, -1)
