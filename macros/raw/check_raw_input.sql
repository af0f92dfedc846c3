{#- Before a run: every required file is there, every CSV has its columns, and every cell can be read as its column's
    data_type says. Raises one compiler error that names file, row and column. Where raw data are tables, their columns have
    types; that the tables and columns are there is checked. -#}
{% macro check_raw_input() %}
    {{ return(adapter.dispatch('check_raw_input', 'customer_health')()) }}
{% endmacro %}

{% macro default__check_raw_input() %}
    {%- for source in graph.sources.values() | sort(attribute='name') -%}
        {%- set found = customer_health.raw_columns(api.Relation.create(database=source.database, schema=source.schema, identifier=source.identifier)) -%}
        {%- set table = source.database ~ '.' ~ source.schema ~ '.' ~ source.identifier -%}
        {%- if not found and not source.config.meta.get('optional') -%}
            {{ exceptions.raise_compiler_error(
                'the raw table ' ~ table ~ ' is missing, or this role may not read it.'
                ~ ' Create it (snowflake/setup.sql), or set vars raw_database and raw_schema to where it is.'
            ) }}
        {%- endif -%}
        {%- for name, column in source.columns.items() if found and name not in found and not column.config.meta.get('optional') -%}
            {{ exceptions.raise_compiler_error('the raw table ' ~ table ~ ' has no column "' ~ name ~ '"; it has: ' ~ found | sort | join(', ')) }}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{% macro duckdb__check_raw_input() %}
    {%- set folder = customer_health.raw_path() -%}
    {%- set way_out = ' Set RAW_PATH (or var raw_path) to the folder of raw files, or run `make sample` for sample data.' -%}
    {%- if not run_query('select file from glob(' ~ customer_health.glob_text(folder) ~ " || '/*') limit 1").rows -%}
        {{ exceptions.raise_compiler_error('the raw folder "' ~ folder ~ '" is missing or empty.' ~ way_out) }}
    {%- endif -%}
    {%- if not customer_health.ping_files() -%}
        {{ exceptions.raise_compiler_error('no usage pings: "' ~ folder ~ '/service_pings" holds no *.jsonl, *.ndjson or *.json file, plain or .gz.' ~ way_out) }}
    {%- endif -%}
    {%- for source in graph.sources.values() | sort(attribute='name') if source.config.meta.get('file') -%}
        {%- if customer_health.raw_file_has_content(source.name) -%}
            {%- do customer_health.check_raw_csv(folder ~ '/' ~ source.name ~ '.csv', source.columns) -%}
        {%- elif not source.config.meta.get('optional') -%}
            {{ exceptions.raise_compiler_error('the required file "' ~ folder ~ '/' ~ source.name ~ '.csv" is missing or empty.' ~ way_out) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{#- The file is read once, into a temporary table; lines that are no row of it DuckDB sets aside, with their numbers. -#}
{% macro check_raw_csv(file, columns) %}
    {%- do run_query(
        'create or replace temporary table raw_cells as select row_number() over () + 1 as raw_line, * from read_csv('
        ~ customer_health.glob_text(file) ~ ', ' ~ customer_health.csv_dialect()
        ~ ", ignore_errors=true, store_rejects=true, rejects_table='raw_rejects', rejects_scan='raw_reject_scans')"
    ) -%}
    {%- for reject in run_query('select line, error_message from raw_rejects order by line, error_message limit 1').rows -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '", line ' ~ reject[0] ~ ' cannot be read as a row: ' ~ reject[1]) }}
    {%- endfor -%}
    {%- set present = run_query('select column_name from (describe raw_cells)').columns[0].values()[1:] -%}
    {%- for name, column in columns.items() if name not in present and not column.config.meta.get('optional') -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '" has no column "' ~ name ~ '"; it has: ' ~ present | join(', ')) }}
    {%- endfor -%}
    {%- set readers = {
        'date': customer_health.to_date, 'timestamp': customer_health.to_utc_timestamp, 'integer': customer_health.to_integer,
        'double': customer_health.to_double, 'boolean': customer_health.to_boolean,
        'date or later': customer_health.license_end,
    } -%}
    {%- set checks = [] -%}
    {%- for name, column in columns.items() if name in present -%}
        {%- set cell = '"' ~ name ~ '"' -%}
        {%- set text = customer_health.clean_text(cell) -%}
        {%- set finding = 'select raw_line, ' ~ loop.index ~ " as position, '" ~ name ~ "' as name, " ~ cell ~ ' as cell, ' -%}
        {%- set wanted = column.config.meta.get('read_as', column.data_type) -%}
        {%- if column.config.meta.get('required') -%}
            {%- do checks.append(finding ~ "'must not be empty' as problem from raw_cells where " ~ text ~ ' is null') -%}
        {%- endif -%}
        {%- if wanted in readers -%}
            {%- do checks.append(
                finding ~ "'is not " ~ ('an ' if wanted == 'integer' else 'a ') ~ wanted ~ "' as problem from raw_cells where "
                ~ text ~ ' is not null and ' ~ readers[wanted](cell) ~ ' is null'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks -%}
        {%- for problem in run_query(
            'select * from (' ~ checks | join(' union all ') ~ ') order by raw_line, position limit 1'
        ).rows -%}
            {{ exceptions.raise_compiler_error('"' ~ file ~ '", line ' ~ problem[0] ~ ', column "' ~ problem[2] ~ '": ' ~ (problem[3] | tojson ~ ' ' if problem[3] is not none) ~ problem[4]) }}
        {%- endfor -%}
    {%- endif -%}
    {%- do run_query('drop table raw_cells') -%}
{% endmacro %}

{#- Said in full, for a guessed dialect can take a damaged line for the header. The sources' external_location says the same. -#}
{% macro csv_dialect() -%}
    {{ return("header=true, all_varchar=true, delim=',', quote='\"', escape='\"', skip=0") }}
{%- endmacro %}
