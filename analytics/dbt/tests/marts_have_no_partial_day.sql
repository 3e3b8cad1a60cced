-- Today is partial and tomorrow is not there yet: neither is in a mart.
{% for mart in ['mrt_risk_daily', 'mrt_parity_drift', 'mrt_backfill_slo'] -%}
SELECT
    '{{ mart }}' AS mart,
    d
FROM {{ ref(mart) }}
WHERE d > DATE '{{ yesterday() }}'
{%- if not loop.last %}
UNION ALL
{% endif -%}
{% endfor %}
