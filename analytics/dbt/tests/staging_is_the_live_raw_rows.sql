-- Staging holds every live raw row and nothing else.
{% for table in ['emails', 'applications'] -%}
SELECT
    '{{ table }}' AS table_name,
    live.n AS live_rows,
    staged.n AS staged_rows
FROM (
    SELECT COUNT(*) AS n
    FROM {{ source('applylens', 'public_' ~ table) }}
    WHERE NOT _fivetran_deleted
) AS live
CROSS JOIN (
    SELECT COUNT(*) AS n
    FROM {{ ref('stg_' ~ table) }}
) AS staged
WHERE live.n != staged.n
{%- if not loop.last %}
UNION ALL
{% endif -%}
{% endfor %}
