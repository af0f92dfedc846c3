{#- What a Snowflake session would otherwise take from whoever runs dbt: zone, formats, the meaning of `timestamp`, the first
    day of a week. A profile cannot say it, and each of dbt's threads has a session of its own, so it is said before each
    model; the statement takes no warehouse. Nothing here reads a session on purpose; a model of yours may. -#}
{% macro set_session() %}{{ return(adapter.dispatch('set_session', 'customer_health')()) }}{% endmacro %}

{% macro default__set_session() %}{{ return('') }}{% endmacro %}

{% macro snowflake__set_session() -%}
    alter session set
        timezone = 'UTC'
        timestamp_type_mapping = 'TIMESTAMP_NTZ'
        timestamp_ntz_output_format = 'YYYY-MM-DD HH24:MI:SS.FF6'
        timestamp_input_format = 'AUTO'
        date_output_format = 'YYYY-MM-DD'
        date_input_format = 'AUTO'
        week_start = 1
{%- endmacro %}
