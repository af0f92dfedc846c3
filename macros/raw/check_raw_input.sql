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
        {%- for name in source.columns if found and name not in found -%}
            {{ exceptions.raise_compiler_error('the raw table ' ~ table ~ ' has no column "' ~ name ~ '"; it has: ' ~ found | sort | join(', ')) }}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{% macro duckdb__check_raw_input() %}
    {%- set folder = customer_health.raw_path() -%}
    {%- set way_out = ' Set RAW_PATH (or var raw_path) to the folder of raw files, or run `make sample` for sample data.' -%}
    {%- if not run_query("select file from glob('" ~ folder ~ "/*') limit 1").rows -%}
        {{ exceptions.raise_compiler_error('the raw folder "' ~ folder ~ '" is missing or empty.' ~ way_out) }}
    {%- endif -%}
    {%- if not customer_health.ping_files() -%}
        {{ exceptions.raise_compiler_error('no usage pings: "' ~ folder ~ '/service_pings" holds no *.jsonl, *.jsonl.gz or manual/*.json file.' ~ way_out) }}
    {%- endif -%}
    {%- for source in graph.sources.values() | sort(attribute='name') if source.config.meta.get('file') -%}
        {%- if customer_health.raw_file_has_content(source.name) -%}
            {%- do customer_health.check_raw_csv(folder ~ '/' ~ source.name ~ '.csv', source.columns) -%}
        {%- elif not source.config.meta.get('optional') -%}
            {{ exceptions.raise_compiler_error('the required file "' ~ folder ~ '/' ~ source.name ~ '.csv" is missing or empty.' ~ way_out) }}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_raw_csv(file, columns) %}
    {%- set rows = "read_csv('" ~ file ~ "', header=true, all_varchar=true)" -%}
    {%- set present = run_query('select column_name from (describe select * from ' ~ rows ~ ')').columns[0].values() -%}
    {%- for name in columns if name not in present -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '" has no column "' ~ name ~ '"; it has: ' ~ present | join(', ')) }}
    {%- endfor -%}
    {%- set readers = {
        'date': customer_health.to_date, 'timestamp': customer_health.to_utc_timestamp, 'integer': customer_health.to_integer,
        'double': customer_health.to_double, 'boolean': customer_health.to_boolean,
    } -%}
    {%- set checks = [] -%}
    {%- for name, column in columns.items() -%}
        {%- set cell = '"' ~ name ~ '"' -%}
        {%- set text = customer_health.clean_text(cell) -%}
        {%- set finding = 'select line, ' ~ loop.index ~ " as position, '" ~ name ~ "' as name, " ~ cell ~ ' as cell, ' -%}
        {%- if column.config.meta.get('required') -%}
            {%- do checks.append(finding ~ "'must not be empty' as problem from numbered where " ~ text ~ ' is null') -%}
        {%- endif -%}
        {%- if column.data_type in readers -%}
            {%- do checks.append(
                finding ~ "'is not a " ~ column.data_type ~ "' as problem from numbered where " ~ text
                ~ ' is not null and ' ~ readers[column.data_type](cell) ~ ' is null'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks -%}
        {%- set problems = run_query(
            'with numbered as (select *, row_number() over () + 1 as line from ' ~ rows ~ ') select * from ('
            ~ checks | join(' union all ') ~ ') order by line, position limit 1'
        ).rows -%}
        {%- for problem in problems -%}
            {{ exceptions.raise_compiler_error('"' ~ file ~ '", line ' ~ problem[0] ~ ', column "' ~ problem[2] ~ '": ' ~ (problem[3] | tojson ~ ' ' if problem[3] is not none) ~ problem[4]) }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
