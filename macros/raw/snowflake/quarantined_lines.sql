{#- Snowflake: rows of the raw table. A line that is not JSON was landed as text (snowflake/setup.sql). Payloads are looked at
    only on days that have such a row; which ones, narrow columns and the leaves say. -#}
{% macro snowflake__quarantined_lines(leaves, unread_lines, inputs) -%}
    {%- set arrivals = source('service_ping', 'service_pings') -%}
    {%- set columns = customer_health.raw_columns(arrivals) -%}
    {%- set ping_id = customer_health.clean_id('arrivals.ping_id') -%}
    {%- set received_at = customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) -%}
    {%- set source_file = customer_health.source_file_of('arrivals', columns) -%}
    {%- set landed = customer_health.landing_of('arrivals', columns) -%}
    {%- set days = [] -%}
    {%- if execute and load_relation(leaves) and columns -%}
        {%- do days.extend(run_query(
            'select distinct cast(' ~ received_at ~ ' as date) as day from ' ~ arrivals ~ ' as arrivals where ' ~ ping_id
            ~ ' is null and ' ~ received_at ~ ' is not null'
            ~ ' union select distinct cast(received_at as date) from ' ~ leaves
            ~ " where ping_id is null and key_path = 'unreadable' order by 1"
        ).columns[0].values()) -%}
    {%- endif -%}
    select
        {{ source_file }} as source_file,
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
        select distinct raw_value, source_file, received_at from {{ leaves }} where ping_id is null and key_path = 'unreadable'
    ) as unreadable
        on {{ landed }} || ' ' || {{ ping_id }} = unreadable.raw_value
        and {{ source_file }} = unreadable.source_file
        and {{ received_at }} = unreadable.received_at
    where ({{ ping_id }} is null or {{ received_at }} is null or unreadable.raw_value is not null)
        and (arrivals.received_at is null or {{ customer_health.in_days('arrivals.received_at', columns, days) }})
{%- endmacro %}
