{#- Datasets are settings: real deployments differ, and some keep everything in one. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {%- set setting = 'BQ_' ~ custom_schema_name | upper ~ '_DATASET' -%}
        {{ env_var(setting, '') or target.schema ~ '_' ~ custom_schema_name }}
    {%- endif -%}
{%- endmacro %}
