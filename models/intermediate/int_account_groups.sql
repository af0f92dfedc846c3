{#- Group scores of an account: the mean over its subscriptions with a score, by their weight (docs/rules.md 6). -#}
with

group_scores as (

    select * from {{ ref('int_subscription_groups') }}

),

subscription_scores as (

    select * from {{ ref('int_subscription_scores') }}

),

account_periods as (

    select * from {{ ref('int_account_periods') }}

),

weights as (

    select * from {{ ref('measure_weights') }}
    where threshold_set = '{{ var("threshold_set") }}'

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

summed as (

    select
        subscription_scores.account_id,
        subscription_scores.period_start,
        group_scores.score_group,
        sum(case when group_scores.score is not null
            then subscription_scores.subscription_weight * group_scores.score end) as weighted_score,
        sum(case when group_scores.score is not null then subscription_scores.subscription_weight end)
            as scored_weight,
        sum(group_scores.measures_present) as measures_present,
        min(case when group_scores.is_ruled_out then 1 else 0 end) = 1 as is_ruled_out,
        min(case when not group_scores.is_ruled_out then group_scores.first_reason_rank end) as first_reason_rank
    from subscription_scores
    inner join group_scores
        on subscription_scores.original_subscription_id = group_scores.original_subscription_id
        and subscription_scores.period_start = group_scores.period_start
    group by subscription_scores.account_id, subscription_scores.period_start, group_scores.score_group

),

account_groups as (

    select
        account_periods.account_id,
        account_periods.period_start,
        account_periods.previous_period_start,
        account_periods.is_complete_period,
        weights.score_group,
        weights.weight,
        weights.driver_order,
        {{ settled('summed.weighted_score / nullif(summed.scored_weight, 0)', 12) }} as score,
        coalesce(summed.is_ruled_out, false) as is_ruled_out,
        case
            when summed.account_id is null then 'no_active_subscription'
            when summed.weighted_score / nullif(summed.scored_weight, 0) is not null then null
            when summed.measures_present > 0 then 'zero_weight'
            when summed.is_ruled_out then 'tier'
            else statuses.value_reason
        end as unscored_reason
    from account_periods
    cross join weights
    left join summed
        on account_periods.account_id = summed.account_id
        and account_periods.period_start = summed.period_start
        and weights.score_group = summed.score_group
    left join statuses
        on summed.first_reason_rank = statuses.status_rank * 100 + statuses.reason_rank

)

select * from account_groups
