{#- Overall score of an account: group scores by weight, the weights re-scaled over the groups that are there. -#}
with

account_groups as (

    select * from {{ ref('int_account_groups') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

summed as (

    select
        account_groups.account_id,
        account_groups.period_start,
        account_groups.previous_period_start,
        account_groups.is_complete_period,
        sum(account_groups.weight * account_groups.score) as weighted_score,
        coalesce(sum(case when account_groups.score is not null then account_groups.weight end), 0) as weight_present,
        min(case when account_groups.unscored_reason is not null and not account_groups.is_ruled_out
            then statuses.status_rank * 100 + statuses.reason_rank end) as first_reason_rank,
        max(case when account_groups.unscored_reason = 'zero_weight' then account_groups.unscored_reason end)
            as weight_reason
    from account_groups
    left join statuses
        on account_groups.unscored_reason = statuses.value_reason
    group by account_groups.account_id, account_groups.period_start, account_groups.previous_period_start,
        account_groups.is_complete_period

),

account_scores as (

    select
        summed.account_id,
        summed.period_start,
        summed.previous_period_start,
        summed.is_complete_period,
        round(summed.weight_present, 6) as weight_present,
        {{ settled('summed.weighted_score / nullif(summed.weight_present, 0)') }} as overall_score,
        {#- Scores without weight are the reason, whatever else is missing beside them. #}
        case when summed.weight_present = 0 then coalesce(summed.weight_reason, statuses.value_reason, 'tier') end
            as unscored_reason
    from summed
    left join statuses
        on summed.first_reason_rank = statuses.status_rank * 100 + statuses.reason_rank

)

select * from account_scores
