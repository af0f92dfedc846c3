{#- DuckDB reads the raw contract from files under one folder; other warehouses have it as tables. -#}

{#- The rows of a raw table: the source itself; on DuckDB an optional file that is absent or empty is an empty table. -#}
{% macro raw_rows(relation) -%}
    {{ return(adapter.dispatch('raw_rows', 'customer_health')(relation)) }}
{%- endmacro %}

{% macro default__raw_rows(relation) -%}
    {{ return(relation) }}
{%- endmacro %}

{#- Every column as text, as staging wants it, whatever type the table gives it; an optional table that is absent is empty. -#}
{% macro snowflake__raw_rows(relation) -%}
    {%- set found = customer_health.raw_columns(relation) -%}
    {%- if not execute -%}{{ return(relation) }}{%- endif -%}
    {%- for source in graph.sources.values() if source.identifier | lower == relation.identifier | lower -%}
        {%- set columns = [] -%}
        {%- if found -%}
            {%- for name in source.columns -%}
                {%- do columns.append(
                    (customer_health.text_of(name, found[name]) if name in found else 'cast(null as varchar)') ~ ' as ' ~ name
                ) -%}
            {%- endfor -%}
            {{ return('(select ' ~ columns | join(', ') ~ ' from ' ~ relation ~ ')') }}
        {%- elif source.config.meta.get('optional') -%}
            {%- for name in source.columns -%}
                {%- do columns.append('cast(null as varchar) as ' ~ name) -%}
            {%- endfor -%}
            {{ return('(select ' ~ columns | join(', ') ~ ' where false)') }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(relation) }}
{%- endmacro %}

{#- Type by lower-case name of a raw table's columns; empty when there is no such table. -#}
{% macro raw_columns(relation) %}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- set table = adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier) -%}
        {%- if table -%}
            {%- for column in adapter.get_columns_in_relation(table) -%}
                {%- do columns.update({column.name | lower: column.dtype | upper}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}

{#- A column as text: times in ISO with microseconds, which a session's own output format would cut. -#}
{% macro text_of(column, type) -%}
    {%- if type.startswith('TIMESTAMP') -%}
        to_varchar({{ customer_health.utc_of(column, type) }}, 'YYYY-MM-DD"T"HH24:MI:SS.FF6')
    {%- elif type == 'DATE' -%}
        to_varchar({{ column }}, 'YYYY-MM-DD')
    {%- else -%}
        cast({{ column }} as varchar)
    {%- endif -%}
{%- endmacro %}

{#- A column of any type that can hold a time, as UTC without a zone. -#}
{% macro utc_of(column, type) -%}
    {%- if type in ('TIMESTAMP_TZ', 'TIMESTAMP_LTZ') -%}
        cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
    {%- elif type.startswith('TIMESTAMP') -%}
        {{ column }}
    {%- else -%}
        {{ customer_health.to_utc_timestamp(column) }}
    {%- endif -%}
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
    {{ return(customer_health.with_optional_columns(relation)) }}
{%- endmacro %}

{#- The relation, and a null column for each optional column that the file lacks. -#}
{% macro with_optional_columns(relation) -%}
    {%- if not execute -%}{{ return(relation) }}{%- endif -%}
    {%- set absent = [] -%}
    {%- for source in graph.sources.values() if source.identifier == relation.identifier -%}
        {%- set present = [] -%}
        {%- for name, column in source.columns.items() if column.config.meta.get('optional') -%}
            {%- if not present -%}
                {%- do present.extend(
                    run_query('select column_name from (describe select * from ' ~ relation ~ ')').columns[0].values()
                ) -%}
            {%- endif -%}
            {%- if name not in present -%}
                {%- do absent.append(', cast(null as varchar) as ' ~ name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return('(select *' ~ absent | join ~ ' from ' ~ relation ~ ')' if absent else relation) }}
{%- endmacro %}

{% macro raw_file_has_content(table) -%}
    {%- set file = customer_health.raw_path() ~ '/' ~ table ~ '.csv' -%}
    {%- set found = customer_health.glob_text(file) -%}
    {%- if not run_query('select file from glob(' ~ found ~ ')').rows -%}{{ return(false) }}{%- endif -%}
    {{ return(run_query('select size from read_blob(' ~ found ~ ')').rows[0][0] > 0) }}
{%- endmacro %}
