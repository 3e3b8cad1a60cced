{#- Datasets by setting: real deployments differ. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set dataset = target.schema -%}
    {%- if custom_schema_name == 'staging' -%}
        {{ env_var('BQ_STAGING_DATASET', '') or dataset ~ '_staging' }}
    {%- elif custom_schema_name == 'marts' -%}
        {{ env_var('BQ_MARTS_DATASET', '') or dataset ~ '_marts' }}
    {%- else -%}
        {{ dataset }}
    {%- endif -%}
{%- endmacro %}
