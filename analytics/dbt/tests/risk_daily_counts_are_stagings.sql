-- Every day of the window that staging has is in the mart with its count, and no other day is. A sync
-- between the build and this test may bring late rows; the next build takes them in.
WITH staging AS (
    SELECT
        received_date AS d,
        COUNT(*) AS emails
    FROM {{ ref('stg_emails') }}
    WHERE {{ in_window('received_date') }}
    GROUP BY d
),

mart AS (
    SELECT
        d,
        emails
    FROM {{ ref('mrt_risk_daily') }}
    WHERE {{ in_window('d') }}
)

SELECT
    IFNULL(staging.d, mart.d) AS d,
    staging.emails AS staging_emails,
    mart.emails AS mart_emails
FROM staging
FULL OUTER JOIN mart ON staging.d = mart.d
WHERE IFNULL(staging.emails, 0) != IFNULL(mart.emails, 0)
