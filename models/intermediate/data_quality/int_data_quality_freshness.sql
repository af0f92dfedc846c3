{#- Instances that reported lately but are overdue. When files stop to arrive it is all of them. -#}
with

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null

),

settings as (

    select * from {{ ref('int_settings') }}

),

aged as (

    select
        instance_id,
        {{ days_between('cast(max(received_at) as date)', as_of()) }} as days_since_last_ping
    from pings
    group by instance_id

),

counted as (

    select
        {{ period_start(as_of()) }} as period_start,
        '{{ known('data_quality_check', 'overdue_instance') }}' as check_name,
        '' as subject,
        count(case when aged.days_since_last_ping > settings.awaited_days then 1 end) as affected,
        count(*) as total
    from aged
    cross join settings
    where aged.days_since_last_ping <= settings.stale_after_days

)

select * from counted
