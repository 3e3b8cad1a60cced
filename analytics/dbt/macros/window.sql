{#- The days a run is about. All are read when a model runs, never when the project is parsed. -#}

{% macro today() -%}
    {{ return(var('today', none) or run_started_at.strftime('%Y-%m-%d')) }}
{%- endmacro %}

{% macro day_before(day, days) -%}
    {%- set back = modules.datetime.timedelta(days=days | int) -%}
    {{ return((modules.datetime.date.fromisoformat(day) - back).isoformat()) }}
{%- endmacro %}

{#- The last day that is complete: today is partial by definition and never in a mart. -#}
{% macro last_day() -%}
    {%- set yesterday = day_before(today(), 1) -%}
    {%- set end = none if flags.FULL_REFRESH else var('end', none) -%}
    {{ return([end, yesterday] | min if end else yesterday) }}
{%- endmacro %}

{#- The first day of a rebuild: start, or the look-back window; none where everything is built. -#}
{% macro first_day() -%}
    {%- if flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- elif var('start', none) -%}
        {{ return(var('start')) }}
    {%- elif is_incremental() -%}
        {{ return(day_before(last_day(), var('look_back_days') - 1)) }}
    {%- else -%}
        {{ return(none) }}
    {%- endif -%}
{%- endmacro %}

{#- A condition on a DATE expression that holds inside the window. -#}
{% macro in_window(day) -%}
    {{ day }} <= DATE '{{ last_day() }}'
    {%- if first_day() %} AND {{ day }} >= DATE '{{ first_day() }}'{% endif -%}
{%- endmacro %}
