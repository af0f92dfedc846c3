{#- What an instance looks like, from its ping: people label it, this only helps them to (docs/rules.md 3). -#}
with

seats as (

    select * from {{ ref('int_instance_seats') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

staging_hosts as (

    select * from {{ ref('staging_hosts') }}

),

staging_instances as (

    select distinct seats.instance_id
    from seats
    inner join staging_hosts
        on seats.hostname like staging_hosts.pattern

),

reporting as (

    select
        *,
        count(*) over (partition by original_subscription_id, period_start) as reporting_instances
    from seats
    where ping_id is not null or is_awaited

),

suggested as (

    select
        reporting.instance_id,
        reporting.period_start,
        case
            when staging_instances.instance_id is not null then 'Non-Production'
            when reporting.active_share >= settings.suggestion_min_share then 'Production'
            {#- Full seats say little: a secondary or a copy holds all of them. #}
            when reporting.active_share is null and reporting.activated_share >= settings.suggestion_min_share
                then 'Production'
            when reporting.original_subscription_id is not null and reporting.reporting_instances = 1
                then 'Production'
            when reporting.activated_share >= settings.suggestion_min_share
                and reporting.active_share < settings.secondary_max_active_share
                then 'Geo Secondary Node'
            else 'Unknown'
        end as suggested_instance_type
    from reporting
    cross join settings
    left join staging_instances
        on reporting.instance_id = staging_instances.instance_id
    where reporting.ping_id is not null

)

select * from suggested
