{#- Reads payloads once for many key paths: rows (ping_id, received_at, source_file, key_path, raw_value).
    - key_path '' is one row per arrival of a ping, whatever it holds; a line that could not be read is such a row without
      ping_id. Which of several arrivals counts is decided later, for it depends on as_of.
    - raw_value is the leaf as text; a JSON null is a row whose raw_value is null; an absent key is no row.
    `files` is the list to read (ignored where pings are a table), `paths` the list of key paths, `only_new` whether pings
    that `this` holds already may be left out (ignored where files are read). -#}
{% macro ping_leaves(files, paths, only_new=false) -%}
    {{ adapter.dispatch('ping_leaves', 'customer_health')(files, paths, only_new) }}
{%- endmacro %}

{#- DuckDB: one typed read_json over the files, every leaf as VARCHAR, so that no payload is parsed per metric. That read
    shows null for an absent key and for a JSON null; the second branch finds the nulls, by looking closer only at lines
    that hold one of the leaf names with null. Lines are cut at `null` for that: a regular expression over them costs as
    much as half the typed read. -#}
{% macro duckdb__ping_leaves(files, paths, only_new) -%}
    {%- set lines = [] -%}
    {%- set manual = [] -%}
    {%- for file in files -%}
        {%- do (manual if file.endswith('.json') else lines).append(file) -%}
    {%- endfor -%}
    {%- set recorded_at = var('ping_envelope').recorded_at -%}
    {%- set tree = customer_health.key_path_tree(paths + var('ping_envelope').values() | list) -%}
    {#- In the envelope, null and absent mean the same. -#}
    {%- set metric_paths = paths | reject('in', var('ping_envelope').values() | list) | list -%}
    with

    read_pings as (
        select ping_id, received_at, filename, payload
        from {{ customer_health.read_ping_lines(lines, tree) if lines else '(' ~ customer_health.no_pings(tree) ~ ')' }}
        {%- if manual %}
        union all
        select ping_id, coalesce(record.received_at, record.payload.{{ customer_health.quoted_path(recorded_at) }}), filename, record.payload
        from (
            select
                ping_id,
                filename,
                try(json_transform(line, '{{ customer_health.record_structure(tree) }}')) as record
            from ({{ customer_health.manual_ping_lines(manual) }})
        )
        {%- endif %}
    ),

    dated as (
        select
            {{ customer_health.clean_text('ping_id') }} as ping_id,
            {{ customer_health.to_utc_timestamp('received_at') }} as received_at,
            filename as source_file,
            payload
        from read_pings
    ),

    readable as (
        select * from dated
        where ping_id is not null and received_at is not null and {{ customer_health.has_envelope('payload') }}
    ),

    arrived as (
        select *
        from readable
        qualify row_number() over (partition by ping_id, received_at order by source_file desc) = 1
    ),

    unnested as (
        select
            ping_id,
            received_at,
            source_file,
            unnest({{ customer_health.sql_list([''] + paths) }}) as key_path,
            unnest([''{% for path in paths %}, payload.{{ customer_health.quoted_path(path) }}{% endfor %}]) as raw_value
        from arrived
    ),

    candidate_lines as (
        select distinct line, filename
        from (
            select line, filename, unnest(string_split(line, 'null')) as before_null
            from ({{ customer_health.all_ping_lines(lines, manual) }})
        )
        where {{ customer_health.ends_in_leaf('before_null', metric_paths) }}
    ),

    null_leaves as (
        select
            line,
            filename,
            unnest({{ customer_health.sql_list(metric_paths) }}) as key_path,
            unnest(try(json_type(line, [
                {%- for path in metric_paths %}'$.payload.{{ customer_health.quoted_path(path) }}'{{ ', ' if not loop.last }}{% endfor -%}
            ]))) as leaf_type
        from candidate_lines
    ),

    nulls as (
        select
            {{ customer_health.clean_text("json_extract_string(line, '$.ping_id')") }} as ping_id,
            {{ customer_health.to_utc_timestamp(
                "coalesce(json_extract_string(line, '$.received_at'), json_extract_string(line, '$.payload."
                ~ customer_health.quoted_path(recorded_at) ~ "'))"
            ) }} as received_at,
            min(filename) as source_file,
            key_path,
            cast(null as varchar) as raw_value
        from null_leaves
        where leaf_type = 'NULL'
        group by all
    )

    select * from unnested
    where raw_value is not null
    union all
    select * from nulls
    where ping_id is not null and received_at is not null
    union all
    select distinct cast(null as varchar), cast(null as timestamp), source_file, '', ''
    from dated
    where ping_id is null or received_at is null or not {{ customer_health.has_envelope('payload') }}
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
    {{ adapter.dispatch('has_envelope', 'customer_health')(payload) }}
{%- endmacro %}

{% macro snowflake__has_envelope(payload) -%}
    (coalesce(
        {%- for path in var('ping_envelope').values() %}
        cast({{ customer_health.variant_path(payload, path) }} as varchar){{ ',' if not loop.last }}
        {%- endfor %}
    ) is not null)
{%- endmacro %}

{% macro duckdb__has_envelope(payload) -%}
    (coalesce(
        {%- for path in var('ping_envelope').values() %}
        {{ payload }}.{{ customer_health.quoted_path(path) }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) is not null)
{%- endmacro %}

{#- The typed reader of files of JSON lines. A line that is not JSON is a row of nulls. -#}
{% macro read_ping_lines(files, tree) -%}
    read_json(
        {{ customer_health.sql_list(files) }},
        format = 'newline_delimited', ignore_errors = true, filename = true, maximum_object_size = 268435456,
        columns = {ping_id: 'VARCHAR', received_at: 'VARCHAR', payload: '{{ customer_health.struct_type(tree) }}'}
    )
{%- endmacro %}

{% macro no_pings(tree) -%}
    select '' as ping_id, '' as received_at, '' as filename, cast(null as {{ customer_health.struct_type(tree) }}) as payload where false
{%- endmacro %}

{#- A hand-saved payload, made a line of the usual form; its id is the hash of its content. -#}
{% macro manual_ping_lines(files) -%}
    select
        md5(content) as ping_id,
        '{"ping_id":"' || md5(content) || '","payload":' || content || '}' as line,
        filename
    from read_text({{ customer_health.sql_list(files) }})
{%- endmacro %}

{% macro all_ping_lines(lines, manual) -%}
    {%- if lines -%}
    select line, filename from {{ customer_health.read_text_lines(lines) }}
    {%- else -%}
    select '' as line, '' as filename where false
    {%- endif -%}
    {%- if manual %} union all select line, filename from ({{ customer_health.manual_ping_lines(manual) }}){%- endif -%}
{%- endmacro %}

{#- Files as lines of text, in order; a line the reader cannot hold (not UTF-8) is left out here. -#}
{% macro read_text_lines(files) -%}
    read_csv(
        {{ customer_health.sql_list(files) }},
        columns = {line: 'VARCHAR'}, header = false, delim = '\x01', quote = '', escape = '', auto_detect = false,
        filename = true, strict_mode = false, ignore_errors = true, max_line_size = 16777216
    )
{%- endmacro %}

{#- {a: {b: none}} for ['a.b'] -#}
{% macro key_path_tree(paths) %}
    {%- set tree = {} -%}
    {%- for path in paths -%}
        {%- set walk = namespace(node=tree) -%}
        {%- set keys = path.split('.') -%}
        {%- for key in keys[:-1] -%}
            {%- do walk.node.setdefault(key, {}) -%}
            {%- set walk.node = walk.node[key] -%}
        {%- endfor -%}
        {%- do walk.node.update({keys[-1]: none}) -%}
    {%- endfor -%}
    {{ return(tree) }}
{% endmacro %}

{% macro struct_type(tree) -%}
    STRUCT({% for key, below in tree.items() %}"{{ key }}" {{ customer_health.struct_type(below) if below else 'VARCHAR' }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- The same tree in the form json_transform wants. -#}
{% macro record_structure(tree) -%}
    {"received_at": "VARCHAR", "payload": {{ customer_health.json_structure(tree) }}}
{%- endmacro %}

{% macro json_structure(tree) -%}
    { {%- for key, below in tree.items() %}"{{ key }}": {{ customer_health.json_structure(below) if below else '"VARCHAR"' }}{{ ', ' if not loop.last }}{% endfor -%} }
{%- endmacro %}

{% macro quoted_path(path) -%}
    "{{ path.split('.') | join('"."') }}"
{%- endmacro %}

{#- Whether a piece of a line, cut before `null`, ends in one of the leaf names and a colon. The two usual ways of writing
    a pair are compared with; any other blank before the null counts, for it is only looked at more closely then. -#}
{% macro ends_in_leaf(piece, paths) -%}
    {%- set leaves = [] -%}
    {%- for path in paths -%}{%- do leaves.append(path.split('.')[-1]) -%}{%- endfor -%}
    (
        {%- for leaf in leaves | unique | sort %}
        suffix({{ piece }}, '"{{ leaf }}":') or suffix({{ piece }}, '"{{ leaf }}": ') or
        {%- endfor %}
        (suffix({{ piece }}, ':') and not suffix({{ piece }}, '":'))
        or (suffix({{ piece }}, ' ') and not suffix({{ piece }}, '": '))
        or suffix({{ piece }}, chr(9)) or suffix({{ piece }}, chr(10)) or suffix({{ piece }}, chr(13))
    )
{%- endmacro %}
