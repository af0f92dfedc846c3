{#- DuckDB: what stands in the files of pings, as lines that ping_leaves looks into. -#}

{#- Rows (line, source_file) of these files, without blank lines. -#}
{% macro ping_lines(files) -%}
    {%- set parts = [] -%}
    {%- set lines = customer_health.files_of_kind(files, 'lines') -%}
    {%- set documents = customer_health.files_of_kind(files, 'document') -%}
    {%- if lines -%}
        {%- do parts.append(
            'select line, ' ~ customer_health.below_raw_path('filename') ~ ' as source_file from read_csv('
            ~ customer_health.file_list(lines) ~ ', ' ~ customer_health.one_line_a_row() ~ ", filename = true, store_rejects = true, "
            ~ "rejects_table = 'unread_lines', rejects_scan = 'unread_scans') where regexp_matches(line, '[^[:space:]]')"
        ) -%}
    {%- endif -%}
    {%- if documents -%}
        {%- do parts.append('select line, source_file from (' ~ customer_health.document_lines(documents) ~ ')') -%}
    {%- endif -%}
    {{ parts | join(' union all ') if parts else "select '' as line, '' as source_file where false" }}
{%- endmacro %}

{% macro files_of_kind(files, kind) %}
    {%- set found = [] -%}
    {%- for file in files if customer_health.ping_file_kind(file) == kind -%}{%- do found.append(file) -%}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- Options by which the reader of CSV gives each line as it stands, up to max_line_bytes of it. Left to itself, DuckDB takes
    sixteen times the longest line as its buffer, for each thread. Four times is the least by which it misses no line that is
    too long, and only while one thread reads a file; files are still read side by side (docs/rules.md 10). -#}
{% macro one_line_a_row(times=1) -%}
    {%- set longest = times * (var('max_line_bytes') | int) -%}
    columns = {line: 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '', auto_detect = false,
        strict_mode = false, parallel = false, max_line_size = {{ longest }}, buffer_size = {{ 4 * longest }}
{%- endmacro %}

{#- Rows (line, source_file, line_number) of `.json` files: what each holds, made lines of the usual form. A hand-saved payload
    has the hash of its content as its id. -#}
{% macro document_lines(files) -%}
    select
        case
            when elements.saved_id is null then elements.element
            else '{"ping_id":"' || elements.saved_id || '","received_at":"'
                || strftime(arrivals.received_at, '%Y-%m-%dT%H:%M:%S.%fZ') || '","payload":' || elements.element || '}'
        end as line,
        elements.source_file,
        elements.line_number
    from ({{ customer_health.document_elements(files) }}) as elements
    left join {{ ref('base_service_ping__saved_arrivals') }} as arrivals
        on elements.saved_id = arrivals.ping_id
{%- endmacro %}

{#- Rows (source_file, file_time, line_number, element, saved_id) of `.json` files. A document is one object, an array of
    them, or lines after all; an object without `payload` is a payload that somebody saved by hand, and has a saved_id.
    What is not text in UTF-8 is an element that is null. -#}
{% macro document_elements(files) -%}
    select
        *,
        case
            when try(json_type(element)) = 'OBJECT' and not json_exists(element, '$.payload') then md5(element)
        end as saved_id
    from (
        select
            source_file,
            file_time,
            generate_subscripts(elements, 1) as line_number,
            unnest(elements) as element,
            length(elements) as element_count
        from (
            select
                source_file,
                file_time,
                case
                    when try(json_type(content)) = 'ARRAY' then cast(json_extract(content, '$[*]') as varchar[])
                    when try(json_type(content)) is null and try(json_type(split_part(content, chr(10), 1))) = 'OBJECT'
                        then string_split(content, chr(10))
                    else [content]
                end as elements
            from ({{ customer_health.document_contents(files) }})
        )
    )
    where element_count = 1 or regexp_matches(element, '[^[:space:]]')
{%- endmacro %}

{#- Rows (source_file, file_time, content) of these files; a byte order mark is left out. -#}
{% macro document_contents(files) -%}
    {%- set packed = [] -%}
    {%- set plain = [] -%}
    {%- for file in files -%}{%- do (packed if (file | lower).endswith('.gz') else plain).append(file) -%}{%- endfor -%}
    {%- if plain -%}
    select
        {{ customer_health.below_raw_path('filename') }} as source_file,
        {{ customer_health.file_time('filename', 'last_modified') }} as file_time,
        ltrim(try(decode(content)), chr(65279)) as content
    from read_blob({{ customer_health.file_list(plain) }})
    {%- endif -%}
    {%- if plain and packed %} union all {% endif -%}
    {%- if packed -%}
    select
        {{ customer_health.below_raw_path('lines.filename') }} as source_file,
        {{ customer_health.file_time('lines.filename', 'any_value(files.last_modified)') }} as file_time,
        string_agg(coalesce(lines.line, ''), chr(10) order by lines.line_number) as content
    from (
        select row_number() over () as line_number, line, filename
        from read_csv({{ customer_health.file_list(packed) }}, {{ customer_health.one_line_a_row() }}, filename = true, ignore_errors = true)
    ) as lines
    inner join (select filename, last_modified from read_blob({{ customer_health.file_list(packed) }})) as files
        on lines.filename = files.filename
    group by lines.filename
    {%- endif -%}
{%- endmacro %}

{#- When a file was saved: the day in its name, which copies keep, unless it lies after the time of its last change; else
    that time. -#}
{% macro file_time(filename, last_modified) -%}
    {%- set changed_at = '(' ~ last_modified ~ " at time zone 'UTC')" -%}
    {%- set named_day = "try_cast(regexp_extract(parse_filename(" ~ filename ~ "), '20[0-9]{2}-[0-9]{2}-[0-9]{2}') as timestamp)" -%}
    case when {{ named_day }} <= {{ changed_at }} + interval 1 day then {{ named_day }} else {{ changed_at }} end
{%- endmacro %}

{% macro duckdb__saved_pings(files) -%}
    {%- if files -%}
    select
        saved_id as ping_id,
        {{ customer_health.to_utc_timestamp(customer_health.json_text("cast(json_extract(element, '$." ~ customer_health.quoted_path(customer_health.ping_envelope().recorded_at or 'recorded_at') ~ "') as varchar)")) }} as recorded_at,
        file_time
    from ({{ customer_health.document_elements(files) }})
    where saved_id is not null
    {%- else -%}
    {{ customer_health.default__saved_pings(files) }}
    {%- endif -%}
{%- endmacro %}

{#- Of these files those whose compression is damaged: they would stop the reading of all others, or be read in part without
    a word. -#}
{% macro damaged_files(files) %}
    {%- set packed = [] -%}
    {%- for file in files if (file | lower).endswith('.gz') -%}{%- do packed.append(file) -%}{%- endfor -%}
    {%- if not execute or not packed -%}{{ return([]) }}{%- endif -%}
    {%- do run_query('create or replace temporary table unpacked (filename varchar, line_count bigint, line_bytes bigint)') -%}
    {%- set whole = [] -%}
    {%- if customer_health.unpacks(packed) -%}
        {%- do whole.extend(packed) -%}
    {%- else -%}
        {%- for file in packed if customer_health.unpacks([file]) -%}{%- do whole.append(file) -%}{%- endfor -%}
    {%- endif -%}
    {%- set short = customer_health.short_files(whole) -%}
    {#- A line that is not UTF-8 is not counted: byte by byte those files are counted again. #}
    {%- if short -%}
        {%- do run_query('delete from unpacked') -%}
        {%- do customer_health.unpacks(short, 'latin-1') -%}
        {%- set short = customer_health.short_files(short) -%}
    {%- endif -%}
    {#- Neither is one that is too long; with more memory they are counted one by one. #}
    {%- for file in customer_health.files_of_kind(short, 'lines') -%}
        {%- do run_query('delete from unpacked') if loop.first -%}
        {%- do customer_health.unpacks([file], 'latin-1', times=8) -%}
    {%- endfor -%}
    {%- set short = customer_health.short_files(short) -%}
    {%- do run_query('drop table unpacked') -%}
    {{ return(packed | reject('in', whole) | list + short) }}
{% endmacro %}

{#- Whether all of these can be unpacked; if so, notes how much they hold. -#}
{% macro unpacks(files, encoding='utf-8', times=1) %}
    {{ return(customer_health.succeeds(
        "insert into unpacked select filename, count(*), coalesce(sum(" ~ ('length' if encoding == 'latin-1' else 'strlen') ~ "(line)), 0) from read_csv("
        ~ customer_health.file_list(files) ~ ', ' ~ customer_health.one_line_a_row(times) ~ ", filename = true, ignore_errors = true, "
        ~ "encoding = '" ~ encoding ~ "') group by filename"
    )) }}
{% endmacro %}

{#- Of these files those that hold less than their last four bytes say. -#}
{% macro short_files(files) %}
    {%- if not files -%}{{ return([]) }}{%- endif -%}
    {{ return(run_query(
        'select ' ~ customer_health.below_raw_path('files.filename') ~ ' from read_blob(' ~ customer_health.file_list(files)
        ~ ') as files left join unpacked on files.filename = unpacked.filename where cast('
        ~ "'0x' || hex(files.content[-1:]) || hex(files.content[-2:-2]) || hex(files.content[-3:-3]) || hex(files.content[-4:-4])"
        ~ ' as ubigint) > coalesce(unpacked.line_bytes + 2 * unpacked.line_count, 0) order by 1'
    ).columns[0].values() | list) }}
{% endmacro %}
