{#- DuckDB: what was found while reading, files that cannot be read or are no pings by their name, and files without any line. -#}
{% macro duckdb__quarantined_lines(leaves, unread_lines, inputs) -%}
    select source_file, line_number, reason
    from {{ unread_lines }}
    union all
    select entry_name, null, entry_version
    from {{ inputs }}
    where entry_type = 'other_file'
    union all
    select files.entry_name, null, 'holds nothing'
    from {{ inputs }} as files
    left join (
        select distinct source_file from {{ leaves }} where key_path = '' and ping_id is not null
    ) as held
        on files.entry_name = held.source_file
    left join (select distinct source_file from {{ unread_lines }}) as unread
        on files.entry_name = unread.source_file
    where files.entry_type = 'file'
        and held.source_file is null
        and unread.source_file is null
{%- endmacro %}

{% macro duckdb__note_unread_lines() %}
    {%- if execute and run_query("select 1 from duckdb_tables() where table_name = 'unread_lines' and temporary") -%}
        insert into {{ this }}
        select distinct null, cast(null as timestamp), {{ customer_health.below_raw_path('unread_scans.file_path') }}, 'unreadable', null
        from temp.unread_lines
        inner join temp.unread_scans
            on unread_lines.scan_id = unread_scans.scan_id
            and unread_lines.file_id = unread_scans.file_id;
        drop table temp.unread_lines;
        drop table temp.unread_scans;
    {%- endif -%}
{% endmacro %}

{#- The files with unreadable lines are read once more, all in one scan, for the numbers of the lines. -#}
{% macro duckdb__unread_lines(leaves) -%}
    {%- set new = [] -%}
    {%- if execute and load_relation(leaves) -%}
        {%- do new.extend(run_query(customer_health.files_not_looked_through(leaves)).rows) -%}
    {%- endif -%}
    {%- if new -%}
    {%- set files = [] -%}
    {%- for file in new if file[1] is none -%}{%- do files.append(file[0]) -%}{%- endfor -%}
    {%- do customer_health.look_through(files) -%}
    select
        found.source_file,
        files.raw_value as file_version,
        found.line_number,
        found.reason
    from (
        select * from temp.found_unreadable
        {%- for file in new if file[1] is not none %}
        union all
        select {{ customer_health.sql_text(file[0]) }}, null, {{ customer_health.sql_text(file[1]) }}
        {%- endfor %}
    ) as found
    inner join {{ leaves }} as files
        on found.source_file = files.source_file
        and files.key_path = 'file'
        and files.ping_id is null
    {%- else -%}
    {{ customer_health.default__unread_lines(leaves) }}
    {%- endif -%}
{%- endmacro %}

{#- Rows (name, reason) of files with unreadable lines (reason null) or unreadable as a whole, whose version is new. -#}
{% macro files_not_looked_through(leaves) -%}
    select unreadable.source_file, max(unreadable.raw_value) as reason
    from {{ leaves }} as unreadable
    inner join {{ leaves }} as files
        on unreadable.source_file = files.source_file
        and files.key_path = 'file'
        and files.ping_id is null
    {%- if is_incremental() %}
    left join {{ this }} as found
        on files.source_file = found.source_file
        and files.raw_value = found.file_version
    {%- endif %}
    where unreadable.key_path = 'unreadable'
        and unreadable.ping_id is null
    {%- if is_incremental() %}
        and found.source_file is null
    {%- endif %}
    group by unreadable.source_file
    order by unreadable.source_file
{%- endmacro %}

{#- Fills the temporary table found_unreadable (source_file, line_number, reason). The reader sets lines aside that it cannot
    take, with their numbers; lines that it took are counted, and those set aside before them are added. -#}
{% macro look_through(files) %}
    {%- set lines = customer_health.files_of_kind(files, 'lines') -%}
    {%- set documents = customer_health.files_of_kind(files, 'document') -%}
    {%- do run_query(
        'create or replace temporary table found_unreadable (source_file varchar, line_number bigint, reason varchar)'
    ) -%}
    {%- if documents -%}
        {%- do run_query(
            'insert into found_unreadable select source_file, line_number, ' ~ customer_health.unreadable_reason() ~ ' from ('
            ~ customer_health.judged_lines(
                'select line, line as text, source_file, line_number from (' ~ customer_health.document_lines(documents) ~ ')',
                customer_health.envelope_paths()
            ) ~ ') where not is_readable'
        ) -%}
    {%- endif -%}
    {%- if lines -%}
        {%- do run_query(
            'create or replace temporary table taken_lines as select filename, taken, is_first, '
            ~ 'case when not is_blank and not is_readable then ' ~ customer_health.unreadable_reason() ~ ' end as reason from ('
            ~ customer_health.judged_lines(
                "select line, line as text, not coalesce(regexp_matches(line, '[^[:space:]]'), false) as is_blank, filename, "
                ~ 'row_number() over () as taken, lag(filename) over () is distinct from filename as is_first from read_csv('
                ~ customer_health.file_list(lines) ~ ', ' ~ customer_health.one_line_a_row() ~ ', filename = true, '
                ~ "store_rejects = true, rejects_table = 'set_aside', rejects_scan = 'set_aside_scans')",
                customer_health.envelope_paths()
            ) ~ ') where is_first or not (is_blank or is_readable)'
        ) -%}
        {%- do run_query(customer_health.numbered_unreadable()) -%}
        {%- do run_query('drop table taken_lines; drop table set_aside; drop table set_aside_scans') -%}
    {%- endif -%}
{% endmacro %}

{#- Inserts the lines of taken_lines and of set_aside with their numbers in their files. -#}
{% macro numbered_unreadable() -%}
    insert into found_unreadable
    with

    set_aside_lines as (
        select
            scans.file_path as filename,
            aside.line as line_number,
            max(case when aside.error_type = 'LINE SIZE OVER MAXIMUM'
                then 'longer than {{ var('max_line_bytes') }} bytes' else 'not text in UTF-8' end) as reason,
            row_number() over (partition by scans.file_path order by aside.line) as position
        from temp.set_aside as aside
        inner join temp.set_aside_scans as scans
            on aside.scan_id = scans.scan_id
            and aside.file_id = scans.file_id
        group by scans.file_path, aside.line
    ),

    counted as (
        select
            taken.filename,
            taken.reason,
            taken.taken - firsts.taken + 1 as taken
        from temp.taken_lines as taken
        inner join (select filename, min(taken) as taken from temp.taken_lines where is_first group by filename) as firsts
            on taken.filename = firsts.filename
        where taken.reason is not null
    ),

    placed as (
        select
            counted.filename,
            counted.taken + count(aside.position) as line_number,
            any_value(counted.reason) as reason
        from counted
        left join set_aside_lines as aside
            on counted.filename = aside.filename
            and aside.line_number - aside.position < counted.taken
        group by counted.filename, counted.taken
    )

    select {{ customer_health.below_raw_path('filename') }}, line_number, reason from placed
    union all
    select {{ customer_health.below_raw_path('filename') }}, line_number, reason from set_aside_lines
{%- endmacro %}

{#- Why a line (`text`) that judged_lines found unreadable is so. -#}
{% macro unreadable_reason() -%}
    case
        when text is null then 'not text in UTF-8'
        when not json_valid(text) then 'not JSON'
        when json_type(text) != 'OBJECT' then 'not a JSON object'
        when ping_id is null then 'no ping_id'
        when received_at is null then 'received_at is missing or not a timestamp'
        else 'payload is missing, empty or not an object'
    end
{%- endmacro %}

{% macro duckdb__drop_unread_lines() -%}
    {%- if execute -%}drop table if exists temp.found_unreadable{%- endif -%}
{%- endmacro %}
