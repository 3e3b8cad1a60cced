{#-
    Overrides dbt-bigquery's macro of this name: the partitions to replace are the days of the window,
    listed when the model runs.

    config(partitions=...) would be fixed when the project is parsed, and a parsed project that is used
    again with other vars would select one window and overwrite another. Every day of the window is in
    the list, so a day that has no rows any more leaves the mart.
-#}
{% macro bq_generate_incremental_insert_overwrite_build_sql(
    tmp_relation, target_relation, sql, unique_key, partition_by, partitions, dest_columns,
    tmp_relation_exists, copy_partitions
) %}
    {{ return(bq_insert_overwrite_sql(
        tmp_relation, target_relation, sql, unique_key, partition_by, days_of_window(), dest_columns,
        tmp_relation_exists, copy_partitions
    )) }}
{% endmacro %}

{#- The days of the window as DATE literals; never empty, because dbt would then overwrite by content. -#}
{% macro days_of_window() -%}
    {%- set first, last = first_day(), last_day() -%}
    {%- if last < first -%}
        {%- do exceptions.raise_compiler_error(
            'There is no day to rebuild from ' ~ first ~ ' to ' ~ last ~
            ': today and later days are never built') -%}
    {%- endif -%}
    {%- set days = [] -%}
    {%- for offset in range((last - first).days + 1) -%}
        {%- do days.append("DATE '" ~ (first + modules.datetime.timedelta(days=offset)) ~ "'") -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}
