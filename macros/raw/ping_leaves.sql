{#- Reads payloads once for many key paths: rows (ping_id, received_at, source_file, key_path, raw_value).
    - key_path '' is one row per arrival of a ping, whatever it holds; a line that could not be read is such a row without
      ping_id. Which of several arrivals counts is decided later, for it depends on as_of.
    - raw_value is the leaf as text; a JSON null is a row whose raw_value is null; an absent key is no row.
    `files` is the list to read (ignored where pings are a table), `paths` the list of key paths, `only_new` whether pings
    that `this` holds already may be left out (ignored where files are read). -#}
{% macro ping_leaves(files, paths, only_new=false) -%}
    {{ adapter.dispatch('ping_leaves', 'customer_health')(files, paths, only_new) }}
{%- endmacro %}

{#- DuckDB: all key paths are looked up in a line at once, so that no payload is parsed twice (see judged_lines). -#}
{% macro duckdb__ping_leaves(files, paths, only_new) -%}
    {%- set envelope = var('ping_envelope').values() | list -%}
    {%- set looked_up = (envelope + paths) | unique | list -%}
    with

    judged as (
        {{ customer_health.judged_lines(customer_health.ping_lines(files), looked_up) }}
    ),

    arrived as (
        select *
        from judged
        where is_readable
        qualify row_number() over (partition by ping_id, received_at order by filename desc) = 1
    ),

    unnested as (
        select
            ping_id,
            received_at,
            filename as source_file,
            unnest({{ customer_health.sql_list([''] + paths) }}) as key_path,
            unnest([''{% for path in paths %}, leaves[{{ looked_up.index(path) + 1 }}]{% endfor %}]) as leaf
        from arrived
    )

    select ping_id, received_at, source_file, key_path, {{ customer_health.json_text('leaf') }} as raw_value
    from unnested
    where leaf is not null
        {#- In the envelope, null and absent mean the same. #}
        and not (leaf = 'null' and key_path in ('{{ envelope | join("', '") }}'))
    union all
    select distinct cast(null as varchar), cast(null as timestamp), filename, '', ''
    from judged
    where not is_readable
{%- endmacro %}

{#- Snowflake: one scan of the raw table. The wanted leaves of a payload become one object, by paths that stand in the SQL,
    so that only those parts of the VARIANT are read; its entries then become rows. object_construct leaves out an absent key
    (SQL null) and keeps a JSON null, whose text is null. The entry '.' is the ping itself.
    For new pings, the names of those not held yet are found in two narrow columns first, and their days stand in the SQL, so
    that the payloads of other days are not read. -#}
{% macro snowflake__ping_leaves(files, paths, only_new) -%}
    {%- set arrivals = source('service_ping', 'service_pings') -%}
    {%- set columns = customer_health.raw_columns(arrivals) -%}
    {#- In the envelope, null and absent mean the same: as text, both are SQL null. -#}
    {%- set envelope = var('ping_envelope').values() | list -%}
    with

    {%- if only_new %}

    new_keys as (
        {{ customer_health.new_ping_keys(columns) }}
    ),
    {%- endif %}

    dated as (
        select
            {{ customer_health.clean_text('arrivals.ping_id') }} as ping_id,
            {{ customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) }} as received_at,
            {{ customer_health.source_file_of('arrivals', columns) }} as source_file,
            arrivals.payload
        from {{ arrivals }} as arrivals
        {%- if only_new %}
        where {{ customer_health.in_days('arrivals.received_at', columns, customer_health.new_ping_days(columns)) }}
        {%- endif %}
    ),

    judged as (
        select
            dated.ping_id,
            dated.received_at,
            dated.source_file,
            {{ customer_health.has_envelope('dated.payload') }} as is_readable,
            object_construct(
                '.', ''
                {%- for path in paths %},
                {%- set leaf = customer_health.variant_path('dated.payload', path) %}
                '{{ path }}', {{ 'cast(' ~ leaf ~ ' as varchar)' if path in envelope else leaf }}
                {%- endfor %}
            ) as leaves
        from dated
        {%- if only_new %}
        inner join new_keys
            on dated.ping_id = new_keys.ping_id
            and dated.received_at = new_keys.received_at
        {%- endif %}
        where dated.ping_id is not null and dated.received_at is not null
    ),

    arrived as (
        select *
        from judged
        where is_readable
        qualify row_number() over (partition by ping_id, received_at order by source_file desc) = 1
    )

    select
        arrived.ping_id,
        arrived.received_at,
        arrived.source_file,
        case when leaf.key = '.' then '' else cast(leaf.key as varchar) end as key_path,
        cast(leaf.value as varchar) as raw_value
    from arrived,
        lateral flatten(input => arrived.leaves) as leaf
    union all
    {#- The id stands as the value, so that the next run knows this one. #}
    select distinct cast(null as varchar), received_at, source_file, '', ping_id
    from judged
    where not is_readable
{%- endmacro %}

{% macro variant_path(payload, path) -%}
    {{ payload }}:{{ customer_health.quoted_path(path) }}
{%- endmacro %}

{#- The file a raw row came from, where the table says so (snowflake/setup.sql does); else the table. -#}
{% macro source_file_of(arrivals, columns) -%}
    {%- if 'source_file' in columns -%}
        cast({{ arrivals }}.source_file as varchar)
    {%- else -%}
        '{{ source('service_ping', 'service_pings').identifier }}'
    {%- endif -%}
{%- endmacro %}

{#- Rows (ping_id, received_at) of the raw table that `this` does not hold; reads no payload. A ping that came again is
    new; a ping that came late is, too, whatever its received_at. -#}
{% macro new_ping_keys(columns) -%}
        select distinct keys.ping_id, keys.received_at
        from (
            select
                {{ customer_health.clean_text('arrivals.ping_id') }} as ping_id,
                {{ customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) }} as received_at
            from {{ source('service_ping', 'service_pings') }} as arrivals
        ) as keys
        left join (
            select distinct coalesce(ping_id, raw_value) as ping_id, received_at
            from {{ this }}
            where key_path = ''
        ) as held
            on keys.ping_id = held.ping_id
            and keys.received_at = held.received_at
        where keys.ping_id is not null
            and keys.received_at is not null
            and held.ping_id is null
{%- endmacro %}

{#- The days of the new pings. -#}
{% macro new_ping_days(columns) %}
    {%- if not execute or not load_relation(this) -%}{{ return([]) }}{%- endif -%}
    {{ return(run_query(
        'select distinct cast(received_at as date) as day from (' ~ customer_health.new_ping_keys(columns) ~ ') as new_keys order by day'
    ).columns[0].values() | list) }}
{% endmacro %}

{#- Whether a time falls on one of these days: ranges of constants, by which Snowflake leaves micro-partitions out. More than
    a hundred ranges become one. A column that is not a plain timestamp is not compared; the join on the keys still is. -#}
{% macro in_days(column, columns, days) -%}
    {%- if columns.get('received_at') != 'TIMESTAMP_NTZ' -%}
        true
    {%- elif not days -%}
        false
    {%- else -%}
        {%- set ranges = [] -%}
        {%- for day in days -%}
            {%- set after = day + modules.datetime.timedelta(days=1) -%}
            {%- if ranges and (ranges[-1].after == day or loop.length > 100) -%}
                {%- do ranges[-1].update({'after': after}) -%}
            {%- else -%}
                {%- do ranges.append({'start': day, 'after': after}) -%}
            {%- endif -%}
        {%- endfor -%}
        (
        {%- for range in ranges %}
            ({{ column }} >= '{{ range.start }}'::timestamp_ntz and {{ column }} < '{{ range.after }}'::timestamp_ntz)
            {{- ' or' if not loop.last }}
        {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}

{#- A payload without a single field of the envelope is no payload: not an object, or empty. -#}
{% macro has_envelope(payload) -%}
    (coalesce(
        {%- for path in var('ping_envelope').values() %}
        cast({{ customer_health.variant_path(payload, path) }} as varchar){{ ',' if not loop.last }}
        {%- endfor %}
    ) is not null)
{%- endmacro %}

{#- Lines with what is looked up in them, `line` itself left out:
    - leaves: the JSON of each key path in the order of `paths`; SQL null for an absent key, `null` for a JSON null
    - ping_id, received_at: null where absent, and in a line that is not JSON
    - is_readable: whether it is a ping; a payload without a single field of the envelope is none. The envelope's fields come
      first in `paths`. -#}
{% macro judged_lines(lines, paths) -%}
    select
        * exclude (found),
        found[3:] as leaves,
        {{ customer_health.clean_text(customer_health.json_text('found[1]')) }} as ping_id,
        {{ customer_health.to_utc_timestamp(customer_health.json_text('found[2]')) }} as received_at,
        ping_id is not null and received_at is not null and coalesce(
            {%- for path in var('ping_envelope').values() %}
            nullif(leaves[{{ loop.index }}], 'null'){{ ',' if not loop.last }}
            {%- endfor %}
        ) is not null as is_readable
    from (
        select
            * exclude (line),
            cast(try(json_extract(line, [
                '$.ping_id', '$.received_at'
                {%- for path in paths %}, '$.payload.{{ customer_health.quoted_path(path) }}'{% endfor -%}
            ])) as varchar[]) as found
        from ({{ lines }})
    )
{%- endmacro %}

{#- Rows (line, filename) of these files, without blank lines. -#}
{% macro ping_lines(files) -%}
    {%- set lines = [] -%}
    {%- set manual = [] -%}
    {%- for file in files -%}
        {%- do (manual if file.endswith('.json') else lines).append(file) -%}
    {%- endfor -%}
    {%- if lines -%}
    select line, filename
    from read_csv(
        {{ customer_health.sql_list(lines) }}, {{ customer_health.one_line_a_row() }},
        filename = true, store_rejects = true, rejects_table = 'unread_lines', rejects_scan = 'unread_scans'
    )
    where regexp_matches(line, '[^[:space:]]')
    {%- endif -%}
    {%- if lines and manual %} union all {% endif -%}
    {%- if manual -%} {{ customer_health.manual_ping_lines(manual) }} {%- endif -%}
    {%- if not files -%} select '' as line, '' as filename where false {%- endif -%}
{%- endmacro %}

{#- Options by which the reader of CSV gives each line as it stands, up to 256 MB of it. -#}
{% macro one_line_a_row() -%}
    columns = {line: 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '', auto_detect = false,
        strict_mode = false, max_line_size = 268435456
{%- endmacro %}

{#- Hand-saved payloads, each made a line of the usual form: its id is the hash of its content, and it arrived when it was
    recorded. -#}
{% macro manual_ping_lines(files) -%}
    {%- set recorded_at = "try(json_extract(content, '$." ~ customer_health.quoted_path(var('ping_envelope').recorded_at) ~ "'))" -%}
    select
        '{"ping_id":"' || md5(content) || '","received_at":' || coalesce(cast({{ recorded_at }} as varchar), 'null')
            || ',"payload":' || content || '}' as line,
        filename
    from read_text({{ customer_health.sql_list(files) }})
{%- endmacro %}

{#- The text of a leaf's JSON: a string without its quotes, null for `null`, anything else as it stands. -#}
{% macro json_text(leaf) -%}
    case when starts_with({{ leaf }}, '"') then json_extract_string({{ leaf }}, '$') else nullif({{ leaf }}, 'null') end
{%- endmacro %}

{#- Post-hook of the leaves: a file with a line that the reader of lines could not take, not UTF-8 or too long, has a row
    without ping_id, as a file with a line that is not JSON. The reader notes such lines in tables of its own. -#}
{% macro note_unread_lines() %}
    {{ return(adapter.dispatch('note_unread_lines', 'customer_health')()) }}
{% endmacro %}

{% macro default__note_unread_lines() %}{% endmacro %}

{% macro duckdb__note_unread_lines() %}
    {%- if execute and run_query("select 1 from duckdb_tables() where table_name = 'unread_lines'") -%}
        insert into {{ this }}
        select distinct null, cast(null as timestamp), unread_scans.file_path, '', ''
        from unread_lines
        inner join unread_scans
            on unread_lines.scan_id = unread_scans.scan_id
            and unread_lines.file_id = unread_scans.file_id;
        drop table unread_lines;
        drop table unread_scans;
    {%- endif -%}
{% endmacro %}

{% macro quoted_path(path) -%}
    "{{ path.split('.') | join('"."') }}"
{%- endmacro %}
