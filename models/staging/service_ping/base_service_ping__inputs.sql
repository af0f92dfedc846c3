{{ config(materialized='table') }}
{#- What earlier runs have read stands in a model further down, so it is looked up, not referenced. -#}
{%- set earlier = none if flags.FULL_REFRESH else earlier_leaves() -%}
with

inputs as (

    {{ extraction_inputs() }}

),

marked as (

    select
        inputs.entry_type,
        inputs.entry_name,
        inputs.entry_version,
        inputs.file_state,
        {%- if earlier %}
        inputs.entry_type != 'other_file' and held.source_file is null as is_new
        {%- else %}
        inputs.entry_type != 'other_file' as is_new
        {%- endif %}
    from inputs
    {%- if earlier %}
    left join {{ earlier }} as held
        on inputs.entry_type = held.key_path
        and inputs.entry_name = held.source_file
        and inputs.entry_version = held.raw_value
        and held.ping_id is null
    {%- endif %}

)

select * from marked
