{#-
    The days that a run is about. Everything here is read when a node runs, never when the project is
    parsed, so that a parsed project can be used again with other vars.

    vars:  today      the day of the run; default: the day on which dbt was started, in UTC
           start      first day to rebuild; default: look_back_days up to the last one
           end        last day to rebuild; default, and never later: yesterday
           now        the moment that freshness is measured at; default: BigQuery's own clock
-#}

{#- A day as a date; YAML hands over a date where JSON hands over text. -#}
{% macro as_day(value, name) -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', value | string) -%}
        {%- do exceptions.raise_compiler_error(
            'var ' ~ name ~ ': ' ~ value ~ ' is not a day written YYYY-MM-DD') -%}
    {%- endif -%}
    {{ return(modules.datetime.date.fromisoformat(value | string)) }}
{%- endmacro %}

{#- The last day that is complete: today is partial by definition and never in a mart. -#}
{% macro yesterday() -%}
    {%- set today = as_day(var('today', none) or run_started_at.strftime('%Y-%m-%d'), 'today') -%}
    {{ return(today - modules.datetime.timedelta(days=1)) }}
{%- endmacro %}

{#- The last day of the window. -#}
{% macro last_day() -%}
    {%- if flags.FULL_REFRESH or not var('end', none) -%}
        {{ return(yesterday()) }}
    {%- endif -%}
    {{ return([as_day(var('end'), 'end'), yesterday()] | min) }}
{%- endmacro %}

{#-
    The first day of the window; none where a model is built from nothing or in full. A test looks at
    the same window as an incremental build.
-#}
{% macro first_day() -%}
    {%- if flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- elif var('start', none) -%}
        {{ return(as_day(var('start'), 'start')) }}
    {%- elif is_incremental() or model.resource_type == 'test' -%}
        {%- set back = modules.datetime.timedelta(days=var('look_back_days') | int - 1) -%}
        {{ return(last_day() - back) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#- A condition that holds for the days of the window; `day` is a DATE expression. -#}
{% macro in_window(day) -%}
    {%- set first = first_day() -%}
    {%- if first is none -%}
        {{ day }} <= DATE '{{ last_day() }}'
    {%- else -%}
        {{ day }} BETWEEN DATE '{{ first }}' AND DATE '{{ last_day() }}'
    {%- endif -%}
{%- endmacro %}

{#- What dbt asks for when it measures freshness. -#}
{% macro bigquery__current_timestamp() -%}
    {%- set now = var('now', none) -%}
    {%- if now -%} TIMESTAMP '{{ now }}' {%- else -%} CURRENT_TIMESTAMP() {%- endif -%}
{%- endmacro %}
