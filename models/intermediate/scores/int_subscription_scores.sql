{#- Overall score of a subscription, and what it may be weighed by in its account (docs/rules.md 6). -#}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

group_scores as (

    select * from {{ ref('int_subscription_groups') }}

),

weights as (

    select * from {{ ref('measure_weights') }}
    where threshold_set = '{{ var("threshold_set") }}'

),

overall as (

    select
        group_scores.original_subscription_id,
        group_scores.period_start,
        {{ rounded(
            'sum(weights.weight * group_scores.score)'
            ~ ' / nullif(sum(case when group_scores.score is not null then weights.weight end), 0)'
        ) }} as overall_score
    from group_scores
    inner join weights
        on group_scores.score_group = weights.score_group
    group by group_scores.original_subscription_id, group_scores.period_start

),

scored as (

    select
        eligibility.account_id,
        eligibility.original_subscription_id,
        eligibility.period_start,
        eligibility.arr,
        seats.licensed_seats,
        overall.overall_score
    from eligibility
    left join seats
        on eligibility.original_subscription_id = seats.original_subscription_id
        and eligibility.period_start = seats.period_start
    left join overall
        on eligibility.original_subscription_id = overall.original_subscription_id
        and eligibility.period_start = overall.period_start
    where eligibility.is_in_force

)

select * from scored
