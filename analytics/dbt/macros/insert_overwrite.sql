{#-
    The partitions of an incremental build, from the window of this run.

    config(partitions=...) is fixed when the project is parsed: a parsed project that is used again
    with other vars would select one window and overwrite another. Here the list is made when the
    model runs. Every day of the window is in it, so a day that lost all its rows leaves the mart.
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

{% macro days_of_window() -%}
    {%- set days = [] -%}
    {%- set first = modules.datetime.date.fromisoformat(first_day()) -%}
    {%- set last = modules.datetime.date.fromisoformat(last_day()) -%}
    {%- if last < first -%}
        {%- do exceptions.raise_compiler_error(
            'The window is empty: start ' ~ first ~ ' is after ' ~ last ~
            ' (today and later days are never built)') -%}
    {%- endif -%}
    {%- for offset in range((last - first).days + 1) -%}
        {%- set day = first + modules.datetime.timedelta(days=offset) -%}
        {%- do days.append("DATE '" ~ day.isoformat() ~ "'") -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}
