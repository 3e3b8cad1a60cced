-- Since the mart's first day, no day of the window is missing. A warning: a day without any email is
-- rare, but no reason to keep the other days from being exported.
{{ config(severity='warn') }}

WITH days AS (
    SELECT day
    FROM (SELECT MIN(d) AS first_day FROM {{ ref('mrt_risk_daily') }}) AS mart
    CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(mart.first_day, DATE '{{ last_day() }}')) AS day
)

SELECT days.day AS missing_day
FROM days
LEFT JOIN {{ ref('mrt_risk_daily') }} AS mart ON days.day = mart.d
WHERE
    mart.d IS NULL
    AND {{ in_window('days.day') }}
