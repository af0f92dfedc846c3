{#- Group scores of an account: the mean over its subscriptions with a score, by their weight (docs/rules.md 6). Of every
    period, and of the standing. -#}
with

group_scores as (

    select * from {{ ref('int_subscription_groups') }}

),

subscriptions as (

    select * from {{ ref('int_rollup_subscriptions') }}

),

rollups as (

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
        subscriptions.account_id,
        subscriptions.period_start,
        subscriptions.is_standing,
        group_scores.score_group,
        sum(case when group_scores.score is not null
            then subscriptions.subscription_weight * group_scores.score end) as weighted_score,
        sum(case when group_scores.score is not null then subscriptions.subscription_weight end)
            as scored_weight,
        sum(group_scores.measures_present) as measures_present,
        min(case when group_scores.is_not_applicable then 1 else 0 end) = 1 as is_not_applicable,
        min(case when not group_scores.is_not_applicable
            then coalesce(overrides.precedence, group_scores.first_precedence) end)
            as first_precedence
    from subscriptions
    inner join group_scores
        on subscriptions.original_subscription_id = group_scores.original_subscription_id
        and subscriptions.source_period_start = group_scores.period_start
    left join statuses as overrides
        on subscriptions.reason_override = overrides.value_reason
    group by
        subscriptions.account_id, subscriptions.period_start, subscriptions.is_standing, group_scores.score_group

),

rollup_groups as (

    select
        rollups.account_id,
        rollups.period_start,
        rollups.is_standing,
        rollups.previous_period_start,
        rollups.is_complete_period,
        weights.score_group,
        weights.weight,
        weights.driver_order,
        {{ rounded('summed.weighted_score / nullif(summed.scored_weight, 0)', 12) }} as score,
        coalesce(summed.is_not_applicable, false) as is_not_applicable,
        case
            when summed.account_id is null then 'no_active_subscription'
            when summed.weighted_score / nullif(summed.scored_weight, 0) is not null then null
            when summed.measures_present > 0 then 'zero_weight'
            when summed.is_not_applicable then 'tier'
            else statuses.value_reason
        end as unscored_reason
    from rollups
    cross join weights
    left join summed
        on rollups.account_id = summed.account_id
        and rollups.period_start = summed.period_start
        and rollups.is_standing = summed.is_standing
        and weights.score_group = summed.score_group
    left join statuses
        on summed.first_precedence = statuses.precedence

)

select * from rollup_groups
