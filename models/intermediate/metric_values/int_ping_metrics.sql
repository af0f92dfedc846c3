{#- Every plain counter for every instance and period from the instance's first ping on. What the payload holds comes
    first; only an absent key is explained by tier, version or removal (docs/rules.md 5). In the order of the metrics, for
    each metric reads its own rows alone; a number sorts faster than a name. -#}
with

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

metrics as (

    select
        metrics.*,
        product_tiers.tier_rank,
        row_number() over (order by metrics.metric_name) as metric_number
    from {{ ref('int_metrics') }} as metrics
    left join {{ ref('product_tiers') }} as product_tiers
        on metrics.tier = product_tiers.tier
    where not metrics.is_derived

),

metric_paths as (

    select
        metric_name,
        count(*) as path_count,
        case when count(*) = count(removed_major) then max(removed_major * 1000 + removed_minor) end as removed_in
    from {{ ref('int_metric_paths') }}
    group by metric_name

),

ping_values as (

    select
        ping_values.*,
        metric_paths.path_count
    from {{ ref('int_ping_values') }} as ping_values
    inner join metric_paths
        on ping_values.metric_name = metric_paths.metric_name

),

chosen as (

    {#- One path leaves nothing to choose. -#}
    select * from ping_values
    where path_count = 1
    union all
    select * from ping_values
    where path_count > 1
    qualify row_number() over (
        partition by instance_id, period_start, metric_name
        order by {{ first_usable_path() }}
    ) = 1

),

explained as (

    select
        instance_periods.instance_id,
        instance_periods.period_start,
        metrics.metric_name,
        metrics.metric_number,
        chosen.key_path,
        chosen.metric_value,
        case
            when instance_periods.ping_id is null then 'no_ping'
            when chosen.value_status is not null then chosen.value_reason
            else {{ absent_key_reason('instance_periods') }}
        end as value_reason,
        chosen.value_status
    from instance_periods
    cross join metrics
    left join metric_paths
        on metrics.metric_name = metric_paths.metric_name
    left join chosen
        on instance_periods.instance_id = chosen.instance_id
        and instance_periods.period_start = chosen.period_start
        and metrics.metric_name = chosen.metric_name

)

select
    instance_id,
    period_start,
    metric_name,
    metric_value,
    case
        when value_status is not null then value_status
        when value_reason = 'tier' then 'not_applicable'
        when value_reason = 'version_below_minimum' then 'not_supported'
        else 'not_reported'
    end as value_status,
    value_reason,
    key_path
from explained
order by metric_number
