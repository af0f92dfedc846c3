{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail', full_refresh=false
) }}
{%- set inputs = ref('base_service_ping__inputs') -%}
{%- set new_files = files_of_kind(extraction_names(inputs, 'file', is_new=true), 'document') -%}
with

saved_pings as (

    {{ saved_pings(new_files | reject('in', damaged_files(new_files)) | list) }}

),

settings as (

    select
        max(case when setting = '{{ known('setting', 'clock_early_days') }}' then cast(setting_value as integer) end) as early_days,
        max(case when setting = '{{ known('setting', 'clock_late_hours') }}' then cast(setting_value as integer) end) as late_hours
    from {{ ref('health_settings') }}

),

arrivals as (

    select
        saved_pings.ping_id,
        min(case
            when saved_pings.recorded_at >= {{ dbt.dateadd('day', '-settings.early_days', 'saved_pings.file_time') }}
                and saved_pings.recorded_at <= {{ dbt.dateadd('hour', 'settings.late_hours', 'saved_pings.file_time') }}
                then saved_pings.recorded_at
            else saved_pings.file_time
        end) as received_at
    from saved_pings
    cross join settings
    group by saved_pings.ping_id

),

new_arrivals as (

    select arrivals.*
    from arrivals
    {%- if is_incremental() %}
    left join {{ this }} as held
        on arrivals.ping_id = held.ping_id
    where held.ping_id is null
    {%- endif %}

)

select * from new_arrivals
