{#- As int_ping_metrics, for weeks: the metrics that are published and stand in the ping. Nothing but one relation reads it,
    so it is not written. -#}
{{ config(materialized='view') }}
with

instance_weeks as (

    select * from {{ ref('int_instance_weeks') }}

),

pings as (

    select
        ping_id,
        instance_id,
        week_start as period_start
    from instance_weeks
    where ping_id is not null

),

{{ judged_ping_values(published=true) }},

ranked_metrics as (

    select
        metrics.*,
        product_tiers.tier_rank
    from metrics
    left join {{ ref('product_tiers') }} as product_tiers
        on metrics.tier = product_tiers.tier

),

metric_paths as (

    select
        metric_name,
        case when count(*) = count(removed_major) then max(removed_major * 1000 + removed_minor) end as removed_in
    from paths
    group by metric_name

),

chosen as (

    select * from ping_values
    qualify row_number() over (
        partition by instance_id, period_start, metric_name
        order by {{ first_usable_path() }}
    ) = 1

),

week_values as (

    select
        instance_weeks.instance_id,
        instance_weeks.week_start,
        metrics.metric_name,
        chosen.metric_value,
        case
            when instance_weeks.ping_id is null then 'no_ping'
            when chosen.value_status is not null then chosen.value_reason
            else {{ absent_key_reason('instance_weeks') }}
        end as value_reason
    from instance_weeks
    cross join ranked_metrics as metrics
    left join metric_paths
        on metrics.metric_name = metric_paths.metric_name
    left join chosen
        on instance_weeks.instance_id = chosen.instance_id
        and instance_weeks.week_start = chosen.period_start
        and metrics.metric_name = chosen.metric_name

)

select * from week_values
