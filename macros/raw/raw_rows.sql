{#- DuckDB reads the raw contract from files under one folder; other warehouses have it as tables. -#}

{% macro raw_path() -%}
    {{ return((var('raw_path', none) or env_var('RAW_PATH', 'sample/raw')).rstrip('/')) }}
{%- endmacro %}

{#- The rows of a raw table: the source itself; on DuckDB an optional file that is absent or empty is an empty table. -#}
{% macro raw_rows(relation) -%}
    {{ return(adapter.dispatch('raw_rows', 'customer_health')(relation)) }}
{%- endmacro %}

{% macro default__raw_rows(relation) -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro duckdb__raw_rows(relation) -%}
    {%- if execute and relation.external and not customer_health.raw_file_has_content(relation.identifier) -%}
        {%- set columns = [] -%}
        {%- for source in graph.sources.values() if source.identifier == relation.identifier -%}
            {%- for column in source.columns -%}
                {%- do columns.append('cast(null as varchar) as ' ~ column) -%}
            {%- endfor -%}
        {%- endfor -%}
        {{ return('(select ' ~ columns | join(', ') ~ ' where false)') }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro raw_file_has_content(table) -%}
    {%- set file = customer_health.raw_path() ~ '/' ~ table ~ '.csv' -%}
    {%- if not run_query("select file from glob('" ~ file ~ "')").rows -%}{{ return(false) }}{%- endif -%}
    {{ return(run_query("select size from read_blob('" ~ file ~ "')").rows[0][0] > 0) }}
{%- endmacro %}
