{#- Which pings there are to read, and which of them were read before. An extraction input is a file (DuckDB) or the raw
    table (elsewhere), or a key path; each has a version, so that a file that changed counts as new. Files are named as seen
    from the raw folder, so that the folder may move. What was read stands among the leaves, in rows without ping_id
    (source_file, key_path, raw_value) = (name, type, version): written with them, it cannot disagree with them. -#}

{#- How a file is read: as lines, as a document, or not at all (''). -#}
{% macro ping_file_kind(name) %}
    {%- set plain = name | lower -%}
    {%- set plain = plain[:-3] if plain.endswith('.gz') else plain -%}
    {{ return('lines' if plain.endswith('.jsonl') or plain.endswith('.ndjson') else 'document' if plain.endswith('.json') else '') }}
{% endmacro %}

{#- Before a run: names of files of pings as DuckDB lists them, which passes over some; none at all (not an empty list) where it
    cannot, for a name is not UTF-8. What there is in truth says base_service_ping__files. -#}
{% macro listed_ping_files() %}
    {%- set folder = customer_health.raw_path() ~ '/service_pings' -%}
    {%- set parts = [] -%}
    {#- The second pattern enters linked folders. #}
    {%- for below in ['/**/*', '/*/**/*'] -%}
        {%- do parts.append('select file from glob(' ~ customer_health.glob_text(folder) ~ " || '" ~ below ~ "')") -%}
    {%- endfor -%}
    {%- if not customer_health.succeeds('create or replace temporary table listed_files as ' ~ parts | join(' union ')) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set files = [] -%}
    {%- for name in run_query('select ' ~ customer_health.below_raw_path('file') ~ ' from listed_files order by 1').columns[0].values()
        if customer_health.ping_file_kind(name) -%}
        {%- do files.append(name) -%}
    {%- endfor -%}
    {%- do run_query('drop table listed_files') -%}
    {{ return(files) }}
{% endmacro %}

{#- Whether DuckDB can do something. dbt's Jinja knows no try; of all that it offers, `location_exists` alone answers where SQL
    fails. -#}
{% macro succeeds(statement) %}
    {{ return(adapter.location_exists("sqlite_master' limit 0; " ~ statement ~ "; select '1")) }}
{% endmacro %}

{#- Rows (entry_type, entry_name, entry_version, file_state) of everything that can be extracted now, and of the files
    that are none. -#}
{% macro extraction_inputs() %}
    {{ return(adapter.dispatch('extraction_inputs', 'customer_health')()) }}
{% endmacro %}

{% macro duckdb__extraction_inputs() -%}
    {%- set found = ref('base_service_ping__files') -%}
    {%- set files = [] -%}
    {%- set unchanged = [] -%}
    {%- set others = [] -%}
    {%- set rows = [] -%}
    {%- set known = customer_health.known_versions() -%}
    {%- if execute and load_relation(found) -%}
        {#- A table that an earlier version made has no states, until this run makes it anew. -#}
        {%- set state = 'file_state' if customer_health.has_file_states(found) else 'null' -%}
        {%- do rows.extend(run_query('select file_name, problem, ' ~ state ~ ' from ' ~ found ~ ' order by file_name').rows) -%}
    {%- endif -%}
    {%- for name, problem, state in rows -%}
        {%- if customer_health.ping_file_kind(name) and not problem -%}
            {%- if state and (name, state) in known -%}
                {%- do unchanged.append((name, known[(name, state)], state)) -%}
            {%- else -%}
                {%- do files.append(name) -%}
            {%- endif -%}
        {%- else -%}
            {%- do others.append((name, problem or 'not a file of pings by its name')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if others and not files and not unchanged -%}
        {{ exceptions.raise_compiler_error(
            'no usage pings: none of the ' ~ (others | length) ~ ' files under "' ~ customer_health.raw_path()
            ~ '/service_pings" can be read; "' ~ others[0][0] ~ '": ' ~ others[0][1]
        ) }}
    {%- endif -%}
    {%- if files %}
    {#- Hashed before the join, which would otherwise hold what all files contain. #}
    select
        'file' as entry_type,
        hashed.entry_name,
        hashed.entry_version,
        found.file_state
    from (
        select
            {{ customer_health.below_raw_path('filename') }} as entry_name,
            size || ' bytes, md5 ' || md5(content) as entry_version
        from read_blob({{ customer_health.file_list(files) }})
    ) as hashed
    left join {{ found }} as found
        on hashed.entry_name = found.file_name
    union all
    {%- endif %}
    {%- if unchanged %}
    select
        'file' as entry_type,
        unnest({{ customer_health.sql_list(unchanged | map(attribute=0)) }}::varchar[]) as entry_name,
        unnest({{ customer_health.sql_list(unchanged | map(attribute=1)) }}::varchar[]) as entry_version,
        unnest({{ customer_health.sql_list(unchanged | map(attribute=2)) }}::varchar[]) as file_state
    union all
    {%- endif %}
    select
        'other_file' as entry_type,
        unnest({{ customer_health.sql_list(others | map(attribute=0)) }}::varchar[]) as entry_name,
        unnest({{ customer_health.sql_list(others | map(attribute=1)) }}::varchar[]) as entry_version,
        null as file_state
    union all
    select 'raw_path' as entry_type, {{ customer_health.sql_text(customer_health.raw_place()) }} as entry_name, '' as entry_version,
        cast(null as {{ dbt.type_string() }}) as file_state
    union all
    {{ customer_health.key_path_inputs() }}
{%- endmacro %}

{#- What the run before made of each file, by name and state: to hash all files anew took as much of a week as all tables
    behind them (docs/optimisations.md). -#}
{% macro known_versions() %}
    {%- set known = {} -%}
    {%- if execute and not flags.FULL_REFRESH and load_relation(this) and customer_health.has_file_states(this) -%}
        {%- for name, version, state in run_query(
            'select entry_name, entry_version, file_state from ' ~ this ~ " where entry_type = 'file' and file_state is not null"
        ).rows -%}
            {%- do known.update({(name, state): version}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(known) }}
{% endmacro %}

{% macro has_file_states(relation) %}
    {{ return('file_state' in adapter.get_columns_in_relation(relation) | map(attribute='name')) }}
{% endmacro %}

{% macro default__extraction_inputs() -%}
    select 'raw_path' as entry_type, {{ customer_health.sql_text(customer_health.raw_place()) }} as entry_name, '' as entry_version,
        cast(null as {{ dbt.type_string() }}) as file_state
    union all
    {{ customer_health.key_path_inputs() }}
{%- endmacro %}

{% macro key_path_inputs() -%}
    {%- for path in customer_health.extracted_key_paths() %}
    select 'key_path' as entry_type, '{{ path }}' as entry_name, '' as entry_version,
        cast(null as {{ dbt.type_string() }}) as file_state
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as entry_type, '' as entry_name, '' as entry_version, '' as file_state where false
    {%- endfor %}
{%- endmacro %}

{#- Names of the inputs of one type: all of them, the new ones (`is_new` true) or those read before (false). -#}
{% macro extraction_names(inputs, entry_type, is_new=none) %}
    {%- if not execute or not load_relation(inputs) -%}{{ return([]) }}{%- endif -%}
    {{ return(run_query(
        'select entry_name from ' ~ inputs ~ " where entry_type = '" ~ entry_type ~ "'"
        ~ ('' if is_new is none else ' and is_new' if is_new else ' and not is_new') ~ ' order by entry_name'
    ).columns[0].values() | list) }}
{% endmacro %}

{#- Pre-hook of the leaves: what a file said that has changed since is replaced by what it says now; so is, where raw data
    are a table, an arrival that was landed again. -#}
{% macro forget_replaced_inputs() %}
    {%- if execute and is_incremental() -%}
        {{ adapter.dispatch('forget_replaced_inputs', 'customer_health')() }}
    {%- endif -%}
{% endmacro %}

{% macro duckdb__forget_replaced_inputs() -%}
    delete from {{ this }}
    where source_file in (
        select entry_name from {{ ref('base_service_ping__inputs') }}
        where entry_type = 'file' and is_new
    )
{%- endmacro %}

{% macro default__forget_replaced_inputs() -%}
    {%- set columns = customer_health.raw_columns(source('service_ping', 'service_pings')) -%}
    {%- if 'landed_at' in columns -%}
    delete from {{ this }}
    where (ping_id, received_at, source_file) in (
        select ping_id, received_at, source_file
        from ({{ customer_health.new_ping_keys(columns) }}) as replaced
    )
    {%- endif -%}
{%- endmacro %}

{#- Post-hook of the leaves: a key path that no metric asks for any more, or another place of the raw data, is no longer
    among what was read. The values stay. -#}
{% macro forget_old_inputs() %}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where ping_id is null
            and key_path in ('raw_path', 'key_path')
            and key_path || ' ' || source_file not in (
                select entry_type || ' ' || entry_name from {{ ref('base_service_ping__inputs') }}
            )
    {%- endif -%}
{% endmacro %}
