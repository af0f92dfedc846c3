{#- Before a run: every required file is there, every CSV has its columns, and every cell can be read as its column's
    data_type says. Raises one compiler error that names file (or table), row and column. -#}
{% macro check_raw_input() %}
    {{ return(adapter.dispatch('check_raw_input', 'customer_health')()) }}
{% endmacro %}

{% macro default__check_raw_input() %}
    {%- for source in graph.sources.values() | sort(attribute='name') -%}
        {%- set relation = api.Relation.create(database=source.database, schema=source.schema, identifier=source.identifier) -%}
        {%- set found = customer_health.raw_columns(relation) -%}
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
        {%- if found and source.config.meta.get('file') -%}
            {%- do customer_health.check_raw_table(relation, source.columns, found) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{#- The cells of the columns that are text, by the readers that staging uses; a row is named by its first column, its id. -#}
{% macro check_raw_table(relation, columns, types) %}
    {%- set key = (columns | list)[0] -%}
    {%- set texts = [] -%}
    {%- for name, type in types.items() if type.startswith(('VARCHAR', 'TEXT', 'STRING', 'CHAR')) -%}
        {%- do texts.append(name) -%}
    {%- endfor -%}
    {%- set problem = customer_health.first_unreadable_cell(relation | string, key, columns, texts) -%}
    {%- if problem -%}
        {{ exceptions.raise_compiler_error('the raw table ' ~ relation ~ ', ' ~ key ~ ' ' ~ problem[0] | tojson ~ ', column "' ~ problem[2] ~ '": ' ~ problem[3] | tojson ~ ' ' ~ problem[4]) }}
    {%- endif -%}
{% endmacro %}

{% macro duckdb__check_raw_input() %}
    {%- set folder = customer_health.raw_path() -%}
    {%- set way_out = ' Set RAW_PATH (or var raw_path) to the folder of raw files, or run `make sample` for sample data.' -%}
    {%- if '\\' in folder -%}
        {{ exceptions.raise_compiler_error('the name of the raw folder "' ~ folder ~ '" holds a backslash, at which DuckDB would part it: rename it.') }}
    {%- endif -%}
    {%- if not run_query('select file from glob(' ~ customer_health.glob_text(folder) ~ " || '/*') limit 1").rows -%}
        {{ exceptions.raise_compiler_error('the raw folder "' ~ folder ~ '" is missing or empty.' ~ way_out) }}
    {%- endif -%}
    {%- if customer_health.listed_ping_files() == [] -%}
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
    {%- do customer_health.check_raw_lines(file) -%}
    {%- do run_query(
        'create or replace temporary table raw_cells as select row_number() over () + 1 as raw_line, * from read_csv('
        ~ customer_health.glob_text(file) ~ ', ' ~ customer_health.csv_dialect()
        ~ ", ignore_errors=true, store_rejects=true, rejects_table='raw_rejects', rejects_scan='raw_reject_scans')"
    ) -%}
    {%- do customer_health.refuse_rejects(file, 'raw_rejects') -%}
    {%- set present = run_query('select column_name from (describe raw_cells)').columns[0].values()[1:] -%}
    {%- for name, column in columns.items() if name not in present and not column.config.meta.get('optional') -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '" has no column "' ~ name ~ '"; it has: ' ~ present | join(', ')) }}
    {%- endfor -%}
    {%- set problem = customer_health.first_unreadable_cell('raw_cells', 'raw_line', columns, present) -%}
    {%- if problem -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '", line ' ~ problem[0] ~ ', column "' ~ problem[2] ~ '": ' ~ problem[3] | tojson ~ ' ' ~ problem[4]) }}
    {%- endif -%}
    {%- do run_query('drop table raw_cells') -%}
{% endmacro %}

{#- (place, position, column, cell, problem) of the first cell that is not what its column's data_type says: no date, number or
    boolean at all. What is a number but an odd one is a finding, not an error (docs/rules.md 10); so is all of it under var
    unreadable_cells: finding. `checked` names the columns that may hold any text. -#}
{% macro first_unreadable_cell(rows, place, columns, checked) %}
    {%- if var('unreadable_cells') == 'finding' -%}{{ return(none) }}{%- endif -%}
    {%- set checks = [] -%}
    {%- for name, column in columns.items() if name in checked -%}
        {%- set cell = '"' ~ name ~ '"' if rows == 'raw_cells' else name -%}
        {%- set text = customer_health.clean_text(cell) -%}
        {%- set wanted = column.config.meta.get('read_as', column.data_type) -%}
        {%- set readable = {
            'date': customer_health.to_date(text) ~ ' is not null',
            'timestamp': customer_health.to_utc_timestamp(text) ~ ' is not null',
            'boolean': customer_health.to_boolean(text) ~ ' is not null',
            'date or later': customer_health.license_end(text) ~ ' is not null',
            'integer': customer_health.is_number(text),
            'double': customer_health.is_number(text),
        }.get(wanted) -%}
        {%- if readable -%}
            {%- do checks.append(
                'select ' ~ place ~ ' as place, ' ~ loop.index ~ " as position, '" ~ name ~ "' as name, " ~ cell ~ " as cell, 'is not "
                ~ ('an ' if wanted == 'integer' else 'a ') ~ wanted ~ "' as problem from " ~ rows
                ~ ' where ' ~ text ~ ' is not null and not (' ~ readable ~ ')'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not checks -%}{{ return(none) }}{%- endif -%}
    {%- set found = run_query(
        'select * from (' ~ checks | join(' union all ') ~ ') as unreadable order by place, position limit 1'
    ).rows -%}
    {{ return(found[0] if found else none) }}
{% endmacro %}

{#- A first reading with the header's own names and nothing guessed: where a file breaks the dialect, the guess fails as a whole,
    without a line; this names the line (quotes escaped by a backslash, a quote that never ends, too many cells). -#}
{% macro check_raw_lines(file) %}
    {%- set literal = customer_health.glob_text(file) -%}
    {%- set header = run_query(
        "select replace(regexp_extract(cast(content[1:65536] as varchar), '^(.*?)([\\\\]x0[AD]|$)', 1), '\\xEF\\xBB\\xBF', '')"
        ~ ' from read_blob(' ~ literal ~ ')'
    ).rows[0][0] -%}
    {%- set columns = [] -%}
    {%- for name in header.split(',') -%}
        {%- do columns.append("'c" ~ loop.index ~ "': 'VARCHAR'") -%}
    {%- endfor -%}
    {%- do run_query(
        'select count(*) from (select * from read_csv(' ~ literal ~ ', columns={' ~ columns | join(', ') ~ '}, auto_detect=false, '
        ~ customer_health.csv_dialect() | replace('all_varchar=true, ', '')
        ~ ", ignore_errors=true, store_rejects=true, rejects_table='raw_line_rejects', rejects_scan='raw_line_scans'))"
    ) -%}
    {%- do customer_health.refuse_rejects(file, 'raw_line_rejects') -%}
{% endmacro %}

{% macro refuse_rejects(file, rejects) %}
    {%- for reject in run_query('select line, error_message from ' ~ rejects ~ ' order by line, error_message limit 1').rows -%}
        {{ exceptions.raise_compiler_error('"' ~ file ~ '", line ' ~ reject[0] ~ ' cannot be read as a row: ' ~ reject[1]) }}
    {%- endfor -%}
{% endmacro %}

{#- Said in full, for a guessed dialect can take a damaged line for the header. The sources' external_location says the same. -#}
{% macro csv_dialect() -%}
    {{ return("header=true, all_varchar=true, delim=',', quote='\"', escape='\"', skip=0") }}
{%- endmacro %}
