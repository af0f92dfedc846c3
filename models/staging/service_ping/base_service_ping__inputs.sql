{{ config(materialized='table') }}
{#- The log names what earlier runs extracted. It is a model further down, so it is looked up, not referenced. -#}
{%- set log = earlier_relation('base_service_ping__extraction_log') -%}
with

inputs as (

    {{ extraction_inputs() }}

),

marked as (

    select
        inputs.entry_type,
        inputs.entry_name,
        inputs.entry_version,
        {%- if log and not flags.FULL_REFRESH %}
        log.entry_name is null as is_new
        {%- else %}
        true as is_new
        {%- endif %}
    from inputs
    {%- if log and not flags.FULL_REFRESH %}
    left join {{ log }} as log
        on inputs.entry_type = log.entry_type
        and inputs.entry_name = log.entry_name
        and inputs.entry_version = log.entry_version
    {%- endif %}

)

select * from marked
