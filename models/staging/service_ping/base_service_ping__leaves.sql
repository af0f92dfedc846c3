{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ forget_replaced_inputs() }}", post_hook=["{{ note_unread_lines() }}", "{{ forget_old_inputs() }}"]
) }}
{%- do ref('base_service_ping__saved_arrivals') -%}
{%- do source('service_ping', 'service_pings') -%}
{%- set inputs = ref('base_service_ping__inputs') -%}
{%- set first_time = not is_incremental() -%}
{%- set paths = extraction_names(inputs, 'key_path') -%}
{%- set new_paths = [] if first_time else extraction_names(inputs, 'key_path', is_new=true) -%}
{%- set new_files = extraction_names(inputs, 'file', is_new=none if first_time else true) -%}
{%- set old_files = extraction_names(inputs, 'file', is_new=false) if new_paths else [] -%}
{%- set damaged = damaged_files(new_files + old_files) %}
with

new_pings as (

    {{ ping_leaves(new_files | reject('in', damaged) | list, paths, only_new=not first_time) }}

),
{%- if new_paths %}

back_filled as (

    {{ ping_leaves(old_files | reject('in', damaged) | list, new_paths) }}

),
{%- endif %}

read_now as (

    select
        entry_name as source_file,
        entry_type as key_path,
        entry_version as raw_value
    from {{ inputs }}
    where entry_type in ('file', 'key_path', 'raw_path')
    {%- if not first_time %}
        and is_new
    {%- endif %}
    {%- for file in damaged if file in new_files %}
    union all
    select {{ sql_text(file) }}, 'unreadable', 'damaged, cut off or not compressed'
    {%- endfor %}

),

leaves as (

    select * from new_pings
    union all
    select
        cast(null as {{ dbt.type_string() }}) as ping_id,
        cast(null as {{ dbt.type_timestamp() }}) as received_at,
        source_file,
        key_path,
        raw_value
    from read_now
    {%- if new_paths %}
    union all
    {#- Only what is not there: a metric that was taken out and put back has left values behind. #}
    select back_filled.*
    from back_filled
    inner join {{ this }} as held
        on back_filled.ping_id = held.ping_id
        and back_filled.received_at = held.received_at
        and back_filled.source_file = held.source_file
        and held.key_path = ''
    left join {{ this }} as filled
        on back_filled.ping_id = filled.ping_id
        and back_filled.received_at = filled.received_at
        and back_filled.source_file = filled.source_file
        and back_filled.key_path = filled.key_path
    where back_filled.key_path != '' and back_filled.ping_id is not null
        and filled.ping_id is null
    {%- endif %}

)

select * from leaves
