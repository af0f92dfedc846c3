{#- Whether an account's score can have fallen by what its customers do: where a subscription is counted by another instance
    than in the period before, its two figures are not comparable. -#}
with

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

subscription_groups as (

    select * from {{ ref('int_subscription_groups') }}

),

subscription_scores as (

    select * from {{ ref('int_subscription_scores') }}

),

parts as (

    select original_subscription_id, period_start, score_group as subject, score from subscription_groups
    union all
    select original_subscription_id, period_start, 'overall' as subject, overall_score
    from subscription_scores

),

account_falls as (

    select
        gates.account_id,
        gates.period_start,
        parts.subject,
        max(case when gates.primary_instance_id != earlier.primary_instance_id then 1 else 0 end) as has_switch,
        max(case
            when gates.primary_instance_id = earlier.primary_instance_id and parts.score < parts_before.score then 1
            else 0
        end) as has_fall
    from gates
    inner join gates as earlier
        on gates.original_subscription_id = earlier.original_subscription_id
        and gates.previous_period_start = earlier.period_start
    inner join parts
        on gates.original_subscription_id = parts.original_subscription_id
        and gates.period_start = parts.period_start
    inner join parts as parts_before
        on earlier.original_subscription_id = parts_before.original_subscription_id
        and earlier.period_start = parts_before.period_start
        and parts.subject = parts_before.subject
    group by gates.account_id, gates.period_start, parts.subject

)

select * from account_falls
