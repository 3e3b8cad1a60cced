{#-
    Makes the tables of source `ops` that are absent, with the columns, types and descriptions that
    models/ops.yml gives them. Runs before every build; by hand: dbt run-operation create_ops_tables.
-#}
{% macro create_ops_tables() -%}
    {%- if execute -%}
        {%- for table in graph.sources.values() if table.source_name == 'ops' -%}
            {%- if not adapter.get_relation(table.database, table.schema, table.identifier) -%}
                {%- do run_query(ops_table_sql(table)) -%}
                {%- do log('created ' ~ table.relation_name, info=true) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro ops_table_sql(table) -%}
CREATE TABLE IF NOT EXISTS {{ table.relation_name }} (
    {%- for column in table.columns.values() %}
    {{ column.name }} {{ column.data_type }} OPTIONS (description = {{ tojson(column.description) }})
    {{- ',' if not loop.last }}
    {%- endfor %}
)
OPTIONS (description = {{ tojson(table.description) }})
{%- endmacro %}
