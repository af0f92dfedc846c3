{#- What a Snowflake session would otherwise take from whoever runs dbt: zone, formats, the meaning of `timestamp`, the first
    day of a week. A profile cannot say it, and each of dbt's threads has a session of its own, so it is said where dbt sets
    the query tag: before each seed, model, snapshot and test. The statement takes no warehouse. It is no pre-hook, for those
    are read while parsing, model by model, on DuckDB, too. Nothing here reads a session on purpose; a model of yours may. -#}
{% macro snowflake__set_query_tag() -%}
    {%- do run_query(customer_health.session_settings()) -%}
    {{ return(dbt.snowflake__set_query_tag()) }}
{%- endmacro %}

{% macro session_settings() -%}
    alter session set
        timezone = 'UTC'
        timestamp_type_mapping = 'TIMESTAMP_NTZ'
        timestamp_ntz_output_format = 'YYYY-MM-DD HH24:MI:SS.FF6'
        timestamp_input_format = 'AUTO'
        date_output_format = 'YYYY-MM-DD'
        date_input_format = 'AUTO'
        week_start = 1
{%- endmacro %}
