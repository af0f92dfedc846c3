{#- Group scores: the mean of the points that are there (docs/rules.md 6). -#}
with

measures as (

    select * from {{ ref('int_subscription_points') }}
    where is_counted

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

reasoned as (

    select
        measures.*,
        statuses.precedence
    from measures
    left join statuses
        on measures.value_reason = statuses.value_reason

),

grouped as (

    select
        original_subscription_id,
        subscription_id,
        account_id,
        period_start,
        is_complete_period,
        score_group,
        avg(cast(points as double)) as score,
        count(points) as measures_present,
        count(*) as measures_total,
        max(case when is_not_applicable then 1 else 0 end) = 1 as is_not_applicable,
        min(case when points is null then precedence end) as first_precedence
    from reasoned
    group by
        original_subscription_id, subscription_id, account_id, period_start, is_complete_period, score_group

),

explained as (

    select
        grouped.original_subscription_id,
        grouped.subscription_id,
        grouped.account_id,
        grouped.period_start,
        grouped.is_complete_period,
        grouped.score_group,
        grouped.score,
        {{ score_color('grouped.score') }} as color,
        grouped.measures_present,
        grouped.measures_total,
        grouped.is_not_applicable,
        grouped.first_precedence,
        case when grouped.score is null then statuses.value_reason end as unscored_reason
    from grouped
    cross join {{ ref('int_settings') }} as settings
    left join statuses
        on grouped.first_precedence = statuses.precedence

)

select * from explained
