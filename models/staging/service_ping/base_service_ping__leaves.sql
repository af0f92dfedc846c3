{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ forget_other_raw_path() }}", post_hook="{{ note_unread_lines() }}"
) }}
{%- do source('service_ping', 'service_pings') -%}
{%- set inputs = ref('base_service_ping__inputs') -%}
{%- set first_time = not is_incremental() -%}
{%- set paths = extraction_names(inputs, 'key_path', only_new=false) -%}
{%- set new_paths = [] if first_time else extraction_names(inputs, 'key_path', only_new=true) -%}
{%- set files = extraction_names(inputs, 'file', only_new=not first_time) %}
with

new_pings as (

    {{ ping_leaves(files, paths, only_new=not first_time) }}

),
{%- if new_paths %}

back_filled as (

    {{ ping_leaves(extraction_names(inputs, 'file', only_new=false), new_paths) }}

),
{%- endif %}

leaves as (

    select * from new_pings
    {%- if not first_time %}
    where not exists (
        select 1
        from {{ this }} as held
        where held.ping_id = new_pings.ping_id
            and held.key_path = ''
            and held.received_at = new_pings.received_at
    )
    {%- endif %}
    {%- if new_paths %}
    union all
    select back_filled.*
    from back_filled
    inner join {{ this }} as held
        on back_filled.ping_id = held.ping_id
        and back_filled.received_at = held.received_at
        and held.key_path = ''
    where back_filled.key_path != ''
    {%- endif %}

)

select * from leaves
