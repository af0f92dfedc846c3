{#- What can be seen of an account otherwise than in the calendar period before: a measure, a subscription or an instance came
    or went, or a subscription came of age for another band. In words, one row each. -#}
with

changes as (

    select * from {{ ref('int_measure_changes') }}
    where pair_kind != 'compared' or earlier_color != rejudged_color

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

points as (

    select * from {{ ref('int_subscription_points') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

instances as (

    select
        instance_id,
        max(case when hostname = '' then uuid else hostname end) as host
    from {{ ref('int_instance_periods') }}
    group by instance_id

),

measure_texts as (

    select * from {{ ref('measure_texts') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

items as (

    {#- A subscription or an instance is one row, whatever its measures. #}
    select distinct
        account_id,
        period_start,
        original_subscription_id,
        case when pair_kind = 'compared' then 'band_moved' else pair_kind end as change_kind,
        case when pair_kind in ('measure_came', 'measure_went', 'compared') then measure else 'all' end as measure,
        case when pair_kind = 'compared' then earlier_color end as earlier_color,
        case when pair_kind = 'compared' then rejudged_color end as rejudged_color
    from changes

),

worded as (

    select
        items.account_id,
        items.period_start,
        items.original_subscription_id,
        items.change_kind,
        items.measure,
        case items.change_kind
            when 'subscription_came'
                then coalesce(eligibility.subscription_id, items.original_subscription_id) || ' is scored now'
            when 'subscription_went'
                then coalesce(eligibility.subscription_id, items.original_subscription_id)
                    || ' is not scored any more (' || coalesce(ineligible_statuses.meaning, 'none of its measures is reported') || ')'
            when 'instance_switched'
                then eligibility.subscription_id || ' is counted by ' || hosts.host
                    || ' instead of ' || earlier_hosts.host
            when 'measure_came' then coalesce(measure_texts.label, items.measure) || ': measured now'
            when 'measure_went'
                then coalesce(measure_texts.label, items.measure) || ': not measured any more ('
                    || coalesce(point_statuses.meaning, 'no value') || ')'
            else coalesce(measure_texts.label, items.measure) || ': another band for the age, '
                || items.earlier_color || ' to ' || items.rejudged_color
        end as change_text
    from items
    left join eligibility
        on items.original_subscription_id = eligibility.original_subscription_id
        and items.period_start = eligibility.period_start
    left join statuses as ineligible_statuses
        on eligibility.ineligible_reason = ineligible_statuses.value_reason
    left join points
        on items.original_subscription_id = points.original_subscription_id
        and items.period_start = points.period_start
        and items.measure = points.measure
    left join statuses as point_statuses
        on points.value_reason = point_statuses.value_reason
    left join primary_instances
        on items.original_subscription_id = primary_instances.original_subscription_id
        and items.period_start = primary_instances.period_start
    left join instances as hosts
        on primary_instances.instance_id = hosts.instance_id
    left join instances as earlier_hosts
        on primary_instances.previous_instance_id = earlier_hosts.instance_id
    left join measure_texts
        on items.measure = measure_texts.measure

)

select * from worded
