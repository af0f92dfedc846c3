{#- Overall score of an account: group scores by weight, the weights re-scaled over the groups that are there. Of every
    period, and of the standing. -#}
with

rollup_groups as (

    select * from {{ ref('int_rollup_groups') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

summed as (

    select
        rollup_groups.account_id,
        rollup_groups.period_start,
        rollup_groups.is_standing,
        rollup_groups.previous_period_start,
        rollup_groups.is_complete_period,
        sum(rollup_groups.weight * rollup_groups.score) as weighted_score,
        coalesce(sum(case when rollup_groups.score is not null then rollup_groups.weight end), 0) as weight_present,
        min(case when rollup_groups.unscored_reason is not null and not rollup_groups.is_not_applicable
            then statuses.precedence end) as first_precedence,
        max(case when rollup_groups.unscored_reason = 'zero_weight' then rollup_groups.unscored_reason end)
            as weight_reason
    from rollup_groups
    left join statuses
        on rollup_groups.unscored_reason = statuses.value_reason
    group by
        rollup_groups.account_id, rollup_groups.period_start, rollup_groups.is_standing,
        rollup_groups.previous_period_start, rollup_groups.is_complete_period

),

rollup_scores as (

    select
        summed.account_id,
        summed.period_start,
        summed.is_standing,
        summed.previous_period_start,
        summed.is_complete_period,
        round(summed.weight_present, 6) as weight_present,
        {{ rounded('summed.weighted_score / nullif(summed.weight_present, 0)') }} as overall_score,
        {#- Scores without weight are the reason, whatever else is missing beside them. #}
        case when summed.weight_present = 0 then coalesce(summed.weight_reason, statuses.value_reason, 'tier') end
            as unscored_reason
    from summed
    left join statuses
        on summed.first_precedence = statuses.precedence

)

select * from rollup_scores
