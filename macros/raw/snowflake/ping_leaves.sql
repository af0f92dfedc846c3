{#- Snowflake: one scan of the raw table. The wanted leaves of a payload become one object, by paths that stand in the SQL,
    so that only those parts of the VARIANT are read; its entries then become rows. object_construct leaves out an absent key
    (SQL null) and keeps a JSON null, whose text is null. The entry '.' is the ping itself; its value says when the row was
    landed. Of rows of one arrival the last landed counts, then the last line.
    For new pings, the names of those not held yet are found in narrow columns first, and their days stand in the SQL, so
    that the payloads of other days are not read. -#}
{% macro snowflake__ping_leaves(files, paths, only_new) -%}
    {%- set arrivals = source('service_ping', 'service_pings') -%}
    {%- set columns = customer_health.raw_columns(arrivals) -%}
    {#- In the envelope, null and absent mean the same: as text, both are SQL null. -#}
    {%- set envelope = customer_health.envelope_paths() -%}
    with

    {%- if only_new %}

    new_keys as (
        {{ customer_health.new_ping_keys(columns) }}
    ),
    {%- endif %}

    dated as (
        select
            {{ customer_health.clean_id('arrivals.ping_id') }} as ping_id,
            {{ customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) }} as received_at,
            {{ customer_health.source_file_of('arrivals', columns) }} as source_file,
            {{ customer_health.landing_of('arrivals', columns) }} as landed,
            {{ 'arrivals.line_number' if 'line_number' in columns else '0' }} as line_number,
            arrivals.payload
        from {{ arrivals }} as arrivals
        {%- if only_new %}
        where {{ customer_health.in_days('arrivals.received_at', columns, customer_health.new_ping_days(columns)) }}
        {%- endif %}
    ),

    newest as (
        select dated.*
        from dated
        {%- if only_new %}
        inner join new_keys
            on dated.ping_id = new_keys.ping_id
            and dated.received_at = new_keys.received_at
            and dated.source_file = new_keys.source_file
            and dated.landed = new_keys.landed
        {%- endif %}
        where dated.ping_id is not null and dated.received_at is not null
        qualify row_number() over (
            partition by dated.ping_id, dated.received_at, dated.source_file
            order by dated.landed desc, dated.line_number desc
        ) = 1
    ),

    judged as (
        select
            newest.ping_id,
            newest.received_at,
            newest.source_file,
            newest.landed,
            {{ customer_health.has_envelope('newest.payload') }} as is_readable,
            object_construct(
                '.', newest.landed
                {%- for path in paths %},
                {%- set leaf = customer_health.variant_path('newest.payload', path) %}
                '{{ path }}', {{ 'cast(' ~ leaf ~ ' as varchar)' if path in envelope else leaf }}
                {%- endfor %}
            ) as leaves
        from newest
    )

    select
        judged.ping_id,
        judged.received_at,
        judged.source_file,
        case when leaf.key = '.' then '' else cast(leaf.key as varchar) end as key_path,
        cast(leaf.value as varchar) as raw_value
    from judged,
        lateral flatten(input => judged.leaves) as leaf
    where judged.is_readable
    union all
    {#- The landing and the id stand as the value, so that the next run knows this one. #}
    select distinct cast(null as varchar), received_at, source_file, 'unreadable', landed || ' ' || ping_id
    from judged
    where not is_readable
{%- endmacro %}

{% macro variant_path(payload, path) -%}
    {{ payload }}:{{ customer_health.quoted_path(path) }}
{%- endmacro %}

{#- The file a raw row came from, where the table says so (snowflake/setup.sql does); else the table. -#}
{% macro source_file_of(arrivals, columns) -%}
    {%- if 'source_file' in columns -%}
        coalesce(cast({{ arrivals }}.source_file as varchar), '')
    {%- else -%}
        '{{ source('service_ping', 'service_pings').identifier }}'
    {%- endif -%}
{%- endmacro %}

{#- When a raw row was landed, as text, where the table says so (snowflake/setup.sql does); else ''. Without it a ping that is
    landed again with the same id and arrival is not seen to be another. -#}
{% macro landing_of(arrivals, columns) -%}
    {%- if 'landed_at' in columns -%}
        coalesce({{ customer_health.text_of(arrivals ~ '.landed_at', columns.landed_at) }}, '')
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}

{#- Rows (ping_id, received_at, source_file, landed) of the raw table that `this` does not hold; reads no payload. A ping that
    came again is new; a ping that came late is, too, whatever its received_at. -#}
{% macro new_ping_keys(columns) -%}
        select keys.ping_id, keys.received_at, keys.source_file, keys.landed
        from (
            select
                {{ customer_health.clean_id('arrivals.ping_id') }} as ping_id,
                {{ customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) }} as received_at,
                {{ customer_health.source_file_of('arrivals', columns) }} as source_file,
                max({{ customer_health.landing_of('arrivals', columns) }}) as landed
            from {{ source('service_ping', 'service_pings') }} as arrivals
            group by 1, 2, 3
        ) as keys
        left join (
            select distinct ping_id, received_at, source_file, coalesce(raw_value, '') as landed
            from {{ this }}
            where key_path = '' and ping_id is not null
        ) as held
            on keys.ping_id = held.ping_id
            and keys.received_at = held.received_at
            and keys.source_file = held.source_file
            and keys.landed = held.landed
        left join (
            select distinct received_at, source_file, raw_value
            from {{ this }}
            where key_path = 'unreadable' and ping_id is null
        ) as unreadable
            on keys.landed || ' ' || keys.ping_id = unreadable.raw_value
            and keys.received_at = unreadable.received_at
            and keys.source_file = unreadable.source_file
        where keys.ping_id is not null
            and keys.received_at is not null
            and held.ping_id is null
            and unreadable.raw_value is null
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
        {%- for path in customer_health.envelope_paths() %}
        cast({{ customer_health.variant_path(payload, path) }} as varchar){{ ',' if not loop.last }}
        {%- endfor %}
    ) is not null)
{%- endmacro %}
