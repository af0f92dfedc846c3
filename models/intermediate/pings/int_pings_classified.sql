{{ config(materialized='view') }}
with

pings as (

    select * from {{ ref('stg_service_ping__pings') }}

),

excluded_pings as (

    select * from {{ ref('stg_service_ping__excluded_pings') }}

),

internal_instances as (

    select * from {{ ref('internal_instances') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

first_period as (

    select min(period_start) as first_day from {{ ref('int_periods') }}

),

internal_pings as (

    select distinct pings.ping_id
    from pings
    inner join internal_instances
        on (internal_instances.field = 'hostname' and pings.hostname like internal_instances.pattern)
        or (internal_instances.field = 'installation_type' and pings.installation_type = internal_instances.pattern)
        or (internal_instances.field = 'uuid' and pings.uuid = internal_instances.pattern)

),

classified as (

    select
        pings.*,
        case
            when pings.uuid is null or pings.version_text like '%VERSION%' then 'invalid'
            {#- An arrival before the first period (the year 1, or 1970 in weeks) is a date that nobody meant. #}
            when pings.ping_date < first_period.first_day then 'invalid'
            when excluded_pings.ping_id is not null then 'excluded'
            when internal_pings.ping_id is not null then 'internal'
        end as exclusion,
        {{ period_start('pings.ping_date') }} as period_start,
        coalesce(
            pings.recorded_at > {{ dbt.dateadd('hour', 'cast(settings.clock_late_hours as integer)', 'pings.received_at') }}
            or pings.recorded_at
            < {{ dbt.dateadd('day', '-cast(settings.clock_early_days as integer)', 'pings.received_at') }},
            true
        ) as recorded_at_suspect
    from pings
    cross join settings
    cross join first_period
    left join excluded_pings
        on pings.ping_id = excluded_pings.ping_id
    left join internal_pings
        on pings.ping_id = internal_pings.ping_id

)

select * from classified
