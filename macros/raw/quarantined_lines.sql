{#- Rows (source_file, line_number, reason) of input that could not be read as pings. -#}
{% macro quarantined_lines(leaves) -%}
    {{ adapter.dispatch('quarantined_lines', 'customer_health')(leaves) }}
{%- endmacro %}

{#- DuckDB: only files that hold an unreadable line are read again, line by line. -#}
{% macro duckdb__quarantined_lines(leaves) -%}
    {%- set files = [] -%}
    {%- if execute and load_relation(leaves) -%}
        {%- for file in run_query(
            'select distinct source_file from ' ~ leaves ~ ' where ping_id is null order by source_file'
        ).columns[0].values() -%}
            {%- if file in customer_health.ping_files() -%}{%- do files.append(file) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if not files %}
    select cast(null as varchar) as source_file, cast(null as bigint) as line_number, cast(null as varchar) as reason
    where false
    {%- endif -%}
    {%- for file in files %}
    select
        '{{ file | replace("'", "''") }}' as source_file,
        lines.line_number,
        case
            when not json_valid(lines.line) then 'not JSON'
            when json_type(lines.line) != 'OBJECT' then 'not a JSON object'
            when {{ customer_health.clean_text("json_extract_string(lines.line, '$.ping_id')") }} is null
                then 'no ping_id'
            when records.ping_id is null then 'not text in UTF-8'
            when records.received_at is null then 'received_at is missing or not a timestamp'
            else 'payload is missing, empty or not an object'
        end as reason
    from ({{ customer_health.numbered_lines(file) }}) as lines
    inner join ({{ customer_health.numbered_records(file) }}) as records
        on lines.record_number = records.record_number
    where not records.is_readable
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Snowflake: rows of the raw table. A line that is not JSON was landed as text (snowflake/setup.sql). Payloads are looked at
    only on days that have such a row; which ones, two narrow columns and the leaves say. -#}
{% macro snowflake__quarantined_lines(leaves) -%}
    {%- set arrivals = source('service_ping', 'service_pings') -%}
    {%- set columns = customer_health.raw_columns(arrivals) -%}
    {%- set ping_id = customer_health.clean_text('arrivals.ping_id') -%}
    {%- set received_at = customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) -%}
    {%- set days = [] -%}
    {%- if execute and load_relation(leaves) and columns -%}
        {%- do days.extend(run_query(
            'select distinct cast(' ~ received_at ~ ' as date) as day from ' ~ arrivals ~ ' as arrivals where ' ~ ping_id
            ~ ' is null and ' ~ received_at ~ ' is not null'
            ~ ' union select distinct cast(received_at as date) from ' ~ leaves ~ " where ping_id is null and key_path = ''"
            ~ ' order by 1'
        ).columns[0].values()) -%}
    {%- endif -%}
    select
        {{ customer_health.source_file_of('arrivals', columns) }} as source_file,
        {{ 'cast(arrivals.line_number as bigint)' if 'line_number' in columns else 'cast(null as bigint)' }} as line_number,
        case
            when {{ ping_id }} is null and {{ received_at }} is null and typeof(arrivals.payload) = 'VARCHAR'
                then 'not JSON'
            when {{ ping_id }} is null then 'no ping_id'
            when {{ received_at }} is null then 'received_at is missing or not a timestamp'
            else 'payload is missing, empty or not an object'
        end as reason
    from {{ arrivals }} as arrivals
    left join (
        select distinct raw_value as ping_id, received_at from {{ leaves }} where ping_id is null and key_path = ''
    ) as unreadable
        on {{ ping_id }} = unreadable.ping_id
        and {{ received_at }} = unreadable.received_at
    where ({{ ping_id }} is null or {{ received_at }} is null or unreadable.ping_id is not null)
        and (arrivals.received_at is null or {{ customer_health.in_days('arrivals.received_at', columns, days) }})
{%- endmacro %}

{#- One file's lines that are not blank, with their numbers. Read byte by byte as Latin-1, so that no line is lost to its
    encoding. A hand-saved payload is one line, made of the usual form. -#}
{% macro numbered_lines(file) -%}
    {%- if file.endswith('.json') -%}
    select 1 as line_number, 1 as record_number, line from ({{ customer_health.manual_ping_lines([file]) }})
    {%- else -%}
    select line_number, row_number() over (order by line_number) as record_number, line
    from (
        select row_number() over () as line_number, line
        from read_csv(
            '{{ file | replace("'", "''") }}', {{ customer_health.one_line_a_row() }},
            parallel = false, null_padding = true, encoding = 'latin-1'
        )
    )
    where trim(coalesce(line, '')) != ''
    {%- endif -%}
{%- endmacro %}

{#- The same lines in the same order, judged; here one that is not JSON, or not UTF-8, is a row of nulls. -#}
{% macro numbered_records(file) -%}
    {%- set lines -%}
    {%- if file.endswith('.json') -%}
        select 1 as record_number, line from ({{ customer_health.manual_ping_lines([file]) }})
    {%- else -%}
        select row_number() over () as record_number, json as line
        from read_json_objects(
            '{{ file | replace("'", "''") }}',
            format = 'newline_delimited', ignore_errors = true, maximum_object_size = 268435456
        )
    {%- endif -%}
    {%- endset -%}
    {{ customer_health.judged_lines(lines, var('ping_envelope').values() | list) }}
{%- endmacro %}
