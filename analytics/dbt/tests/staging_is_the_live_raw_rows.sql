-- every live raw row is in staging exactly once
{% for table in ['emails', 'applications'] %}
SELECT
    '{{ table }}' AS name,
    COUNTIF(NOT COALESCE(_fivetran_deleted, FALSE)) AS live,
    (SELECT COUNT(*) FROM {{ ref('stg_' ~ table) }}) AS staged
FROM {{ source('applylens', 'public_' ~ table) }}
HAVING live != staged
{% if not loop.last %}UNION ALL{% endif %}
{% endfor %}
